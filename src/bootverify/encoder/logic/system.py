"""Finite-domain transition systems: guarded assignments with named inputs, and nothing else.

A transition says what a step does, never what the next state must be: there is no way to write a constraint on it.
"""

from collections.abc import Container, Hashable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from bootverify.dataclass import dataclass
from bootverify.encoder.logic.terms import BOOL, Op, Term, Value, and_, domain, substitute


class IllFormed(Exception):  # noqa: N818 - a mistake of ours, raised while a system is put together
    """A transition system breaks one of the rules of this file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """If `guard` holds, every variable of `updates` takes its term's value in the old state; all others stay.

    `inputs` are free choices, named; they occur in this transition only. `vague`: proofs need it, lest something be
    missed; who looks for a way to show goes without it, as no device may come to the states that it leads to.
    """

    name: str
    guard: Term
    updates: Mapping[Term, Term]
    inputs: tuple[Term, ...] = ()
    vague: bool = False

    def vaguely(self, name: str, inputs: Mapping[Term, Term]) -> "Transition":
        """The same under another name and with other inputs, as something that proofs alone count."""
        return Transition(
            name=name,
            guard=substitute(self.guard, inputs),
            updates={target: substitute(value, inputs) for target, value in self.updates.items()},
            inputs=tuple(inputs[each] for each in self.inputs),
            vague=True,
        )


@dataclass(frozen=True, kw_only=True)
class System:
    """Variables, the values each may start with, and transitions."""

    variables: tuple[Term, ...]
    init: Mapping[Term, tuple[Value, ...]]
    transitions: tuple[Transition, ...]

    def __post_init__(self) -> None:
        known = set(self.variables)
        for variable in self.variables:
            if variable.op is not Op.VAR:
                raise IllFormed(f"`{variable}` is no variable")
            if not self.init.get(variable):
                raise IllFormed(f"`{variable}` has no start")
            if not set(self.init[variable]) <= set(domain(variable.sort)):
                raise IllFormed(f"`{variable}` starts outside its sort")
        inputs: set[Term] = set()
        names: set[str] = set()
        for transition in self.transitions:
            if transition.name in names:
                raise IllFormed(f"two transitions are called `{transition.name}`")
            names.add(transition.name)
            own = set(transition.inputs)
            if own & known:
                raise IllFormed(f"`{transition.name}` uses a state variable as an input")
            if own & inputs:
                raise IllFormed(f"`{transition.name}` shares an input with another transition")
            inputs |= own
            if transition.guard.sort is not BOOL:
                raise IllFormed(f"the guard of `{transition.name}` is no truth value")
            for term in (transition.guard, *transition.updates.values()):
                if foreign := term.free - known - own:
                    raise IllFormed(
                        f"`{transition.name}` mentions {sorted(map(str, foreign))}, which is no part of the old state"
                    )
            for target, value in transition.updates.items():
                if target not in known:
                    raise IllFormed(f"`{transition.name}` assigns to `{target}`, which is no state variable")
                if target.sort is not value.sort:
                    raise IllFormed(f"`{transition.name}` gives `{target}` a value of sort {value.sort}")

    @cached_property
    def writers(self) -> Mapping[Term, tuple[Transition, ...]]:
        """The transitions that assign to each variable."""
        found: dict[Term, list[Transition]] = {variable: [] for variable in self.variables}
        for transition in self.transitions:
            for target in transition.updates:
                found[target].append(transition)
        return {variable: tuple(writers) for variable, writers in found.items()}

    def cone(self, variables: Iterable[Term]) -> frozenset[Term]:
        """The variables that can influence `variables`, themselves included."""
        found: set[Term] = set()
        pending = list(variables)
        while pending:
            variable = pending.pop()
            if variable in found:
                continue
            found.add(variable)
            for transition in self.writers[variable]:
                read = (transition.guard.free | transition.updates[variable].free) - set(transition.inputs)
                pending += read - found
        return frozenset(found)

    def limited(self, names: Container[str]) -> "System":
        """The same system with the transitions of these names alone."""
        return replace(self, transitions=tuple(each for each in self.transitions if each.name in names))

    def holding(self, variables: Container[Term]) -> "System":
        """The same system in which none of `variables` ever changes."""
        held = (
            replace(each, updates={target: value for target, value in each.updates.items() if target not in variables})
            for each in self.transitions
        )
        return replace(self, transitions=tuple(held))

    def within(self, facts: Iterable[Term]) -> "System":
        """The same system where each transition may rely on `facts`, which must be true of every reachable state."""
        told = [each for each in facts if each.op is not Op.CONST]
        transitions = []
        for each in self.transitions:
            met = [fact for fact in told if not fact.free.isdisjoint(each.guard.free)]
            transitions.append(replace(each, guard=and_(each.guard, *met)) if met else each)
        return replace(self, transitions=tuple(transitions))

    def sliced(self, variables: Iterable[Term]) -> "System":
        """The same system over the cone of `variables` only: what it can do to them is the same."""
        kept = self.cone(variables)
        transitions = []
        for transition in self.transitions:
            updates = {target: value for target, value in transition.updates.items() if target in kept}
            if not updates:
                continue
            read = transition.guard.free.union(*(value.free for value in updates.values()))
            inputs = tuple(each for each in transition.inputs if each in read)
            transitions.append(Transition(name=transition.name, guard=transition.guard, updates=updates, inputs=inputs))
        return System(
            variables=tuple(variable for variable in self.variables if variable in kept),
            init={variable: self.init[variable] for variable in self.variables if variable in kept},
            transitions=tuple(transitions),
        )


def identity(system: System) -> Hashable:
    """All that makes a system up: equal for two iff they are the same, term for term and name for name."""
    return (
        system.variables,
        tuple(system.init.items()),
        tuple(
            (each.name, each.guard, tuple(each.updates.items()), each.inputs, each.vague) for each in system.transitions
        ),
    )
