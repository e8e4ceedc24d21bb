"""The trailer of a slot: what is asked for, how far a swap has come (MCUboot docs/design.md, "Image trailer").

From the end of the slot downwards: magic, image_ok, copy_done, swap_info, (swap-offset: sizes of the unprotected TLVs,)
swap_size, two image keys, then one entry for each step of a swap (bootutil_area.c, bootutil_public.c, bootutil_misc.c).
"""

from enum import Enum, IntEnum

from bootverify.dataclass import dataclass
from bootverify.executor.mcuboot.area import Area

MAGIC_SIZE = 16
KEY_SIZE = 16
FIELD = 8  # BOOT_MAX_ALIGN where nothing else is asked for
SET = 1
_MAGIC_REST = bytes.fromhex("2de15d29410b8d77679c110f1f8a")
_MAGIC_START = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")


def magic_for(max_align: int) -> bytes:
    """boot_img_magic: another one where fields are wider than 8 bytes, which then begins with that width."""
    return _MAGIC_START if max_align == FIELD else max_align.to_bytes(2, "little") + _MAGIC_REST


class Magic(Enum):
    """What the magic field holds."""

    GOOD = "good"
    BAD = "bad"
    UNSET = "unset"


class Flag(Enum):
    """What a one-byte flag says."""

    UNSET = "unset"
    SET = "set"
    BAD = "bad"


class SwapType(IntEnum):
    """What a boot is asked to do, and what came of it; the first four are the numbers in swap_info."""

    NONE = 1
    TEST = 2
    PERM = 3
    REVERT = 4
    FAIL = 5
    PANIC = 0xFF

    @property
    def upgrades(self) -> bool:
        """BOOT_IS_UPGRADE: the images change places."""
        return self in {SwapType.TEST, SwapType.PERM, SwapType.REVERT}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailerLayout:
    """Geometry that is fixed by the build; sizes in bytes.

    `entries`: BOOT_STATUS_MAX_ENTRIES, the number of sectors it is built for; `states`: steps for each of them.
    `saved_key`: what a swap keeps of one image key: nothing, the key, or its TLV. `swap_offset`: the build swaps using
    offset, whose trailer has one field more. `magic` as written.
    """

    entries: int
    states: int = 3
    max_align: int = 8
    saved_key: int = 0
    swap_offset: bool = False
    magic: bytes = _MAGIC_START

    @property
    def key_slot(self) -> int:
        """Space for one saved key."""
        return _up(self.saved_key, self.max_align)

    @property
    def info_size(self) -> int:
        """boot_trailer_info_sz: all but the progress entries."""
        fields = 4 + self.swap_offset
        return 2 * self.key_slot + fields * self.max_align + _up(MAGIC_SIZE, self.max_align)

    def size(self, write: int) -> int:
        """boot_trailer_sz, with entries of `write` bytes."""
        return self.entries * self.states * write + self.info_size

    def scratch_size(self, write: int) -> int:
        """boot_scratch_trailer_sz: room for the steps of one entry."""
        return self.states * write + self.info_size


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapState:
    """boot_read_swap_state: a trailer as far as it decides anything; `swap_type` is the number as it stands there."""

    magic: Magic
    swap_type: int
    image: int
    copy_done: Flag
    image_ok: Flag


@dataclass(frozen=True, slots=True)
class Trailer:
    """The trailer of one area; `scratch`: the shorter one of the scratch area."""

    area: Area
    layout: TrailerLayout
    scratch: bool = False

    @property
    def size(self) -> int:
        """In bytes, from the first progress entry to the end of the area."""
        write = self.area.align
        return self.layout.scratch_size(write) if self.scratch else self.layout.size(write)

    @property
    def status_offset(self) -> int:
        """boot_status_off: where the progress entries begin."""
        return self.area.size - self.size

    @property
    def status_entries(self) -> int:
        """boot_status_entries."""
        return self.layout.states * (1 if self.scratch else self.layout.entries)

    @property
    def magic_offset(self) -> int:
        """The magic ends the area."""
        return self.area.size - MAGIC_SIZE

    @property
    def image_ok_offset(self) -> int:
        """boot_image_ok_off."""
        unit = self.layout.max_align
        return (self.magic_offset - unit) // unit * unit

    @property
    def copy_done_offset(self) -> int:
        """boot_copy_done_off."""
        return self.image_ok_offset - self.layout.max_align

    @property
    def swap_info_offset(self) -> int:
        """boot_swap_info_off."""
        return self.copy_done_offset - self.layout.max_align

    @property
    def tlv_sizes_offset(self) -> int:
        """boot_unprotected_tlv_sizes_off."""
        return self.swap_info_offset - self.layout.max_align

    @property
    def swap_size_offset(self) -> int:
        """boot_swap_size_off."""
        return self.swap_info_offset - (1 + self.layout.swap_offset) * self.layout.max_align

    def key_offset(self, slot: int) -> int:
        """boot_enc_key_off."""
        return self.swap_size_offset - (slot + 1) * self.layout.key_slot

    # -- reading

    def read(self) -> SwapState:
        """What it says now. A swap_info that is erased or names no type counts as none, of image 0."""
        info = self._byte(self.swap_info_offset)
        named = info != 0xFF and info & 0x0F <= SwapType.REVERT
        return SwapState(
            magic=self.magic(),
            swap_type=info & 0x0F if named else SwapType.NONE,
            image=info >> 4 if named else 0,
            copy_done=self.flag(self.copy_done_offset),
            image_ok=self.flag(self.image_ok_offset),
        )

    def magic(self) -> Magic:
        """Whether the magic is there."""
        found = self._bytes(self.magic_offset, MAGIC_SIZE)
        if found == self.layout.magic:
            return Magic.GOOD
        return Magic.UNSET if found == b"\xff" * MAGIC_SIZE else Magic.BAD

    def flag(self, offset: int) -> Flag:
        """The flag at that offset of the area."""
        byte = self._byte(offset)
        return Flag.UNSET if byte == 0xFF else Flag.SET if byte == SET else Flag.BAD

    def swap_info(self) -> int:
        """The swap type as a resumed boot takes it: the low half of swap_info, whatever it says."""
        info = self._byte(self.swap_info_offset)
        return SwapType.NONE if info == 0xFF else info & 0x0F

    def swap_size(self) -> int:
        """The number of bytes being swapped."""
        return int.from_bytes(self._bytes(self.swap_size_offset, 4), "little")

    def tlv_sizes(self) -> tuple[int, int]:
        """The sizes of the unprotected TLVs of both images."""
        both = self._bytes(self.tlv_sizes_offset, 4)
        return int.from_bytes(both[:2], "little"), int.from_bytes(both[2:], "little")

    def saved_key(self, slot: int) -> bytes:
        """What a swap keeps of the image key of `slot`."""
        return self._bytes(self.key_offset(slot), self.layout.saved_key)

    def status(self, unit: int) -> bytes | None:
        """The first byte of each progress entry, entries being `unit` bytes apart; None when the last is outside."""
        entries = self.status_entries
        found = self.area.read(self.status_offset, (entries - 1) * unit + 1) if entries else b""
        return None if found is None else found[::unit]

    # -- writing: one operation each; False when the flash layer refuses

    def write_magic(self) -> bool:
        """boot_write_magic: padded in front to the largest write unit."""
        padded = self.layout.magic.rjust(_up(MAGIC_SIZE, self.layout.max_align), b"\xff")
        return self.area.write(self.area.size - len(padded), padded)

    def write_image_ok(self) -> bool:
        """boot_write_image_ok."""
        return self._write(self.image_ok_offset, bytes([SET]))

    def write_copy_done(self) -> bool:
        """boot_write_copy_done."""
        return self._write(self.copy_done_offset, bytes([SET]))

    def write_swap_info(self, kind: int, image: int) -> bool:
        """boot_write_swap_info."""
        return self._write(self.swap_info_offset, bytes([(image & 0x0F) << 4 | kind & 0x0F]))

    def write_swap_size(self, size: int) -> bool:
        """boot_write_swap_size."""
        return self._write(self.swap_size_offset, size.to_bytes(4, "little"))

    def write_tlv_sizes(self, primary: int, secondary: int) -> bool:
        """boot_write_unprotected_tlv_sizes."""
        return self._write(self.tlv_sizes_offset, primary.to_bytes(2, "little") + secondary.to_bytes(2, "little"))

    def write_saved_key(self, slot: int, value: bytes) -> bool:
        """boot_write_enc_key."""
        return self.area.write(self.key_offset(slot), value.ljust(self.layout.key_slot, b"\xff"))

    def write_status(self, entry: int, unit: int, state: int) -> bool:
        """boot_write_status: note in progress entry `entry` that its step is done."""
        return self.area.write(self.status_offset + entry * unit, bytes([state]).ljust(self.area.align, b"\xff"))

    def scramble(self, write: int) -> bool:
        """swap_scramble_trailer_sectors: erase the sectors that hold it, the last one first."""
        reach = self.layout.size(max(write, self.area.align))
        start = (self.area.size - reach) // self.area.sector_size * self.area.sector_size
        return self.area.erase(start, self.area.size - start, backwards=True)

    def _write(self, offset: int, value: bytes) -> bool:
        """boot_write_trailer: padded behind to the write unit."""
        length = _up(len(value), self.area.align)
        return length <= self.layout.max_align and self.area.write(offset, value.ljust(length, b"\xff"))

    def _byte(self, offset: int) -> int:
        return self._bytes(offset, 1)[0]

    def _bytes(self, offset: int, length: int) -> bytes:
        found = self.area.read(offset, length)
        assert found is not None, "an area is larger than its trailer"
        return found


def requested_swap(primary: SwapState, secondary: SwapState, *, swap_offset: bool = False) -> SwapType:
    """boot_swap_type_multi: what the trailers alone ask for (bootutil_public.c, boot_swap_tables)."""
    if swap_offset and secondary.magic is Magic.GOOD and secondary.image_ok is Flag.UNSET:
        # A revert that was begun keeps its record there too (fixup_revert).
        return SwapType.REVERT if secondary.copy_done is Flag.SET else SwapType.TEST
    if secondary.magic is Magic.GOOD and secondary.image_ok is Flag.UNSET:
        return SwapType.TEST
    if secondary.magic is Magic.GOOD and secondary.image_ok is Flag.SET:
        return SwapType.PERM
    tried = primary.magic is Magic.GOOD and primary.copy_done is Flag.SET
    if tried and primary.image_ok is Flag.UNSET:
        return SwapType.REVERT
    return SwapType.NONE


def _up(value: int, unit: int) -> int:
    return -(-value // unit) * unit
