"""For each location, which values each variable can have: an over-approximation that visits no states.

The result is a source of candidate lemmas; soundness does not rest on it, since every lemma is proved afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from bootverify.encoder.system import System, Transition
from bootverify.encoder.terms import (
    BOOL,
    Op,
    Term,
    Value,
    const,
    domain,
    eq,
    evaluate,
    implies,
    member,
    nodes,
    not_,
    or_,
    substitute,
)

MOST_COMBINATIONS = 256  # above that a term is evaluated part by part, which may only add values

Box = dict[Term, frozenset[Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lemma:
    """A candidate or proved fact of every reachable state, with the words it is shown by."""

    term: Term
    text: str


def candidate_lemmas(system: System, location: Term) -> tuple[Lemma, ...]:
    """For every variable, what its values can be at each value of `location`; in a fixed order."""
    boxes = reachable_boxes(system, location)
    lemmas = []
    reached = [value for value in domain(location.sort) if value in boxes]
    if len(reached) < len(domain(location.sort)):
        lemmas.append(Lemma(term=member(location, reached), text=f"{location.name} in {_listed(reached)}"))
    for variable in system.variables:
        if variable is location:
            continue
        whole = frozenset(domain(variable.sort))
        groups: dict[frozenset[Value], list[Value]] = {}
        for place in reached:
            groups.setdefault(boxes[place][variable], []).append(place)
        if len(groups) == 1:
            values = next(iter(groups))
            if values != whole:
                lemmas.append(_lemma(variable, values, None, location, reached))
            continue
        for values, places in groups.items():
            if values != whole:
                lemmas.append(_lemma(variable, values, places, location, reached))
    return tuple(lemmas)


def reachable_boxes(system: System, location: Term) -> Mapping[Value, Box]:
    """The least boxes, one for each reachable location, that the start lies in and no transition leaves."""
    boxes: dict[Value, Box] = {}
    pending: list[Value] = []
    start = {variable: frozenset(system.init[variable]) for variable in system.variables}
    for place in system.init[location]:
        boxes[place] = {**start, location: frozenset((place,))}
        pending.append(place)
    prepared: dict[Value, list[tuple[Transition, tuple[Term, ...]]]] = {}
    while pending:
        place = pending.pop(0)
        if place not in prepared:
            prepared[place] = _prepared(system, location, place)
        box = boxes[place]
        for transition, conjuncts in prepared[place]:
            narrowed = _narrowed(conjuncts, box, transition)
            if narrowed is None:
                continue
            changes = {target: _values(value, narrowed) for target, value in transition.updates.items()}
            places = changes.pop(location, frozenset((place,)))
            for after in places:
                if _grow(boxes, after, narrowed, changes, location, system) and after not in pending:
                    pending.append(after)
    return boxes


def _prepared(system: System, location: Term, place: Value) -> list[tuple[Transition, tuple[Term, ...]]]:
    """The transitions that may happen at `place`, specialised to it, with the conjuncts of their guards."""
    here = {location: const(location.sort, place)}
    found = []
    for transition in system.transitions:
        guard = substitute(transition.guard, here)
        if guard.op is Op.CONST and guard.value is False:
            continue
        updates = {target: substitute(value, here) for target, value in transition.updates.items()}
        special = Transition(name=transition.name, guard=guard, updates=updates, inputs=transition.inputs)
        found.append((special, guard.arguments if guard.op is Op.AND else (guard,)))
    return found


def _narrowed(conjuncts: tuple[Term, ...], box: Box, transition: Transition) -> Box | None:
    """The part of `box` in which the guard can hold, variable by variable; None when there is none."""
    narrowed = dict(box)
    for each in transition.inputs:
        narrowed[each] = frozenset(domain(each.sort))
    for conjunct in conjuncts:
        free = sorted(conjunct.free, key=lambda variable: variable.id)
        if not free:
            if conjunct.value is False:
                return None
            continue
        if _combinations(free, narrowed) > MOST_COMBINATIONS:
            if True not in _loose(conjunct, narrowed):
                return None
            continue
        passing = [
            values
            for values in product(*(narrowed[variable] for variable in free))
            if evaluate(conjunct, dict(zip(free, values, strict=True)))
        ]
        if not passing:
            return None
        for position, variable in enumerate(free):
            narrowed[variable] = frozenset(values[position] for values in passing)
    return narrowed


def _values(term: Term, box: Box) -> frozenset[Value]:
    """The values that `term` can have when its variables range over `box`."""
    if term.op is Op.CONST:
        return frozenset((term.value,))
    if term.op is Op.VAR:
        return box[term]
    free = sorted(term.free, key=lambda variable: variable.id)
    if _combinations(free, box) > MOST_COMBINATIONS:
        return _loose(term, box)
    return frozenset(
        evaluate(term, dict(zip(free, values, strict=True))) for values in product(*(box[variable] for variable in free))
    )


def _combinations(free: list[Term], box: Box) -> int:
    count = 1
    for variable in free:
        count *= len(box[variable])
    return count


def _loose(term: Term, box: Box) -> frozenset[Value]:
    """As `_values`, each part on its own: may contain values that no assignment gives."""
    done: dict[int, frozenset[Value]] = {}
    both: frozenset[Value] = frozenset((False, True))
    for node in nodes(term):
        parts = [done[argument.id] for argument in node.arguments]
        match node.op:
            case Op.CONST:
                done[node.id] = frozenset((node.value,))
            case Op.VAR:
                done[node.id] = box[node]
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


def _grow(
    boxes: dict[Value, Box],
    place: Value,
    before: Box,
    changes: Mapping[Term, frozenset[Value]],
    location: Term,
    system: System,
) -> bool:
    """Let the box of `place` hold what arrives there; whether it grew."""
    known = boxes.get(place)
    if known is None:
        arrived = {variable: changes.get(variable, before[variable]) for variable in system.variables}
        boxes[place] = {**arrived, location: frozenset((place,))}
        return True
    grew = False
    for variable in system.variables:
        if variable is location:
            continue
        arriving = changes.get(variable, before[variable])
        if not arriving <= known[variable]:
            known[variable] |= arriving
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


