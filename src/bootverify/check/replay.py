"""Runs actions on the executor from production on; only what happens there earns a verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.executor.run import NotEnabled, act, mark
from bootverify.executor.world import World
from bootverify.machine.action import Action
from bootverify.machine.observation import Observation
from bootverify.machine.trace import Step

Watch = Callable[[World, Action, World], None]  # before, what happened, after


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a run showed.

    `reached` is the number of actions after which the goal held, None if it never did; `refused` tells which action
    could not happen and why, empty when all did.
    """

    steps: tuple[Step, ...]
    world: World
    reached: int | None
    refused: str = ""


def replay(
    design: Design,
    attacker: Attacker,
    actions: Sequence[Action],
    goal: Callable[[World], bool],
    *,
    watch: Watch | None = None,
) -> Replay:
    """Let `actions` happen to a fresh device until `goal` holds or they are used up.

    `watch` sees every state and its successor, as the inclusion check wants them.
    """
    world = World.start(design, attacker)
    if goal(world):
        return Replay(steps=(), world=world, reached=0)
    steps: list[Step] = []
    for i, action in enumerate(actions, start=1):
        before = world.copy() if watch is not None else world
        try:
            act(world, action)
        except NotEnabled as error:
            return Replay(steps=tuple(steps), world=world, reached=None, refused=f"{action}: {error}")
        if watch is not None:
            watch(before, action, world)
        steps.append(Step(action=action, observation=Observation(at=mark(world.device), log=tuple(world.log))))
        if goal(world):
            return Replay(steps=tuple(steps), world=world, reached=i)
    return Replay(steps=tuple(steps), world=world, reached=None)
