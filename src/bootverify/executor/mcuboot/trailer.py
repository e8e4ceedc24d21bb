"""The trailer of a slot: what is asked for, how far a swap has come (MCUboot docs/design.md, "Image trailer").

From the end of the slot downwards: magic, image_ok, copy_done, swap_info, swap_size, two image keys, then one entry for
each step of a swap. Fields stand in units of `UNIT` bytes (BOOT_MAX_ALIGN 8).
"""

from dataclasses import dataclass
from enum import Enum

from bootverify.executor.flash import Flash
from bootverify.ranges import AddressRange

MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
UNIT = 8
KEY = 16
IMAGE_OK, COPY_DONE, SWAP_INFO, SWAP_SIZE = (16 + UNIT * n for n in range(1, 5))  # distances from the slot's end
KEYS = SWAP_SIZE + 2 * KEY
SET = b"\x01"


class Flag(Enum):
    """What a one-byte flag says."""

    UNSET = "unset"
    SET = "set"
    BAD = "bad"


class SwapType(Enum):
    """What a boot is asked to do; the numbers are those of swap_info."""

    NONE = 1
    TEST = 2
    PERM = 3
    REVERT = 4


@dataclass(frozen=True, slots=True)
class Trailer:
    """The trailer of one slot."""

    flash: Flash
    slot: AddressRange

    @property
    def good(self) -> bool:
        """Whether the magic is there."""
        return self.flash.read(self.slot.end - 16, 16) == MAGIC

    def flag(self, distance: int) -> Flag:
        """The flag at that distance from the slot's end."""
        byte = self.flash.read(self.slot.end - distance, 1)
        return Flag.UNSET if byte == b"\xff" else Flag.SET if byte == SET else Flag.BAD

    def set_flag(self, distance: int) -> None:
        """Program the flag."""
        self._write(self.slot.end - distance, SET)

    @property
    def swap_info(self) -> SwapType:
        """The kind of the swap under way; NONE when it says nothing sensible."""
        value = self.flash.read(self.slot.end - SWAP_INFO, 1)[0] & 0x0F
        return SwapType(value) if value in {each.value for each in SwapType} else SwapType.NONE

    @property
    def swap_size(self) -> int:
        """The number of bytes being swapped."""
        return int.from_bytes(self.flash.read(self.slot.end - SWAP_SIZE, 4), "little")

    def image_key(self, number: int) -> bytes | None:
        """The image key of slot `number` as the swap keeps it; None when none is kept."""
        key = self.flash.read(self.slot.end - KEYS + number * KEY, KEY)
        return None if key == b"\xff" * KEY else key

    def begin(self, kind: SwapType, size: int, keys: tuple[bytes | None, bytes | None]) -> None:
        """Write what a resumed boot needs, the magic last."""
        for number, key in enumerate(keys):
            if key is not None:
                self._write(self.slot.end - KEYS + number * KEY, key)
        self._write(self.slot.end - SWAP_SIZE, size.to_bytes(4, "little"))
        self._write(self.slot.end - SWAP_INFO, bytes([kind.value]))
        self.write_magic()

    def write_magic(self) -> None:
        """Program the magic."""
        self._write(self.slot.end - 16, MAGIC)

    def erase(self, reach: int) -> None:
        """Erase the pages in which the last `reach` bytes of the slot lie."""
        page = self.flash.page
        start = (self.slot.end - reach) // page * page
        for at in range(start, self.slot.end, page):
            self.flash.erase(at, page)

    def progress(self, most: int) -> int:
        """The number of steps of a swap that were done."""
        for step in range(most):
            if self.flash.read(self._entry(step), 1) == b"\xff":
                return step
        return most

    def note_step(self, step: int) -> None:
        """Record that step number `step` is done."""
        self._write(self._entry(step), SET)

    def _entry(self, step: int) -> int:
        return self.slot.end - KEYS - UNIT * (step + 1)

    def _write(self, address: int, value: bytes) -> None:
        self.flash.write(address, value.ljust(-(-len(value) // self.flash.align) * self.flash.align, b"\xff"))


def swap_type(primary: Trailer, secondary: Trailer) -> SwapType:
    """What the two trailers ask for (MCUboot docs/design.md, "Swap info"; bootutil_public.c, boot_swap_tables)."""
    if secondary.good and secondary.flag(IMAGE_OK) is Flag.UNSET:
        return SwapType.TEST
    if secondary.good and secondary.flag(IMAGE_OK) is Flag.SET:
        return SwapType.PERM
    tried = primary.good and primary.flag(COPY_DONE) is Flag.SET
    if tried and primary.flag(IMAGE_OK) is Flag.UNSET and not secondary.good:
        return SwapType.REVERT
    return SwapType.NONE


def interrupted(primary: Trailer) -> bool:
    """Whether a swap was begun and not finished: its magic stands, its copy_done does not."""
    return primary.good and primary.flag(COPY_DONE) is Flag.UNSET and primary.swap_info is not SwapType.NONE
