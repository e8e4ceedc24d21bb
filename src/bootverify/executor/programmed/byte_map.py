"""What each partition of a programmed device holds at this moment, told by the files that its bytes come from."""

from collections.abc import Mapping

from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.protection import Access, Attribution
from bootverify.executor.access import granules
from bootverify.executor.flash_map import Held, Open
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.mcuboot.trailer import Trailer, requested_swap
from bootverify.executor.mcuboot.trailer import TrailerLayout as Layout
from bootverify.executor.programmed.life import Life
from bootverify.machine.action import Request

SLOTS = {Role.PRIMARY, Role.SECONDARY, Role.VARIANT_A, Role.VARIANT_B}
UNTOLD = {Role.FILLER, Role.REST, Role.AREA}


class ByteMap:
    """The partitions of one life; `before` is what production put into the memories."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.before = bytes(life.board.device.flash.data)

    def held(self) -> tuple[Held, ...]:
        """Every slot, and every other partition with bytes of its own that lies in none of them; by address."""
        every = [each for each in self.life.board.firmware.design.partitions if _inside(each)]
        slots = [each for each in every if each.role in SLOTS]
        homes = [self.life.board.home(each) for each in slots]
        others = [each for each in every if not each.members and each.role not in SLOTS | UNTOLD]
        apart = [each for each in others if not any(home.covers(self.life.board.home(each)) for home in homes)]
        found = [self._held(each) for each in (*slots, *apart)]
        return tuple(sorted(found, key=lambda held: held.range.start))

    def _held(self, partition: Partition) -> Held:
        board = self.life.board
        area = board.home(partition)
        data = board.device.flash.read(area.start, area.size)
        return Held(
            name=partition.name,
            range=area,
            content=self._words(partition, data, self._was(area.start, area.size)),
            request=self._request(partition),
            open=self._open(partition),
        )

    def _was(self, start: int, size: int) -> bytes:
        at = start - self.life.board.device.flash.start
        return self.before[at : at + size]

    def _words(self, partition: Partition, data: bytes, was: bytes) -> str:
        """What it holds: an image by version and file, or whether it is as programmed."""
        if not data.strip(b"\xff"):
            return "erased"
        if partition.role not in SLOTS:
            return "as programmed" if data == was else "changed"
        page = self.life.board.device.flash.page
        for at in (0, page):  # swap using offset leaves the first sector of a slot free
            header = ImageHeader.of(data[at : at + SIZE])
            if header.found:
                return f"image {header.version_text.removesuffix('+0')}{self._origin(data[at:], was)}"
        return "as programmed" if data == was else "bytes of no image"

    def _origin(self, data: bytes, was: bytes) -> str:
        for file, image in self._known().items():
            if image and data.startswith(image):
                return f" of {file}"
        made = was.rstrip(b"\xff")
        return ", as programmed" if made and data.startswith(made) else ", of no file whole"

    def _known(self) -> Mapping[str, bytes]:
        firmware = self.life.board.firmware
        named = {each.file: each.data for each in (*firmware.packages, *firmware.updates)}
        return {**named, **self.life.files}

    def _request(self, partition: Partition) -> Request:
        """What the trailers ask for, told where updates wait."""
        loader = self.life.board.loader
        if loader is None or partition.role is not Role.SECONDARY or partition.number:
            return Request.NONE
        _, slots = loader
        if slots.secondary is None:
            return Request.NONE
        primary, secondary = (Trailer(area, Layout(entries=0)).read() for area in (slots.primary, slots.secondary))
        return Request(requested_swap(primary, secondary).name.lower())

    def _open(self, partition: Partition) -> Open:
        """How much of it the code that runs could write now."""
        if not self.life.at.endswith(".run"):
            return Open.UNASKED
        board = self.life.board
        who = Attribution.SECURE if board.partition(Role.TFM) is None else Attribution.NON_SECURE
        parts = granules(board.device, board.home(partition))
        answers = {board.device.allows(part.start, Access.WRITE, who) for part in parts}
        return Open.PART if len(answers) > 1 else Open.ALL if True in answers else Open.NONE


def _inside(partition: Partition) -> bool:
    return partition.memory in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}
