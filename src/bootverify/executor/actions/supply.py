"""The supply during one action: its lasting writes are counted, and at the one that the action names it is gone."""

from collections.abc import Callable

from bootverify.design.attacker import Capability
from bootverify.executor.flash import Power, PowerLost, powered
from bootverify.executor.units.debug_port import Reset as Cause
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Boot, Deliver, TakeStep, Upload


def may_cut(world: World, action: TakeStep | Boot | Deliver | Upload) -> None:
    """Raises NotEnabled where the action has the power cut, and nobody here cuts it."""
    if action.cut_after is not None and not world.attacker.can(Capability.CUT_POWER):
        raise NotEnabled("nobody here cuts the power")


def lasts(world: World, action: TakeStep | Deliver | Upload, work: Callable[[], None]) -> bool:
    """Let `work` happen for as long as the supply holds; whether it came to its end. `world.spent` counts its writes.

    They count over all memories of the device, of both cores. After a cut the device is where every boot begins.
    """
    device = world.device
    power = Power(cut_after=action.cut_after, torn=action.torn, journal=world.journal)
    try:
        with powered(device.memories, power):
            work()
        if power.spent == action.cut_after:
            raise PowerLost  # noqa: TRY301 - the last write was done, and nothing after it
    except PowerLost:
        device.log.append(f"power lost after {power.spent} flash operations")
        device.reset(Cause.POWER)
        return False
    finally:
        world.spent = power.spent
    return True


def lasts_as_told(world: World, action: Deliver | Upload, work: Callable[[], None]) -> bool:
    """The same where somebody named the operation.

    Raises:
        NotEnabled: nobody cuts the power here, or there are not so many operations.
    """
    may_cut(world, action)
    whole = lasts(world, action, work)
    if whole and action.cut_after is not None:
        raise NotEnabled(f"it has {world.spent} flash operations")
    return whole
