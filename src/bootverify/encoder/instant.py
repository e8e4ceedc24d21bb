"""One instant in plain values: packing it, and everything that may come after it.

For checks that compare a concrete device with this system: abstract the device as the docstring of `frame` says, then
ask whether the abstraction after an action is among the successors of the one before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bootverify.encoder.boot_system import BootSystem
from bootverify.encoder.frame import Frame
from bootverify.encoder.pycode import Compiled, State, inputs_of
from bootverify.encoder.terms import Term, Value
from bootverify.machine.action import Action, ProgramRegion

Facts = Mapping[str, Value]


def values(frame: Frame, facts: Facts) -> dict[Term, Value]:
    """The assignment that `facts` give, by variable name; names that this frame has no variable for are passed over.

    Raises:
        KeyError: a variable has no fact.
    """
    return {variable: facts[variable.name] for variable in frame.variables}


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """What may come next, by which transition, and the actions that it stands for."""

    transition: str
    actions: tuple[Action, ...]
    after: Mapping[str, Value]


@dataclass(frozen=True)
class Instants:
    """Explicit steps of a boot system over plain values."""

    boot: BootSystem

    @cached_property
    def _compiled(self) -> Compiled:
        return Compiled(self.boot.system)

    def start(self) -> dict[str, Value]:
        """The factory state."""
        return self._plain(self._compiled.initial()[0])

    def successors(self, facts: Facts) -> Iterator[Successor]:
        """Everything that may follow `facts`; that nothing changes is always possible and not listed.

        The ways to program a region are 32 for each that is open; `after_programming` answers those alone.
        """
        for number, chosen, state in self._compiled.successors(self._packed(facts)):
            transition = self.boot.system.transitions[number]
            inputs = inputs_of(transition, chosen)
            actions = self.boot.moves[transition.name].actions(inputs)
            yield Successor(transition=transition.name, actions=actions, after=self._plain(state))

    def allows(self, before: Facts, after: Facts, action: Action | None = None) -> bool:
        """Whether `after` is among the successors of `before`, or the same; with `action`, of its transitions only.

        A transition counts as one of `action` when it stands for an action of that kind.
        """
        old, new = self._packed(before), self._packed(after)
        if old == new:
            return True
        for number, step in enumerate(self._compiled.steps):
            transition = self.boot.system.transitions[number]
            if (
                isinstance(action, ProgramRegion)
                and transition.name != f"program region {action.region}"
            ):
                continue
            for chosen, state in step(old):
                if state != new:
                    continue
                told = self.boot.moves[transition.name].actions(inputs_of(transition, chosen))
                if action is None or not told or any(type(each) is type(action) for each in told):
                    return True
        return False

    def _packed(self, facts: Facts) -> State:
        return self._compiled.encode(values(self.boot.frame, facts))

    def _plain(self, state: State) -> dict[str, Value]:
        return {variable.name: value for variable, value in self._compiled.decode(state).items()}
