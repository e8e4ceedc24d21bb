"""From an invariant to the queries that prove it: it holds at the start, every step keeps it, it implies the claim.

The obligations speak of the whole system. A transition that assigns to no variable of a lemma keeps that lemma, so no
query is made for the pair; in the others the next state is substituted, never assumed to be anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from bootverify.dataclass import dataclass
from bootverify.encoder.logic.smtlib import query
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import (
    Op,
    Substitution,
    Term,
    and_,
    conjuncts,
    const,
    eq,
    false,
    member,
    not_,
    or_,
    true,
    var,
)

GOAL = "goal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """A query that must be unsatisfiable.

    `telling`: truth values of an assignment that tell which of several goals fails. `optional`: names of assertions
    some of which may do.
    """

    name: str
    assertions: tuple[tuple[str, Term], ...]
    telling: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The query as SMT-LIB, where the answer is all that is wanted."""
        return query(self._free, self.assertions, self.name)

    @property
    def guarded(self) -> str:
        """The same with the optional assertions under their names, for who asks which of them it takes."""
        return query(self._free, self.assertions, self.name, guarded=self.optional)

    def given(self, lemmas: Iterable[tuple[int, Term]], *, optional: bool = False) -> "Obligation":
        """The same with these lemmas, by number, among the assertions."""
        premises = [(f"lemma {number}", lemma) for number, lemma in lemmas]
        names = tuple(name for name, _ in premises) if optional else ()
        return replace(self, assertions=(*premises, *self.assertions), optional=(*names, *self.optional))

    @property
    def _free(self) -> list[Term]:
        return sorted(set().union(*(term.free for _, term in self.assertions)), key=lambda each: each.name)


def named(core: Iterable[str]) -> set[int]:
    """The numbers of the lemmas in an unsat core."""
    return {int(name.split()[1]) for name in core if name.startswith("lemma ")}


def implied(claim: Term, lemmas: Sequence[Term], allowed: Iterable[int] | None = None) -> Obligation:
    """The lemmas imply the claim."""
    chosen = sorted(range(len(lemmas)) if allowed is None else set(allowed))
    return Obligation(name="claim", assertions=((GOAL, not_(claim)),)).given(
        ((i, lemmas[i]) for i in chosen), optional=True
    )


def all_start(system: System, lemmas: Sequence[Term]) -> Obligation:
    """All lemmas hold in every start state: one query for the whole invariant.

    Where a variable starts with one value, that stands in its place.
    """
    one = {each: const(each.sort, values[0]) for each, values in system.init.items() if len(set(values)) == 1}
    fixed = Substitution(one)
    broken = or_(*(not_(fixed.of(lemma)) for lemma in lemmas))
    told = [variable for variable in system.variables if variable in broken.free]
    starts = [(f"start {variable.name}", member(variable, system.init[variable])) for variable in told]
    return Obligation(name="start", assertions=(*starts, (GOAL, broken)))


def all_preserved(system: System, lemmas: Sequence[Term], goals: Sequence[Term] | None = None) -> Obligation:
    """Every transition of the system keeps all lemmas (or `goals`, given all): one query for the whole invariant.

    A transition is represented by its guard and the negated goals after its assignments; goals over variables that it
    does not assign to stay as they are.
    """
    alike: dict[Term, list[Term]] = {}
    for goal in lemmas if goals is None else goals:
        alike.setdefault(goal.arguments[0] if goal.op is Op.OR else false(), []).append(goal)
    ways = []
    for transition in system.transitions:
        after, assigned = _after(tuple(transition.updates.items())), frozenset(transition.updates)
        broken = []
        for first, group in alike.items():
            # Lemmas begin with the place they speak of: once the step leaves it, they all hold, and none is looked at.
            if after.of(first) is not true():
                broken += [not_(after.of(goal)) for goal in group if not goal.free.isdisjoint(assigned)]
        ways.append(and_(transition.guard, or_(*broken)))
    return Obligation(name="step", assertions=((GOAL, or_(*ways)),)).given(enumerate(lemmas))


Shared = tuple[tuple[Term, ...], tuple[Term, ...]]  # goals that are kept or broken together, and lemmas for them alone
Told = tuple[tuple[Term, Term], ...]  # variables and what stands in their place


def told_of(places: frozenset[Term], step: Transition) -> Told:
    """What the guard of a step says of `places`."""
    equal = (each.arguments for each in conjuncts(step.guard) if each.op is Op.EQ)
    return tuple((variable, value) for variable, value in equal if variable in places and value.op is Op.CONST)


def broken(goals: Shared, updates: Told, here: Told) -> Term:
    """That `updates` break a goal where its lemmas hold; false where both say the same `here`."""
    if (there := told_after(updates, here)) is not None:
        return lost(goals, here, there)
    before, after = _after(here), _after(updates)
    return _unkept(_said(goals[1], here), and_(*[before.of(after.of(goal)) for goal in goals[0]]))


def told_after(updates: Told, here: Told) -> Told | None:
    """What is told once a step has assigned what `updates` say; None where they are no constants."""
    constant = all(value.op is Op.CONST for _, value in updates)
    return tuple({**dict(here), **dict(updates)}.items()) if constant else None


def lost(goals: Shared, here: Told, there: Told) -> Term:
    """That a goal fails by what is told `there`, where its lemmas hold by what is told `here`."""
    return _unkept(_said(goals[1], here), _said(goals[0], there))


def _unkept(held: Term, kept: Term) -> Term:
    return false() if held is kept else and_(held, not_(kept))


@lru_cache(maxsize=50_000)
def _said(terms: tuple[Term, ...], told: Told) -> Term:
    """All the terms, with what is told in place of variables."""
    return and_(*map(_after(told).of, terms))


def unbroken(ways: Iterable[tuple[Transition, Told, Iterable[Term], Iterable[Term]]]) -> Obligation:
    """No step breaks anything: each with what its guard tells, lemmas, and the ways to break something.

    What is told stands in its place, which leaves nothing of most lemmas.
    """
    steps = [and_(step.guard, *map(_after(here).of, lemmas), or_(*breaks)) for step, here, lemmas, breaks in ways]
    return Obligation(name="step", assertions=((GOAL, or_(*steps)),))


def each_preserved(system: System, lemmas: Sequence[Term], goals: Sequence[Term]) -> Obligation:
    """As `all_preserved`; an assignment tells by `broken.n` whether goal n is not kept."""
    failing: list[list[Term]] = [[] for _ in goals]
    for transition in system.transitions:
        after, assigned = _after(tuple(transition.updates.items())), frozenset(transition.updates)
        for goal, ways in zip(goals, failing, strict=True):
            if not goal.free.isdisjoint(assigned):
                ways.append(and_(transition.guard, not_(after.of(goal))))
    flags = [var(f"broken.{number}") for number in range(len(goals))]
    told = [(f"{flag.name} is", eq(flag, or_(*ways))) for flag, ways in zip(flags, failing, strict=True)]
    asked = Obligation(name="step", assertions=(*told, (GOAL, or_(*flags))), telling=tuple(flag.name for flag in flags))
    return asked.given(enumerate(lemmas))


@lru_cache(maxsize=1024)
def _after(updates: tuple[tuple[Term, Term], ...]) -> Substitution:
    """The next state in place of the variables that are assigned; attackers have most transitions in common."""
    return Substitution(dict(updates))
