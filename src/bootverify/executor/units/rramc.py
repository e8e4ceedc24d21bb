"""Regions of the RRAM controller (nRF54L): who may read, write, execute a range, and what a lock still lets change.

Documents: nRF54L15 Product Specification, RRAMC, region protection; register file for REGION[n].CONFIG (READ 0,
WRITE 1, EXECUTE 2, SECURE 3, OWNER 7:4, WRITEONCE 12, LOCK 13, SIZE from 16, in KiB); soc.md 2.4.
"""

from copy import copy
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution

READ, WRITE, EXECUTE, SECURE = 0x1, 0x2, 0x4, 0x8
PERMISSIONS = READ | WRITE | EXECUTE | SECURE
OWNER, WRITEONCE, LOCK = 0xF0, 0x1000, 0x2000
SIZE_SHIFT = 16
UNIT = 0x400
RESET_VALUE = PERMISSIONS
BOOT_REGION, FREE_REGION = 3, 4
NO_BOOTCONF = 0xFFFF_FFFF
_BITS = {Access.EXECUTE: EXECUTE, Access.WRITE: WRITE, Access.READ: READ}


@dataclass(slots=True)
class Rramc:
    """Regions 3 (starts at 0, the boot region) and 4 (anywhere); `size_bits` is the width of the SIZE field.

    `secure_clears`: SECURE can still be cleared after LOCK. The chapter of nRF54L15 says so, the register page of
    nRF54LM20 names READ, WRITE and EXECUTE only (soc.md 2.4, open point 6).
    """

    size_bits: int = 5
    secure_clears: bool = True
    address: dict[int, int] = field(init=False)
    config: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def copy(self) -> "Rramc":
        """The same registers in a unit of its own."""
        twin = copy(self)
        twin.address, twin.config = dict(self.address), dict(self.config)
        return twin

    def reset(self, bootconf: int = NO_BOOTCONF) -> None:
        """Every device reset: regions empty and open, then region 3 as UICR.BOOTCONF says.

        "copied into region 3 at every device reset before the CPU leaves reset"; all ones mean no region.
        """
        self.address = {BOOT_REGION: 0, FREE_REGION: 0}
        self.config = {BOOT_REGION: RESET_VALUE, FREE_REGION: RESET_VALUE}
        if bootconf != NO_BOOTCONF:
            self.config[BOOT_REGION] = bootconf & self.writable_bits

    @property
    def size_field(self) -> int:
        """The mask of SIZE."""
        return ((1 << self.size_bits) - 1) << SIZE_SHIFT

    @property
    def largest(self) -> int:
        """Bytes that one region can hold at most."""
        return ((1 << self.size_bits) - 1) * UNIT

    @property
    def writable_bits(self) -> int:
        """The defined bits of CONFIG."""
        return PERMISSIONS | OWNER | WRITEONCE | LOCK | self.size_field

    def range(self, region: int) -> tuple[int, int]:
        """Start and end of a region; empty when its size is 0."""
        start = self.address[region]
        return start, start + ((self.config[region] & self.size_field) >> SIZE_SHIFT) * UNIT

    def permits(self, address: int, access: Access, initiator: Attribution) -> bool:
        """Whether `initiator` gets `access` at `address`; where no region lies nothing is refused, refusals add up.

        A WRITEONCE region lets a word be written while it still is 0xFFFFFFFF: see `write_once`.
        """
        for region, config in self.config.items():
            start, end = self.range(region)
            if not start <= address < end:
                continue
            if not config & _BITS[access] or (config & SECURE and initiator is Attribution.NON_SECURE):
                return False
        return True

    def write_once(self, address: int) -> bool:
        """Whether a word at `address` can be written only while it is erased."""
        spans = ((config, *self.range(region)) for region, config in self.config.items())
        return any(config & WRITEONCE and start <= address < end for config, start, end in spans)

    def write_address(self, region: int, value: int) -> bool:
        """Store the start of a region; whether it took effect. Region 3 starts at 0; a locked one ignores it."""
        if region == BOOT_REGION or self.config[region] & LOCK:
            return False
        self.address[region] = value
        return True

    def write_config(self, region: int, value: int) -> bool:
        """Store CONFIG of a region; whether all of it took effect.

        After LOCK the register is frozen "except that READ, WRITE, EXECUTE and SECURE may still be written from 1
        to 0" (ps-nrf54l15, RRAMC): less access, but with SECURE also more initiators.
        """
        old = self.config[region]
        if not old & LOCK:
            self.config[region] = value & self.writable_bits
            return True
        clearable = PERMISSIONS if self.secure_clears else PERMISSIONS & ~SECURE
        self.config[region] = old & (value | ~clearable)
        return self.config[region] == value & self.writable_bits
