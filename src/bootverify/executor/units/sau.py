"""Security attribution unit of the Cortex-M33 (present on nRF54L): regions through a window of registers.

Documents: Armv8-M Architecture Reference Manual, SAU (RNR, RBAR, RLAR; CTRL.ENABLE 0, CTRL.ALLNS 1); RLAR bit 0
enables, bit 1 makes the region non-secure callable, the limit is inclusive with 32-byte lines; soc.md 2.5 and 7.
"""

from copy import copy
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass

ENABLE, ALL_NON_SECURE = 0x1, 0x2
REGION_ENABLE, CALLABLE = 0x1, 0x2
LINE = 0x20
ADDRESS_BITS = 0xFFFF_FFE0


class SauAttribution(Enum):
    """What the SAU says of an address."""

    SECURE = "secure"
    CALLABLE = "non_secure_callable"
    NON_SECURE = "non_secure"


@dataclass(slots=True)
class Sau:
    """CTRL, the selected region and RBAR and RLAR of every region."""

    count: int = 4
    control: int = field(init=False)
    selected: int = field(init=False)
    base: list[int] = field(init=False)
    limit: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def copy(self) -> "Sau":
        """The same registers in a unit of its own."""
        twin = copy(self)
        twin.base, twin.limit = list(self.base), list(self.limit)
        return twin

    def reset(self) -> None:
        """Off: everything secure, all regions off."""
        self.control = self.selected = 0
        self.base, self.limit = [0] * self.count, [0] * self.count

    def attribution(self, address: int) -> SauAttribution:
        """What the SAU says of `address`; "overlapping SAU regions resolve to Secure" (soc.md 7)."""
        if not self.control & ENABLE:
            return SauAttribution.NON_SECURE if self.control & ALL_NON_SECURE else SauAttribution.SECURE
        hits = [i for i in range(self.count) if self.limit[i] & REGION_ENABLE and self._holds(i, address)]
        if len(hits) != 1:
            return SauAttribution.SECURE
        return SauAttribution.CALLABLE if self.limit[hits[0]] & CALLABLE else SauAttribution.NON_SECURE

    def range(self, region: int) -> tuple[int, int] | None:
        """Start and exclusive end of an enabled region."""
        if not self.limit[region] & REGION_ENABLE:
            return None
        return self.base[region], (self.limit[region] | LINE - 1) + 1

    def select(self, region: int) -> None:
        """Write RNR."""
        self.selected = region

    def write_base(self, value: int) -> None:
        """Write RBAR of the selected region: the lowest five bits are dropped."""
        self.base[self.selected] = value & ADDRESS_BITS

    def write_limit(self, value: int) -> None:
        """Write RLAR of the selected region: the last line of the region, and its two flags."""
        self.limit[self.selected] = value & (ADDRESS_BITS | CALLABLE | REGION_ENABLE)

    def write_control(self, value: int) -> None:
        """Write CTRL."""
        self.control = value & (ENABLE | ALL_NON_SECURE)

    def _holds(self, region: int, address: int) -> bool:
        return self.base[region] <= address <= self.limit[region] | LINE - 1
