"""The largest application slot: partitions as page indices in linear integer arithmetic, the map's order kept.

The solver searches, and proves that nothing larger fits: the conditions are necessary ones, each named after the fact
it stands for, so what they exclude is excluded. That the map it finds is good is for a check of the edited file to say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import field
from math import gcd
from typing import Any

from bootverify.check.solver import RLIMIT, Sat, Unknown, solve
from bootverify.check.verdict import Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.protection import Attribution
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.written import Written
from bootverify.whatif.compare import Change, compared
from bootverify.whatif.edit import as_edited
from bootverify.whatif.free import Asker
from bootverify.whatif.map_system import Limit

BOOT = (Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A, Role.VARIANT_B, Role.PROVISION)
MOST_TRIES = 8  # smaller slots, where a check refuses the map that the solver found
SPARE = {"swap-move": 1, "swap-offset": -1}  # pages that the primary slot may have more (SEMANTICS, `slots_match`)


@dataclass(frozen=True, slots=True, kw_only=True)
class Largest:
    """The largest slot: its size in bytes, now and then, the edit that gives it, and what excludes a larger one.

    `proved` are the solvers that say so, none when one gave up (`unknown` says why); `refused` is what a check of the
    edited file says against the map that was found, empty when nothing.
    """

    slot: str
    before: int
    after: int
    change: dict[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    proved: tuple[str, ...] = ()
    unknown: str = ""
    refused: str = ""
    report: Report | None = None


def maximised(written: Written, asker: Asker, *, solvers: Sequence[str] = ("z3",), rlimit: int = RLIMIT) -> Largest:
    """The largest primary slot that the design's map has room for.

    Raises:
        InputError: there is no slot to enlarge.
    """
    plan = _Plan.of(design_of(written), written)
    pages, values, unknown = _searched(plan, rlimit)
    if not values:
        unknown = unknown or "not even today's slots fit when the order of the map is kept"
        return Largest(slot=plan.slot.name, before=plan.now * plan.page, after=plan.now * plan.page, unknown=unknown)
    limits, proved, more = _proof(plan, pages + 1, solvers, rlimit)
    refused = ""
    for size in range(pages, max(plan.now, pages - MOST_TRIES), -1):
        change = plan.change(_calmest(plan, size, rlimit) or values)
        report, why = _checked(written, asker, change, plan.fillers if change else ())
        refused = refused or why
        if not why:
            drop = plan.fillers if change else ()
            return _largest(
                plan, size, change, drop, limits, () if refused else proved, unknown or more, refused, report
            )
    return _largest(plan, plan.now, {}, (), limits, () if refused else proved, unknown or more, refused, None)


def _largest(  # noqa: PLR0917 - one call, for both ends of the search
    plan: "_Plan",
    pages: int,
    change: dict[str, Any],
    drop: tuple[str, ...],
    limits: tuple[Limit, ...],
    proved: tuple[str, ...],
    unknown: str,
    refused: str,
    report: Report | None,
) -> Largest:
    return Largest(
        slot=plan.slot.name,
        before=plan.now * plan.page,
        after=pages * plan.page,
        change=change,
        drop=drop,
        limits=limits,
        proved=proved,
        unknown=unknown,
        refused=refused,
        report=report,
    )


def _searched(plan: "_Plan", rlimit: int) -> tuple[int, dict[str, int], str]:
    """The most pages that fit, with a map, and why a solver gave up where it did.

    A smaller slot fits wherever a larger one does, so the size is found by halving.
    """
    low, high = plan.now, plan.memory_pages
    values: dict[str, int] = {}
    while low <= high:
        middle = (low + high) // 2
        answer = solve(plan.script(middle), rlimit=rlimit, wanted=plan.names, alone=True)
        if isinstance(answer, Unknown):
            return low - 1, values, answer.words("z3")
        if isinstance(answer, Sat):
            values, low = dict(answer.values), middle + 1
        else:
            high = middle - 1
    return low - 1, values, ""


def _calmest(plan: "_Plan", pages: int, rlimit: int) -> dict[str, int]:
    """A map with a slot of `pages` pages that keeps the difference of the slots, and moves nothing where it can."""
    for calm in plan.calm():
        answer = solve(plan.script(pages, (*calm, f"(= n0 {pages})")), rlimit=rlimit, wanted=plan.names, alone=True)
        if isinstance(answer, Sat):
            return dict(answer.values)
    return {}


def _proof(
    plan: "_Plan", pages: int, solvers: Sequence[str], rlimit: int
) -> tuple[tuple[Limit, ...], tuple[str, ...], str]:
    """What excludes a slot of `pages` pages, by the core, and who says so; or why one of them gave up."""
    script = plan.script(pages)
    limits: tuple[Limit, ...] = ()
    proved = []
    for solver in (each for each in solvers if each != "bitwuzla"):  # it knows no whole numbers
        answer = solve(script, solver, rlimit=rlimit)
        if isinstance(answer, Unknown):
            return limits, (), answer.words(solver)
        if isinstance(answer, Sat):
            return limits, (), f"{solver} finds a larger one"
        proved.append(solver)
        limits = limits or tuple(limit for name, limit in plan.limits.items() if name in answer.core)
    return limits, tuple(proved), ""


def _checked(
    written: Written, asker: Asker, change: dict[str, Any], drop: tuple[str, ...]
) -> tuple[Report | None, str]:
    try:
        after = asker.report(design_of(as_edited(written, change, drop)))
    except InputError as error:
        return None, error.faults[0].message
    for each in compared(asker.report(design_of(written)), after):
        if each.change is Change.WEAKER and each.new is not None:
            word = "" if each.new.verdict is Verdict.VIOLATED else f"{each.new.verdict.value}: "
            return after, f"{word}{each.policy} of {each.subject}: {each.new.because}"
    return after, ""


class _Plan:
    """The internal memory behind the boot stages: blocks in order, of which slots may grow and all others move.

    The slots have `n0` and `n1` pages. A block is what moves as one: a plain partition, or a slot with its members, of
    which the last one grows with it. Block i moves by whole pages, `q<i>`, from where it starts in its page.
    """

    def __init__(self, design: Design, written: Written, slot: Partition, blocks: Sequence[Partition]) -> None:
        self.design = design
        self.written = written
        self.slot = slot
        self.blocks = blocks
        self.page = design.soc.page
        self.limits: dict[str, Limit] = {}
        self.now = slot.range.size // self.page
        self.memory_pages = design.soc.flash.size // self.page
        self.unit = gcd(self.page, *(at for part in blocks for at in (part.range.start, part.range.end)))
        self.names = ("n0", "n1", *(f"q{i}" for i in range(len(blocks))))

    @classmethod
    def of(cls, design: Design, written: Written) -> "_Plan":
        inside = [part for part in design.partitions if part.memory is MemoryKind.INTERNAL and part.range.size]
        slot = next((part for part in inside if part.role is Role.PRIMARY and part.number == 0), None)
        if slot is None:
            raise InputError.at(written.file, 0, "there is no primary slot in internal memory to enlarge")
        within = {name for part in inside for name in part.members}
        tops = [part for part in inside if part.name not in within and part.role not in {Role.REST, Role.AREA}]
        tops = [part for part in tops if part.role is not Role.FILLER]
        tops.sort(key=lambda part: (part.range.start, part.range.end))
        blocks = [part for part in tops if part.range.start >= slot.range.start and part.role not in BOOT]
        if not slot.range.aligned(design.soc.page):
            raise InputError.at(written.file, 0, f"`{slot.name}` is not made of whole pages; put it on pages first")
        return cls(design, written, slot, blocks)

    # -- the question

    def script(self, pages: int, more: Sequence[str] = ()) -> str:
        """Whether a primary slot of at least `pages` pages fits, with the conditions of `more`."""
        lines = ["(set-option :produce-unsat-cores true)", "(set-logic QF_LIA)"]
        lines += [f"(declare-const {name} Int)" for name in self.names]
        named = list(self._conditions())
        for i, (left, right) in enumerate(self._borders()):
            lines.append(f"(declare-const g{i} Int)")
            named.append((f"border {i}", self._border(i, left, right), self._told(left, right)))
        for name, text, limit in named:
            self.limits[name] = limit
            lines.append(f"(assert (! {text} :named |{name}|))")
        lines += [f"(assert (>= {name} 0))" for name in self.names]
        lines += [f"(assert {text})" for text in more]
        lines += [f"(assert (! (>= n0 {pages}) :named |wish|))", "(check-sat)"]
        return "\n".join(lines) + "\n"

    def calm(self) -> Iterator[tuple[str, ...]]:
        """What one would rather have: nothing else moves, the last blocks stay, the slots differ as they do today."""
        same = next((part.range.size // self.page for part in self.blocks if self._is_second(part)), None)
        alike = (f"(= (- n0 n1) {self.now - same})",) if same is not None else ()
        stay = [f"(= q{i} {part.range.start // self.page})" for i, part in enumerate(self.blocks)]
        yield from ((*alike, *stay[first:]) for first in range(len(stay)))
        yield alike

    def _conditions(self) -> Iterator[tuple[str, str, Limit]]:
        flash, soc = self.design.soc.flash, self.design.soc.source
        first, last = self.blocks[0], len(self.blocks) - 1
        words = Limit(text=f"`{first.name}` stays where the boot stages end", source=first.source)
        yield "slot", f"(= q0 {first.range.start // self.page})", words
        words = Limit(text=f"the memory of {self.design.soc.name} ends at {flash.end:#x}", source=soc)
        yield "memory", f"(<= {self._end(last)} {flash.end // self.unit})", words
        for i, block in enumerate(self.blocks):
            if i:
                before = self.blocks[i - 1]
                words = Limit(text=f"`{block.name}` stays behind `{before.name}`, with its size", source=block.source)
                yield f"order {i}", f"(<= {self._end(i - 1)} {self._start(i)})", words
        yield from self._second()

    def _start(self, i: int) -> str:
        """Where block i starts, in units."""
        inside = self.blocks[i].range.start % self.page // self.unit
        return f"(+ (* {self.page // self.unit} q{i}) {inside})"

    def _end(self, i: int) -> str:
        count = self._count(self.blocks[i])
        size = f"(* {self.page // self.unit} {count})" if count else str(self.blocks[i].range.size // self.unit)
        return f"(+ {self._start(i)} {size})"

    def _count(self, block: Partition) -> str:
        """The variable that holds the pages of a slot; empty for what keeps its size."""
        if block.name == self.slot.name:
            return "n0"
        return "n1" if self._is_second(block) else ""

    @staticmethod
    def _is_second(block: Partition) -> bool:
        return block.role is Role.SECONDARY and block.number == 0

    def _second(self) -> Iterator[tuple[str, str, Limit]]:
        """The size of the secondary slot, as the update mode wants it."""
        told, unequal = self.design.settings.update_mode, self.design.settings.unequal_slots
        mode = str(told.value) if told is not None else ""
        slot = next((part for part in self.design.partitions if self._is_second(part)), None)
        free = unequal is not None and bool(unequal.value)
        if slot is None or free:
            words = Limit(text="no second slot goes with it", source=self.slot.source)
            yield "pair", "(>= n1 0)", words
            return
        spare = SPARE.get(mode, 0)
        low, high = min(0, spare), max(0, spare)
        by = f" ({mode})" if mode else ""
        words = Limit(text=f"`{slot.name}` has the size of `{self.slot.name}`{by}", source=slot.source)
        yield "pair", f"(and (<= (- n0 n1) {high}) (>= (- n0 n1) {low}))", words
        stated = next((each for each in self.design.memories if each.kind is slot.memory), None)
        if slot.memory is not MemoryKind.INTERNAL:
            room = self._outside(slot, stated.range.end if stated is not None else None)
            words = Limit(text=f"`{slot.name}` has no more room where it is", source=slot.source)
            yield "outside", f"(<= n1 {room // self.page})", words

    def _outside(self, slot: Partition, end: int | None) -> int:
        """Bytes from a slot in another memory up to what comes behind it."""
        others = [
            part for part in self.design.partitions if part.memory is slot.memory and part.name not in slot.members
        ]
        after = [part.range.start for part in others if part.range.start >= slot.range.end]
        return min([*after, *([end] if end is not None else [])], default=slot.range.end) - slot.range.start

    # -- granules

    def _borders(self) -> Iterator[tuple[int, int]]:
        """Neighbouring blocks of which one is secure and one is not."""
        if not (self.design.soc.trustzone and self.design.has_tfm):
            return
        for i in range(len(self.blocks) - 1):
            if self._ending(i) is not self._starting(i + 1) and None not in {self._ending(i), self._starting(i + 1)}:
                yield i, i + 1

    def _border(self, number: int, left: int, right: int) -> str:
        unit = self.design.soc.attribution
        granule = (unit.granule if unit is not None else self.design.soc.guard.granule) // self.unit
        return f"(and (<= {self._end(left)} (* {granule} g{number})) (<= (* {granule} g{number}) {self._start(right)}))"

    def _told(self, left: int, right: int) -> Limit:
        one, other = self.blocks[left], self.blocks[right]
        unit = self.design.soc.attribution
        granule = unit.granule if unit is not None else self.design.soc.guard.granule
        words = f"`{one.name}` and `{other.name}` share no granule of {granule:#x}"
        return Limit(text=words, source=other.source)

    def _starting(self, i: int) -> Attribution | None:
        return self._leaf(self.blocks[i], 0).attribution

    def _ending(self, i: int) -> Attribution | None:
        return self._leaf(self.blocks[i], -1).attribution

    def _leaf(self, part: Partition, which: int) -> Partition:
        while part.members:
            members = sorted((self.design.partition(name) for name in part.members), key=lambda each: each.range.start)
            part = members[which]
        return part

    # -- the answer

    def change(self, values: dict[str, int]) -> dict[str, Any]:
        """The entries of the document that become otherwise."""
        found: dict[str, Any] = {}
        for i, block in enumerate(self.blocks):
            moved = (values[f"q{i}"] - block.range.start // self.page) * self.page
            count = self._count(block)
            self._move(block, moved, values[count] * self.page - block.range.size if count else 0, found)
        for part in self.design.partitions:
            if self._is_second(part) and part.memory is not MemoryKind.INTERNAL:
                self._move(part, 0, values["n1"] * self.page - part.range.size, found)
        return found

    @property
    def fillers(self) -> tuple[str, ...]:
        """The entries that only say what was left over: a new map leaves something else."""
        spans = {name for part in self.design.partitions for name in part.members}
        left = [part.name for part in self.design.partitions if part.role is Role.FILLER]
        return tuple(f"partitions.{name}" for name in left if name not in spans)

    def _move(self, part: Partition, moved: int, grown: int, found: dict[str, Any]) -> None:
        entry = self.written.plain["partitions"][part.name]
        if "at" in entry:
            if moved:
                found[f"partitions.{part.name}.at"] = part.range.start + moved
            if grown:
                found[f"partitions.{part.name}.size"] = part.range.size + grown
        members = sorted((self.design.partition(name) for name in part.members), key=lambda each: each.range.start)
        for member in members:
            self._move(member, moved, grown if member is members[-1] else 0, found)
