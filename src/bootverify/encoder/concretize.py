"""From a path of the search to the actions that an executor can replay."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from bootverify.encoder.boot_system import BootSystem
from bootverify.encoder.logic.terms import Value
from bootverify.machine.action import Action


class Taken(Protocol):
    """One transition of a path, with the values of its inputs by name."""

    @property
    def transition(self) -> str:
        """Its name."""

    @property
    def inputs(self) -> Mapping[str, Value]:
        """What was chosen."""


def actions(boot: BootSystem, path: Iterable[Taken]) -> list[Action]:
    """The actions of `path`, in order; programming a group of regions gives several.

    The encoder does not count the writes of a step, so the `cut_after` of a cut step is a first
    guess: 1 is somewhere in its middle, a large number its end.
    """
    return [action for step in path for action in boot.moves[step.transition].actions(step.inputs)]
