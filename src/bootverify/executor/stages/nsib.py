"""The step `choose_slot` of NSIB on a device: the vendor's boot code on the device's flash and OTP."""

from bootverify.design.boot import ChooseSlot, Image, Program
from bootverify.design.design import Design
from bootverify.executor.device import Halt
from bootverify.executor.flash import PowerLost
from bootverify.executor.layout import HEADER
from bootverify.executor.memory import Memory, Ram
from bootverify.executor.nsib import NsibConfig, boot, release_for
from bootverify.executor.nsib.config import Magics
from bootverify.executor.nsib.event import Booted, Faulted, NothingBooted, Panicked, PowerCut, WordWritten
from bootverify.executor.world import World

_FAMILIES = {"nrf52": 52, "nrf53": 53, "nrf54": 54, "nrf91": 91}


def family(design: Design) -> int:
    """The hardware number in NSIB's magic words (ncs-boot 1.6)."""
    return next(number for prefix, number in _FAMILIES.items() if design.soc.name.startswith(prefix))


def pad(design: Design, image: Image) -> int:
    """Bytes between the start of a slot and the image: room for MCUboot's header, where MCUboot installs it."""
    starts_mcuboot = design.stages_of(image.name)[0].program is Program.MCUBOOT
    return HEADER if starts_mcuboot and image.updatable else 0


def config(design: Design, step: ChooseSlot) -> NsibConfig:
    """This design's build of NSIB; protecting itself is a step of its own."""
    image = design.image(step.image)
    root = design.partition(design.image(design.root.image).slots[0]).range
    assert design.soc.otp is not None
    return NsibConfig(
        release=release_for(design.sdk),
        magics=Magics.of_hardware(family(design)),
        bootloader=root,
        slot_size=design.partition(image.slots[0]).range.size,
        storage=design.soc.otp.start,
        search_skip=pad(design, image),
        fprotect=False,
        counter=step.counter,
    )


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
            device.log.append(f"{stage}: {step.image} in {device.active} is authentic; vector table at {result.ending.vtor:#x}")
        case NothingBooted(why=why):
            device.halt(Halt.NO_IMAGE, f"{stage}: nothing to boot ({why})")
        case Faulted(kind=kind, address=address):
            device.halt(Halt.FAULT, f"{stage}: bus fault, {kind} at {address:#x}")
        case Panicked():
            device.halt(Halt.FAULT, f"{stage}: panic")
        case PowerCut():
            raise PowerLost
