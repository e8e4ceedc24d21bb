"""The conditions of a map of which some addresses and sizes are free, in linear integer arithmetic.

Each unknown is a number of steps, a page each. Only conditions that some policy that is asked makes are there, and only
between partitions that no rule lets share a byte, so nothing is excluded that a check would allow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import combinations

from bootverify.check.verdict import Verdict
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import entry, keys_of
from bootverify.sources.written import Written
from bootverify.whatif.collisions import apart
from bootverify.whatif.domain import extent, size_of, stated, step_of
from bootverify.whatif.edit import as_edited
from bootverify.whatif.free import OVERLAP, Asker

INSIDE = "map-inside-memory"
PAIRS = "slot-sizes-equal"
SPARE = {"swap-move": (0, 1), "swap-offset": (-1, 0), "swap-scratch": (0, 0)}  # pages that the primary may have more
HOLE = "?"
PLUGS = (0x1000, 0x4000, 0x8000, 0)  # values with which a file that has holes can be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A condition of the map, with the fact that it stands for; `ties`: it relates several unknowns."""

    text: str
    source: Source
    ties: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An address or size: `values` in steps; `now` is what stands there, None in a hole."""

    part: str
    field: str
    values: range
    now: int | None

    @property
    def step(self) -> int:
        """The distance of two values."""
        return self.values.step

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)


@dataclass(slots=True)
class MapSystem:
    """`design` has some value in each hole; `names` are the symbols of the unknowns, in the order of `paths`."""

    written: Written
    paths: tuple[str, ...]
    design: Design
    unknowns: tuple[Unknown, ...]
    asked: frozenset[str]
    limits: dict[str, Limit] = field(default_factory=dict)
    conditions: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, written: Written, paths: Sequence[str], asker: Asker) -> "MapSystem":
        """The system of the map of `written`.

        Raises:
            InputError: a path is no address or size of a partition, or no value makes a design of the holes.
        """
        design = _read(written, paths)
        findings = asker.report(design).findings
        system = cls(
            written,
            tuple(paths),
            design,
            tuple(_unknown(written, design, path) for path in paths),
            frozenset(each.policy for each in findings if each.verdict is not Verdict.NOT_APPLICABLE),
        )
        for name, text, limit in system._conditions():
            system.limits[name] = limit
            system.conditions.append((name, text))
        return system

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols of the unknowns."""
        return tuple(f"n{i}" for i in range(len(self.unknowns)))

    # -- questions

    def script(self, more: Sequence[str], *, core: bool = False) -> str:
        """Whether the conditions, and those of `more`, can be met."""
        lines = ["(set-option :produce-unsat-cores true)"] if core else []
        lines.append("(set-logic QF_LIA)")
        for name, unknown in zip(self.names, self.unknowns, strict=True):
            lines += [f"(declare-const {name} Int)", f"(assert (and (<= 0 {name}) (< {name} {unknown.count})))"]
        for name, text in self.conditions:
            lines.append(f"(assert (! {text} :named |{name}|))" if core else f"(assert {text})")
        return "\n".join([*lines, *(f"(assert {text})" for text in more), "(check-sat)"]) + "\n"

    def at(self, number: int, value: int) -> str:
        """That the unknown of that number has this value."""
        return f"(= n{number} {self.unknowns[number].values.index(value)})"

    def between(self, number: int, low: int, high: int) -> str:
        """That the unknown of that number has one of these values."""
        values = self.unknowns[number].values
        return f"(and (<= {values.index(low)} n{number}) (<= n{number} {values.index(high)}))"

    def other_than(self, filling: Sequence[int]) -> str:
        """That not all unknowns have these values."""
        return f"(not (and {' '.join(self.at(i, value) for i, value in enumerate(filling))}))"

    def wishes(self, but: int) -> Iterator[tuple[str, ...]]:
        """What one would rather have: that everything else stays, one thing after the other left out."""
        now = [
            self.at(i, unknown.now)
            for i, unknown in enumerate(self.unknowns)
            if i != but and unknown.now is not None and unknown.now in unknown.values
        ]
        yield from (tuple(now[:count]) for count in range(len(now), 0, -1))

    def filling(self, values: dict[str, int]) -> tuple[int, ...]:
        """The values in bytes of an assignment."""
        return tuple(unknown.values[values[f"n{i}"]] for i, unknown in enumerate(self.unknowns))

    # -- conditions

    def _conditions(self) -> Iterator[tuple[str, str, Limit]]:
        free = {unknown.part for unknown in self.unknowns}
        parts = [part for part in self.design.partitions if part.name in free]
        if INSIDE in self.asked:
            yield from self._memories(parts)
        if OVERLAP in self.asked:
            yield from self._apart(free)
        if PAIRS in self.asked:
            yield from self._slots(free)

    def _memories(self, parts: Sequence[Partition]) -> Iterator[tuple[str, str, Limit]]:
        for part in parts:
            known = stated(self.design, part.memory)
            if known is None:
                continue
            words = f"`{part.name}` lies in the {part.memory.value} memory, {known}"
            source = self.design.soc.source if part.memory is not MemoryKind.EXTERNAL else part.source
            limit = Limit(text=words, source=source, ties=self._holes(part.name) > 1)
            text = f"(and (<= {known.start} {self._start(part)}) (<= {self._end(part)} {known.end}))"
            yield f"memory {part.name}", text, limit

    def _apart(self, free: set[str]) -> Iterator[tuple[str, str, Limit]]:
        """No two plain partitions share a byte; nothing is asked where the map breaks that without the unknowns."""
        sized = [each for each in self.design.partitions if each.range.size or each.name in free]
        moving = {each.name for each in sized if free & {each.name, *self._leaves(each)}}
        pairs = [(one, other) for one, other in combinations(sized, 2) if apart(one, other)]
        if any(one.range.overlaps(other.range) and not moving & {one.name, other.name} for one, other in pairs):
            return
        for one, other in pairs:
            if not moving & {one.name, other.name}:
                continue
            moved, still = (one, other) if one.name in moving else (other, one)
            ties = self._holes(one.name) + self._holes(other.name) > 1
            limit = Limit(text=f"`{moved.name}` and `{still.name}` share no byte", source=still.source, ties=ties)
            before, after = (f"(<= {self._end(a)} {self._start(b)})" for a, b in ((one, other), (other, one)))
            yield f"{one.name} and {other.name}", f"(or {before} {after})", limit

    def _slots(self, free: set[str]) -> Iterator[tuple[str, str, Limit]]:
        """The sizes of a primary and a secondary slot, in the modes that swap them (SEMANTICS, `slots_match`)."""
        told = self.design.settings.update_mode
        spare = SPARE.get(str(told.value)) if told is not None else None
        slots = [next((p for p in self.design.partitions if p.role is role and p.number == 0), None) for role in _SLOTS]
        if spare is None or slots[0] is None or slots[1] is None:
            return
        first, second = slots[0], slots[1]
        parts = {first.name, second.name, *self._leaves(first), *self._leaves(second)}
        if not parts & free:
            return
        page = self.design.soc.page
        more = f"(- {self._extent(first)} {self._extent(second)})"
        words = f"`{second.name}` has the size that `{first.name}` asks for"
        limit = Limit(text=words, source=second.source, ties=sum(map(self._holes, parts)) > 1)
        yield "slots", f"(and (<= {_int(spare[0] * page)} {more}) (<= {more} {_int(spare[1] * page)}))", limit

    # -- terms, in bytes

    def _start(self, part: Partition) -> str:
        leaf = self._leaves(part)[0]
        return self._term(leaf, "at", self.design.partition(leaf).range.start)

    def _end(self, part: Partition) -> str:
        last = self.design.partition(self._leaves(part)[-1])
        return f"(+ {self._start(last)} {self._term(last.name, 'size', last.range.size)})"

    def _extent(self, part: Partition) -> str:
        return f"(- {self._end(part)} {self._start(part)})"

    def _term(self, name: str, what: str, now: int) -> str:
        for number, unknown in enumerate(self.unknowns):
            if (unknown.part, unknown.field) == (name, what):
                return f"(+ {unknown.values.start} (* {unknown.step} n{number}))"
        return str(now)

    def _leaves(self, part: Partition) -> list[str]:
        """The plain partitions that it consists of, in the order in which they are listed."""
        return [leaf for name in part.members for leaf in self._leaves(self.design.partition(name))] or [part.name]

    def _holes(self, name: str) -> int:
        leaves = {name, *self._leaves(self.design.partition(name))}
        return sum(unknown.part in leaves for unknown in self.unknowns)


_SLOTS = (Role.PRIMARY, Role.SECONDARY)


def _int(number: int) -> str:
    return str(number) if number >= 0 else f"(- {-number})"


def _read(written: Written, paths: Sequence[str]) -> Design:
    """The design with some value in each hole."""
    fault: InputError | None = None
    for value in PLUGS:
        change = {path: value for path in paths if entry(written, path) == HOLE}
        try:
            return design_of(as_edited(written, change) if change else written)
        except InputError as error:
            fault = error
    assert fault is not None
    raise fault


def _unknown(written: Written, design: Design, path: str) -> Unknown:
    keys, _ = keys_of(written.plain, path)
    part = next((each for each in design.partitions if keys[:1] == ("partitions",) and each.name == keys[1]), None)
    if part is None or part.members or keys[-1] not in {"at", "size"}:
        words = f"`{path}` is no address or size of a plain partition; free it alone"
        raise InputError.at(written.file, written.line(keys), words)
    told = entry(written, path)
    now = None if told == HOLE else size_of(told)
    step, known = step_of(design, part.memory), extent(design, part.memory)
    low, high = known.start, known.end
    first = (now or 0) % step
    values = range(first or step, high - low + 1, step) if keys[-1] == "size" else range(low + first, high + 1, step)
    return Unknown(part=part.name, field=str(keys[-1]), values=values, now=now)
