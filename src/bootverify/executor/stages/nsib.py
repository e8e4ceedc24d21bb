"""The step `choose_slot` of NSIB on a device: the vendor's boot code on the device's flash and OTP."""

from bootverify.design.boot import ChooseSlot
from bootverify.executor.device import Halt
from bootverify.executor.flash import PowerLost
from bootverify.executor.memory import Memory, Ram
from bootverify.executor.nsib import boot
from bootverify.executor.nsib.event import Booted, Faulted, NothingBooted, Panicked, PowerCut, WordWritten
from bootverify.executor.nsib_build import config
from bootverify.executor.world import World


def choose_slot(world: World, step: ChooseSlot) -> None:
    """Validate and pick a slot of the next image; halts when there is none."""
    device = world.device
    stage = device.design.stages[device.stage].name
    image = device.design.image(step.image)
    ram = device.design.soc.ram
    result = boot(config(device.design, step), Memory((device.flash, device.uicr), (Ram(ram.start, 0x10000, 0xA5),)))
    for trial in result.trials:
        device.log.append(f"{stage}: slot {image.slots[trial.slot]}: {trial.outcome}")
    for event in result.events:
        if isinstance(event, WordWritten) and event.old != event.new:
            device.log.append(f"{stage}: writes {event.value:#010x} at {event.address:#x}")
    match result.ending:
        case Booted(slot=slot):
            device.active = image.slots[slot]
            device.log.append(
                f"{stage}: {step.image} in {device.active} is authentic; vector table at {result.ending.vtor:#x}"
            )
        case NothingBooted(why=why):
            device.halt(Halt.NO_IMAGE, f"{stage}: nothing to boot ({why})")
        case Faulted(kind=kind, address=address):
            device.halt(Halt.FAULT, f"{stage}: bus fault, {kind} at {address:#x}")
        case Panicked():
            device.halt(Halt.FAULT, f"{stage}: panic")
        case PowerCut():
            raise PowerLost
