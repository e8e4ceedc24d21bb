"""A transition together with the action it stands for, so that a path can be told and replayed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product

from bootverify.dataclass import dataclass
from bootverify.encoder.logic.system import Transition
from bootverify.encoder.logic.terms import BOOL, Sort, Term, Value, domain, var
from bootverify.encoder.moves.taken import followed
from bootverify.encoder.variables.frame import Frame
from bootverify.machine.action import Action

Choices = Mapping[str, Value]  # the inputs of a transition by their short names


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One transition and the actions it stands for, given its choices: those of the inputs `by` decide about them.

    `undisturbed`: so a step ends when the power stays and nobody meddles.
    """

    transition: Transition
    tells: Callable[[Choices], tuple[Action, ...]]
    by: tuple[Term, ...] = ()
    undisturbed: bool = False

    @property
    def name(self) -> str:
        """The name of the transition."""
        return self.transition.name

    def followed(self, frame: Frame) -> "Move":
        """The same move, with what it makes of images that have several stores."""
        updates = followed(frame, self.transition.updates)
        if updates == self.transition.updates:
            return self
        return replace(self, transition=replace(self.transition, updates=updates))

    def actions(self, inputs: Mapping[str, Value]) -> tuple[Action, ...]:
        """The actions when the transition was taken with `inputs`, by their full names."""
        suffix = f" in {self.name}"
        names = (each.name for each in self.by if each.name in inputs)
        return self.tells({name.removesuffix(suffix): inputs[name] for name in names})

    def all_actions(self) -> Iterator[Action]:
        """Every action that it can stand for, whatever is chosen."""
        names = [each.name for each in self.by]
        for values in product(*(domain(each.sort) for each in self.by)):
            yield from self.actions(dict(zip(names, values, strict=True)))


def choice(transition: str, name: str, sort: Sort = BOOL) -> Term:
    """The input `name` of `transition`; each transition has its own."""
    return var(f"{name} in {transition}", sort)


def move(
    name: str,
    guard: Term,
    updates: Mapping[Term, Term],
    action: Action,
    *,
    inputs: tuple[Term, ...] = (),
    vague: bool = False,
    undisturbed: bool = False,
) -> Move:
    """A move that stands for the same action whatever its inputs."""
    transition = Transition(name=name, guard=guard, updates=updates, inputs=inputs, vague=vague)
    return Move(transition=transition, tells=lambda _: (action,), undisturbed=undisturbed)


def chosen(
    name: str,
    guard: Term,
    updates: Mapping[Term, Term],
    inputs: tuple[Term, ...],
    tells: Callable[[Choices], Action],
    *,
    by: tuple[Term, ...] | None = None,
    vague: bool = False,
    undisturbed: bool = False,
) -> Move:
    """A move whose action depends on its inputs, or on those of them in `by`."""
    transition = Transition(name=name, guard=guard, updates=updates, inputs=inputs, vague=vague)
    by = inputs if by is None else by
    return Move(transition=transition, tells=lambda choices: (tells(choices),), by=by, undisturbed=undisturbed)
