"""For each location, which values each variable can have: an over-approximation that visits no states.

A **box** is one number with a field of bits for each variable, a bit for each value; joining boxes is an `or`. Nothing
rests on them: lemmas are proved afterwards, and a search may cut corners.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product

from bootverify.check.proof.term_ranges import Bits, passing, possible
from bootverify.dataclass import dataclass
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Op, Substitution, Term, Value, const, domain, false

Box = int
Place = tuple[Value, Value]  # the location and the mode


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """The least boxes, one for each reachable location and mode, that the start lies in and no transition leaves.

    `there` names the transitions that these boxes do not rule out, by the location.
    """

    shifts: Mapping[Term, int]
    of: Mapping[Place, Box]
    there: Mapping[Value, frozenset[str]]

    @property
    def live(self) -> frozenset[str]:
        """The transitions that they do not rule out everywhere."""
        return frozenset[str]().union(*self.there.values())

    def values(self, place: Place, variable: Term) -> tuple[Value, ...]:
        """What `variable` can be there, in the order of its sort."""
        return values_of(variable, *self.column((place,), variable))

    def column(self, places: Iterable[Place], variable: Term) -> tuple[Bits, ...]:
        """The same at each of the places, as bits."""
        shift, full = self.shifts[variable], _full(variable)
        return tuple([self.of[place] >> shift & full for place in places])


def reachable_boxes(system: System, location: Term, mode: Term | None = None) -> Boxes:
    """The boxes of `system`, apart for each value of `location`, and of `mode` where there is one.

    They grow until no transition leads out of them.
    """
    packing = _packing(system.variables, location, mode)
    shifts, pins, free = packing.shifts, packing.pins, packing.free
    start = sum(_bits(each, system.init[each]) << shift for each, shift in shifts.items()) & free
    firsts = product(system.init[location], (False,) if mode is None else system.init[mode])
    boxes = {at: start | pins[at] for at in firsts}
    pending, live = dict.fromkeys(boxes), dict[Value, set[str]]()
    there: dict[Place, list[Transition]] = {}
    for each in system.transitions:
        for at in packing.guards(each.guard):
            there.setdefault(at, []).append(each)
    ways: dict[Place, list[tuple[str, _Way]]] = {}
    while pending:
        at = next(iter(pending))
        del pending[at]
        if at not in ways:
            ways[at] = [(each.name, packing.way(each, at)) for each in there.get(at, ())]
        for name, way in ways[at]:
            box = boxes[at]
            if (arrival := way.arrives(box)) is None:
                continue
            live.setdefault(at[0], set()).add(name)
            arrived = (box & way.keeps | arrival[0]) & free
            for to in arrival[1]:
                known = boxes.get(to, 0)
                joined = boxes[to] = known | arrived | pins[to]
                if joined != known:
                    pending[to] = None
    return Boxes(shifts=shifts, of=boxes, there={value: frozenset(names) for value, names in live.items()})


@dataclass(slots=True)
class _Part:
    """A term of a transition and where the fields of its variables lie."""

    term: Term
    free: tuple[Term, ...]
    fields: tuple[tuple[int, Bits], ...]

    def ranges(self, box: Box) -> tuple[Bits, ...]:
        return tuple([box >> shift & full for shift, full in self.fields])

    def values(self, box: Box) -> Bits:
        """The values that the term can have when its variables range over `box`."""
        return possible(self.term, self.free, self.ranges(box))


class _Packing:
    """Where the field of each variable lies, and the transitions as they are at each place.

    Systems of the same variables share one: attackers of one design have most transitions in common.
    """

    def __init__(self, variables: tuple[Term, ...], location: Term, mode: Term | None) -> None:
        self.location, self.mode = location, mode
        self.shifts: dict[Term, int] = {}
        self.fields: dict[Term, Box] = {}
        width = 0
        for variable in variables:
            self.shifts[variable] = width
            self.fields[variable] = _full(variable) << width
            width += len(domain(variable.sort))
        self.width = width
        self.free = ~(self.fields[location] | (0 if mode is None else self.fields[mode]))
        self.places: tuple[Place, ...] = tuple(
            product(domain(location.sort), (False,) if mode is None else domain(mode.sort))
        )
        self.pins = {at: self._pin(at) for at in self.places}
        self._known = {at: Substitution(self._said(at)) for at in self.places}
        self._guards: dict[Term, dict[Place, Term]] = {}
        self._ways: dict[tuple[object, ...], _Way] = {}

    def _pin(self, at: Place) -> Box:
        """The one location and mode, as a box of nothing else."""
        pin = _bits(self.location, (at[0],)) << self.shifts[self.location]
        return pin if self.mode is None else pin | _bits(self.mode, (at[1],)) << self.shifts[self.mode]

    def _said(self, at: Place) -> dict[Term, Term]:
        here = {self.location: const(self.location.sort, at[0])}
        return here if self.mode is None else {**here, self.mode: const(self.mode.sort, at[1])}

    def guards(self, guard: Term) -> dict[Place, Term]:
        """The guard as it is at each place where it does not fail."""
        if guard not in self._guards:
            there = ((at, known.of(guard)) for at, known in self._known.items())
            self._guards[guard] = {at: told for at, told in there if told is not false()}
        return self._guards[guard]

    def way(self, transition: Transition, at: Place) -> "_Way":
        """The transition as it is there, where its guard does not fail."""
        guard = self.guards(transition.guard)[at]
        key = (at, guard, tuple(transition.updates.items()), transition.inputs)
        if key not in self._ways:
            self._ways[key] = _Way(self, transition, at, guard, self._known[at])
        return self._ways[key]


Arrival = tuple[Box, tuple[Place, ...]]  # the fields that a transition narrows or assigns to, and where it leads
MOST_ARRIVALS = 256  # of one transition at one place that are remembered


class _Way:
    """A transition at one place. What arrives is remembered by the fields that it reads; `keeps`: those it leaves."""

    def __init__(self, packing: _Packing, transition: Transition, at: Place, guard: Term, known: Substitution) -> None:
        self.packing, self.transition, self.at, self.known = packing, transition, at, known
        self.shifts: Mapping[Term, int] = packing.shifts
        width = packing.width
        if transition.inputs:
            shifts = self.shifts = dict(packing.shifts)
            for each in transition.inputs:
                shifts[each] = width
                width += len(domain(each.sort))
        self.inputs: Box = (1 << width) - (1 << packing.width)
        conjuncts = guard.arguments if guard.op is Op.AND else (guard,)
        self.guard = [self._part(conjunct) for conjunct in conjuncts if conjunct.free]
        self.narrows = self.reads = self._read(self.guard)
        self.keeps: Box = 0
        self.updates: list[tuple[int, _Part]] | None = None  # made when it is first taken: most never are
        self.fixed: Box = 0
        self._arrivals: dict[Box, Arrival | None] = {}

    def arrives(self, box: Box) -> Arrival | None:
        """What arrives from `box`, and where; None when the transition cannot be taken."""
        asked = box & self.reads
        if asked not in self._arrivals:
            narrowed = self._narrowed(box | self.inputs)
            found = None if narrowed is None else self._taken(narrowed)
            if len(self._arrivals) >= MOST_ARRIVALS:
                self._arrivals.clear()
            self._arrivals[box & self.reads] = found  # the first time that it is taken, it reads more from then on
        return self._arrivals[box & self.reads]

    def _taken(self, narrowed: Box) -> Arrival:
        if self.updates is None:
            self.updates = self._assignments()
            self._arrivals.clear()
        packing = self.packing
        places = values_of(packing.location, self.goes.values(narrowed)) if self.goes else self.at[:1]
        modes = values_of(packing.mode, self.sets.values(narrowed)) if self.sets and packing.mode else self.at[1:]
        arrives = narrowed & self.narrows | self.fixed
        for shift, part in self.updates:
            arrives |= part.values(narrowed) << shift
        return arrives, tuple(product(places, modes))

    def _narrowed(self, box: Box) -> Box | None:
        """What the guard leaves of `box`; None when it cannot hold there."""
        for part in self.guard:
            ranges = part.ranges(box)
            left = passing(part.term, part.free, ranges)
            if left is None:
                return None
            if left is not ranges:
                for (shift, full), bits in zip(part.fields, left, strict=True):
                    box = box & ~(full << shift) | bits << shift
        return box

    def _assignments(self) -> list[tuple[int, _Part]]:
        """The terms that are assigned, but for constants, which go to `fixed`."""
        packing, assigned = self.packing, 0
        updates = {target: self._part(self.known.of(value)) for target, value in self.transition.updates.items()}
        self.goes = updates.pop(packing.location, None)
        self.sets = updates.pop(packing.mode, None) if packing.mode is not None else None
        made = []
        for target, part in updates.items():
            assigned |= packing.fields[target]
            if part.free:
                made.append((packing.shifts[target], part))
            else:
                self.fixed |= part.values(0) << packing.shifts[target]
        self.reads |= self._read([each for each in (self.goes, self.sets, *updates.values()) if each])
        self.keeps = (1 << packing.width) - 1 & ~self.narrows & ~assigned
        self.narrows &= ~assigned
        return made

    def _read(self, parts: Iterable[_Part]) -> Box:
        found = 0
        for part in parts:
            for variable in part.free:
                found |= self.packing.fields.get(variable, 0)
        return found

    def _part(self, term: Term) -> _Part:
        free = _sorted(term)
        return _Part(term, free, tuple([(self.shifts[variable], _full(variable)) for variable in free]))


@lru_cache(maxsize=16)  # systems of one check of a large card: thirteen
def _packing(variables: tuple[Term, ...], location: Term, mode: Term | None) -> _Packing:
    return _Packing(variables, location, mode)


@lru_cache(maxsize=50_000)
def _sorted(term: Term) -> tuple[Term, ...]:
    return tuple(sorted(term.free, key=lambda variable: variable.id))


def _full(variable: Term) -> Bits:
    return (1 << len(domain(variable.sort))) - 1


def _bits(term: Term, values: Iterable[Value]) -> Bits:
    every = domain(term.sort)
    return sum(1 << every.index(value) for value in set(values))


def values_of(term: Term, bits: Bits) -> tuple[Value, ...]:
    """The values of the term's sort that the bits stand for, in its order."""
    return tuple([value for i, value in enumerate(domain(term.sort)) if bits >> i & 1])
