"""A flash area as bootutil sees it: offsets from its start, sectors of one size, calls that can fail.

A call that the flash layer refuses (outside the area, or misaligned) has no effect and says so; PowerLost passes.
"""

from collections.abc import Iterator

from bootverify.dataclass import dataclass
from bootverify.executor.flash import AccessRefused, Flash


@dataclass(frozen=True, slots=True)
class Area:
    """A window of `size` bytes on a flash, from device address `start`; offsets count from there."""

    flash: Flash
    start: int
    size: int

    @property
    def sector_size(self) -> int:
        """The erase unit in bytes; all sectors of an area have one size."""
        return self.flash.page

    @property
    def sectors(self) -> int:
        """The number of sectors."""
        return self.size // self.flash.page

    @property
    def align(self) -> int:
        """The write unit in bytes."""
        return self.flash.align

    def read(self, offset: int, length: int) -> bytes | None:
        """The bytes there (flash_area_read); None when refused."""
        if not self.holds(offset, length):
            self.flash.power.refused += 1
            return None
        self._accessed()
        return self.flash.read(self.start + offset, length)

    def view(self, offset: int, length: int) -> memoryview | None:
        """As `read`, without a copy: it changes with the flash."""
        if not self.holds(offset, length):
            self.flash.power.refused += 1
            return None
        self._accessed()
        return self.flash.view(self.start + offset, length)

    def holds(self, offset: int, length: int) -> bool:
        """Whether the span lies in the area."""
        return offset >= 0 and offset + length <= self.size

    def write(self, offset: int, value: bytes, operations: int = 1) -> bool:
        """Program (flash_area_write); False when refused. `operations`: as many calls that nobody disturbs."""
        inside = self.holds(offset, len(value))
        self._accessed()
        try:
            if inside:
                self.flash.write(self.start + offset, value, operations)
        except AccessRefused:
            inside = False
        self.flash.power.refused += not inside
        return inside

    def erase(self, offset: int, length: int, *, backwards: bool = False) -> bool:
        """Erase the sectors that the span touches, one operation each (boot_erase_region); False when refused.

        `backwards`: from the last sector to the first, so that a trailer is gone before anything else.
        """
        if offset < 0 or offset >= self.size or self.size - offset < length:
            return False
        starts = list(self._sectors_of(offset, length))
        try:
            for at in reversed(starts) if backwards else starts:
                self._accessed()
                self.flash.erase(self.start + at, self.sector_size)
        except AccessRefused:
            self.flash.power.refused += 1
            return False
        return True

    def _accessed(self) -> None:
        if self.flash.watch is not None:
            self.flash.watch(self.start)

    def scramble(self) -> bool:
        """Erase all of it from the front (boot_scramble_slot)."""
        return self.erase(0, self.size)

    def _sectors_of(self, offset: int, length: int) -> Iterator[int]:
        first = offset // self.sector_size * self.sector_size
        last = max(offset + length - 1, offset) // self.sector_size * self.sector_size
        yield from range(first, last + 1, self.sector_size)
