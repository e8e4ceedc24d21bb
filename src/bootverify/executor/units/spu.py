"""System protection unit of nRF5340 and nRF91: one register per flash region.

Documents: nRF5340 Product Specification, SPU; register files for FLASHREGION[n].PERM (bit 0 execute, 1 write, 2 read,
4 secure, 8 lock; reset 0x17).
"""

from dataclasses import dataclass, field

from bootverify.design.protection import Access, Attribution, FlashGuard

EXECUTE, WRITE, READ, SECURE, LOCK = 0x001, 0x002, 0x004, 0x010, 0x100
RESET_VALUE = SECURE | READ | WRITE | EXECUTE
_BITS = {Access.EXECUTE: EXECUTE, Access.WRITE: WRITE, Access.READ: READ}


@dataclass(slots=True)
class Spu:
    """The flash regions' registers; addresses count from `start`."""

    start: int
    granule: int
    count: int
    registers: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.registers = [RESET_VALUE] * self.count

    @classmethod
    def of(cls, guard: FlashGuard, start: int) -> "Spu":
        """The unit that `guard` describes, over memory from `start`."""
        return cls(start, guard.granule, guard.entries)

    def copy(self) -> "Spu":
        """The same registers in a unit of its own."""
        twin = Spu(self.start, self.granule, self.count)
        twin.registers = list(self.registers)
        return twin

    def reset(self) -> None:
        """Every reset of the core: all regions secure, all permissions, unlocked (0x17)."""
        self.registers = [RESET_VALUE] * self.count

    def permits(self, address: int, access: Access, initiator: Attribution) -> bool:
        """Whether `initiator` gets `access` at `address`, as the regions stand now."""
        register = self.registers[(address - self.start) // self.granule]
        if initiator is Attribution.NON_SECURE and register & SECURE:
            return False
        return bool(register & _BITS[access])

    def write_register(self, region: int, value: int) -> bool:
        """Store `value` in a region's register; whether it took effect.

        "LOCK: the register cannot be written until the next reset": a locked one ignores it.
        """
        if self.registers[region] & LOCK:
            return False
        self.registers[region] = value & (SECURE | READ | WRITE | EXECUTE | LOCK)
        return True

    def program(self, region: int, *, attribution: Attribution, permits: frozenset[Access], lock: bool) -> bool:
        """Set a region as software does; whether it took effect."""
        value = SECURE if attribution is Attribution.SECURE else 0
        for access in permits:
            value |= _BITS[access]
        return self.write_register(region, value | (LOCK if lock else 0))
