"""The step `boot_go` of MCUboot on a device, with the nRF Connect SDK's way to update MCUboot itself."""

from bootverify.design.boot import BootGo, Image, SignatureType, UpgradeMode
from bootverify.design.keys import InImage, InKmu, Purpose
from bootverify.executor import crypto
from bootverify.executor.crypto import Scheme
from bootverify.executor.device import Device, Halt
from bootverify.executor.flash import Flash
from bootverify.executor.image_format import ENC_KW, ENC_X25519, parse_header
from bootverify.executor.mcuboot.boot import BootConfig, Mode, Outcome, refusal
from bootverify.executor.mcuboot.boot import boot_go as run
from bootverify.executor.mcuboot.trailer import IMAGE_OK, KEYS, Flag, SwapType, Trailer, interrupted, swap_type
from bootverify.executor.world import World
from bootverify.machine.action import Request
from bootverify.ranges import AddressRange


def config(world: World, step: BootGo) -> BootConfig:
    """This design's build of MCUboot for `step.image`."""
    design = world.design
    image = design.image(step.image)
    keys: tuple[tuple[Scheme, bytes], ...] = ()
    if image.signature is not SignatureType.NONE:
        key = world.factory.signing_key(image.name)
        keys = ((key.scheme, key.public),)
    return BootConfig(
        mode=Mode.SWAP_MOVE if step.mode is UpgradeMode.SWAP_MOVE else Mode.OVERWRITE,
        primary=design.partition(image.slots[0]).range,
        secondary=design.partition(image.staging).range if image.staging else None,
        public_keys=keys,
        validate_primary=step.validate,
        prevent_downgrade=step.prevent_downgrade,
        unwrap=lambda kind, wrapped: _unwrap(world, image, kind, wrapped),
    )


def boot_go(world: World, step: BootGo) -> None:
    """Upgrade, validate and choose the primary image; halts when there is none to start."""
    device = world.device
    stage = device.design.stages[device.stage].name
    built = config(world, step)
    if step.bootloader and built.secondary is not None and _own_update(world, step, built):
        return
    result = run(built, device.flash)
    device.log += [f"{stage}: {line}" for line in result.log]
    if result.outcome is not Outcome.BOOT:
        device.halt(Halt.NO_IMAGE, f"{stage}: unable to find a bootable image")


def _own_update(world: World, step: BootGo, built: BootConfig) -> bool:
    """Install a staged update of MCUboot itself; whether the device restarted.

    The reset vector of the staged image tells its slot (sdk-mcuboot, swap_nsib.c; ncs-boot 2.3): for the slot that is
    not active the image is checked, the slot erased and written, the staged copy unmade, and the device restarts; an
    image for the active slot is erased.
    """
    device = world.device
    design = world.design
    assert step.bootloader is not None
    assert built.secondary is not None
    stage = device.design.stages[device.stage].name
    secondary, primary = Trailer(device.flash, built.secondary), Trailer(device.flash, built.primary)
    # A swap under way is finished first; without a request nothing is looked at.
    kind = swap_type(primary, secondary)
    if interrupted(primary) or kind is SwapType.NONE:
        return False
    staged = device.flash.read(built.secondary.start, built.secondary.size)
    header = parse_header(staged)
    if header is None or header.header_size + 8 > len(staged):
        return False
    vector = int.from_bytes(staged[header.header_size + 4 : header.header_size + 8], "little")
    image = design.image(step.bootloader)
    slots = {slot: design.partition(slot).range for slot in image.slots}
    slot = next((slot for slot, area in slots.items() if vector in area), None)
    if slot is None:
        return False
    if slot == device.active:
        device.log.append(f"{stage}: the staged {image.name} is for {slot}, which is active; erased")
        _erase(device.flash, built.secondary)
        return False
    why = refusal(built, device.flash, staged)
    if why:
        device.log.append(f"{stage}: staged {image.name}: {why}; erased")
        _erase(device.flash, built.secondary)
        return False
    area = slots[slot]
    _erase(device.flash, area)
    page = device.flash.page
    for at in range(0, area.size, page):
        device.flash.write(area.start + at, staged[at : at + page])
    secondary.erase(KEYS)
    for at in range(built.secondary.start, min(built.secondary.end, built.secondary.start + area.size + page), page):
        device.flash.erase(at, page)
    device.log.append(f"{stage}: {image.name} {header.version} installed in {slot}; restart")
    device.reset()
    return True


def request_upgrade(device: Device, area: AddressRange, request: Request) -> None:
    """What boot_request_upgrade writes into the trailer of the staging partition."""
    trailer = Trailer(device.flash, area)
    if request is Request.PERM:
        trailer.set_flag(IMAGE_OK)
    trailer.write_magic()


def confirm(device: Device, image: Image) -> bool:
    """What boot_write_img_confirmed does; whether there was something to confirm."""
    primary = Trailer(device.flash, device.design.partition(image.slots[0]).range)
    if not primary.good or primary.flag(IMAGE_OK) is not Flag.UNSET:
        return False
    primary.set_flag(IMAGE_OK)
    return True


def forge_request(device: Device, image: Image, request: Request) -> None:
    """Rewrite the trailers so that the next boot sees `request`, as code that may write them does."""
    page = device.flash.page
    primary = device.design.partition(image.slots[0]).range
    staging = device.design.partition(image.staging).range if image.staging else primary
    match request:
        case Request.TEST | Request.PERM:
            device.flash.erase(staging.end - page, page)
            request_upgrade(device, staging, request)
        case Request.NONE | Request.REVERT:
            device.flash.erase(primary.end - page, page)
            if request is Request.REVERT:
                trailer = Trailer(device.flash, primary)
                device.flash.write(primary.end - 32, b"\x01\xff\xff\xff")  # copy_done
                trailer.write_magic()


def requested(device: Device, primary: AddressRange, staging: AddressRange) -> Request:
    """The request that the next boot will see."""
    kind = swap_type(Trailer(device.flash, primary), Trailer(device.flash, staging))
    return Request(kind.name.lower())


def _unwrap(world: World, image: Image, kind: int, wrapped: bytes) -> bytes | None:
    """Open a wrapped image key with the key that this device holds for it: in MCUboot's image, or in the KMU."""
    for key in world.design.keys:
        if not key.secret or not any(use.purpose is Purpose.DECRYPT and use.image == image.name for use in key.uses):
            continue
        if not any(isinstance(place, InImage | InKmu) for place in key.placements):
            continue
        value = world.value(key)
        opened = (
            crypto.unwrap_aes_kw(value, wrapped)
            if kind == ENC_KW
            else crypto.unwrap_ecies(Scheme.X25519 if kind == ENC_X25519 else Scheme.ECDSA_P256, value, wrapped)
        )
        if opened is not None:
            return opened
    return None


def _erase(flash: Flash, area: AddressRange) -> None:
    for at in range(area.start, area.end, flash.page):
        flash.erase(at, flash.page)
