"""What may be done first of all and hinders nobody, taken for done: a smaller system that can do more.

An owner may publish each release when he likes, which multiplies the states of a search by every subset of them and
never harms an attacker. Where nothing can be reached in the smaller system, nothing can be reached in the system, and
how far a bad state is there says how far it is at least.
"""

from collections.abc import Iterator
from functools import lru_cache

from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Op, Substitution, Term, conjuncts, const, not_, true


def granted(system: System, bad: Term) -> tuple[Term, ...]:
    """The variables that a step of their own may turn true first of all, and that nothing turns or wants false."""
    alone = {variable for variable in system.variables if system.init[variable] == (False,)}
    first = Substitution(
        {each: const(each.sort, values[0]) for each, values in system.init.items() if len(values) == 1}
    )
    for each in system.transitions:
        alone -= {target for target in each.updates if not _turns_on(each, target, first)}
    offered = {target for each in system.transitions for target in each.updates if target in alone}
    feared = set(_feared(bad))
    for each in system.transitions:
        own = [not_(target) for target in each.updates if target in offered]
        feared.update(*(_feared(part) for part in conjuncts(each.guard) if part not in own))
        feared.update(*(value.free for value in each.updates.values()))
    return tuple(variable for variable in system.variables if variable in offered - feared)


def granting(system: System, variables: tuple[Term, ...]) -> System:
    """The system in which `variables` are true from the start, without them."""
    by = Substitution(dict.fromkeys(variables, true()))
    rest = tuple(each for each in system.variables if each not in variables)
    return System(
        variables=rest, init={each: system.init[each] for each in rest}, transitions=tuple(_left(system, by, variables))
    )


def _left(system: System, by: Substitution, variables: tuple[Term, ...]) -> Iterator[Transition]:
    for each in system.transitions:
        if each.updates.keys().isdisjoint(variables):
            updates = {target: by.of(value) for target, value in each.updates.items()}
            yield Transition(name=each.name, guard=by.of(each.guard), updates=updates, inputs=each.inputs)


def _turns_on(transition: Transition, variable: Term, first: Substitution) -> bool:
    """Whether all that the transition does is turn `variable` on, and it may do so at each start, as `first` tells."""
    if transition.updates != {variable: true()} or not_(variable) not in (parts := conjuncts(transition.guard)):
        return False
    return all(first.of(part) is true() for part in parts)


@lru_cache(maxsize=50_000)
def _feared(term: Term) -> frozenset[Term]:
    """The variables that might make `term` false by turning true."""
    match term.op:
        case Op.CONST | Op.VAR:
            return frozenset()
        case Op.AND | Op.OR:
            return frozenset[Term]().union(*map(_feared, term.arguments))
        case Op.NOT | Op.EQ | Op.ITE:
            return term.free
