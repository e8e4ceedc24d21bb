"""Runs actions on a world: one at a time, or a whole trace from production on."""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.design.attacker import Capability
from bootverify.design.boot import (
    Begin,
    BootGo,
    ChooseSlot,
    Launch,
    Program,
    Protect,
    Run,
    SetUpTrustZone,
    Step,
    operation,
)
from bootverify.executor.actions import attack, hostile, recovery_tool, vendor
from bootverify.executor.actions.supply import lasts, may_cut
from bootverify.executor.content import nothing_lies
from bootverify.executor.device import Device, Halt
from bootverify.executor.history import remember
from bootverify.executor.stages import mcuboot, network, nsib, tfm
from bootverify.executor.stages.first_run import copy_delivered_keys
from bootverify.executor.stages.protect import protect
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import (
    Action,
    Boot,
    Confirm,
    Deliver,
    EraseAll,
    FeedNetwork,
    FillSlot,
    ForgeTrailer,
    Inspect,
    Jump,
    Overwrite,
    PatchFetch,
    Probe,
    Produce,
    ProgramRegion,
    Publish,
    ReadOut,
    ReadSlot,
    Reset,
    TakeStep,
    Unwrap,
    Upload,
    UseSlot,
)
from bootverify.machine.observation import Observation

MOST_STEPS = 64  # of one boot, restarts for an update of the bootloader included


def mark(device: Device) -> str:
    """The mark the device is at, such as `mcuboot.boot_go` (docs/SEMANTICS.md, "Marks")."""
    if device.halted:
        return "halted"
    stage = device.design.stages[device.stage]
    names = [operation(step) for step in stage.steps]
    name = names[device.step]
    nth = names[: device.step + 1].count(name)
    return f"{stage.name}.{name}" + (str(nth) if nth > 1 else "")


def observed(world: World) -> Observation:
    """The mark that the device is at, and what the last action told."""
    return Observation(at=mark(world.device), log=tuple(world.log), receipt=world.receipt)


def steps_of_boot(device: Device, most: int = MOST_STEPS) -> Iterator[TakeStep]:
    """Each step that the running stage is about to take, up to `most`, for whoever takes it before asking for more."""
    for _ in range(most):
        if not runs_on(device):
            return
        yield TakeStep(stage=device.running, step=device.step)


def runs_on(device: Device) -> bool:
    """Whether the device has a step to take; a halted one and a running application stay where they are."""
    return not device.halted and not isinstance(device.design.stages[device.stage].steps[device.step], Run)


def act(world: World, action: Action) -> None:
    """Let `action` happen; `world.log` then tells what it did.

    Raises:
        NotEnabled: it cannot happen here.
    """
    world.log, world.receipt = [], None
    world.device.log = []
    match action:
        case TakeStep():
            _take_step(world, action)
        case Boot():
            _boot(world, action)
        case Reset():
            _reset(world)
        case Produce():
            vendor.produce(world, action)
        case Publish():
            vendor.publish(world, action)
        case Inspect():
            vendor.inspect(world, action)
        case Unwrap():
            vendor.unwrap(world, action)
        case Deliver():
            vendor.deliver(world, action)
        case Upload():
            _upload(world, action)
        case Confirm():
            vendor.confirm(world)
        case Overwrite():
            hostile.overwrite(world, action)
        case ForgeTrailer():
            hostile.forge_trailer(world, action)
        case ReadOut():
            hostile.read_by_code(world, action.partition)
        case Probe():
            hostile.read_out(world, action.partition, attack.probe_as(world))
        case ProgramRegion():
            hostile.program_region(world, action)
        case PatchFetch():
            hostile.patch_fetch(world, action.image)
        case FillSlot():
            hostile.fill_slot(world, action.key)
        case UseSlot():
            hostile.use_slot(world, action.key)
        case ReadSlot():
            hostile.read_slot(world, action.key)
        case FeedNetwork():
            hostile.feed_network(world, action)
        case Jump():
            hostile.jump(world, action)
        case EraseAll():
            hostile.erase_all(world)
    world.log += world.device.log
    world.begun = True
    if isinstance(action, TakeStep | Boot | Reset | Jump):  # what is written over a running release has not been booted
        remember(world)


def take_step(world: World, action: TakeStep) -> None:
    """Let the running stage take its next step, or be cut in it, where no encoder follows; the device's log tells.

    Raises:
        NotEnabled: the device is elsewhere, or nobody cuts the power here.
    """
    world.device.log = []
    _take_step(world, action)


def _take_step(world: World, action: TakeStep) -> None:
    device = world.device
    # PREMISE the running stage is about to take this very step
    if device.halted or device.running != action.stage or device.step != action.step:
        raise NotEnabled(f"the device is at {mark(device)}")
    may_cut(world, action)
    step = device.design.stages[device.stage].steps[device.step]
    # EFFECT
    meddling = None if action.meanwhile is None else hostile.Meddling(world, step, action.meanwhile)
    device.flash.watch = meddling
    try:
        lasts(world, action, lambda: _carry_out(world, step))
    finally:
        device.flash.watch = None
        if meddling is not None and not meddling.done:
            raise NotEnabled("the step has ended by then")


def _carry_out(world: World, step: Step) -> None:
    """What the running stage does in its step; the next one is up then, where the device has not gone elsewhere."""
    device = world.device
    stage, number = device.design.stages[device.stage], device.step
    if nothing_lies(world, stage):
        device.halt(Halt.FAULT, f"{stage.name}: nothing lies where it starts")
        return
    match step:
        case Protect():
            protect(device, step)
        case ChooseSlot():
            nsib.choose_slot(world, step)
        case BootGo():
            mcuboot.boot_go(world, step)
        case SetUpTrustZone():
            tfm.set_up_trustzone(device, step)
            if step.by is Program.TFM:
                network.give_block(device)
        case Launch():
            copy_delivered_keys(world, stage)
            if stage.program is Program.MCUBOOT:
                network.lock_block(device, stage)
            device.log.append(f"{stage.name}: jump to {step.stage}")
            device.enter(step.stage)
        case Begin():
            copy_delivered_keys(world, stage)
            state = f", {stage.attribution.value.replace('_', '-')} state" if device.design.soc.trustzone else ""
            device.log.append(f"{stage.name}: running{state}")
            network.release(device)
        case Run():
            return
    if device.running == stage.name and device.step == number:
        device.step += 1
        if device.step == len(stage.steps):
            device.halt(Halt.NO_IMAGE, f"{stage.name} ends and launches nothing")


def _boot(world: World, action: Boot) -> None:
    """Restart, and take the steps of the boot: the operations of the action count over all of them."""
    device, left, torn = world.device, action.cut_after, action.torn is not None
    may_cut(world, action)
    if action.loader:
        raise NotEnabled("no firmware loader is part of a design's chain")
    told: list[str] = []
    if device.halted or device.stage or device.step:
        act(world, Reset())
        told += world.log
    for step in steps_of_boot(device):
        spent = None if left is None else _spent(world, step)
        cut = left is not None and spent is not None and left + torn <= spent
        act(world, replace(step, cut_after=left, torn=action.torn) if cut else step)
        told += world.log
        if cut:
            break
        left = None if left is None or spent is None else left - spent
    else:
        if action.cut_after is not None and left is not None:
            raise NotEnabled(f"the boot has {action.cut_after - left} flash operations")
    world.log, device.log = told, []


def _upload(world: World, action: Upload) -> None:
    """Whoever has the recovery tool restarts the device into MCUboot, whatever it does, and uploads."""
    device, told = world.device, []
    if device.halted or not isinstance(device.design.stages[device.stage].steps[device.step], BootGo):
        device.reset()
        for step in steps_of_boot(device):
            if isinstance(device.design.stages[device.stage].steps[device.step], BootGo):
                break
            take_step(world, step)
            told += device.log
        device.log = []
    recovery_tool.upload(world, action)
    world.log = [*told, *world.log]


def _spent(world: World, step: TakeStep) -> int:
    """The lasting writes that the step is about to do: counted on a copy."""
    twin = world.copy()
    take_step(twin, step)
    return twin.spent


def _reset(world: World) -> None:
    device = world.device
    free = device.halted or isinstance(device.design.stages[device.stage].steps[device.step], Run)
    anywhere = world.attacker.can(Capability.CUT_POWER) or world.attacker.can(Capability.DEBUG)
    if not (free or anywhere or attack.hostile_as(world)):
        raise NotEnabled("nothing resets the device here")
    device.reset()
    world.log.append("reset: locks are gone, the first stage runs again")
