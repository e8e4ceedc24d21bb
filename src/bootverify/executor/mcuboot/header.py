"""The 32 bytes at the start of an image as the loader reads them: taken as they are, whatever the magic (image.h)."""

import struct
from typing import NamedTuple

from bootverify.executor.making.image_format import MAGIC

_LAYOUT = struct.Struct("<IIHHIIBBHII")
SIZE = _LAYOUT.size
WORD = 0xFFFFFFFF

F_AES128, F_AES256 = 0x04, 0x08
F_NON_BOOTABLE = 0x10
F_RAM_LOAD = 0x20
F_ROM_FIXED = 0x100
F_COMPRESSED = 0x200 | 0x400 | 0x800  # LZMA1, LZMA2, and the filter for ARM Thumb code


class ImageHeader(NamedTuple):
    """struct image_header; sizes in bytes."""

    magic: int = 0
    load_address: int = 0
    header_size: int = 0
    protected_size: int = 0
    image_size: int = 0
    flags: int = 0
    major: int = 0
    minor: int = 0
    revision: int = 0
    build: int = 0
    pad: int = 0

    @classmethod
    def read(cls, data: bytes) -> "ImageHeader":
        """The header in the first 32 bytes of `data`."""
        return cls(*_LAYOUT.unpack_from(data))

    @classmethod
    def of(cls, file: bytes) -> "ImageHeader":
        """The header of a file of any length; behind a shorter one it reads zeros."""
        return cls.read(file[:SIZE].ljust(SIZE, b"\0"))

    @property
    def found(self) -> bool:
        """Whether the magic is that of an image."""
        return self.magic == MAGIC

    @property
    def erased(self) -> bool:
        """boot_check_header_erased: the magic reads as erased flash."""
        return self.magic == WORD

    @property
    def encrypted(self) -> bool:
        """IS_ENCRYPTED."""
        return bool(self.flags & (F_AES128 | F_AES256))

    @property
    def compressed(self) -> bool:
        """IS_COMPRESSED."""
        return bool(self.flags & F_COMPRESSED)

    @property
    def tlv_offset(self) -> int:
        """BOOT_TLV_OFF: where the TLVs begin, computed in 32 bits."""
        return (self.header_size + self.image_size) & WORD

    def version(self, *, with_build: bool) -> tuple[int, ...]:
        """What boot_compare_version compares; the build number only where that option is on."""
        numbers = (self.major, self.minor, self.revision)
        return (*numbers, self.build) if with_build else numbers

    @property
    def version_text(self) -> str:
        """As imgtool writes it."""
        return f"{self.major}.{self.minor}.{self.revision}+{self.build}"
