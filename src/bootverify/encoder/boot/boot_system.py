"""A design and an attacker as one transition system, and the way back from its transitions to actions."""

from collections.abc import Mapping
from dataclasses import dataclass

from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.encoder.boot.attack import Make, Outside
from bootverify.encoder.boot.control import Control
from bootverify.encoder.boot.frame import Frame, frame_of
from bootverify.encoder.boot.predicates import Predicates
from bootverify.encoder.boot.stages import Steps
from bootverify.encoder.system import System, Transition
from bootverify.encoder.terms import Term, Value
from bootverify.machine.action import Action, TakeStep


@dataclass(frozen=True, kw_only=True)
class BootSystem:
    """The system, its frame and predicates, and the action that each transition stands for."""

    system: System
    frame: Frame
    predicates: Predicates
    makers: Mapping[str, Make]

    @property
    def location(self) -> Term:
        """The variable that tells where the boot stands."""
        return self.frame.at

    def action(self, transition: str, inputs: Mapping[str, Value]) -> Action:
        """The action that a transition with chosen inputs stands for."""
        return self.makers[transition](inputs)


def system_for(design: Design, attacker: Attacker) -> BootSystem:
    """Everything that can happen to `design` in the presence of `attacker`.

    Raises:
        NotModelled: the design holds something without clauses here.
    """
    frame = frame_of(design)
    control = Control(frame, attacker)
    steps = Steps(frame, control)
    transitions: list[Transition] = []
    makers: dict[str, Make] = {}
    for transition, stage, number in steps.transitions():
        transitions.append(transition)
        cut = "cut" in transition.name.replace(stage.name, "", 1)
        makers[transition.name] = _step(stage.name, number, cut=cut)
    for transition, make in Outside(frame, control, steps).transitions():
        transitions.append(transition)
        makers[transition.name] = make
    system = System(variables=tuple(frame.init), init=frame.init, transitions=tuple(transitions))
    return BootSystem(system=system, frame=frame, predicates=Predicates(control), makers=makers)


def _step(stage: str, number: int, *, cut: bool) -> Make:
    action = TakeStep(stage=stage, step=number, cut_after=0 if cut else None)
    return lambda _: action
