"""For each location, which values each variable can have: an over-approximation that visits no states.

A **box** is one number with a field of bits for each variable, a bit for each value; joining boxes is an `or`. Nothing
rests on them: lemmas are proved afterwards, and a search may cut corners.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product

from bootverify.check.term_ranges import Bits, passing, possible
from bootverify.dataclass import dataclass
from bootverify.encoder.system import System, Transition
from bootverify.encoder.terms import Op, Substitution, Term, Value, const, domain, false

Box = int
Place = tuple[Value, Value]  # the location and the mode


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """The least boxes, one for each reachable location and mode, that the start lies in and no transition leaves.

    `live` names the transitions that these boxes do not rule out.
    """

    shifts: Mapping[Term, int]
    of: Mapping[Place, Box]
    live: frozenset[str]

    def values(self, place: Place, variable: Term) -> tuple[Value, ...]:
        """What `variable` can be there, in the order of its sort."""
        return _values(variable, self.bits(place, variable))

    def bits(self, place: Place, variable: Term) -> Bits:
        """The same as bits."""
        return self.of[place] >> self.shifts[variable] & _full(variable)


def reachable_boxes(system: System, location: Term, mode: Term | None = None) -> Boxes:
    """The boxes of `system`, apart for each value of `location`, and of `mode` where there is one."""
    return _Iteration(system, location, mode).run()


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
        self.pins = ~(self.fields[location] | (0 if mode is None else self.fields[mode]))
        self._known: dict[Place, Substitution] = {}
        self._ways: dict[tuple[object, ...], _Way] = {}

    def pinned(self, box: Box, at: Place) -> Box:
        """`box` with the one location and mode."""
        pinned = box & self.pins | _bits(self.location, (at[0],)) << self.shifts[self.location]
        return pinned if self.mode is None else pinned | _bits(self.mode, (at[1],)) << self.shifts[self.mode]

    def known(self, at: Place) -> Substitution:
        """What the place says of terms."""
        if at not in self._known:
            here = {self.location: const(self.location.sort, at[0])}
            if self.mode is not None:
                here[self.mode] = const(self.mode.sort, at[1])
            self._known[at] = Substitution(here)
        return self._known[at]

    def way(self, transition: Transition, at: Place) -> "_Way | None":
        """The transition as it is there; None where it cannot happen."""
        guard = self.known(at).of(transition.guard)
        if guard is false():
            return None
        key = (at, guard, tuple(transition.updates.items()), transition.inputs)
        if key not in self._ways:
            self._ways[key] = _Way(self, transition, guard, self.known(at))
        return self._ways[key]


class _Way:
    """A transition at one place. What follows from the fields that it reads is kept until they change.

    `arrives`: the fields that it narrows or assigns to, once it is taken; None when it cannot be. `keeps`: the others.
    """

    def __init__(self, packing: _Packing, transition: Transition, guard: Term, known: Substitution) -> None:
        self.packing, self.transition, self.known = packing, transition, known
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
        self.places: Bits = 0
        self.modes: Bits = 0
        self.asked: Box = -1
        self.arrives: Box | None = None

    def evaluate(self, box: Box) -> None:
        """Find what arrives from `box`."""
        if box & self.reads == self.asked:
            return
        self.asked = box & self.reads
        narrowed = self._narrowed(box | self.inputs)
        if narrowed is None:
            self.arrives = None
            return
        if self.updates is None:
            self.updates = self._assignments()
            self.asked = box & self.reads
        self.places = self.goes.values(narrowed) if self.goes else 0
        self.modes = self.sets.values(narrowed) if self.sets else 0
        arrives = narrowed & self.narrows | self.fixed
        for shift, part in self.updates:
            arrives |= part.values(narrowed) << shift
        self.arrives = arrives

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


class _Iteration:
    """The boxes as they grow."""

    def __init__(self, system: System, location: Term, mode: Term | None) -> None:
        self.system, self.location, self.mode = system, location, mode
        self.packing = _packing(system.variables, location, mode)
        self.boxes: dict[Place, Box] = {}

    def run(self) -> Boxes:
        system, pending, live = self.system, dict[Place, None](), set[str]()
        shifts = self.packing.shifts
        start = sum(_bits(each, system.init[each]) << shift for each, shift in shifts.items())
        for at in product(system.init[self.location], (False,) if self.mode is None else system.init[self.mode]):
            self.boxes[at] = self.packing.pinned(start, at)
            pending[at] = None
        ways: dict[Place, list[tuple[str, _Way]]] = {}
        while pending:
            at = next(iter(pending))
            del pending[at]
            if at not in ways:
                there = ((each.name, self.packing.way(each, at)) for each in system.transitions)
                ways[at] = [(name, way) for name, way in there if way is not None]
            for name, way in ways[at]:
                way.evaluate(self.boxes[at])
                if way.arrives is not None:
                    live.add(name)
                    arrived = self.boxes[at] & way.keeps | way.arrives
                    pending |= dict.fromkeys(to for to in self._targets(way, at) if self._grew(to, arrived))
        return Boxes(shifts=shifts, of=self.boxes, live=frozenset(live))

    def _targets(self, way: _Way, at: Place) -> Iterable[Place]:
        places = _values(self.location, way.places) if way.places else (at[0],)
        modes = _values(self.mode, way.modes) if self.mode is not None and way.modes else (at[1],)
        return product(places, modes)

    def _grew(self, to: Place, arrived: Box) -> bool:
        """Let the box of `to` hold what arrives; whether it grew."""
        known = self.boxes.get(to, 0)
        joined = self.boxes[to] = known | self.packing.pinned(arrived, to)
        return joined != known


@lru_cache(maxsize=8)
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


def _values(term: Term, bits: Bits) -> tuple[Value, ...]:
    return tuple([value for i, value in enumerate(domain(term.sort)) if bits >> i & 1])
