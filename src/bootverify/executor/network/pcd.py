"""The command block in RAM through which the application core has the network core's boot loader copy an image.

nRF Connect SDK, subsys/pcd (peripheral CPU DFU); ncs-boot 2.8: four words, magic, data pointer, length, offset.
"""

import struct
from enum import Enum

from bootverify.dataclass import dataclass

BLOCK = struct.Struct("<4I")
COPY, FAIL, DONE = 0xB5B4B3B6, 0x25BAFC15, 0xF103CE5D
LOCK_DEBUG, READ_VERSION = 0xB6F249EC, 0xDCA345EA
REGION = 0x2000  # bytes of the RAM region that holds the block; the SPU's step in RAM
_BEFORE_3_2, _SINCE_3_2 = 0x20000000, 0x2006E000


class Status(Enum):
    """What the block says (pcd_fw_copy_status_get): whatever is no magic of a build's own counts as a failed copy."""

    COPY = "copy"
    DONE = "done"
    FAILED = "failed"
    LOCK_DEBUG = "lock debug"
    READ_VERSION = "read version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The block; `offset` counts from the start of the network core's flash."""

    magic: int
    data: int = 0
    length: int = 0
    offset: int = 0

    @classmethod
    def read(cls, block: bytes) -> "Command":
        """The block in the first 16 bytes."""
        magic, data, length, offset = BLOCK.unpack_from(block)
        return cls(magic=magic, data=data, length=length, offset=offset)

    def pack(self) -> bytes:
        """As it lies in RAM."""
        return BLOCK.pack(self.magic, self.data, self.length, self.offset)

    def status(self, *, locks_debug: bool) -> Status:
        """What b0n takes it for; `locks_debug`: built with PCD_LOCK_NETCORE_DEBUG."""
        if self.magic == LOCK_DEBUG and locks_debug:
            return Status.LOCK_DEBUG
        known = {COPY: Status.COPY, DONE: Status.DONE, READ_VERSION: Status.READ_VERSION}
        return known.get(self.magic, Status.FAILED)


def place(sdk: str) -> int:
    """Where the Partition Manager puts the block (pcd_sram): below the RPMsg block since 3.2 (ncs-boot 0.1).

    A map that names the partition is asked first; without a release the present place counts.

    >>> hex(place("3.1.1")), hex(place("3.2.0")), hex(place(""))
    ('0x20000000', '0x2006e000', '0x2006e000')
    """
    numbers = tuple(int(part) for part in sdk.split(".")[:2] if part.isdigit())
    return _BEFORE_3_2 if numbers and numbers < (3, 2) else _SINCE_3_2
