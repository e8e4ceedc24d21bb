"""Half-open address ranges and sizes: the arithmetic of partition maps.

>>> AddressRange(0x8000, 0xC000).size == parse_size("16K")
True
"""

import re

from bootverify.dataclass import dataclass

SIZE = r"^\s*(0[xX][0-9a-fA-F]+|\d+)\s*([kKmM])?(i?[bB])?\s*$"  # what `parse_size` takes, as a regular expression
_SIZE = re.compile(SIZE)
_UNIT = {"k": 1024, "m": 1024 * 1024}


@dataclass(frozen=True, slots=True, order=True)
class AddressRange:
    """The bytes from `start` up to, not including, `end`; never negative, possibly empty.

    INVARIANT: 0 <= start <= end.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"no range runs from {self.start:#x} to {self.end:#x}")

    @classmethod
    def sized(cls, start: int, size: int) -> "AddressRange":
        """The range of `size` bytes from `start`."""
        return cls(start, start + size)

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.end - self.start

    def __contains__(self, address: object) -> bool:
        return isinstance(address, int) and self.start <= address < self.end

    def covers(self, other: "AddressRange") -> bool:
        """Whether every byte of `other` lies inside."""
        return other.size == 0 or (self.start <= other.start and other.end <= self.end)

    def overlaps(self, other: "AddressRange") -> bool:
        """Whether some byte lies in both.

        >>> AddressRange(0, 4).overlaps(AddressRange(4, 8))
        False
        """
        return max(self.start, other.start) < min(self.end, other.end)

    def intersection(self, other: "AddressRange") -> "AddressRange | None":
        """The bytes that lie in both; None when there are none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return AddressRange(start, end) if start < end else None

    def rounded_out(self, granule: int) -> "AddressRange":
        """The smallest range of whole granules that covers this one."""
        return AddressRange(self.start // granule * granule, -(-self.end // granule) * granule)

    def aligned(self, granule: int) -> bool:
        """Whether both ends are multiples of `granule`."""
        return self.start % granule == 0 and self.end % granule == 0

    def __str__(self) -> str:
        return f"{self.start:#x}-{self.end:#x}"


def parse_size(text: str) -> int:
    """The number of bytes that `32K`, `0x8000`, `1 MiB` or `512` means.

    Raises:
        ValueError: the text is none of these forms.

    >>> parse_size("32K"), parse_size("0x200"), parse_size("1 MiB")
    (32768, 512, 1048576)
    """
    match = _SIZE.match(text)
    if match is None:
        raise ValueError(f"`{text}` is not a size such as 32K or 0x8000")
    return int(match[1], 0) * _UNIT.get((match[2] or "").lower(), 1)
