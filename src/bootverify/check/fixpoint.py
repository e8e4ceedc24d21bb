"""For each location, which values each variable can have: an over-approximation that visits no states.

The result is a source of candidate lemmas; soundness does not rest on it, since every lemma is proved afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from bootverify.encoder.system import System, Transition
from bootverify.encoder.terms import (
    BOOL,
    Op,
    Substitution,
    Term,
    Value,
    const,
    domain,
    eq,
    implies,
    member,
    not_,
    or_,
    ordered,
    table,
)

MOST_COMBINATIONS = 256  # above that a term is evaluated part by part, which may only add values

Box = dict[Term, frozenset[Value]]
Conjunct = tuple[Term, tuple[Term, ...]]  # a part of a guard, and the variables that it reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Lemma:
    """A candidate or proved fact of every reachable state, with the words it is shown by."""

    term: Term
    text: str


def candidate_lemmas(system: System, location: Term, mode: Term | None = None) -> tuple[Lemma, ...]:
    """For every variable, what its values can be at each value of `location`; in a fixed order.

    With `mode`, a truth value that never falls back, the values are kept apart for its two halves.
    """
    boxes = reachable_boxes(system, location, mode)
    lemmas: list[Lemma] = []
    reached = [value for value in domain(location.sort) if any(place == value for place, _ in boxes)]
    if len(reached) < len(domain(location.sort)):
        lemmas.append(Lemma(term=member(location, reached), text=f"{location.name} in {_listed(reached)}"))
    modes: list[Value] = (
        [False] if mode is None else [value for value in (False, True) if any(m == value for _, m in boxes)]
    )
    for value in modes:
        half = {place: box for (place, m), box in boxes.items() if m == value}
        lemmas += _of_half(system, location, mode, value, half, split=len(modes) > 1)
    return tuple(lemmas)


def _of_half(
    system: System, location: Term, mode: Term | None, half: Value, boxes: Mapping[Value, Box], *, split: bool
) -> list[Lemma]:
    lemmas: list[Lemma] = []
    reached = [value for value in domain(location.sort) if value in boxes]
    if mode is not None and split and len(reached) < len(domain(location.sort)):
        lemmas.append(
            _in_half(Lemma(term=member(location, reached), text=f"{location.name} in {_listed(reached)}"), mode, half)
        )
    for variable in system.variables:
        if variable is location or (variable is mode and split):
            continue
        whole = frozenset(domain(variable.sort))
        groups: dict[frozenset[Value], list[Value]] = {}
        for place in reached:
            groups.setdefault(boxes[place][variable], []).append(place)
        for values, places in groups.items():
            if values != whole:
                lemma = _lemma(variable, values, None if len(groups) == 1 else places, location, reached)
                lemmas.append(_in_half(lemma, mode, half) if mode is not None and split else lemma)
    return lemmas


def _in_half(lemma: Lemma, mode: Term, half: Value) -> Lemma:
    premise, words = (mode, mode.name) if half else (not_(mode), f"not {mode.name}")
    return Lemma(term=implies(premise, lemma.term), text=f"{words} => {lemma.text}")


def reachable_boxes(system: System, location: Term, mode: Term | None = None) -> Mapping[tuple[Value, Value], Box]:
    """The least boxes, one for each reachable location and mode, that the start lies in and no transition leaves."""
    boxes: dict[tuple[Value, Value], Box] = {}
    pending: list[tuple[Value, Value]] = []
    start = {variable: frozenset(system.init[variable]) for variable in system.variables}
    for place in system.init[location]:
        for value in system.init[mode] if mode is not None else (False,):
            boxes[place, value] = _pinned(start, location, place, mode, value)
            pending.append((place, value))
    prepared: dict[tuple[Value, Value], list[tuple[Transition, list[Conjunct]]]] = {}
    while pending:
        at = pending.pop(0)
        place, value = at
        if at not in prepared:
            here: dict[Term, Term] = {location: const(location.sort, place)}
            if mode is not None:
                here[mode] = const(mode.sort, value)
            prepared[at] = _prepared(system, here)
        box = boxes[at]
        for transition, conjuncts in prepared[at]:
            narrowed = _narrowed(conjuncts, box)
            if narrowed is None:
                continue
            changes = {target: _values(term, box, narrowed) for target, term in transition.updates.items()}
            places = changes.pop(location, frozenset((place,)))
            values = changes.pop(mode, frozenset((value,))) if mode is not None else frozenset((value,))
            for after in product(sorted(places, key=str), sorted(values, key=str)):
                if _grow(boxes, at, after, narrowed, changes, location, mode, system) and after not in pending:
                    pending.append(after)
    return boxes


def _pinned(box: Box, location: Term, place: Value, mode: Term | None, value: Value) -> Box:
    pinned = {**box, location: frozenset((place,))}
    return pinned if mode is None else {**pinned, mode: frozenset((value,))}


def _prepared(system: System, here: Mapping[Term, Term]) -> list[tuple[Transition, list[Conjunct]]]:
    """The transitions that may happen there, specialised to it, with the conjuncts of their guards."""
    found = []
    known = Substitution(here)
    for transition in system.transitions:
        guard = known.of(transition.guard)
        if guard.op is Op.CONST and guard.value is False:
            continue
        updates = {target: known.of(value) for target, value in transition.updates.items()}
        special = Transition(name=transition.name, guard=guard, updates=updates, inputs=transition.inputs)
        conjuncts = guard.arguments if guard.op is Op.AND else (guard,)
        found.append((special, [(conjunct, _sorted(conjunct)) for conjunct in conjuncts if conjunct.free]))
    return found


@lru_cache(maxsize=50_000)
def _sorted(term: Term) -> tuple[Term, ...]:
    return tuple(sorted(term.free, key=lambda variable: variable.id))


def _range(variable: Term, box: Box, narrowed: Box) -> frozenset[Value]:
    """What a variable can be: as narrowed by the guard, else as in the box; an input can be anything."""
    found = narrowed.get(variable)
    if found is None:
        found = box.get(variable)
    return frozenset(domain(variable.sort)) if found is None else found


def _narrowed(conjuncts: list[Conjunct], box: Box) -> Box | None:
    """What the guard leaves of the variables it mentions; None when it cannot hold in `box`."""
    narrowed: Box = {}
    for conjunct, free in conjuncts:
        ranges = [_range(variable, box, narrowed) for variable in free]
        if _combinations(ranges) > MOST_COMBINATIONS:
            if True not in _loose(conjunct, box, narrowed):
                return None
            continue
        left = _passing(conjunct, free, tuple(ranges))
        if left is None:
            return None
        narrowed.update(zip(free, left, strict=True))
    return narrowed


@lru_cache(maxsize=100_000)
def _passing(
    conjunct: Term, free: tuple[Term, ...], ranges: tuple[frozenset[Value], ...]
) -> tuple[frozenset[Value], ...] | None:
    """What is left of each range when the conjunct holds; None when it cannot."""
    rows = list(product(*ranges))
    held = table(conjunct, dict(zip(free, zip(*rows, strict=True), strict=True)), len(rows))
    passing = [values for values, holds in zip(rows, held, strict=True) if holds]
    return tuple(map(frozenset, zip(*passing, strict=True))) if passing else None


def _values(term: Term, box: Box, narrowed: Box) -> frozenset[Value]:
    """The values that `term` can have when its variables range over the narrowed box."""
    if term.op is Op.CONST:
        return frozenset((term.value,))
    if term.op is Op.VAR:
        return _range(term, box, narrowed)
    free = _sorted(term)
    ranges = [_range(variable, box, narrowed) for variable in free]
    if _combinations(ranges) > MOST_COMBINATIONS:
        return _loose(term, box, narrowed)
    return _evaluated(term, free, tuple(ranges))


@lru_cache(maxsize=100_000)
def _evaluated(term: Term, free: tuple[Term, ...], ranges: tuple[frozenset[Value], ...]) -> frozenset[Value]:
    rows = list(product(*ranges))
    return frozenset(table(term, dict(zip(free, zip(*rows, strict=True), strict=True)), len(rows)))


def _combinations(ranges: list[frozenset[Value]]) -> int:
    count = 1
    for values in ranges:
        count *= len(values)
    return count


def _loose(term: Term, box: Box, narrowed: Box) -> frozenset[Value]:
    """As `_values`, each part on its own: may contain values that no assignment gives."""
    done: dict[int, frozenset[Value]] = {}
    both: frozenset[Value] = frozenset((False, True))
    for node in ordered(term):
        parts = [done[argument.id] for argument in node.arguments]
        match node.op:
            case Op.CONST:
                done[node.id] = frozenset((node.value,))
            case Op.VAR:
                done[node.id] = _range(node, box, narrowed)
            case Op.NOT:
                done[node.id] = frozenset(not value for value in parts[0])
            case Op.AND:
                least = all(False not in part for part in parts)
                most = all(True in part for part in parts)
                done[node.id] = frozenset((True,)) if least else both if most else frozenset((False,))
            case Op.OR:
                least = any(False not in part for part in parts)
                most = any(True in part for part in parts)
                done[node.id] = frozenset((True,)) if least else both if most else frozenset((False,))
            case Op.EQ:
                if len(parts[0]) == 1 == len(parts[1]):
                    done[node.id] = frozenset((parts[0] == parts[1],))
                else:
                    done[node.id] = both if parts[0] & parts[1] else frozenset((False,))
            case Op.ITE:
                chosen: frozenset[Value] = frozenset()
                if True in parts[0]:
                    chosen |= parts[1]
                if False in parts[0]:
                    chosen |= parts[2]
                done[node.id] = chosen
    return done[term.id]


def _grow(  # noqa: PLR0917 - one call, inside the loop
    boxes: dict[tuple[Value, Value], Box],
    origin: tuple[Value, Value],
    target: tuple[Value, Value],
    narrowed: Box,
    changes: Mapping[Term, frozenset[Value]],
    location: Term,
    mode: Term | None,
    system: System,
) -> bool:
    """Let the box of `target` hold what arrives there from `origin`; whether it grew."""
    before = boxes[origin]
    known = boxes.get(target)
    if known is None:
        arrived = {**before, **{v: values for v, values in narrowed.items() if v in before}, **changes}
        boxes[target] = _pinned(arrived, location, target[0], mode, target[1])
        return True
    # Where the location stays, what is not assigned stays inside the box it came from.
    arriving = changes.keys() if target == origin else system.variables
    grew = False
    for variable in arriving:
        if variable is location or variable is mode:
            continue
        values = changes.get(variable)
        if values is None:
            values = narrowed.get(variable)
            if values is None:
                values = before[variable]
        if values is not known[variable] and not values <= known[variable]:
            known[variable] |= values
            grew = True
    return grew


def _lemma(
    variable: Term, values: frozenset[Value], places: list[Value] | None, location: Term, reached: list[Value]
) -> Lemma:
    ordered = [value for value in domain(variable.sort) if value in values]
    fact = _fact(variable, ordered)
    shown = _shown(variable, ordered)
    if places is None:
        return Lemma(term=fact, text=shown)
    others = [place for place in reached if place not in places]
    if len(places) <= len(others) + 1:
        premise, words = member(location, places), f"{location.name} in {_listed(places)}"
    else:
        premise, words = not_(member(location, others)), f"{location.name} not in {_listed(others)}"
    return Lemma(term=implies(premise, fact), text=f"{words} => {shown}")


def _fact(variable: Term, values: list[Value]) -> Term:
    if variable.sort is BOOL:
        return variable if values[0] else not_(variable)
    return or_(*(eq(variable, value) for value in values))


def _shown(variable: Term, values: list[Value]) -> str:
    if variable.sort is BOOL:
        return variable.name if values[0] else f"not {variable.name}"
    return f"{variable.name} = {values[0]}" if len(values) == 1 else f"{variable.name} in {_listed(values)}"


def _listed(values: list[Value]) -> str:
    return "{" + ", ".join(map(str, values)) + "}"
