"""A transition together with the action it stands for, so that a path can be told and replayed."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.encoder.frame import Frame
from bootverify.encoder.system import Transition
from bootverify.encoder.taken import followed
from bootverify.encoder.terms import BOOL, Sort, Term, Value, var
from bootverify.machine.action import Action

Choices = Mapping[str, Value]  # the inputs of a transition by their short names


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One transition and the actions it stands for, given its choices.

    `undisturbed`: so a step ends when the power stays and nobody meddles.
    """

    transition: Transition
    tells: Callable[[Choices], tuple[Action, ...]]
    undisturbed: bool = False

    @property
    def name(self) -> str:
        """The name of the transition."""
        return self.transition.name

    def followed(self, frame: Frame) -> "Move":
        """The same move, with what it makes of images that have several stores."""
        updates = followed(frame, self.transition.updates)
        return replace(self, transition=replace(self.transition, updates=updates))

    def actions(self, inputs: Mapping[str, Value]) -> tuple[Action, ...]:
        """The actions when the transition was taken with `inputs`, by their full names."""
        suffix = f" in {self.name}"
        return self.tells({name.removesuffix(suffix): value for name, value in inputs.items()})


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
    vague: bool = False,
    undisturbed: bool = False,
) -> Move:
    """A move whose action depends on its inputs."""
    transition = Transition(name=name, guard=guard, updates=updates, inputs=inputs, vague=vague)
    return Move(transition=transition, tells=lambda choices: (tells(choices),), undisturbed=undisturbed)
