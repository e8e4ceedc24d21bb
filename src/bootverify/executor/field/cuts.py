"""The power lost at every operation of an update in the field, at some of them twice: does the unit come through?

A boot, and what service and application do after it, follow from what the flash holds. So each content is looked at
once, however many cuts lead to it, and the content after a cut is the start and the first operations of the uncut film.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import field, replace

from bootverify.dataclass import dataclass
from bootverify.executor.field.film import Film, found_again
from bootverify.executor.field.storage import drawers
from bootverify.executor.field.unit import Snapshot, kept
from bootverify.executor.flash import Change, Flash
from bootverify.executor.units.kmu import Kmu
from bootverify.executor.units.kmu_v2 import KmuV2

BLOCK = 0x2000  # bytes that are compared at once
MOST_ROUNDS = 16  # boots until everything has come in; each image takes three at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A cut that the unit does not come through: after how many operations, what was going on, and what is left."""

    after: str
    during: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """`cuts` were tried and led to `states` different contents; `nested` of the cuts were second ones."""

    cuts: int
    nested: int
    states: int
    stuck: tuple[Stuck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many first cuts are tried (None: at every operation), and how many of them are cut again how often."""

    first: int | None = None
    again: int = 12
    second: int = 24


@dataclass(slots=True)
class Sweep:
    """Cuts the power of one film."""

    film: Film
    order: tuple[str, ...]
    plan: Plan
    kept: tuple[str, ...]  # the data partitions that the uncut film keeps
    outcomes: dict[bytes, str] = field(default_factory=dict)
    states: set[bytes] = field(default_factory=set)
    stuck: list[Stuck] = field(default_factory=list)
    start: bytes = b""
    cuts: int = 0
    nested: int = 0

    def run(self, start: Snapshot) -> Survey:
        """Play the film from `start` once, then with each cut."""
        unit = self.film.unit
        self.start = start.flash
        journal, keys = self._recorded(start)
        wanted = set(_spread(len(journal), self.plan.first))
        again = set(_spread(len(journal), self.plan.again))
        unit.restore(start)
        for number, change in enumerate(journal):
            unit.device.kmu = _keys_at(keys, number)
            if number in wanted or number in again:
                for word in _cut_states(change):
                    self._look(f"{number}{word}", self._during(number, len(journal)))
                    if number in again and not word:
                        self._again(number)
            _apply(change)
        return Survey(cuts=self.cuts, nested=self.nested, states=len(self.states), stuck=tuple(self.stuck))

    def _recorded(self, start: Snapshot) -> tuple[list[Change], list[tuple[int, Kmu | KmuV2]]]:
        unit = self.film.unit
        unit.restore(start)
        unit.boot()
        journal = unit.journal()
        self.film.play(self.order)
        unit.world.journal = None
        return journal, list(unit.keys_at)

    def _during(self, number: int, of: int) -> str:
        return f"operation {number + 1} of {of}"

    def _again(self, number: int) -> None:
        """Cut the boot that recovers from the content at hand, too; the content is there again afterwards."""
        unit = self.film.unit
        here = unit.snapshot()
        journal = unit.journal()
        self.film.power_on()
        unit.world.journal = None
        keys = list(unit.keys_at)
        unit.restore(here)
        wanted = set(_spread(len(journal), self.plan.second))
        for second, change in enumerate(journal):
            unit.device.kmu = _keys_at(keys, second)
            if second in wanted:
                self.nested += 1
                self._look(f"{number}, then after {second}", "the boot after a cut")
            _apply(change)
        unit.restore(here)

    def _look(self, after: str, during: str) -> None:
        self.cuts += 1
        key = self._digest()
        if key in self.states:
            return
        self.states.add(key)
        here = self.film.unit.snapshot()
        why = self._outcome()
        self.film.unit.restore(here)
        if why:
            self.stuck.append(Stuck(after=after, during=during, why=why))

    # -- what becomes of a content

    def _outcome(self) -> str:
        """Power on, let service and application go on, until nothing changes; what is wrong then, empty if nothing."""
        passed: list[bytes] = []
        why = "the release does not come in, however often it is sent"
        for _ in range(MOST_ROUNDS):
            key = self._digest()
            if key in self.outcomes:
                why = self.outcomes[key]
                break
            passed.append(key)
            done = self._round()
            if done is not None:
                why = done
                break
        self.outcomes |= dict.fromkeys(passed, why)
        return why

    def _round(self) -> str | None:
        """One boot and what follows it; the end of the story, None while there is more to do."""
        film, unit = self.film, self.film.unit
        before = self._digest()
        if not film.power_on() and not any(film.by_wire(image) for image in self.order):
            return f"the unit no longer boots ({unit.device.halted.value if unit.device.halted else 'it restarts'})"
        if unit.application is film.target:
            film.move_in()
        film.confirm()
        missing = next((image for image in self.order if unit.running.get(image) is not film.target), None)
        if missing is not None:
            return film.stage(missing) or None
        return None if self._digest() != before else self._lost()

    def _lost(self) -> str:
        """Which data that the uncut film keeps is gone; empty when all is there."""
        film = self.film
        for drawer in drawers(film.target.design):
            if drawer.name in self.kept and not found_again(film.unit, drawer, film.data[drawer.name]):
                return f"the data in {drawer.name} is lost"
        return ""

    def _digest(self) -> bytes:
        """What tells one content from another: where it differs from the start, and how."""
        device = self.film.unit.device
        made = hashlib.sha256(device.uicr.data)
        for at in range(0, len(self.start), BLOCK):
            if device.flash.data[at : at + BLOCK] != self.start[at : at + BLOCK]:
                made.update(at.to_bytes(4, "little") + device.flash.data[at : at + BLOCK])
        return made.digest()


def silent(film: Film) -> Film:
    """The same film, of which nothing is told."""
    return replace(film, told=False, scenes=[])


def _spread(count: int, wanted: int | None) -> Sequence[int]:
    """`wanted` numbers below `count`, the first and the last among them, evenly; all when None."""
    if wanted is None or wanted >= count:
        return range(count)
    return sorted({round(i * (count - 1) / max(wanted - 1, 1)) for i in range(wanted)})


def _cut_states(change: Change) -> Iterator[str]:
    """The content before an operation, and with half of it done."""
    yield ""
    if change.half:
        place = slice(change.at, change.at + change.half)
        before = bytes(change.flash.data[place])
        change.flash.data[place] = change.content[: change.half]
        yield " and a half"
        change.flash.data[place] = before


def _apply(change: Change) -> None:
    flash: Flash = change.flash
    flash.data[change.at : change.at + len(change.content)] = change.content


def _keys_at(keys: Sequence[tuple[int, Kmu | KmuV2]], number: int) -> Kmu | KmuV2:
    """The key slots as they were after `number` operations."""
    held = [kmu for at, kmu in keys if at <= number][-1]
    return kept(held)
