"""Memory privilege controller of nRF54L: overrides that open parts of a memory that is secure at reset.

Documents: nRF54L15 Product Specification, MPC, override matching; register file for OVERRIDE[n] (CONFIG with LOCK 8
and ENABLE 9; STARTADDR, ENDADDR; PERM and PERMMASK with READ 0, WRITE 1, EXECUTE 2, SECATTR 3); soc.md 2.5.
"""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution

LOCK, ENABLE = 0x100, 0x200
READ, WRITE, EXECUTE, SECURE = 0x1, 0x2, 0x4, 0x8
ADDRESS_BITS = 0xFFFF_F000
PERMISSION_BITS = READ | WRITE | EXECUTE | SECURE
_BITS = {Access.EXECUTE: EXECUTE, Access.WRITE: WRITE, Access.READ: READ}


@dataclass(slots=True)
class Override:
    """The registers of one override; `end` is exclusive, as TF-M uses it."""

    config: int = 0
    start: int = 0
    end: int = 0
    permission: int = 0
    mask: int = 0

    def copy(self) -> "Override":
        """The same registers in an override of its own."""
        return Override(self.config, self.start, self.end, self.permission, self.mask)


@dataclass(slots=True)
class Mpc:
    """The overrides, counted from 0; the last ones may belong to hardware (soc.md 2.5)."""

    count: int = 7
    overrides: list[Override] = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def copy(self) -> "Mpc":
        """The same registers in a unit of its own."""
        twin = Mpc(self.count)
        twin.overrides = [override.copy() for override in self.overrides]
        return twin

    def reset(self) -> None:
        """All overrides off and unlocked: "after reset all RAM and NVM are secure"."""
        self.overrides = [Override() for _ in range(self.count)]

    def attribution(self, address: int) -> Attribution:
        """The attribution of `address`: non-secure only where an override says so; in overlaps secure wins."""
        permission, mask = self._matching(address)
        non_secure = mask & SECURE and not permission & SECURE
        return Attribution.NON_SECURE if non_secure else Attribution.SECURE

    def permits(self, address: int, access: Access, initiator: Attribution) -> bool:
        """Whether `initiator` gets `access` at `address`.

        Overlapping overrides are or-ed, PERM and PERMMASK alike: none takes away what another grants.
        """
        permission, mask = self._matching(address)
        if initiator is Attribution.NON_SECURE and self.attribution(address) is Attribution.SECURE:
            return False
        return not mask & _BITS[access] or bool(permission & _BITS[access])

    def locked(self, index: int) -> bool:
        """Whether an override is frozen until reset."""
        return bool(self.overrides[index].config & LOCK)

    def write_start(self, index: int, value: int) -> bool:
        """Store STARTADDR, of which bits 31:12 stick; whether it took effect."""
        if self.locked(index):
            return False
        self.overrides[index].start = value & ADDRESS_BITS
        return True

    def write_end(self, index: int, value: int) -> bool:
        """Store ENDADDR, of which bits 31:12 stick; whether it took effect."""
        if self.locked(index):
            return False
        self.overrides[index].end = value & ADDRESS_BITS
        return True

    def write_permission(self, index: int, value: int) -> bool:
        """Store PERM; whether it took effect."""
        if self.locked(index):
            return False
        self.overrides[index].permission = value & PERMISSION_BITS
        return True

    def write_mask(self, index: int, value: int) -> bool:
        """Store PERMMASK; whether it took effect."""
        if self.locked(index):
            return False
        self.overrides[index].mask = value & PERMISSION_BITS
        return True

    def write_config(self, index: int, value: int) -> bool:
        """Store CONFIG; whether it took effect. LOCK freezes all registers of the override until reset."""
        if self.locked(index):
            return False
        self.overrides[index].config = value & (LOCK | ENABLE)
        return True

    def _matching(self, address: int) -> tuple[int, int]:
        permission = mask = 0
        for override in self.overrides:
            if override.config & ENABLE and override.start <= address < override.end:
                permission |= override.permission
                mask |= override.mask
        return permission, mask
