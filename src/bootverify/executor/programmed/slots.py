"""Where MCUboot's images lie: the slots of the map, or what image headers show of them, and an update that waits."""

from collections.abc import Callable

from bootverify.design.firmware import Package
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.mcuboot.tlv import BadTlv, tlv_area
from bootverify.executor.mcuboot.trailer import Flag, Magic, Trailer, TrailerLayout
from bootverify.executor.programmed.board import Board, Slots
from bootverify.executor.programmed.opener import as_built, first_words, opener
from bootverify.executor.programmed.story import Teller
from bootverify.executor.stages.update_client import UpdateClient
from bootverify.machine.action import Request
from bootverify.ranges import AddressRange


def find_slots(board: Board, teller: Teller, own: AddressRange) -> Slots:
    """The slots of the map; without one, the first image header behind the boot loader, up to the end of the memory."""
    flash = board.device.flash
    primary = board.partition(Role.PRIMARY)
    if primary is not None and primary.memory is MemoryKind.INTERNAL:
        secondary, scratch = board.partition(Role.SECONDARY), board.partition(Role.SCRATCH)
        return Slots(
            primary=Area(flash, primary.range.start, primary.range.size),
            secondary=_area(board, secondary),
            scratch=_area(board, scratch),
            known=True,
            network=_area(board, board.partition(Role.SECONDARY, 1)) if board.network is not None else None,
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


def stage(board: Board, teller: Teller, slots: Slots, own: AddressRange) -> None:
    """An update that the user named waits in its secondary slot, with the request to try it.

    Raises:
        Ended: there is no slot for it that is known, nothing is known to open it, or it is linked for no place that is
            followed.
    """
    for package in board.firmware.updates:
        if package.file in board.placed:
            continue
        client = client_for(board, package, (own, slots), teller.open)
        client.stage(Request.TEST)
        teller.say(f"{package.file}: waits in the secondary slot at {client.place:#x}, to be tried")
        return


def client_for(
    board: Board,
    package: Package,
    loader: tuple[AddressRange, Slots],
    refuse: Callable[[str], Exception],
) -> UpdateClient:
    """The update client that is about to stage a signed image in the slot in which it waits.

    `loader`: where MCUboot lies, which will have to open it if it is encrypted, and its slots.

    Raises:
        Exception: what `refuse` makes of the reason why there is no telling what it would do.
    """
    own, slots = loader
    header = ImageHeader.of(package.data)
    key = opener(board, own, package.data) if header.encrypted else None
    vector = int.from_bytes(first_words(package.data, key)[4:], "little")
    remote = board.network is not None and board.network.holds(vector)
    area = slots.network if remote and slots.network is not None else slots.secondary
    if area is None or not slots.known or len(package.data) > area.size:
        raise refuse(f"{package.file}: the map has no secondary slot that holds it; give the map with --map")
    if header.encrypted and key is None:
        raise refuse(
            f"{package.file}: it is encrypted, and no key in the bytes of MCUboot opens it; give one with --key"
        )
    inside = slots.primary.start <= vector < slots.primary.start + slots.primary.size
    inside = inside or any(vector in each.range for each in variants(board))
    if not inside and not (remote and (slots.network is not None or area.start in board.firmware.design.soc.flash)):
        raise refuse(f"{package.file}: its reset handler {vector:#x} lies outside the primary slot; not followed")
    client = UpdateClient(area, package.data, _lead(board, package, area, refuse))
    board.opener = as_built(board, key) if key is not None else board.opener
    board.placed.add(package.file)
    return client


def _lead(board: Board, package: Package, area: Area, refuse: Callable[[str], Exception]) -> int:
    """Swap using offset wants the first sector of the slot free (MCUboot design, "Swap using offset")."""
    told = board.firmware.loader.mode
    lead = area.flash.page if told is not None and told.value == Mode.SWAP_OFFSET.value else 0
    if lead + len(package.data) > area.size:
        raise refuse(f"{package.file}: it does not fit behind the first sector of the secondary slot")
    return lead


def confirm(board: Board) -> bool:
    """What boot_write_img_confirmed does; whether a swap had left something to confirm."""
    primary = board.partition(Role.PRIMARY)
    if primary is None or primary.memory is not MemoryKind.INTERNAL:
        return False
    trailer = Trailer(Area(board.device.flash, primary.range.start, primary.range.size), TrailerLayout(entries=0))
    held = trailer.read()
    if held.magic is not Magic.GOOD or held.image_ok is not Flag.UNSET:
        return False
    return trailer.write_image_ok()


def variants(board: Board) -> list[Partition]:
    """NSIB's slots for MCUboot."""
    found = (board.partition(role) for role in (Role.VARIANT_A, Role.VARIANT_B))
    return [each for each in found if each is not None]


def first_header(board: Board, start: int) -> int | None:
    """The first address from `start` on, at a page, where an image header stands."""
    flash, page = board.device.flash, board.firmware.design.soc.page
    for at in range(-(-start // page) * page, board.firmware.design.soc.flash.end, page):
        if ImageHeader.read(flash.read(at, SIZE)).found:
            return at
    return None


def _area(board: Board, partition: Partition | None) -> Area | None:
    """A slot as an area; what lies in an external memory follows behind the internal one (`layout.home`)."""
    if partition is None or partition.memory not in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}:
        return None
    home = board.home(partition)
    return Area(board.device.flash, home.start, home.size)


def tlv_types(header: ImageHeader, primary: Area) -> set[int]:
    """The types of the TLVs of the image in a slot, as far as they can be walked."""
    area = tlv_area(header, primary.read)
    try:
        return {entry.type for entry in area.entries()} if area is not None else set()
    except BadTlv:
        return set()


def tlv_value(header: ImageHeader, primary: Area, kind: int) -> bytes:
    """The value of the first TLV of that type; nothing where there is none."""
    area = tlv_area(header, primary.read) if header.found else None
    try:
        entry = area.find(kind) if area is not None else None
    except BadTlv:
        return b""
    return (primary.read(entry.offset, entry.length) or b"") if entry is not None else b""
