"""Names what a store holds by comparing bytes with what its makers built; nothing is verified here."""

from functools import lru_cache

from bootverify.design.boot import Image, Stage, UpgradeMode
from bootverify.design.design import Design
from bootverify.executor.layout import Store, booted_by_mcuboot, home, room_before, staging_partitions, stores_of
from bootverify.executor.making.image_format import parse_header
from bootverify.executor.making.owner_build import TRAILER_ROOM
from bootverify.executor.network.path import shipped_image
from bootverify.executor.world import World
from bootverify.machine.content import Content, Crafted, Erased, Genuine, Invalidated

MOST_KNOWN = 4  # bytes of one store whose name is remembered; each is some hundred KiB


def content_of(world: World, name: str) -> Content:
    """The content of the store called `name`: bytes that were named before have the same name.

    Raises:
        KeyError: there is no such store.
    """
    store, flash = _stores(world.design)[name], world.device.flash
    if flash.power.journal is not None:  # who keeps that is told of each byte that is looked at
        return _named(world, name, store)
    area = home(world.design, name) if store is None else store.range
    known = world.factory.contents.setdefault(name, [])
    for held, content in known:
        if flash.shows(area.start, held):
            return content
    known.insert(0, (flash.read(area.start, area.size), _named(world, name, store)))
    del known[MOST_KNOWN:]
    return known[0][1]


def _named(world: World, name: str, store: Store | None) -> Content:
    return _staged_content(world, name) if store is None else _slot_content(world, store)


def taken(world: World, image: Image) -> tuple[Content, ...]:
    """What this boot took `image` from: the contents of its parts, or what was copied to RAM; empty before it did."""
    design, device = world.design, world.device
    step = design.started_in_place(image)
    if step is not None and step.mode is UpgradeMode.RAM_LOAD:
        return (_loaded(world, image),) if image.name in device.active else ()
    slot = image.slots[0] if len(image.slots) == 1 else device.active.get(image.name)
    return tuple(content_of(world, store.name) for store in stores_of(design, image) if store.slot == slot)


def nothing_lies(world: World, stage: Stage) -> bool:
    """Whether the CPU finds flash erased where it is to fetch `stage` from, all of it."""
    image = world.design.image(stage.image)
    held = taken(world, image)
    parts = world.design.stages_of(image.name)
    return bool(held) and (held[parts.index(stage)] if len(held) > 1 else held[0]) == Erased()


def shown_whole(world: World, name: str, content: Genuine) -> bool:
    """Whether the attacker was shown all that `content` puts into the store, in whichever slot of the image."""
    image = world.design.image(content.image)
    stores = stores_of(world.design, image)
    part = next(store.part for store in stores if store.name == name)
    for store in (each for each in stores if each.part == part):
        seen = world.knowledge.stores.get(store.name, frozenset())
        made = [part for genuine, part in world.factory.parts(store) if genuine == content] if seen else []
        if any(held.startswith(part.data, part.offset) for held in seen for part in made):
            return True
    return False


def shown_some(world: World, name: str) -> bool:
    """Whether the attacker has read some code, in clear, of what the store holds a release of."""
    stores = (store for image in world.design.images for store in stores_of(world.design, image))
    return any((store.image, store.part) in world.knowledge.parts for store in stores if store.name == name)


def _loaded(world: World, image: Image) -> Content:
    """The release whose code lies in RAM."""
    start = world.design.soc.header
    for release in range(1, world.design.releases + 1):
        code = world.factory.package(image, release, "").plain
        if world.device.loaded[start : start + len(code)] == code:
            return Genuine(image.name, release)
    return Crafted()


@lru_cache(maxsize=32)
def _stores(design: Design) -> dict[str, Store | None]:
    """Every store of code by name; None where updates wait."""
    staged: dict[str, Store | None] = dict.fromkeys(staging_partitions(design))
    return staged | {store.name: store for image in design.images for store in stores_of(design, image)}


def _slot_content(world: World, store: Store) -> Content:
    flash = world.device.flash
    parts = world.factory.parts(store)
    for genuine, part in parts:
        if flash.shows(store.range.start + part.offset, part.data):
            return genuine
    held = flash.read(store.range.start, store.range.size)
    for genuine, _ in parts:
        if world.factory.invalidated(store, genuine, held):
            return Invalidated()
    image = world.design.image(store.image)
    ends_slot = store.range.end == home(world.design, store.slot).end
    updated = bool(world.design.update_places(image)) and booted_by_mcuboot(world.design, image)
    return _neither(held, trailer=ends_slot and updated)


def _staged_content(world: World, name: str) -> Content:
    area, lead = home(world.design, name), room_before(world.design, name)
    held = world.device.flash.read(area.start, area.size)
    if lead and parse_header(held) is None and (found := _staged_at(world, name, held[lead:])) is not None:
        return found
    return _staged_at(world, name, held) or _neither(held, trailer=True)


def lies_unshifted(world: World, name: str) -> bool:
    """Whether a release begins where the staging partition does, and not where swap using offset takes it from."""
    area, lead = home(world.design, name), room_before(world.design, name)
    held = world.device.flash.read(area.start, area.size)
    return bool(lead) and _staged_at(world, name, held) is not None


def left_bare(world: World, image: Image) -> tuple[bool, bool]:
    """Whether what the slot, and what is staged, is as production programmed it: a swap never encrypts that."""
    flash, factory, places = world.device.flash, world.factory, (image.slots[0], image.staging or image.slots[0])
    made = [factory.programmed(image, release) for release in range(1, world.design.releases + 1)]
    starts = [home(world.design, name).start for name in places]
    slot, staging = (any(flash.shows(start, each) for each in made) for start in starts)
    return slot, staging


def _staged_at(world: World, name: str, held: bytes) -> Genuine | None:
    """The release that `held` begins with, as an update or as a swap left it."""
    for image in (each for each in world.design.images if each.updatable):
        for release in range(1, world.design.releases + 1):
            for slot in world.design.variants(image):
                package = world.factory.package(image, release, slot)
                if package.file and held.startswith(package.file):
                    return Genuine(image.name, release, slot)
        if image.staging != name:
            continue
        for store in stores_of(world.design, image):
            # A swap leaves the old image of the primary slot here, in the clear and all parts of it.
            if genuine := world.factory.whole_image_in(store, held):
                return genuine
    return _for_network(world, held)


def _for_network(world: World, held: bytes) -> Genuine | None:
    """The release of the network core's application that `held` begins with, as an update."""
    name = shipped_image(world.design)
    for release in range(1, world.design.releases + 1) if name else ():
        if held.startswith(world.factory.network_package(release).file):
            return Genuine(name, release)
    return None


def _neither(held: bytes, *, trailer: bool) -> Content:
    """Erased or somebody's bytes; the trailer at the end of a slot of MCUboot is no part of the content."""
    held = held[:-TRAILER_ROOM] if trailer else held
    return Erased() if held == _blank(len(held)) else Crafted()


@lru_cache(maxsize=64)
def _blank(size: int) -> bytes:
    return b"\xff" * size
