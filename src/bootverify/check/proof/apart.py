"""Transitions taken apart by whether a truth value is set by them, so that a fixpoint learns what setting it takes."""

from collections.abc import Iterator

from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Op, Term, and_, const, false, not_, substitute, var


def apart(system: System, mode: Term) -> System:
    """The same system, with two transitions for each that may or may not set `mode`."""
    return System(
        variables=system.variables,
        init=system.init,
        transitions=tuple(half for each in system.transitions for half in _halves(each, mode)),
    )


def _halves(transition: Transition, mode: Term) -> Iterator[Transition]:
    term = transition.updates.get(mode)
    if term is None or term.op is Op.CONST:
        yield transition
        return
    renamed = {each: var(f"{each.name} (not {mode.name})", each.sort) for each in transition.inputs}
    for then, condition, names in ((True, term, {}), (False, not_(term), renamed)):
        guard = substitute(and_(transition.guard, condition), names)
        if guard is false():
            continue
        yield Transition(
            name=transition.name if then else f"{transition.name} (not {mode.name})",
            guard=guard,
            updates={
                target: const(mode.sort, then) if target is mode else substitute(value, names)
                for target, value in transition.updates.items()
            },
            inputs=tuple(names.get(each, each) for each in transition.inputs),
        )
