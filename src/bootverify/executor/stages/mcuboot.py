"""The step `boot_go` of MCUboot on a device, with the nRF Connect SDK's way to update MCUboot itself."""

from collections.abc import Sequence
from dataclasses import replace

from bootverify.design.boot import BootGo, EncryptionType, Image, SignatureType, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.keys import HostOnly, Purpose
from bootverify.design.life import Behaviour
from bootverify.design.memory import Role
from bootverify.executor.device import Device, Halt
from bootverify.executor.flash import Flash, PowerLost
from bootverify.executor.layout import home, load_window, room_before
from bootverify.executor.making.image_format import parse_header
from bootverify.executor.making.maker import travels_as
from bootverify.executor.mcuboot import own_update
from bootverify.executor.mcuboot.again import boot_go_again
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import Outcome
from bootverify.executor.mcuboot.config import (
    IN_PLACE,
    BootConfig,
    Downgrade,
    Encryption,
    Mode,
    Options,
    Pair,
    Window,
    before_change_1597,
)
from bootverify.executor.mcuboot.trailer import (
    KEY_SIZE,
    Flag,
    Magic,
    Trailer,
    TrailerLayout,
    requested_swap,
)
from bootverify.executor.stages import network_image, update_client
from bootverify.executor.world import World
from bootverify.machine.action import Request
from bootverify.ranges import AddressRange

MODES = {
    UpgradeMode.OVERWRITE: Mode.OVERWRITE,
    UpgradeMode.SWAP_MOVE: Mode.SWAP_MOVE,
    UpgradeMode.SWAP_SCRATCH: Mode.SWAP_SCRATCH,
    UpgradeMode.SWAP_OFFSET: Mode.SWAP_OFFSET,
    UpgradeMode.SINGLE_SLOT: Mode.SINGLE_SLOT,
    UpgradeMode.DIRECT_XIP: Mode.DIRECT_XIP,
    UpgradeMode.RAM_LOAD: Mode.RAM_LOAD,
}
SWAPPING = frozenset({Mode.SWAP_MOVE, Mode.SWAP_SCRATCH, Mode.SWAP_OFFSET})


def config(world: World, step: BootGo) -> BootConfig:
    """This design's build of MCUboot for `step.image`, as Zephyr configures it: overwrite-only is the fast kind."""
    design, flash = world.design, world.device.flash
    image = design.image(step.image)
    key = world.factory.signing_key(image.name) if image.signature is not SignatureType.NONE else None
    primary = _area(flash, home(design, image.slots[0]))
    other = image.staging or image.slots[-1]
    secondary = _area(flash, home(design, other))
    mode = (world.mode or MODES[step.mode]) if other != image.slots[0] else Mode.SINGLE_SLOT
    larger = max(primary, secondary, key=lambda slot: slot.sectors)
    return BootConfig(
        mode=mode,
        images=(Pair(primary, secondary),),
        trailer=_layout(larger if mode is Mode.SWAP_OFFSET else primary, mode, _saved_size(design, image)),
        scratch=_scratch(world, step) if mode is Mode.SWAP_SCRATCH else None,
        signature=key.scheme if key else None,
        public_keys=(*world.factory.anchors(image.name), *world.his_keys(image)) if key else (),
        encryption=_encryption(world, image),
        ram=_window(design) if mode is Mode.RAM_LOAD else None,
        options=Options(
            validate_primary=step.validate,
            revert=(step.revert or world.revert) and mode in IN_PLACE,
            overwrite_fast=True,
            downgrade=Downgrade.VERSION if step.prevent_downgrade else Downgrade.OFF,
            version_with_build=step.with_build,
            permanent_unchecked=step.test_only,
            last_sector_unknown=before_change_1597(design.sdk) and not design.life.does(Behaviour.SWAP_CUT_SURVIVES),
            hw_rollback=step.counter,
            counter_limited=step.full_refused,
        ),
    )


def boot_go(world: World, step: BootGo) -> None:
    """Upgrade, validate and choose the primary image; halts when there is none to start."""
    device = world.device
    stage = device.design.stages[device.stage].name
    built = config(world, step)
    if step.bootloader and _own_update(world, step, built):
        return
    stored, used = device.counters.get(step.image, (0, 0))
    counters, room = [stored], None if step.counter_slots is None else [step.counter_slots - used]
    result = boot_go_again(built, counters, room)
    if counters[0] > stored:
        device.counters[step.image] = (counters[0], used + 1)
        device.log.append(f"{stage}: the security counter rises from {stored} to {counters[0]}")
    device.log += [f"{stage}: {line}" for line in result.log]
    if result.outcome in {Outcome.BOOT, Outcome.NO_IMAGE}:  # all updates are carried out before an image is looked at
        network_image.take_update(world, step, built)
        if device.halted:
            return
    match result.outcome:
        case Outcome.BOOT:
            started = result.images[0]
            if built.mode in IN_PLACE:
                image = device.design.image(step.image)
                device.active[image.name] = (*image.slots[:1], image.staging or image.slots[-1])[started.slot]
                device.loaded = started.loaded[1] if started.loaded is not None else b""
            elif not _vector_inside(device, built.images[0].primary):
                device.halt(Halt.FAULT, f"{stage}: the reset vector leads out of the slot")
                return
            version = started.header.version_text.removesuffix("+0")
            device.log.append(f"{stage}: booting image {version} from {started.address:#x}")
        case Outcome.NO_IMAGE:
            device.halt(Halt.NO_IMAGE, f"{stage}: unable to find a bootable image")
        case Outcome.ASSERT | Outcome.UNDEFINED:
            device.halt(Halt.ASSERTION, f"{stage}: stopped: {result.why}")
        case Outcome.POWER_CUT:
            raise PowerLost


def _vector_inside(device: Device, area: Area) -> bool:
    """Whether the image that was found good is linked for its slot.

    An update of MCUboot carries the application's signature (ncs-boot 2.3) and may have been put into the primary slot;
    what runs after such a hand-over is no longer this boot flow.
    """
    slot = AddressRange.sized(area.start, area.size)
    header = parse_header(device.flash.read(slot.start, slot.size))
    if header is None or header.header_size + 8 > slot.size:
        return True
    vector = device.flash.read(slot.start + header.header_size + 4, 4)
    return int.from_bytes(vector, "little") in slot


def _own_update(world: World, step: BootGo, built: BootConfig) -> bool:
    """Install a staged update of MCUboot itself; whether the device restarted."""
    device = world.device
    assert step.bootloader is not None
    stage = device.design.stages[device.stage].name
    image = world.design.image(step.bootloader)
    slots = {slot: _area(device.flash, home(world.design, slot)) for slot in image.slots}

    def say(line: str) -> None:
        device.log.append(f"{stage}: {line}")

    installed = own_update.install(built, slots, device.active.get(image.name), name=image.name, say=say)
    if installed:
        device.reset()
    return installed


def request_upgrade(device: Device, area: AddressRange, request: Request) -> None:
    """What boot_request_upgrade writes into the trailer of the staging partition."""
    update_client.request_upgrade(_area(device.flash, area), request)


def confirm(device: Device, image: Image) -> bool:
    """What boot_write_img_confirmed does; whether there was something to confirm."""
    slot = device.active.get(image.name, image.slots[0])
    primary = _trailer(device.flash, home(device.design, slot))
    held = primary.read()
    if held.magic is not Magic.GOOD or held.image_ok is not Flag.UNSET:
        return False
    primary.write_image_ok()
    return True


def forge_request(device: Device, image: Image, request: Request, slot: str = "") -> None:
    """Rewrite the trailers so that the next boot sees `request`, as code that may write them does."""
    page = device.flash.page
    if slot:
        area = home(device.design, slot)
        device.flash.erase(area.end - page, page)
        if request is not Request.NONE:
            request_upgrade(device, area, request)
        if request is Request.REVERT:
            _trailer(device.flash, area).write_copy_done()
        return
    primary = home(device.design, image.slots[0])
    staging = home(device.design, image.staging) if image.staging else primary
    match request:
        case Request.TEST | Request.PERM:
            device.flash.erase(staging.end - page, page)
            request_upgrade(device, staging, request)
        case Request.NONE | Request.REVERT:
            device.flash.erase(primary.end - page, page)
            if request is Request.REVERT:
                trailer = _trailer(device.flash, primary)
                trailer.write_copy_done()
                trailer.write_magic()


def requested(device: Device, design: Design, image: Image) -> Request:
    """The request that the next boot will see for `image`, by the map of `design`."""
    assert image.staging is not None
    primary, secondary = (_trailer(device.flash, home(design, name)).read() for name in (image.slots[0], image.staging))
    kind = requested_swap(primary, secondary, swap_offset=room_before(design, image.staging) > 0)
    return Request(kind.name.lower())


def standing(device: Device, slot: str) -> Request:
    """What the trailer of a slot says of the image in it, where images start in place; words as in `ForgeTrailer`."""
    held = _trailer(device.flash, home(device.design, slot)).read()
    if held.magic is not Magic.GOOD:
        return Request.NONE
    if held.image_ok is Flag.SET:
        return Request.PERM
    return Request.REVERT if held.copy_done is Flag.SET else Request.TEST


def _area(flash: Flash, where: AddressRange) -> Area:
    return Area(flash, where.start, where.size)


def _trailer(flash: Flash, where: AddressRange) -> Trailer:
    """A trailer as code sees it that only needs its flags: those lie at the same place in every build."""
    return Trailer(_area(flash, where), TrailerLayout(entries=0))


def _scratch(world: World, step: BootGo) -> Area | None:
    """That of the step; where the mode is another than the step says, the partition of that role."""
    parts = world.design.partitions
    found = step.scratch or next((part.name for part in parts if part.role is Role.SCRATCH), None)
    return _area(world.device.flash, home(world.design, found)) if found is not None else None


def _window(design: Design) -> Window:
    area = load_window(design)
    return Window(start=area.start, size=area.size)


def image_keys(world: World, image: Image, shown: Sequence[tuple[int, bytes]]) -> frozenset[bytes]:
    """The keys of releases of `image` that lie in clear in a trailer, of which `shown` are address and bytes read.

    A swap notes both in the trailer, from which nothing takes them when it is done (swap_misc.c, swap_status_init;
    boot_write_enc_key). With MCUBOOT_SWAP_SAVE_ENCTLV it notes their wrapped form.
    """
    steps = (step for stage in world.design.stages for step in stage.steps if isinstance(step, BootGo))
    step = next((step for step in steps if step.image == image.name), None)
    built = config(world, step) if step is not None else None
    if built is None or built.encryption is None or built.encryption.save_tlv or built.mode not in SWAPPING:
        return frozenset()
    places = [
        area.start + Trailer(area, built.trailer).key_offset(slot)
        for area in (built.images[0].primary, built.images[0].secondary)
        for slot in (0, 1)
    ]
    found = {data[at - start : at - start + KEY_SIZE] for start, data in shown for at in places if at >= start}
    return frozenset(key for key in found if len(key) == KEY_SIZE and key != b"\xff" * KEY_SIZE)


def _saved_size(design: Design, image: Image) -> int:
    """What a swap keeps of an image key, in bytes: the key, or its TLV where that is told."""
    if image.encryption is EncryptionType.NONE:
        return 0
    return travels_as(design, image.encryption).tlv_size(KEY_SIZE) if design.keeps_image_keys_wrapped else KEY_SIZE


def _layout(slot: Area, mode: Mode, saved: int) -> TrailerLayout:
    """Progress for as many sectors as the larger slot has; room for `saved` bytes of each image key."""
    offset = mode is Mode.SWAP_OFFSET
    return TrailerLayout(entries=slot.sectors, states=2 if offset else 3, saved_key=saved, swap_offset=offset)


def _encryption(world: World, image: Image) -> Encryption | None:
    """The key that this device holds for the images, wherever it lies. Without one, none is opened."""
    if image.encryption is EncryptionType.NONE:
        return None
    scheme = travels_as(world.design, image.encryption)
    for key in world.design.keys:
        opens = any(use.purpose is Purpose.DECRYPT and use.image == image.name for use in key.uses)
        if key.secret and opens and any(not isinstance(place, HostOnly) for place in key.placements):
            known = key.published or world.knowledge.knows(key.name)
            lost = world.device.port_open and not known and world.design.started_in_place(image) is None
            held = replace(key, name=f"{key.name}, erased") if lost else key  # an erase-all leaves no key to open with
            wraps = world.design.keeps_image_keys_wrapped
            return Encryption(scheme=scheme, secret=world.value(held), save_tlv=wraps)
    return None
