"""What a claim may ask of a device, decided by experiment: write and compare, read and compare, push and look.

One function per name of the vocabulary (docs/SEMANTICS.md, "Predicates"); none asks an access rule for its opinion.
"""

from bootverify.design.boot import ChooseSlot, Image, Program, Stage, UpgradeMode
from bootverify.design.keys import InImage, InKmu, Key
from bootverify.design.memory import MemoryKind, Partition
from bootverify.design.protection import Attribution
from bootverify.executor import access
from bootverify.executor.actions.attack import hostile_as, overwrite_somewhere, push_key
from bootverify.executor.content import content_of, taken
from bootverify.executor.history import release_taken
from bootverify.executor.layout import stores_of
from bootverify.executor.making.factory import PROVISIONED
from bootverify.executor.world import World
from bootverify.machine.content import Erased, Genuine


def intact(world: World, stage: Stage) -> bool:
    """Every store of the stage's image holds release 1 as provisioned, but for trailers, and what it trusts does.

    What the CPU fetches in their place counts.
    """
    image = world.design.image(stage.image)
    first = Genuine(image.name, 1, world.design.variants(image)[0])
    same = all(
        content_of(world, store.name) == (first if store.slot == image.slots[0] else Erased())
        for store in stores_of(world.design, image)
    )
    trusted = all(
        world.factory.provision_state(step, world.device.flash) == PROVISIONED
        for step in stage.steps
        if isinstance(step, ChooseSlot)
    )
    started = {image.name for image in world.design.images if image.verified_by == stage.name}
    consulted = [key for key in world.design.keys if key.fillable and any(use.image in started for use in key.uses)]
    trusted = trusted and not any(world.filled(key) for key in consulted)
    return same and trusted and not _patched(world, image)


def starting(world: World, image: Image) -> bool:
    """The device stands at the first mark of the image's first stage."""
    first = world.design.stages_of(image.name)[0].name
    return world.device.running == first and world.device.step == 0


def running(world: World, image: Image) -> bool:
    """The device stands at some mark of one of the image's stages."""
    return world.device.running in {stage.name for stage in world.design.stages_of(image.name)}


def authentic(world: World, image: Image) -> bool:
    """The slot that this boot took the image from holds the owner's bytes, in all parts, of one release."""
    if _patched(world, image) or world.factory.misled(image, world.device.flash):
        return False
    held = set(taken(world, image))
    return len(held) == 1 and all(isinstance(content, Genuine) and content.image == image.name for content in held)


def _patched(world: World, image: Image) -> bool:
    """The CPU fetches other words in place of the image, or of what loads it to RAM, which then starts anything."""
    step = world.design.started_in_place(image)
    names = {image.name}
    if step is not None and step.mode is UpgradeMode.RAM_LOAD and image.verified_by is not None:
        names.add(world.design.stage(image.verified_by).image)
    return not names.isdisjoint(world.device.patched)


def writable(world: World, image: Image) -> bool:
    """The attacker changes a byte of one of the image's slots on a copy of the device, and it has changed."""
    return any(
        overwrite_somewhere(world, store.range, initiator)
        for initiator in hostile_as(world)
        for store in stores_of(world.design, image)
    )


def exposed(world: World, partition: Partition) -> bool:
    """While non-secure code runs, it or its bus masters read or change a byte of the partition, on a copy."""
    device = world.device
    if device.halted or device.design.stages[device.stage].attribution is not Attribution.NON_SECURE:
        return False
    match partition.memory:
        case MemoryKind.INTERNAL:
            shown = access.read(world.copy().device, partition.range, Attribution.NON_SECURE)
            return bool(shown) or overwrite_somewhere(world, partition.range, Attribution.NON_SECURE)
        case MemoryKind.UICR:
            return bool(access.read_uicr(device, Attribution.NON_SECURE))
        case MemoryKind.EXTERNAL:
            return True  # nothing stands between it and whoever drives the bus
        case MemoryKind.SRAM | MemoryKind.NETWORK | MemoryKind.RAM_FLASH:
            raise AssertionError(f"{partition.name} is not judged by a unit of this core")


def knows(world: World, key: Key) -> bool:
    """Every byte of the value was seen by the attacker, or it is public knowledge."""
    return key.published or world.knowledge.knows(key.name)


def shown(world: World, thing: Stage | Image) -> bool:
    """Some code of the image was among the bytes that the attacker has read in clear; of a stage, of its part."""
    image = thing if isinstance(thing, Image) else world.design.image(thing.image)
    parts = {(store.image, store.part) for store in stores_of(world.design, image)}
    if isinstance(thing, Stage) and len(world.design.stages_of(image.name)) > 1:
        parts = {(image.name, thing.name)}
    return not parts.isdisjoint(world.knowledge.parts)


def usable(world: World, key: Key) -> bool:
    """The attacker has the value, or makes the KMU push it for him on a copy of the device."""
    if knows(world, key):
        return True
    in_kmu = any(isinstance(place, InKmu) for place in key.placements)
    return in_kmu and any(push_key(world, key, initiator) is not None for initiator in hostile_as(world))


def shipped(world: World, key: Key) -> bool:
    """The value stands among the bytes that were packed into a published update, before any encryption."""
    return any(world.value(key) in package.plain for package in world.published.values())


def carried(world: World, key: Key, image: Image) -> bool:
    """The value stands in a published update of that image."""
    return any(world.value(key) in package.plain for package in world.published.values() if package.image == image.name)


def renewed(world: World, key: Key) -> bool:
    """An image that carries the key is running in a release later than the factory's."""
    for place in key.placements:
        if not isinstance(place, InImage):
            continue
        image = world.design.image(place.image)
        if not running(world, image) or not authentic(world, image):
            continue
        held = taken(world, image)
        if held and all(isinstance(content, Genuine) and content.release > 1 for content in held):
            return True
    return False


def older(world: World, image: Image) -> bool:
    """The image has just been handed over to, in a release before one that was kept."""
    release = release_taken(world, image)
    return starting(world, image) and 0 < release < (world.kept or {}).get(image.name, 0)


def role(world: World, stage: Stage) -> str:
    """The part that a stage plays in the chain."""
    if stage is world.design.root:
        return "root_of_trust"
    match stage.program:
        case Program.NSIB | Program.MCUBOOT:
            return "bootloader"
        case Program.TFM | Program.SPM:
            return "tfm"
        case Program.APPLICATION:
            return "application"
