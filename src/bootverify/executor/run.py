"""Runs actions on a world: one at a time, or a whole trace from production on."""

from bootverify.design.attacker import Capability
from bootverify.design.boot import (
    Begin,
    BootGo,
    ChooseSlot,
    Image,
    Launch,
    Program,
    Protect,
    Run,
    SetUpTrustZone,
    operation,
)
from bootverify.design.protection import Attribution
from bootverify.executor import attack
from bootverify.executor.access import erase_and_write
from bootverify.executor.device import Device, Halt
from bootverify.executor.flash import Power, PowerLost, powered
from bootverify.executor.layout import home, staging_partitions, store_ranges, stores_of
from bootverify.executor.stages import mcuboot, nsib, tfm
from bootverify.executor.stages.first_run import copy_delivered_keys
from bootverify.executor.stages.protect import protect
from bootverify.executor.world import World
from bootverify.machine.action import (
    Action,
    Confirm,
    Deliver,
    EraseAll,
    FillSlot,
    ForgeTrailer,
    Inspect,
    Jump,
    Overwrite,
    PatchFetch,
    Probe,
    ProgramRegion,
    Publish,
    ReadOut,
    ReadSlot,
    Request,
    Reset,
    TakeStep,
    Unwrap,
    UseSlot,
)
from bootverify.machine.content import Content, Crafted, Erased, Genuine, Invalidated


class NotEnabled(Exception):  # noqa: N818 - an outcome of trying an action, not an error of the program
    """The action cannot happen in this state; the text says why."""


def mark(device: Device) -> str:
    """The mark the device is at, such as `mcuboot.boot_go` (docs/SEMANTICS.md, "Marks")."""
    if device.halted:
        return "halted"
    stage = device.design.stages[device.stage]
    names = [operation(step) for step in stage.steps]
    name = names[device.step]
    nth = names[: device.step + 1].count(name)
    return f"{stage.name}.{name}" + (str(nth) if nth > 1 else "")


def runs_on(device: Device) -> bool:
    """Whether the device has a step to take; a halted one and a running application stay where they are."""
    return not device.halted and not isinstance(device.design.stages[device.stage].steps[device.step], Run)


def act(world: World, action: Action) -> None:
    """Let `action` happen; `world.log` then tells what it did.

    Raises:
        NotEnabled: it cannot happen here.
    """
    world.log = []
    world.device.log = []
    match action:
        case TakeStep():
            _take_step(world, action)
        case Reset():
            _reset(world)
        case Publish():
            _publish(world, action)
        case Inspect():
            _inspect(world, action)
        case Unwrap():
            _unwrap(world, action)
        case Deliver():
            _deliver(world, action)
        case Confirm():
            _confirm(world)
        case Overwrite():
            _overwrite(world, action)
        case ForgeTrailer():
            _forge_trailer(world, action)
        case ReadOut():
            _read_out(world, action.partition, attack.code_as(world))
        case Probe():
            _read_out(world, action.partition, attack.probe_as(world))
        case ProgramRegion():
            _program_region(world, action)
        case PatchFetch():
            _patch_fetch(world, action.image)
        case FillSlot():
            _fill_slot(world, action.key)
        case UseSlot():
            _use_slot(world, action.key)
        case ReadSlot():
            _read_slot(world, action.key)
        case Jump():
            _jump(world, action)
        case EraseAll():
            _erase_all(world)
    world.log += world.device.log


# -- what the device does by itself


def _take_step(world: World, action: TakeStep) -> None:
    device = world.device
    # PREMISE the running stage is about to take this very step
    if device.halted or device.running != action.stage or device.step != action.step:
        raise NotEnabled(f"the device is at {mark(device)}")
    if action.cut_after is not None and not world.attacker.can(Capability.CUT_POWER):
        raise NotEnabled("nobody here cuts the power")
    stage = device.design.stages[device.stage]
    step = stage.steps[device.step]
    # EFFECT
    power = Power(cut_after=action.cut_after, torn=action.torn)
    try:
        with powered([device.flash, device.uicr], power):
            match step:
                case Protect():
                    protect(device, step)
                case ChooseSlot():
                    nsib.choose_slot(world, step)
                case BootGo():
                    mcuboot.boot_go(world, step)
                case SetUpTrustZone():
                    tfm.set_up_trustzone(device, step)
                case Launch():
                    copy_delivered_keys(world, stage)
                    device.log.append(f"{stage.name}: jump to {step.stage}")
                    device.enter(step.stage)
                    return
                case Begin():
                    copy_delivered_keys(world, stage)
                    device.log.append(f"{stage.name}: running, {stage.attribution.value.replace('_', '-')} state")
                case Run():
                    return
    except PowerLost:
        device.log.append(f"power lost after {power.spent} flash operations")
        device.reset()
        return
    finally:
        world.spent = power.spent
    if device.running == stage.name and device.step == action.step:
        device.step += 1
        if device.step == len(stage.steps):
            device.halt(Halt.NO_IMAGE, f"{stage.name} ends and launches nothing")


def _reset(world: World) -> None:
    device = world.device
    free = device.halted or isinstance(device.design.stages[device.stage].steps[device.step], Run)
    anywhere = world.attacker.can(Capability.CUT_POWER) or world.attacker.can(Capability.DEBUG)
    if not (free or anywhere or attack.hostile_as(world)):
        raise NotEnabled("nothing resets the device here")
    device.reset()
    world.log.append("reset: locks are gone, the first stage runs again")


# -- the vendor and the update service


def _publish(world: World, action: Publish) -> None:
    image = world.design.image(action.image)
    if not image.updatable or not 1 <= action.release <= world.design.releases:
        raise NotEnabled(f"{action.image} {action.release} is never shipped")
    package = world.factory.package(image, action.release, action.slot)
    world.published[action.image, action.release, action.slot] = package
    world.log.append(
        f"the vendor publishes {package.name} ({len(package.file)} bytes{', encrypted' if package.encrypted else ''})"
    )


def _inspect(world: World, action: Inspect) -> None:
    package = world.published.get((action.image, action.release, action.slot))
    if package is None:
        raise NotEnabled("it is not published")
    data = world.factory.opened(package, world.knowledge)
    for key in world.knowledge.read(data):
        where = data.index(world.knowledge.values[key])
        world.log.append(f"{world.attacker.name} reads {package.name}: the bytes at {where:#x} are {key}")
    if not world.log:
        world.log.append(f"{world.attacker.name} reads {package.name}: no secret in what it shows")


def _unwrap(world: World, action: Unwrap) -> None:
    key = world.design.key(action.key)
    if not (key.published or world.knowledge.knows(key.name)):
        raise NotEnabled(f"he does not know {key.name}")
    image = world.design.image(action.image)
    variant = image.slots[0] if len(image.slots) > 1 else ""
    package = world.published.get((action.image, action.release, variant))
    if package is None:
        raise NotEnabled("it is not published")
    plain = world.factory.decrypted(package, world.value(key))
    if plain is None:
        raise NotEnabled(f"{key.name} does not open {package.name}")
    world.log.append(f"{world.attacker.name} decrypts {package.name} with {key.name}: {len(plain)} bytes in clear")


def _deliver(world: World, action: Deliver) -> None:
    device = world.device
    # PREMISE the application's update client is running
    if device.halted or not isinstance(device.design.stages[device.stage].steps[device.step], Run):
        raise NotEnabled("no update client is running")
    if action.partition not in staging_partitions(device.design):
        raise NotEnabled(f"{action.partition} stages no update")
    if action.by_attacker and not world.attacker.can(Capability.SEND_UPDATE):
        raise NotEnabled("he cannot reach the update service")
    if isinstance(action.content, Crafted) and not action.by_attacker:
        raise NotEnabled("only an attacker makes such bytes")
    if action.request not in {Request.TEST, Request.PERM}:
        raise NotEnabled("the update client requests test or perm")
    # EFFECT
    area = home(device.design, action.partition)
    data = _bytes_for(world, action.content, action.partition)
    device.flash.load(area.start, data.ljust(area.size, b"\xff"))
    mcuboot.request_upgrade(device, area, action.request)
    who = world.attacker.name if action.by_attacker else "the vendor"
    world.log.append(
        f"{who} sends {action.content}; the update client stages it in {action.partition} ({action.request.value})"
    )


def _confirm(world: World) -> None:
    device = world.device
    if device.halted or not isinstance(device.design.stages[device.stage].steps[device.step], Run):
        raise NotEnabled("no application is running")
    image = world.design.image(device.design.stages[device.stage].image)
    if not mcuboot.confirm(device, image):
        raise NotEnabled("there is nothing to confirm")
    world.log.append(f"{image.name} confirms itself")


# -- hostile code, and the probe


def _initiators(world: World) -> tuple[Attribution, ...]:
    found = attack.hostile_as(world)
    if not found:
        raise NotEnabled("nothing that he controls is running")
    return found


def _overwrite(world: World, action: Overwrite) -> None:
    area = store_ranges(world.design)[action.partition]
    data = _bytes_for(world, action.content, action.partition)
    done = [erase_and_write(world.device, area, data.ljust(area.size, b"\xff"), who) for who in _initiators(world)]
    if not any(done):
        raise NotEnabled(f"no byte of {action.partition} can be written")
    world.log.append(f"{world.attacker.name} writes {action.content} to {action.partition} ({area})")


def _forge_trailer(world: World, action: ForgeTrailer) -> None:
    image = world.design.image(action.image)
    if not any(
        isinstance(step, BootGo) and step.image == image.name for stage in world.design.stages for step in stage.steps
    ):
        raise NotEnabled(f"no trailer of {image.name} is looked at")
    primary = home(world.design, image.slots[0])
    staging = home(world.design, image.staging) if image.staging else primary
    area = staging if action.request in {Request.TEST, Request.PERM} else primary
    if not any(attack.may_write_trailer(world, area, who) for who in _initiators(world)):
        raise NotEnabled("he cannot write that trailer")
    mcuboot.forge_request(world.device, image, action.request)
    world.log.append(f"{world.attacker.name} rewrites the trailer: the next boot sees {action.request.value}")


def _read_out(world: World, partition: str, initiators: tuple[Attribution, ...]) -> None:
    learned: list[str] = []
    shown = 0
    for initiator in initiators:
        if partition == "uicr":
            learned += attack.read_uicr(world, initiator)
            shown += world.device.uicr.size if initiator is Attribution.SECURE else 0
            continue
        ranges = store_ranges(world.design)
        area = ranges[partition] if partition in ranges else home(world.design, partition)
        names, count = attack.read_out(world, area, initiator)
        learned += names
        shown = max(shown, count)
    if not shown:
        raise NotEnabled(f"no byte of {partition} can be read")
    world.log.append(
        f"{world.attacker.name} reads {shown} bytes of {partition}"
        + (f": {', '.join(learned)} is among them" if learned else "")
    )


def _program_region(world: World, action: ProgramRegion) -> None:
    if not any(attack.program_region(world, action, who) for who in _initiators(world)):
        raise NotEnabled(f"region {action.region} is locked or out of his reach")
    permits = "".join(access.value[0] for access in sorted(action.permits, key=lambda access: access.value))
    world.log.append(
        f"{world.attacker.name} sets region {action.region} to {action.attribution.value}, {permits or 'no access'}"
    )


def _patch_fetch(world: World, image: str) -> None:
    _initiators(world)
    if not world.design.lifecycle.flash_patch:
        raise NotEnabled("there is no flash patch unit, or it is switched off")
    world.device.patched.add(image)
    world.log.append(f"{world.attacker.name} has the CPU fetch other words in place of {image}, across soft resets too")


def _fill_slot(world: World, name: str) -> None:
    key = world.design.key(name)
    if not key.empty or not any(attack.fill_key(world, key, who) for who in _initiators(world)):
        raise NotEnabled(f"the slots of {name} are not empty, or out of his reach")
    world.log.append(f"{world.attacker.name} provisions the empty KMU slots of {name} with a key of his own")


def _use_slot(world: World, name: str) -> None:
    key = world.design.key(name)
    pushes = [pushed for who in _initiators(world) if (pushed := attack.push_key(world, key, who)) is not None]
    if not pushes:
        raise NotEnabled(f"the KMU does not push {name} for him")
    world.used.add(name)
    destination = pushes[0][0][0]
    in_ram = destination in world.design.soc.ram
    if in_ram and key.secret:
        world.knowledge.learn(name)
    note = (
        f"lands at {destination:#x} in RAM, where he reads it"
        if in_ram
        else f"goes to the engine register {destination:#x}, and he has it unwrap what he likes"
    )
    world.log.append(f"{world.attacker.name} has the KMU push {name}: it {note}")


def _read_slot(world: World, name: str) -> None:
    key = world.design.key(name)
    values = [value for who in _initiators(world) if (value := attack.read_key(world, key, who)) is not None]
    if not values:
        raise NotEnabled("the KMU answers secure code only")
    if world.value(key) in values[0]:
        world.knowledge.learn(name)
        world.log.append(f"{world.attacker.name} reads {name} from its KMU slot")
    else:
        world.log.append(f"{world.attacker.name} reads the KMU slot of {name}: it shows 0xdeaddead")


def _jump(world: World, action: Jump) -> None:
    device = world.device
    stage = device.design.stages[device.stage]
    names = [each.name for each in device.design.stages]
    if device.halted or stage.program is Program.APPLICATION or not attack.hostile_as(world):
        raise NotEnabled("the running stage is not hostile")
    if names.index(action.stage) <= device.stage:
        raise NotEnabled("only a later stage can be jumped to")
    device.enter(action.stage)
    world.log.append(f"the hostile {stage.name} jumps to {action.stage}")


def _erase_all(world: World) -> None:
    device = world.device
    if not world.attacker.can(Capability.DEBUG) or world.design.lifecycle.eraseprotect:
        raise NotEnabled("erase-all is not to be had")
    device.flash.load(device.flash.start, b"\xff" * device.design.soc.flash.size)
    device.uicr.load(device.uicr.start, b"\xff" * device.uicr.size)
    device.kmu.erase()
    device.reset_units()
    device.port_open = True
    device.patched.clear()
    device.active = None
    device.halt(Halt.ERASED, "flash and UICR are erased, key slots with them")


# -- bytes for contents


def _bytes_for(world: World, content: Content, store: str) -> bytes:
    match content:
        case Erased():
            return b""
        case Crafted():
            return world.factory.crafted(store, world.knowledge)
        case Genuine():
            if (content.image, content.release, content.slot) not in world.published:
                raise NotEnabled(f"{content} is not published")
            return _genuine_bytes(world, content, store)
        case Invalidated():
            raise NotEnabled("nobody sends that")


def _genuine_bytes(world: World, content: Genuine, store: str) -> bytes:
    image: Image = world.design.image(content.image)
    for held in stores_of(world.design, image):
        if held.name == store:
            return world.factory.part_bytes(held, content.release, content.slot)
    return world.factory.package(image, content.release, content.slot).file
