"""MCUboot on real bytes: the keys in its own image, the slots of the map, and the image that it starts."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from bootverify.design.firmware import HeldKey, LoaderOptions
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.executor.crypto import EnvelopeScheme, Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.image_format import KEYHASH, SHA256, SHA384, SHA512
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import BootResult, Outcome, boot_go
from bootverify.executor.mcuboot.config import BootConfig, Digest, Downgrade, Encryption, Mode, Options, Pair
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.mcuboot.signature import SIGNATURE_TLV
from bootverify.executor.mcuboot.tlv import BadTlv, tlv_area
from bootverify.executor.mcuboot.trailer import Trailer, TrailerLayout
from bootverify.executor.programmed.board import Board
from bootverify.executor.programmed.choices import tried
from bootverify.executor.programmed.story import Teller, by
from bootverify.ranges import AddressRange

MODES = {
    "overwrite": Mode.OVERWRITE,
    "swap-move": Mode.SWAP_MOVE,
    "swap-offset": Mode.SWAP_OFFSET,
    "swap-scratch": Mode.SWAP_SCRATCH,
    "direct-xip": Mode.DIRECT_XIP,
    "single-slot": Mode.SINGLE_SLOT,
    "firmware-updater": Mode.FIRMWARE_LOADER,
}
DIGESTS = {"sha256": Digest.SHA256, "sha384": Digest.SHA384, "sha512": Digest.SHA512}
_TLV_DIGESTS = {SHA256: Digest.SHA256, SHA384: Digest.SHA384, SHA512: Digest.SHA512}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The image that MCUboot hands over to: its vector table, and the bytes that its signature covers."""

    vectors: int
    signed: AddressRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Where images lie. `secondary` None: the map has none. `known`: the map gives the end of the primary slot."""

    primary: Area
    secondary: Area | None
    scratch: Area | None
    known: bool


def start(board: Board, teller: Teller, own: AddressRange) -> Started:
    """The image that MCUboot, which lies in `own`, starts.

    Raises:
        Ended: it starts none, or it depends on what is not told.
    """
    slots = find_slots(board, teller, own)
    _stage(board, teller, slots)
    header = ImageHeader.read(slots.primary.read(0, SIZE) or bytes(SIZE))
    keys = _keys(board, own)
    for key in keys:
        where = f"at {key.at:#x}" if key.at is not None else f"given by {key.file}"
        teller.say(f"holds {key.kind} {where}: {teller.key(key.digest)}")
    options = board.firmware.loader
    scheme = _scheme(teller, options, keys, header, slots.primary)
    usable = tuple(key for key in keys if scheme is not None and key.kind == scheme.value)
    builds = _Builds(board, teller, slots, header, scheme, tuple(key.value for key in usable))
    result, config = builds.agreed()
    _tell(teller, result, config, options, usable)
    if result.outcome is not Outcome.BOOT:
        raise teller.stop(result.why or _why(result, slots))
    image = result.images[0]
    return _started(teller, image.address, image.header)


def find_slots(board: Board, teller: Teller, own: AddressRange) -> Slots:
    """The slots of the map; without one, the first image header behind the boot loader, up to the end of the memory."""
    flash = board.device.flash
    primary = board.partition(Role.PRIMARY)
    if primary is not None and primary.memory is MemoryKind.INTERNAL:
        secondary, scratch = board.partition(Role.SECONDARY), board.partition(Role.SCRATCH)
        return Slots(
            primary=Area(flash, primary.range.start, primary.range.size),
            secondary=_area(flash, secondary),
            scratch=_area(flash, scratch),
            known=True,
        )
    return _by_headers(board, teller, own)


def _by_headers(board: Board, teller: Teller, own: AddressRange) -> Slots:
    """Slots without a map: each begins with an image header, and ends where the next one or the memory does."""
    flash, end = board.device.flash, board.firmware.design.soc.flash.end
    at = first_header(board, own.end)
    if at is None:
        raise teller.open("the map has no primary slot, and no image header lies behind it")
    if _trailer_at(flash.data, at - flash.start, board.firmware.design.soc.page):
        raise teller.open(
            "a trailer asks for something, and nothing tells where the slots lie; give the map with --map"
        )
    teller.not_told(f"MCUboot: its slots; the image header at {at:#x} is taken for the start of the primary one")
    size = ImageHeader.read(flash.read(at, SIZE))
    second = first_header(board, min(at + size.header_size + size.image_size, end))
    first = Area(flash, at, (second or end) - at)
    return Slots(
        primary=first,
        secondary=Area(flash, second, end - second) if second is not None else None,
        scratch=None,
        known=False,
    )


def _trailer_at(data: bytearray, start: int, page: int) -> bool:
    """Whether the magic of a trailer stands where slots end: in front of a page. Code holds it too, elsewhere."""
    magic = TrailerLayout(entries=0).magic
    return any(
        data[end - len(magic) : end] == magic for end in range(-(-start // page) * page + page, len(data) + 1, page)
    )


def _stage(board: Board, teller: Teller, slots: Slots) -> None:
    """An update that the user named waits in the secondary slot, with the request to try it.

    Raises:
        Ended: there is no slot for it that is known, or it is encrypted.
    """
    area = slots.secondary
    for package in board.firmware.updates:
        if package.file in board.placed:
            continue
        if area is None or not slots.known or len(package.data) > area.size:
            raise teller.open(f"{package.file}: the map has no secondary slot that holds it; give the map with --map")
        if ImageHeader.read(package.data[:SIZE].ljust(SIZE, b"\0")).encrypted:
            raise teller.open(f"{package.file}: it is encrypted, and the key that opens it is not looked for")
        data = package.data.ljust(-(-len(package.data) // area.align) * area.align, b"\xff")
        area.flash.load(area.start, data)
        Trailer(area, TrailerLayout(entries=0)).write_magic()
        board.placed.add(package.file)
        teller.say(f"{package.file}: waits in the secondary slot at {area.start:#x}, to be tried")
        return


def first_header(board: Board, start: int) -> int | None:
    """The first address from `start` on, at a page, where an image header stands."""
    flash, page = board.device.flash, board.firmware.design.soc.page
    for at in range(-(-start // page) * page, board.firmware.design.soc.flash.end, page):
        if ImageHeader.read(flash.read(at, SIZE)).found:
            return at
    return None


def _area(flash: Flash, partition: Partition | None) -> Area | None:
    """A slot as an area; one in an external memory gets a memory of its own, in which nothing is programmed."""
    if partition is None or partition.memory not in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}:
        return None
    if partition.memory is MemoryKind.EXTERNAL:
        outside = Flash(partition.range.start, partition.range.size)
        return Area(outside, outside.start, outside.size)
    return Area(flash, partition.range.start, partition.range.size)


def _keys(board: Board, own: AddressRange) -> list[HeldKey]:
    """The keys in its own bytes; where there are none, those that the user gave."""
    inside = [key for key in board.firmware.keys if key.at is not None and key.at in own]
    return inside or [key for key in board.firmware.keys if key.at is None]


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
        scheme for scheme, tlv in SIGNATURE_TLV.items() if scheme.value in kinds and tlv in _types(header, primary)
    ]
    if carried:
        teller.not_told("MCUboot: which kind of signature it verifies; it holds keys of several kinds")
        return carried[0]
    raise _without_key(teller, options, header, primary)


def _without_key(teller: Teller, options: LoaderOptions, header: ImageHeader, primary: Area) -> Exception:
    """No key to verify with is known: what the image itself says is told, and taken for nothing."""
    named = _value(header, primary, KEYHASH)
    if named:
        teller.say(f"the image in the primary slot names {teller.key(named.hex())}")
    where = f"they lie in the KMU{by(options.kmu)}" if options.kmu and options.kmu.value else "none is in its bytes"
    return teller.open(f"the keys that it verifies with are not known: {where}; give them with --public-key")


def _types(header: ImageHeader, primary: Area) -> set[int]:
    area = tlv_area(header, primary.read)
    try:
        return {entry.type for entry in area.entries()} if area is not None else set()
    except BadTlv:
        return set()


def _value(header: ImageHeader, primary: Area, kind: int) -> bytes:
    area = tlv_area(header, primary.read) if header.found else None
    try:
        entry = area.find(kind) if area is not None else None
    except BadTlv:
        return b""
    return (primary.read(entry.offset, entry.length) or b"") if entry is not None else b""


@dataclass(slots=True)
class _Builds:
    """Every build of MCUboot that configuration and bytes allow."""

    board: Board
    teller: Teller
    slots: Slots
    header: ImageHeader
    scheme: Scheme | None
    public_keys: tuple[bytes, ...]

    def agreed(self) -> tuple[BootResult, BootConfig]:
        """What all of them do, on the device; `Ended` where they differ."""
        axes: dict[str, Sequence[object]] = {
            "its upgrade mode": self._modes(),
            "whether it verifies the primary slot": self._validates(),
        }

        def end_of(mode: Mode, validate: bool) -> Hashable:
            config = self._config(mode, validate=validate, on=self._copies())
            return _end(boot_go(config), config)

        found = tried(axes, end_of)
        if not found.agree:
            raise self.teller.open(f"what it starts depends on {' and '.join(found.deciding)}, and nothing tells")
        if found.untold:
            self.teller.not_told(f"MCUboot: {', '.join(found.untold)}; every choice that is possible ends alike")
        config = self._config(self._modes()[0], validate=self._validates()[0], on=self.slots)
        return boot_go(config), config

    def _modes(self) -> list[Mode]:
        told = self.board.firmware.loader.mode
        if not self.slots.known:
            return [Mode.SINGLE_SLOT] if self.slots.secondary is None else [Mode.SINGLE_SLOT, Mode.DIRECT_XIP]
        if told is not None:
            mode = MODES.get(str(told.value))
            if mode is None:
                raise self.teller.open(f"its mode is {told.value}{by(told)}, which is not followed here")
            if (
                mode in {Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.OVERWRITE, Mode.DIRECT_XIP}
                and self.slots.secondary is None
            ):
                raise self.teller.open(f"its mode is {told.value}{by(told)}, and the map has no secondary slot")
            return [mode]
        if self.slots.secondary is None:
            return [Mode.SINGLE_SLOT]
        found = [Mode.OVERWRITE, Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.DIRECT_XIP, Mode.SINGLE_SLOT]
        return [*found, Mode.SWAP_SCRATCH] if self.slots.scratch is not None else found

    def _validates(self) -> list[bool]:
        told = self.board.firmware.loader.validate
        if self.board.firmware.loader.hardware_counter and self.board.firmware.loader.hardware_counter.value:
            self.teller.not_told("MCUboot: the security counter that the device has stored; taken to be 0")
        return [bool(told.value)] if told is not None else [True, False]

    def _copies(self) -> Slots:
        twins: dict[int, Flash] = {}

        def twin(area: Area | None) -> Area | None:
            if area is None:
                return None
            flash = twins.setdefault(id(area.flash), area.flash.copy())
            return Area(flash, area.start, area.size)

        primary = twin(self.slots.primary)
        assert primary is not None
        return Slots(
            primary=primary, secondary=twin(self.slots.secondary), scratch=twin(self.slots.scratch), known=True
        )

    def _config(self, mode: Mode, *, validate: bool, on: Slots) -> BootConfig:
        options = self.board.firmware.loader
        second = on.secondary if on.secondary is not None and mode is not Mode.SINGLE_SLOT else on.primary
        offset = mode is Mode.SWAP_OFFSET
        return BootConfig(
            mode=mode,
            images=(Pair(on.primary, second),),
            trailer=TrailerLayout(entries=on.primary.sectors, states=2 if offset else 3, swap_offset=offset),
            signature=self.scheme,
            public_keys=self.public_keys,
            digest=self._digest(),
            scratch=on.scratch,
            encryption=self._encryption(),
            options=Options(
                validate_primary=validate,
                overwrite_fast=True,
                downgrade=Downgrade.VERSION if options.downgrade and options.downgrade.value else Downgrade.OFF,
                hw_rollback=bool(options.hardware_counter and options.hardware_counter.value),
                pure=bool(options.pure and options.pure.value),
            ),
        )

    def _encryption(self) -> Encryption | None:
        """A build that takes encrypted images starts one that keeps its flag; here it has nothing to open.

        What lies in the primary slot is in clear, whatever the flag says (ncs-boot 2.6).
        """
        told = self.board.firmware.loader.encrypted
        if told is None and self.header.found and self.header.encrypted:
            self.teller.not_told("MCUboot: whether it takes encrypted images; the image in its slot was one")
        elif told is None or not told.value:
            return None
        return Encryption(scheme=EnvelopeScheme.ECIES_P256, secret=bytes(32))

    def _digest(self) -> Digest:
        """As its configuration says; else the one that the image carries, which is said."""
        told = self.board.firmware.loader.digest
        if told is not None:
            return DIGESTS[str(told.value)]
        carried = [_TLV_DIGESTS[kind] for kind in _types(self.header, self.slots.primary) if kind in _TLV_DIGESTS]
        found = carried[0] if self.header.found and carried else Digest.SHA256
        if found is not Digest.SHA256:
            self.teller.not_told(f"MCUboot: its digest; taken to be the image's, {found.algorithm}")
        return found


def _end(result: BootResult, config: BootConfig) -> Hashable:
    """What has to agree: the outcome, what starts, and what the primary slot holds afterwards."""
    starts = tuple((image.slot, image.address) for image in result.images)
    primary = config.images[0].primary
    return (result.outcome, starts, primary.read(0, primary.size))


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
    header = ImageHeader.read(slots.primary.read(0, SIZE) or bytes(SIZE))
    if not header.found:
        return "unable to find a bootable image: the primary slot holds no image header"
    return f"unable to find a bootable image ({result.outcome.value})"


def _started(teller: Teller, address: int, header: ImageHeader) -> Started:
    version = header.version_text.removesuffix("+0")
    teller.say(f"boots image {version} from {address:#x}, {header.image_size:,} bytes")
    start = address + header.header_size
    return Started(vectors=start, signed=AddressRange(address, start + header.image_size))
