"""A recovery as an experiment: somebody presses reset, and the device is left alone for some boots.

Nothing is asked of it on the way but what it does: a boot stage of the attacker's that comes to run ends the hope, and
so does a device that restarts over and over.
"""

from bootverify.executor.actions.attack import code_as
from bootverify.executor.run import act, runs_on
from bootverify.executor.world import World
from bootverify.machine.action import Action, Reset, TakeStep

MOST_STEPS = 64  # of one boot, a restart included


def left_alone(world: World, boots: int) -> tuple[tuple[Action, ...], bool]:
    """Let the device boot so many times; what happened, and whether each boot came to its end.

    The first boot of a device that has just restarted needs no reset.

    Raises:
        NotEnabled: nobody can press reset here.
    """
    done: list[Action] = []
    for boot in range(boots):
        if boot or not _restarted(world):
            act(world, Reset())
            done.append(Reset())
        restarts = 0
        for _ in range(MOST_STEPS):
            if not runs_on(world.device) or code_as(world) or restarts > 1:
                break
            step = TakeStep(stage=world.device.running, step=world.device.step)
            act(world, step)
            done.append(step)
            restarts += _restarted(world)
        if runs_on(world.device):
            return tuple(done), False
    return tuple(done), True


def _restarted(world: World) -> bool:
    """Whether the device is where every boot begins."""
    return world.device.stage == world.device.step == 0 and not world.device.halted
