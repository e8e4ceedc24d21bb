"""All states that a search met, as lemmas: a decision diagram over the variables, cut up by the places.

A search that ends has seen everything, as far as it went; whether it did is not taken from it: the lemmas are proved.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from bootverify.check.proof.fixpoint import Lemma, in_words, told
from bootverify.encoder.logic.pycode import State
from bootverify.encoder.logic.terms import (
    Term,
    Value,
    and_,
    const,
    domain,
    false,
    implies,
    nodes,
    or_,
    substitute,
    true,
)

MOST_NODES = 400  # of one lemma; a certificate nests what is shared


def met(variables: Sequence[Term], states: Iterable[State]) -> Term:
    """True of `states`, which give the numbers of the values of `variables`, and of no others.

    >>> from bootverify.encoder.logic.terms import var
    >>> str(met([var("a"), var("b")], [bytes([0, 1]), bytes([1, 1])]))
    'b'
    """
    known: dict[tuple[int, frozenset[State]], Term] = {}

    def diagram(level: int, rest: frozenset[State]) -> Term:
        if level == len(variables):
            return true()
        if (level, rest) not in known:
            known[level, rest] = or_(*_branches(level, rest))
        return known[level, rest]

    def _branches(level: int, rest: frozenset[State]) -> Iterator[Term]:
        by_value: dict[int, set[State]] = {}
        for state in rest:
            by_value.setdefault(state[0], set()).add(state[1:])
        every, alike = domain(variables[level].sort), dict[Term, list[Value]]()
        for number, tails in sorted(by_value.items()):
            alike.setdefault(diagram(level + 1, frozenset(tails)), []).append(every[number])
        for below, values in alike.items():
            yield below if len(values) == len(every) else and_(told(variables[level], values), below)

    return diagram(0, frozenset(states))


def lemmas_of(met_: Term, places: Sequence[Term]) -> tuple[Lemma, ...]:
    """What `met_` says at each value of `places`, a lemma each; none where one of them would be long."""
    found = []
    for values in product(*(domain(place.sort) for place in places)):
        here = {place: const(place.sort, value) for place, value in zip(places, values, strict=True)}
        left = substitute(met_, here)
        if left is true():
            continue
        if len(list(nodes(left))) > MOST_NODES:
            return ()
        at = [told(place, (value,)) for place, value in zip(places, values, strict=True)]
        words = " and ".join(in_words(place, (value,)) for place, value in zip(places, values, strict=True))
        what = "never" if left is false() else "one of the states that a search met"
        found.append(Lemma(term=implies(and_(*at), left), text=f"{words} => {what}"))
    return tuple(found)
