"""System protection unit of nRF5340 and nRF91: one register per region of flash and RAM, and what goes with them.

Documents: nRF5340 Product Specification, SPU; register files for the layout (EXTDOMAIN 0x440, DPPI 0x480, GPIOPORT
0x4C0, FLASHNSC 0x500, FLASHREGION 0x600, RAMREGION 0x700, PERIPHID 0x800) and for FLASHREGION[n].PERM and
RAMREGION[n].PERM (bit 0 execute, 1 write, 2 read, 4 secure, 8 lock; reset 0x17). soc.md 2.1.
"""

from copy import copy
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution, FlashGuard

EXECUTE, WRITE, READ, SECURE, DMA_SECURE, LOCK = 0x001, 0x002, 0x004, 0x010, 0x020, 0x100
RESET_VALUE = SECURE | READ | WRITE | EXECUTE
REGION_BITS = RESET_VALUE | LOCK
PERIPHERAL_BITS = SECURE | DMA_SECURE | LOCK
PERIPHERAL_RESET = SECURE  # "user selectable, secure": soc.md 2.1, PERIPHID
EXTDOMAIN_BITS = SECURE | LOCK
SIZE_BITS = 0x00F | LOCK
_BITS = {Access.EXECUTE: EXECUTE, Access.WRITE: WRITE, Access.READ: READ}

FLASHNSC, FLASHREGION, RAMREGION, PERIPHID = 0x500, 0x600, 0x700, 0x800  # byte offsets in the register file
NSC_LARGEST_CODE = 8  # FLASHNSC.SIZE: 1 is 32 bytes, 8 is 4096; 9 to 15 are reserved
ALL_PINS = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredWrite:
    """A register write that changed nothing though its value differs: locked, or nothing is there.

    `index` counts registers of `register`; for a hole of the register file (`UNIMPLEMENTED`) it is the byte offset.
    """

    register: str
    index: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A register of a table, and which bits of it stick."""

    table: list[int]
    index: int
    bits: int
    name: str


@dataclass(slots=True)
class Spu:
    """The registers; flash addresses count from `start`, RAM addresses from `ram_start`.

    `region_bits` is the width of FLASHNSC.REGION.REGION; `dppi_channels` and `ports` count what has a mask;
    `external` is the reset value of EXTDOMAIN[0].PERM without its read-only bits.
    """

    start: int
    granule: int
    count: int
    ram_start: int = 0x2000_0000
    ram_granule: int = 0x2000
    ram_count: int = 0
    peripheral_count: int = 0
    region_bits: int = 0x3F
    dppi_channels: int = 32
    ports: int = 2
    external_reset: int = 0
    registers: list[int] = field(init=False)
    ram: list[int] = field(init=False)
    peripherals: list[int] = field(init=False)
    nsc: list[int] = field(init=False)  # REGION, SIZE of entry 0, then of entry 1
    external: int = field(init=False)
    dppi: list[int] = field(init=False)  # PERM, LOCK
    gpio: list[list[int]] = field(init=False)  # PERM, LOCK of each port
    ignored: list[IgnoredWrite] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.reset()

    @classmethod
    def of(cls, guard: FlashGuard, start: int) -> "Spu":
        """The unit that `guard` describes, over memory from `start`."""
        return cls(start, guard.granule, guard.entries)

    def copy(self) -> "Spu":
        """The same registers in a unit of its own."""
        twin = copy(self)
        twin.registers, twin.ram, twin.peripherals = list(self.registers), list(self.ram), list(self.peripherals)
        twin.nsc, twin.dppi = list(self.nsc), list(self.dppi)
        twin.gpio, twin.ignored = [list(port) for port in self.gpio], list(self.ignored)
        return twin

    def reset(self) -> None:
        """Every reset of the core: all regions secure, all permissions, unlocked (0x17); no NSC, masks secure."""
        self.registers = [RESET_VALUE] * self.count
        self.ram = [RESET_VALUE] * self.ram_count
        self.peripherals = [PERIPHERAL_RESET] * self.peripheral_count
        self.nsc = [0, 0, 0, 0]
        self.external = self.external_reset
        self.dppi = [(1 << self.dppi_channels) - 1, 0]
        self.gpio = [[ALL_PINS, 0] for _ in range(self.ports)]
        self.ignored = []

    # ---- what an access gets

    def guards(self, address: int) -> bool:
        """Whether a flash or RAM region of this unit decides accesses at `address`."""
        return self._region(address) is not None

    def permits(self, address: int, access: Access, initiator: Attribution) -> bool:
        """Whether `initiator` gets `access` at `address`, which a region guards, as the regions stand now.

        A veneer region makes no difference here: it is entered by the CPU's own check of the SG instruction, after
        which the initiator is secure.
        """
        register = self._region(address)
        assert register is not None
        if initiator is Attribution.NON_SECURE and register & SECURE:
            return False
        return bool(register & _BITS[access])

    def attribution(self, address: int) -> Attribution:
        """The attribution of a guarded address."""
        register = self._region(address)
        assert register is not None
        return Attribution.SECURE if register & SECURE else Attribution.NON_SECURE

    def callable_range(self, entry: int = 0) -> tuple[int, int] | None:
        """Start and end of the veneers of FLASHNSC[entry]; None when disabled, reserved or in no secure region.

        "starts at the top address of the selected region and grows downward" (ps-nrf5340, SPU, flash NSC).
        """
        region, code = self.nsc[2 * entry] & ~LOCK, self.nsc[2 * entry + 1] & ~LOCK
        if not 1 <= code <= NSC_LARGEST_CODE or region >= self.count or not self.registers[region] & SECURE:
            return None
        end = self.start + (region + 1) * self.granule
        return end - (1 << (code + 4)), end

    def peripheral_attribution(self, peripheral: int) -> Attribution:
        """The attribution of the peripheral with this id (bits 17:12 of its address and above)."""
        return Attribution.SECURE if self.peripherals[peripheral] & SECURE else Attribution.NON_SECURE

    # ---- writes: "LOCK: the register cannot be written until the next reset", a locked one ignores it

    def write_register(self, region: int, value: int) -> bool:
        """Store `value` in a flash region's register; whether it took effect."""
        return self._store(self.registers, region, value, REGION_BITS, "FLASHREGION")

    def write_ram(self, region: int, value: int) -> bool:
        """Store `value` in a RAM region's register; whether it took effect."""
        return self._store(self.ram, region, value, REGION_BITS, "RAMREGION")

    def write_peripheral(self, peripheral: int, value: int) -> bool:
        """Store `value` in PERIPHID[peripheral].PERM, of which bits 4, 5 and 8 are writable."""
        return self._store(self.peripherals, peripheral, value, PERIPHERAL_BITS, "PERIPHID")

    def write_nsc(self, register: int, value: int) -> bool:
        """Store `value` in FLASHNSC: register 0 is REGION of entry 0, 1 its SIZE, 2 and 3 those of entry 1.

        REGION and SIZE have a LOCK each: locking one leaves the other open.
        """
        bits = SIZE_BITS if register % 2 else self.region_bits | LOCK
        return self._store(self.nsc, register, value, bits, "FLASHNSC")

    def write_external(self, value: int) -> bool:
        """Store `value` in EXTDOMAIN[0].PERM; whether it took effect."""
        if self.external & LOCK:
            return False
        self.external = self.external & ~EXTDOMAIN_BITS | value & EXTDOMAIN_BITS
        return True

    def write_dppi(self, mask: int, *, lock: bool) -> bool:
        """Set which DPPI channels are secure, then lock that; whether it took effect."""
        return _set_mask(self.dppi, mask & (1 << self.dppi_channels) - 1, lock=lock)

    def write_gpio(self, port: int, mask: int, *, lock: bool) -> bool:
        """Set which pins of a port are secure, then lock that; whether it took effect."""
        return _set_mask(self.gpio[port], mask & ALL_PINS, lock=lock)

    def read(self, offset: int) -> int:
        """The register at a byte offset of the region tables; 0 in a hole between them."""
        found = self._at(offset)
        return found.table[found.index] if found else 0

    def write(self, offset: int, value: int) -> bool:
        """Store `value` at a byte offset of the region tables, as a bus write does; whether it took effect.

        Software that counts regions past the end of a table reaches the next one this way (recorded); a hole
        between two tables swallows the write.
        """
        found = self._at(offset)
        if found:
            return self._store(found.table, found.index, value, found.bits, found.name)
        if offset < PERIPHID:
            self.ignored.append(IgnoredWrite(register="UNIMPLEMENTED", index=offset, value=value))
        return False

    def program(self, region: int, *, attribution: Attribution, permits: frozenset[Access], lock: bool) -> bool:
        """Set a flash region as software does; whether it took effect."""
        return self.write_register(region, setting(attribution=attribution, permits=permits, lock=lock))

    # ---- parts

    def _region(self, address: int) -> int | None:
        flash = (address - self.start) // self.granule
        if 0 <= flash < self.count:
            return self.registers[flash]
        ram = (address - self.ram_start) // self.ram_granule
        return self.ram[ram] if 0 <= ram < self.ram_count else None

    def _at(self, offset: int) -> _Place | None:
        for base, table, bits, name in (
            (FLASHREGION, self.registers, REGION_BITS, "FLASHREGION"),
            (RAMREGION, self.ram, REGION_BITS, "RAMREGION"),
            (PERIPHID, self.peripherals, PERIPHERAL_BITS, "PERIPHID"),
        ):
            index = (offset - base) // 4
            if 0 <= index < len(table):
                return _Place(table=table, index=index, bits=bits, name=name)
        return None

    def _store(self, table: list[int], index: int, value: int, bits: int, name: str) -> bool:
        if table[index] & LOCK:
            if value != table[index]:
                self.ignored.append(IgnoredWrite(register=name, index=index, value=value))
            return False
        table[index] = value & bits
        return True


def setting(*, attribution: Attribution, permits: frozenset[Access], lock: bool) -> int:
    """The value of a region's register."""
    value = SECURE if attribution is Attribution.SECURE else 0
    for access in permits:
        value |= _BITS[access]
    return value | (LOCK if lock else 0)


def _set_mask(pair: list[int], mask: int, *, lock: bool) -> bool:
    if pair[1]:
        return False
    pair[:] = [mask, int(lock)]
    return True
