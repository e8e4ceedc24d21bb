"""MCUboot's serial recovery: what it does with an image that comes by wire (boot/boot_serial/src/boot_serial.c).

Each piece is written before it is answered, and nothing is verified: that is for the next boot. Two things happen only
after the last answer, when the tool believes that it is done: an encrypted image is decrypted where it lies, and an
image of the network core is copied by b0n (sdk-nrf, modules/mcuboot/hooks/nrf53_hooks.c, boot_serial_uploaded_hook).
"""

from collections.abc import Callable

from bootverify.dataclass import dataclass
from bootverify.executor.crypto import aes_ctr_at
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.mcuboot.trailer import Trailer, TrailerLayout
from bootverify.executor.stages.update_client import CHUNK, padded, receipt, request_upgrade
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Request
from bootverify.machine.observation import Receipt


@dataclass(slots=True, kw_only=True)
class Recovery:
    """The server for one image number, which stands for `area`; `lead` as in `UpdateClient`.

    `progressive`: sectors are erased as they are needed (BOOT_ERASE_PROGRESSIVELY, on for Nordic's parts), not all of
    them at the first piece. `trailer`: where the trailer begins; None where nothing is swapped.
    `uploaded` is called before the last answer: a reason to refuse, or nothing. `afterwards` once it is out.
    """

    area: Area
    lead: int = 0
    trailer: int | None = None
    progressive: bool = True
    uploaded: Callable[[], str] = str
    afterwards: Callable[[], None] = lambda: None
    size: int = 0
    offset: int = 0
    erased: int = 0
    refused: str = ""

    def upload(self, offset: int, piece: bytes, size: int) -> int | None:
        """bs_upload: the offset that it answers with, and expects next; None: it answers with an error (`refused`)."""
        if offset == 0:
            self.offset, self.erased, self.size = 0, 0, size
            if size > self.area.size:
                self.refused = f"{size:,} bytes do not fit {self.area.size:,}"
            elif not self.progressive:
                self.area.scramble()
        elif offset != self.offset:
            return self.offset
        elif offset + len(piece) > self.size:
            self.refused = "more than was announced"
        if not self.refused and self.progressive:
            self._erase_up_to(self.offset + len(piece) - 1 + self.lead)
        if not self.refused:
            self._write(piece)
        if not self.refused and self.offset == self.size:
            if self.progressive and self.trailer is not None:
                self.area.erase(self.trailer, 1)
            self.refused = self.uploaded()
        return None if self.refused else self.offset

    def _erase_up_to(self, last: int) -> None:
        """erase_range: whole sectors up to that of byte `last`, those that this upload has not erased yet."""
        if last >= self.area.size:
            self.refused = "it does not fit behind what is left free"
        elif last >= self.erased:
            self.area.erase(self.erased, last + 1 - self.erased)
            self.erased = (last // self.area.sector_size + 1) * self.area.sector_size

    def _write(self, piece: bytes) -> None:
        """What fills whole write units; what is left over is asked for again, or filled up if it is the end."""
        whole = len(piece) // self.area.align * self.area.align
        last = self.offset + len(piece) == self.size
        at = self.offset + self.lead
        if whole:
            self.area.write(at, piece[:whole])
        if last and whole < len(piece):
            self.area.write(at + whole, padded(piece[whole:], self.area.align))
        self.offset += len(piece) if last else whole


@dataclass(slots=True)
class Tool:
    """Who sends `file`, piece by piece, as the answers ask for it; `acknowledged` as in `Receipt`."""

    server: Recovery
    file: bytes
    say: Callable[[str], None]
    acknowledged: int = 0

    def send(self) -> None:
        """Send all of it; an error ends it.

        Raises:
            PowerLost: in the middle, or when the tool believes that all is done.
        """
        while self.acknowledged < len(self.file):
            piece = self.file[self.acknowledged : self.acknowledged + CHUNK]
            answer = self.server.upload(self.acknowledged, piece, len(self.file))
            if answer is None:
                self.say(f"the upload is refused: {self.server.refused}")
                return
            self.acknowledged = answer
        self.say(f"the upload is done, as its sender is told: {len(self.file):,} bytes are acknowledged")
        self.server.afterwards()


@dataclass(slots=True, kw_only=True)
class Session:
    """One upload by the tool, and what is to stand in `area` from byte `lead` on in the end: `kept`.

    `head` bytes of the file lie in front of that. `request`: what is asked for it then, as of an update that waits.
    """

    tool: Tool
    kept: bytes
    area: Area
    lead: int = 0
    head: int = 0
    request: Request = Request.NONE

    def sends(self) -> None:
        """All that the tool does but the reset; raises PowerLost."""
        self.tool.send()
        if not self.tool.server.refused and self.request is not Request.NONE:
            request_upgrade(self.area, self.request)

    @property
    def receipt(self) -> Receipt:
        """What the tool was told, and what stands where it is to stay."""
        acknowledged = min(max(0, self.tool.acknowledged - self.head), len(self.kept))
        return receipt(self.kept, acknowledged, self.area, self.lead)


def trailer_start(area: Area, mode: Mode | None, layout: TrailerLayout) -> int | None:
    """Where a trailer begins in a slot, in builds that swap or copy (BOOT_IMAGE_HAS_STATUS_FIELDS); None in others."""
    return None if mode in {Mode.SINGLE_SLOT, Mode.FIRMWARE_LOADER} else Trailer(area, layout).status_offset


def slot_session(
    server: Recovery,
    file: bytes,
    say: Callable[[str], None],
    *,
    key: bytes | None = None,
    request: Request = Request.NONE,
) -> Session:
    """An upload of `file` into the slot of this core that `server` writes.

    `key`: MCUboot decrypts the file with that where it then lies.
    """
    area, lead = server.area, server.lead
    kept = file
    if key is not None:
        server.afterwards = lambda: decrypt_in_place(area, key, len(file))
        header = ImageHeader.read(file[:SIZE])
        body = aes_ctr_at(key, file[header.header_size : header.tlv_offset], 0)
        kept = file[: header.header_size] + body + file[header.tlv_offset :]
    return Session(tool=Tool(server, file, say), kept=kept, area=area, lead=lead, request=request)


def check_request(request: Request, *, waits: bool) -> None:
    """`waits`: the image goes where it waits for an upgrade, which has to be asked for.

    Raises:
        NotEnabled: the request does not fit the place.
    """
    if waits is (request is Request.NONE) or request is Request.REVERT:
        raise NotEnabled("an upgrade is asked for (`request`) where an image waits for it, and nowhere else")


def decrypt_in_place(area: Area, key: bytes, end: int) -> None:
    """boot_handle_enc_fw: each sector up to byte `end` is read, decrypted, erased and written; a cut leaves a mixture.

    Header and TLVs stay as they are, the flag that says "encrypted" too.
    """
    header = ImageHeader.of(area.read(0, SIZE) or b"")
    step = area.sector_size
    for at in range(0, end, step):
        held = area.read(at, step) or b""
        low, high = max(header.header_size, at), min(header.tlv_offset, at + step)
        if low < high:
            body = aes_ctr_at(key, held[low - at : high - at], low - header.header_size)
            held = held[: low - at] + body + held[high - at :]
        area.erase(at, step)
        area.write(at, held)
