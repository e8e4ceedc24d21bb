"""The TLVs behind an image, walked as tlv.c walks them: over flash or RAM, forgiving where it is."""

import struct
from collections.abc import Callable, Iterator

from bootverify.dataclass import dataclass
from bootverify.executor.making.image_format import TLV_INFO_MAGIC, TLV_PROTECTED_MAGIC
from bootverify.executor.mcuboot.header import ImageHeader

_PAIR = struct.Struct("<HH")
TLV_HEADER = _PAIR.size
Reader = Callable[[int, int], bytes | None]
"""Reads (offset from the start of the area, length); None when that cannot be read."""


class BadTlv(Exception):  # noqa: N818 - a finding about an image, not an error of the program
    """The walk leaves what can be read, or the area that the info header announces."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One TLV: its type, and where its value lies."""

    type: int
    offset: int
    length: int
    protected: bool


@dataclass(frozen=True, slots=True)
class TlvArea:
    """The TLVs of one image (struct image_tlv_iter); offsets in the area that holds it.

    `first` is the first entry, `protected_end` the end of the protected part, `end` that of all.
    """

    header: ImageHeader
    reader: Reader
    first: int
    protected_end: int
    end: int
    unprotected: int

    def entries(self) -> Iterator[Entry]:
        """Every entry in order (bootutil_tlv_iter_next with IMAGE_TLV_ANY).

        Raises:
            BadTlv: at the entry that cannot be read.
        """
        at = self.first
        while at < self.end:
            # The info header between the two parts is stepped over, where the walk meets it exactly.
            if self.header.protected_size > 0 and at == self.protected_end:
                at += _PAIR.size
            raw = self.reader(at, _PAIR.size)
            if raw is None:
                raise BadTlv
            kind, length = _PAIR.unpack(raw)
            if at + _PAIR.size + length > self.end:
                raise BadTlv
            yield Entry(kind, at + _PAIR.size, length, at + _PAIR.size < self.protected_end)
            at += _PAIR.size + length

    def find(self, kind: int, *, protected: bool = False) -> Entry | None:
        """The first entry of that type, among the protected ones if so asked.

        Raises:
            BadTlv: before one was found.
        """
        for entry in self.entries():
            if protected and entry.offset - _PAIR.size >= self.protected_end:
                return None
            if entry.type == kind:
                return entry
        return None


def tlv_area(header: ImageHeader, reader: Reader, start: int = 0) -> TlvArea | None:
    """The TLVs of the image at `start`; None when the info headers are not as the header says.

    bootutil_tlv_iter_begin; boot_read_image_size asks the same questions.
    """
    offset = header.tlv_offset + start
    raw = reader(offset, _PAIR.size)
    if raw is None:
        return None
    magic, total = _PAIR.unpack(raw)
    if magic == TLV_PROTECTED_MAGIC:
        if header.protected_size != total:
            return None
        raw = reader(offset + total, _PAIR.size)
        if raw is None:
            return None
        magic, total = _PAIR.unpack(raw)
    elif header.protected_size != 0:
        return None
    if magic != TLV_INFO_MAGIC:
        return None
    protected_end = offset + header.protected_size
    return TlvArea(header, reader, offset + _PAIR.size, protected_end, protected_end + total, total)
