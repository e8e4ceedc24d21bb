"""The step `choose_slot` of NSIB on a device: the vendor's boot code on the device's flash and OTP."""

from bootverify.design.boot import ChooseSlot, Image
from bootverify.design.keys import InKmu, Key, Purpose
from bootverify.executor.device import Halt
from bootverify.executor.flash import PowerLost
from bootverify.executor.making.nsib_build import config
from bootverify.executor.memory import Memory, Ram
from bootverify.executor.nsib import boot
from bootverify.executor.nsib.event import Booted, Faulted, NothingBooted, Panicked, PowerCut, WordWritten
from bootverify.executor.nsib.key_places import PLACES, KeyPlaces
from bootverify.executor.units.kmu_v2 import KmuV2, SlotState
from bootverify.executor.world import World


def choose_slot(world: World, step: ChooseSlot) -> None:
    """Validate and pick a slot of the next image; halts when there is none."""
    device = world.device
    stage = device.design.stages[device.stage].name
    image = device.design.image(step.image)
    ram = device.design.soc.ram
    memory = Memory((device.flash, device.uicr), (Ram(ram.start, 0x10000, 0xA5),))
    slots = (image.slots[0], image.slots[-1])  # production names an only slot twice (sdk-nrf, provision.py)
    places = _key_places(world, image)
    held = list(places.keys)
    result = boot(config(device.design, step), memory, key_store=places)
    for place, before, after in zip(PLACES, held, places.keys, strict=True):
        if before is not None and after is None:
            device.kmu.revoke(place, secure=True)
            device.log.append(f"{stage}: the key in KMU slot {place} is taken out of use")
    for trial in result.trials:
        device.log.append(f"{stage}: slot {slots[trial.slot]}: {trial.outcome}")
    for event in result.events:
        if isinstance(event, WordWritten) and event.old != event.new:
            device.log.append(f"{stage}: writes {event.value:#010x} at {event.address:#x}")
    match result.ending:
        case Booted(slot=slot):
            device.active[step.image] = slots[slot]
            found = f"{step.image} in {slots[slot]}"
            device.log.append(f"{stage}: {found} is authentic; vector table at {result.ending.vtor:#x}")
        case NothingBooted(why=why):
            device.halt(Halt.NO_IMAGE, f"{stage}: nothing to boot ({why})")
        case Faulted(kind=kind, address=address):
            device.halt(Halt.FAULT, f"{stage}: bus fault, {kind} at {address:#x}")
        case Panicked():
            device.halt(Halt.FAULT, f"{stage}: panic")
        case PowerCut():
            raise PowerLost


def _key_places(world: World, image: Image) -> KeyPlaces:
    """NSIB's verification keys on nRF54L as the KMU holds them; production's in the first place if none is drawn."""
    kmu = world.device.kmu
    if not isinstance(kmu, KmuV2):
        return KeyPlaces([None] * len(PLACES))
    drawn = [key for key in world.design.keys if verifies(key, image)]
    if not any(isinstance(place, InKmu) for key in drawn for place in key.placements):
        return KeyPlaces([world.factory.nsib_key(image.name).public, *([None] * (len(PLACES) - 1))])
    found: list[bytes | None] = []
    for first in PLACES:
        parts = [kmu.slots[slot] for slot in (first, first + 1) if kmu.state(slot) is SlotState.PROVISIONED]
        found.append(b"".join(part.value for part in parts) if len(parts) > 1 else None)
    return KeyPlaces(found)


def verifies(key: Key, image: Image) -> bool:
    """Whether `key` is there to verify `image`."""
    return any(use.purpose is Purpose.VERIFY and use.image == image.name for use in key.uses)
