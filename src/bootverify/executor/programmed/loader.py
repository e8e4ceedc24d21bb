"""MCUboot on real bytes: the keys in its own image, the slots of the map, and the image that it starts."""

from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.firmware import HeldKey, LoaderOptions
from bootverify.executor.crypto import Scheme
from bootverify.executor.flash import PowerLost
from bootverify.executor.making.image_format import KEYHASH
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import BootResult, Outcome
from bootverify.executor.mcuboot.config import BootConfig
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.mcuboot.own_update import install
from bootverify.executor.mcuboot.signature import SIGNATURE_TLV
from bootverify.executor.programmed import network
from bootverify.executor.programmed.board import Board, Slots
from bootverify.executor.programmed.builds import Builds
from bootverify.executor.programmed.slots import find_slots, stage, tlv_types, tlv_value, variants
from bootverify.executor.programmed.story import Restart, Teller, by
from bootverify.ranges import AddressRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The image that MCUboot hands over to: its vector table, and the bytes that its signature covers."""

    vectors: int
    signed: AddressRange


def start(board: Board, teller: Teller, own: AddressRange) -> Started:
    """The image that MCUboot, which lies in `own`, starts.

    Raises:
        Ended: it starts none, or it depends on what is not told.
    """
    slots = find_slots(board, teller, own)
    board.loader = (own, slots)
    if board.fresh:
        stage(board, teller, slots, own)
    header = ImageHeader.of(slots.primary.read(0, SIZE) or b"")
    keys = _keys(board, own)
    for key in keys:
        where = f"at {key.at:#x}" if key.at is not None else f"given by {key.file}"
        teller.say(f"holds {key.kind} {where}: {teller.key(key.digest)}")
    options = board.firmware.loader
    scheme = _scheme(teller, options, keys, header, slots.primary)
    usable = tuple(key for key in keys if scheme is not None and key.kind == scheme.value)
    builds = Builds(board, teller, slots, header, scheme, tuple(key.value for key in usable))
    _install_own(board, teller, own, builds.some())
    network.take_update(board, teller, slots, builds.some())
    result, config = builds.agreed()
    _tell(teller, result, config, options, usable)
    if result.outcome is Outcome.POWER_CUT:
        raise PowerLost
    if result.outcome is not Outcome.BOOT:
        raise teller.stop(result.why or _why(result, slots))
    image = result.images[0]
    return _started(teller, image.address, image.header)


def _install_own(board: Board, teller: Teller, own: AddressRange, config: BootConfig) -> None:
    """A staged update of MCUboot itself goes into the slot that it does not run from.

    Raises:
        Restart: it was installed.
    """
    flash = board.device.flash
    slots = {each.name: Area(flash, each.range.start, each.range.size) for each in variants(board)}
    active = next((name for name, area in slots.items() if area.start == own.start), None)
    if active is not None and install(config, slots, active, name="update of MCUboot", say=teller.say):
        raise Restart


def _keys(board: Board, own: AddressRange) -> list[HeldKey]:
    """The keys that stand in its own bytes; where there are none, those that the user gave."""
    code = board.device.flash.read(own.start, own.size)
    places = [(key, code.find(key.value)) for key in board.firmware.keys if key.at is not None]
    inside = {key.value: replace(key, at=own.start + at) for key, at in places if at >= 0}
    return list(inside.values()) or [key for key in board.firmware.keys if key.at is None]


def _scheme(
    teller: Teller, options: LoaderOptions, keys: list[HeldKey], header: ImageHeader, primary: Area
) -> Scheme | None:
    """How it verifies: as its configuration says, else by the kind of key it holds."""
    if options.signature is not None:
        if options.signature.value == "none":
            teller.say(f"verifies no signature, only a digest{by(options.signature)}")
            return None
        scheme = Scheme(str(options.signature.value))
        if all(key.kind != scheme.value for key in keys):
            raise _without_key(teller, options, header, primary)
        return scheme
    kinds = {key.kind for key in keys}
    if len(kinds) == 1:
        return Scheme(kinds.pop())
    carried = [
        scheme for scheme, tlv in SIGNATURE_TLV.items() if scheme.value in kinds and tlv in tlv_types(header, primary)
    ]
    if carried:
        teller.not_told("MCUboot: which kind of signature it verifies; it holds keys of several kinds")
        return carried[0]
    raise _without_key(teller, options, header, primary)


def _without_key(teller: Teller, options: LoaderOptions, header: ImageHeader, primary: Area) -> Exception:
    """No key to verify with is known: what the image itself says is told, and taken for nothing."""
    named = tlv_value(header, primary, KEYHASH)
    if named:
        teller.say(f"the image in the primary slot names {teller.key(named.hex())}")
    where = f"they lie in the KMU{by(options.kmu)}" if options.kmu and options.kmu.value else "none is in its bytes"
    return teller.open(f"the keys that it verifies with are not known: {where}; give them with --public-key")


def _tell(
    teller: Teller, result: BootResult, config: BootConfig, options: LoaderOptions, keys: tuple[HeldKey, ...]
) -> None:
    if options.mode is not None:
        teller.say(f"upgrade mode {config.mode.value}{by(options.mode)}")
    if options.validate is not None:
        does = (
            "verifies the primary slot at each boot" if options.validate.value else "does NOT verify the primary slot"
        )
        teller.say(f"{does}{by(options.validate)}")
    names = {config.digest.over(key.value).hex()[:16]: key.digest for key in keys}
    for line in result.log:
        what, found, signer = line.partition(", key ")
        teller.say(f"{what}: {teller.key(names[signer])}" if found and signer in names else line)


def _why(result: BootResult, slots: Slots) -> str:
    header = ImageHeader.of(slots.primary.read(0, SIZE) or b"")
    if not header.found:
        blank = not (slots.primary.read(0, slots.primary.size) or b"").strip(b"\xff")
        words = "nothing is programmed in the primary slot" if blank else "the primary slot holds no image header"
        return f"unable to find a bootable image: {words}"
    return f"unable to find a bootable image ({result.outcome.value})"


def _started(teller: Teller, address: int, header: ImageHeader) -> Started:
    version = header.version_text.removesuffix("+0")
    teller.say(f"boots image {version} from {address:#x}, {header.image_size:,} bytes")
    start = address + header.header_size
    return Started(vectors=start, signed=AddressRange(address, start + header.image_size))
