"""Candidate lemmas: for every variable, what the fixpoint (`boxes`) leaves of its values at each location.

Soundness does not rest on it, since every lemma is proved afterwards.
"""

from collections.abc import Container, Iterable, Sequence
from functools import lru_cache

from bootverify.check.proof.boxes import Boxes, reachable_boxes, values_of
from bootverify.check.proof.term_ranges import Bits
from bootverify.dataclass import dataclass
from bootverify.encoder.logic.system import System
from bootverify.encoder.logic.terms import BOOL, Term, Value, domain, eq, implies, member, not_, or_

Values = tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lemma:
    """A candidate or proved fact of every reachable state, with the words it is shown by."""

    term: Term
    text: str


def candidate_lemmas(
    system: System,
    location: Term,
    mode: Term | None = None,
    boxes: Boxes | None = None,
    about: Container[Term] | None = None,
) -> tuple[Lemma, ...]:
    """For every variable, what its values can be at each value of `location`; in a fixed order.

    With `mode`, a variable that never falls back, the values are kept apart for each value of that. `boxes` are those
    of the system, where they are known already. `about`: of these variables alone.
    """
    boxes = boxes or reachable_boxes(system, location, mode)
    lemmas: list[Lemma] = []
    reached = tuple(value for value in domain(location.sort) if any(place == value for place, _ in boxes.of))
    if len(reached) < len(domain(location.sort)):
        lemmas.append(Lemma(term=member(location, reached), text=f"{location.name} in {_listed(reached)}"))
    every: Sequence[Value] = (False,) if mode is None else domain(mode.sort)
    modes = [value for value in every if any(m == value for _, m in boxes.of)]
    spoken_of = [each for each in system.variables if about is None or each in about]
    if mode is not None and 1 < len(modes) < len(every):
        lemmas.append(Lemma(term=told(mode, modes), text=in_words(mode, modes)))
    for value in modes:
        lemmas += _of_half(spoken_of, location, mode, value, boxes, split=len(modes) > 1)
    return tuple(lemmas)


def _of_half(
    variables: Iterable[Term], location: Term, mode: Term | None, half: Value, boxes: Boxes, *, split: bool
) -> list[Lemma]:
    lemmas: list[Lemma] = []
    reached = tuple(value for value in domain(location.sort) if (value, half) in boxes.of)
    if mode is not None and split and len(reached) < len(domain(location.sort)):
        lemmas.append(
            _in_half(Lemma(term=member(location, reached), text=f"{location.name} in {_listed(reached)}"), mode, half)
        )
    places = [(value, half) for value in reached]
    for variable in variables:
        if variable is location or (variable is mode and split):
            continue
        told = _of_variable(variable, boxes.column(places, variable), location, reached)
        lemmas += [_in_half(lemma, mode, half) for lemma in told] if mode is not None and split else told
    return lemmas


@lru_cache(maxsize=50_000)
def _of_variable(variable: Term, column: tuple[Bits, ...], location: Term, reached: Values) -> tuple[Lemma, ...]:
    """What the variable can be at each place that is reached, where that is not everything; most designs share it."""
    groups: dict[Bits, list[Value]] = {}
    for place, bits in zip(reached, column, strict=True):
        groups.setdefault(bits, []).append(place)
    return tuple(
        _lemma(variable, values, None if len(groups) == 1 else tuple(places), location, reached)
        for bits, places in groups.items()
        if len(values := values_of(variable, bits)) < len(domain(variable.sort))
    )


@lru_cache(maxsize=50_000)
def _in_half(lemma: Lemma, mode: Term, half: Value) -> Lemma:
    premise, words = told(mode, (half,)), in_words(mode, (half,))
    return Lemma(term=implies(premise, lemma.term), text=f"{words} => {lemma.text}")


def _lemma(variable: Term, values: Values, places: Values | None, location: Term, reached: Values) -> Lemma:
    fact = told(variable, values)
    shown = in_words(variable, values)
    if places is None:
        return Lemma(term=fact, text=shown)
    others = tuple(place for place in reached if place not in places)
    if len(places) <= len(others) + 1:
        premise, words = member(location, places), f"{location.name} in {_listed(places)}"
    else:
        premise, words = not_(member(location, others)), f"{location.name} not in {_listed(others)}"
    return Lemma(term=implies(premise, fact), text=f"{words} => {shown}")


def told(variable: Term, values: Sequence[Value]) -> Term:
    """The variable has one of `values`, which are not all that it can have."""
    if variable.sort is BOOL:
        return variable if values[0] else not_(variable)
    return or_(*(eq(variable, value) for value in values))


def in_words(variable: Term, values: Sequence[Value]) -> str:
    """The same in words."""
    if variable.sort is BOOL:
        return variable.name if values[0] else f"not {variable.name}"
    return f"{variable.name} = {values[0]}" if len(values) == 1 else f"{variable.name} in {_listed(values)}"


def _listed(values: Sequence[Value]) -> str:
    return "{" + ", ".join(map(str, values)) + "}"
