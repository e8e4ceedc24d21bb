"""What a hostile program, or a probe, does to a device: one function per capability, on real bytes.

Each says whether it had an effect; none decides whether it was right to try (docs/SEMANTICS.md, "Actions").
"""

from bootverify.design.attacker import Capability
from bootverify.design.boot import SEPARATORS, BootGo, Program
from bootverify.design.keys import InKmu, InUicr, Key
from bootverify.design.life import Recovery
from bootverify.design.protection import Access, Attribution
from bootverify.executor import access
from bootverify.executor.content import content_of, taken
from bootverify.executor.layout import external_start, home, stores_of
from bootverify.executor.making.forger import HIS_KEY
from bootverify.executor.units.kmu_v2 import SLOT_BYTES, Event, KmuV2, Policy, Slot
from bootverify.executor.units.spu import Spu
from bootverify.executor.world import World
from bootverify.machine.action import ProgramRegion
from bootverify.machine.content import Crafted
from bootverify.ranges import AddressRange

_FLIPPED = bytes(byte ^ 0xA5 for byte in range(256))


def hostile_as(world: World) -> tuple[Attribution, ...]:
    """The attributions with which the attacker acts right now, by code or by probe; empty when he cannot."""
    return _sorted({*code_as(world), *probe_as(world)})


def code_as(world: World) -> tuple[Attribution, ...]:
    """The attributions of the running code that he controls."""
    found: set[Attribution] = set()
    device = world.device
    if not device.halted:
        stage = device.design.stages[device.stage]
        in_loop = stage.program is Program.APPLICATION and device.step == len(stage.steps) - 1
        if in_loop and world.attacker.can(Capability.RUN_APPLICATION):
            found.add(stage.attribution)
        if in_loop and world.attacker.can(Capability.RUN_SECURE_PARTITION) and world.design.has_tfm:
            # Unprivileged at level 2: the MPU leaves him his own partition, so he reaches what the other side reaches.
            unprivileged = world.design.isolation_level > 1
            found.add(Attribution.NON_SECURE if unprivileged else Attribution.SECURE)
        for running in world.design.stages_of(stage.image):
            later_part = stage.program is Program.APPLICATION and running.program in SEPARATORS
            if (running.name == stage.name or later_part) and _crafted(world, running.name):
                found.add(running.attribution)
    return _sorted(found)


def probe_as(world: World) -> tuple[Attribution, ...]:
    """The attributions of the accesses that his probe makes."""
    opened = {Attribution.NON_SECURE: port_open, Attribution.SECURE: secure_port_open}
    return _sorted({attribution for attribution, reaches in opened.items() if reaches(world)})


def _sorted(found: set[Attribution]) -> tuple[Attribution, ...]:
    return tuple(sorted(found, key=lambda attribution: attribution.value))


def port_open(world: World) -> bool:
    """Whether a probe of this attacker reaches the core."""
    if not world.attacker.can(Capability.DEBUG):
        return False
    return world.device.port.open or world.device.port_open


def secure_port_open(world: World) -> bool:
    """Whether the probe also makes secure accesses; where no gate of its own is there for them, as the design says."""
    if not port_open(world):
        return False
    gated = world.design.soc.secure_approtect
    opened = world.device.port.secure_open if gated else not world.design.lifecycle.secure_approtect
    return opened or world.device.port_open


def _crafted(world: World, stage_name: str) -> bool:
    stage = world.design.stage(stage_name)
    image = world.design.image(stage.image)
    if world.factory.misled(image, world.device.flash):
        return True
    held = taken(world, image)
    if not held:  # somebody jumped past the choice of a slot, to either
        stores = stores_of(world.design, image)
        return any(isinstance(content_of(world, store.name), Crafted) for store in stores)
    parts = world.design.stages_of(image.name)
    return isinstance(held[parts.index(stage)] if len(held) > 1 else held[0], Crafted)


def at_chip(world: World, area: AddressRange, wanted: Access) -> bool:
    """Whether he has a clip on the external chip that `area` lies in, and gets `wanted` there, at any time."""
    able = {Access.READ: Capability.READ_EXTERNAL, Access.WRITE: Capability.WRITE_EXTERNAL}.get(wanted)
    outside = external_start(world.design) <= area.start and area.end <= world.device.flash.end
    return able is not None and world.attacker.can(able) and outside


def at_port(world: World, area: AddressRange) -> bool:
    """Whether he uploads to `area` by cable: the running stage has an open recovery port, and looks for an image there.

    The port writes what it is sent straight into the slot (facts/ncs-boot 2.9); it shows nothing of memory. What is
    sent encrypted is another action (`Upload`).
    """
    device, design = world.device, world.design
    if device.halted or not world.attacker.can(Capability.USE_CABLE) or design.life.recovery is not Recovery.OPEN:
        return False
    step = design.stages[device.stage].steps[device.step]
    if not isinstance(step, BootGo):
        return False
    return any(home(design, slot).covers(area) for slot in design.image(step.image).slots)


def overwrite_somewhere(world: World, area: AddressRange, initiator: Attribution) -> bool:
    """Whether `initiator` changes some byte of `area`: tried on a copy, page by page, until one has changed."""
    twin = world.copy()
    for part in access.answering(world.device, area):
        page = AddressRange.sized(part.start, min(part.size, world.design.soc.page))
        before = twin.device.flash.read(page.start, page.size)
        flipped = before.translate(_FLIPPED)
        access.erase_and_write(twin.device, page, flipped, initiator)
        if twin.device.flash.read(page.start, page.size) != before:
            return True
    return False


def read_out(world: World, area: AddressRange, initiator: Attribution) -> tuple[tuple[str, ...], int]:
    """Read what can be read of `area`: the keys that became known by it, and how many bytes were shown."""
    learned: list[str] = []
    shown = 0
    for address, data in access.read(world.device, area, initiator):
        shown += len(data)
        world.knowledge.parts |= world.factory.code_in(address, data)
        for key, at in world.factory.secrets_in(area, world.device.flash):
            value = world.knowledge.values[key]
            hit = {i for i in range(len(value)) if address <= at + i < address + len(data)}
            if hit and world.knowledge.read_at(key, hit):
                learned.append(key)
    return tuple(dict.fromkeys(learned)), shown


def read_uicr(world: World, initiator: Attribution) -> tuple[tuple[str, ...], int]:
    """The same of the one-time programmable words, which show themselves to secure code only (soc.md 1.3)."""
    if initiator is not Attribution.SECURE:
        return (), 0
    held = bytes(world.device.uicr.data)
    learned = tuple(
        key.name
        for key in world.design.keys
        if key.secret
        and any(isinstance(place, InUicr) for place in key.placements)
        and world.value(key) in held
        and world.knowledge.learn(key.name)
    )
    return learned, len(held)


def push_key(world: World, key: Key, initiator: Attribution) -> tuple[tuple[int, bytes], ...] | None:
    """Have the KMU push every slot of `key`: where the parts arrived, with their bytes; None when it refuses."""
    for place in key.placements:
        if not isinstance(place, InKmu):
            continue
        secure = initiator is Attribution.SECURE
        pushed = [world.device.kmu.push(slot, secure=secure) for slot in _slots(world, key, place)]
        if pushed and all(part is not None for part in pushed):
            return tuple(part for part in pushed if part is not None)
    return None


def fill_key(world: World, key: Key, initiator: Attribution) -> bool:
    """Provision the slots of `key` with a verification key of his own, revoked first; whether the KMU took it."""
    kmu = world.device.kmu
    if not isinstance(kmu, KmuV2) or world.filled(key):
        return False
    value = world.factory.nsib_key(key.uses[0].image, HIS_KEY).public
    first = next(place.slots[0] for place in key.placements if isinstance(place, InKmu))
    parts = [Slot(value=value[i : i + SLOT_BYTES], policy=Policy.LOCKED) for i in range(0, len(value), SLOT_BYTES)]
    secure = initiator is Attribution.SECURE
    for i in range(len(parts)):
        kmu.revoke(first + i, secure=secure)  # which leaves slots erased whose policy rotates, and those alone
    done = [kmu.provision_slot(first + i, part, secure=secure) for i, part in enumerate(parts)]
    return all(event is Event.DONE for event in done)


def read_key(world: World, key: Key, initiator: Attribution) -> bytes | None:
    """The value of `key` as the KMU lets `initiator` read it; None when the window is closed to him."""
    for place in key.placements:
        if not isinstance(place, InKmu):
            continue
        secure = initiator is Attribution.SECURE
        parts = [world.device.kmu.read(slot, secure=secure) for slot in _slots(world, key, place)]
        if all(part is not None for part in parts):
            return b"".join(part for part in parts if part is not None)
    return None


def _slots(world: World, key: Key, place: InKmu) -> tuple[int, ...]:
    """The slots that the value fills; a long key spans consecutive ones."""
    needed = -(-len(world.value(key)) // 16)
    return place.slots[:needed]


def program_region(world: World, action: ProgramRegion, initiator: Attribution) -> bool:
    """Write a region register; only secure code reaches the unit, a locked region ignores it."""
    if initiator is not Attribution.SECURE or not isinstance(world.device.guard, Spu):
        return False
    return world.device.spu.program(
        action.region, attribution=action.attribution, permits=action.permits, lock=action.lock
    )


def may_write_trailer(world: World, area: AddressRange, initiator: Attribution) -> bool:
    """Whether the last page of a slot, where the trailer is, can be changed."""
    page = AddressRange(area.end - world.design.soc.page, area.end)
    return bool(access.allowed_parts(world.device, page, Access.WRITE, initiator))
