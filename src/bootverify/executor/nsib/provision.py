"""The provision data (bl_storage): where each field lies, and how production writes it.

Document: ncs-boot 1.8, after include/bl_storage.h and scripts/bootloader/provision.py.
"""

import struct
from enum import Enum
from typing import Protocol

from bootverify.ranges import AddressRange


class Reader(Protocol):
    """Something with words at addresses."""

    def word(self, address: int) -> int:
        """The little-endian word there."""
        ...


ERASED_HALFWORD = 0xFFFF
IMPLEMENTATION_ID = 32
KEY_ENTRY = 20  # token, truncated hash
HASH = 16
TYPE_COUNTERS = 1
COUNTER_NSIB = 1
COUNTER_MCUBOOT = 2


class StorageLayout(Enum):
    """The two forms; the value is the size in bytes of a life-cycle word and of a counter slot."""

    HALFWORDS = 2  # nRF52, nRF53, nRF91
    WORDS = 4  # nRF54L

    @property
    def unit(self) -> int:
        """Bytes of one life-cycle word and of one counter slot."""
        return self.value

    @property
    def implementation_id(self) -> int:
        """Offset of the implementation id: behind four life-cycle words."""
        return 4 * self.unit

    @property
    def s0(self) -> int:
        """Offset of the address of slot 0; slot 1 and the key count follow.

        >>> hex(StorageLayout.HALFWORDS.s0), hex(StorageLayout.WORDS.s0)
        ('0x28', '0x30')
        """
        return self.implementation_id + IMPLEMENTATION_ID

    @property
    def s1(self) -> int:
        """Offset of the address of slot 1."""
        return self.s0 + 4

    @property
    def key_count(self) -> int:
        """Offset of the number of keys."""
        return self.s0 + 8

    @property
    def keys(self) -> int:
        """Offset of the first key entry."""
        return self.s0 + 12


def storage_base(memory: Reader, start: int, layout: StorageLayout, flash: AddressRange) -> int:
    """From where the offsets of `layout` count, for data that were written at `start`.

    Old releases have no life cycle and no implementation id in front: the slot addresses come first (ncs-boot 1.8,
    N1.5). Told by the bytes: addresses inside `flash` stand where that form has them, not where the present one has.
    """

    def shows(at: int) -> bool:
        return all(memory.word(at + offset) in flash for offset in (0, 4))

    return start - layout.s0 if shows(start) and not shows(start + layout.s0) else start


def token(index: int, *, indexed: bool) -> int:
    """The token of a valid key: with its index in the top byte since 2.7, all ones before."""
    return 0x50FAFFFF | index << 24 if indexed else 0xFFFFFFFF


def provision_data(
    *,
    layout: StorageLayout,
    slots: tuple[int, int],
    key_hashes: tuple[bytes, ...],
    counter_slots: int = 0,
    mcuboot_counter_slots: int = 0,
    indexed_tokens: bool = True,
    implementation_id: bytes = b"\xff" * IMPLEMENTATION_ID,
) -> bytes:
    """The bytes from the start of the storage: life cycle erased, keys in order of revocation.

    >>> len(provision_data(layout=StorageLayout.HALFWORDS, slots=(0x8000, 0x10000),
    ...                    key_hashes=(bytes(16),), counter_slots=8))
    96
    """
    data = b"\xff" * layout.implementation_id + implementation_id
    data += struct.pack("<III", *slots, len(key_hashes))
    for index, digest in enumerate(key_hashes):
        data += struct.pack("<I", token(index, indexed=indexed_tokens)) + digest[:HASH]
    return data + _counters(layout, counter_slots, mcuboot_counter_slots)


def _counters(layout: StorageLayout, nsib: int, mcuboot: int) -> bytes:
    """The counter collection; no bytes at all without a counter."""
    counters = [(COUNTER_NSIB, nsib), (COUNTER_MCUBOOT, mcuboot)]
    present = [(description, slots) for description, slots in counters if slots]
    if not present:
        return b""
    data = struct.pack("<HH", TYPE_COUNTERS, len(present))
    for description, slots in present:
        data += struct.pack("<HH", description, slots) + b"\xff" * layout.unit * slots
    return data
