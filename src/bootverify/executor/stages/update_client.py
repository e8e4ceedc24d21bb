"""The update client of a running application: it writes what it is sent through a buffer, and asks for the upgrade.

Zephyr's image management (subsys/mgmt/mcumgr/grp/img_mgmt, image erase, upload and state), which writes with
subsys/dfu/img_util/flash_img.c and subsys/storage/stream/stream_flash.c. An upload that was cut is forgotten: its
offset is kept in RAM, and the next one begins anew.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.trailer import SwapType, Trailer, TrailerLayout
from bootverify.machine.action import Request
from bootverify.machine.observation import Receipt

BUFFER = 512  # CONFIG_IMG_BLOCK_BUF_SIZE by default
CHUNK = 320  # bytes of the file in one request: the sender's choice, within a request of 384 bytes


@dataclass(slots=True)
class StreamWriter:
    """stream_flash: bytes wait in RAM until the buffer is full; the writer erases nothing here."""

    area: Area
    at: int
    buffer: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes, *, flush: bool) -> None:
        """stream_flash_buffered_write: whole buffers go to flash, the rest waits, unless it is to be flushed."""
        self.buffer += data
        while len(self.buffer) >= BUFFER:
            self._sync(BUFFER)
        if flush and self.buffer:
            self._sync(len(self.buffer))

    def _sync(self, length: int) -> None:
        """flash_sync: filled up to the write unit."""
        piece = bytes(self.buffer[:length])
        self.area.write(self.at, padded(piece, self.area.align))
        self.at += length
        del self.buffer[:length]


@dataclass(slots=True)
class UpdateClient:
    """One upload of `file` to the staging partition `area`, from its byte `lead` on; `acknowledged` as in `Receipt`."""

    area: Area
    file: bytes
    lead: int = 0
    acknowledged: int = 0

    def stage(self, request: Request) -> None:
        """What the sender has the client do: erase the slot, take the file, ask for the upgrade.

        PREMISE the sender erases first, as tools do (img_mgmt_erase): what a client that erases page by page leaves
        behind the image is not told.

        Raises:
            PowerLost: in the middle; `receipt` tells how far it came.
        """
        self.area.scramble()
        self._take()
        request_upgrade(self.area, request)

    def _take(self) -> None:
        """img_mgmt_upload, request by request; at once where nobody could tell."""
        whole, buffers = padded(self.file, self.area.align), -(-len(self.file) // BUFFER)
        if self.area.flash.power.undisturbed(buffers) and self.area.holds(self.lead, len(whole)):
            self.area.write(self.lead, whole, buffers)
            self.acknowledged = len(self.file)
            return
        writer = StreamWriter(self.area, self.lead)
        for chunk in chunks(self.file, CHUNK):
            # The answer counts what was taken, and all but the last rest in the buffer in RAM.
            writer.write(chunk, flush=self.acknowledged + len(chunk) == len(self.file))
            self.acknowledged += len(chunk)

    @property
    def place(self) -> int:
        """The address at which the image waits."""
        return self.area.start + self.lead

    @property
    def receipt(self) -> Receipt:
        """What the sender knows of the upload, and what is in flash."""
        return receipt(self.file, self.acknowledged, self.area, self.lead)


def request_upgrade(area: Area, request: Request) -> None:
    """Ask in the trailer of `area`: magic, image_ok where it is for good, swap_info (boot_set_next)."""
    trailer = Trailer(area, TrailerLayout(entries=0))
    trailer.write_magic()
    if request is Request.PERM:
        trailer.write_image_ok()
    trailer.write_swap_info(SwapType.PERM if request is Request.PERM else SwapType.TEST, 0)


def chunks(file: bytes, size: int) -> Iterator[bytes]:
    """The file in pieces of so many bytes, the last one shorter."""
    return (file[at : at + size] for at in range(0, len(file), size))


def padded(data: bytes, unit: int) -> bytes:
    """Filled up with erased bytes to the write unit."""
    return data.ljust(-(-len(data) // unit) * unit, b"\xff")


def receipt(file: bytes, acknowledged: int, area: Area, at: int = 0) -> Receipt:
    """How much of `file` was acknowledged, and how much of it stands in `area` from byte `at` on."""
    held = area.flash.read(area.start + at, min(len(file), area.size - at))
    written = len(held)
    if not file.startswith(held):
        written = bisect_left(range(written), 1, key=lambda i: held[: i + 1] != file[: i + 1])
    return Receipt(size=len(file), acknowledged=acknowledged, written=written)
