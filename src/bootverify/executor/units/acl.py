"""Access control lists of nRF52840, nRF52833 and of the nRF5340 network core: entries that can be written once.

Documents: nRF52840 Product Specification, ACL; register files for ACL[n].ADDR, SIZE, PERM (stride 0x10 from 0x800;
PERM bit 1 write, 2 read, where 1 blocks); the field report of soc.md 2.2 on what a reset of the other core leaves.
"""

from copy import copy
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution
from bootverify.executor.units.spu import IgnoredWrite

BLOCK_WRITE, BLOCK_READ = 0x2, 0x4
ADDRESS, SIZE, PERMISSION = 0, 1, 2
_NAMES = ("ADDR", "SIZE", "PERM")
_BITS = (0xFFFF_FFFF, 0xFFFF_FFFF, BLOCK_WRITE | BLOCK_READ)


@dataclass(slots=True)
class Acl:
    """The entries; `page` is the granule.

    `behind`: what software reads and writes when it counts past the last entry. The recording has plain memory there;
    what silicon has is not documented (open point), and no access is ever judged by it.
    """

    page: int
    count: int = 8
    entries: list[list[int]] = field(init=False)
    written: list[list[bool]] = field(init=False)
    behind: dict[tuple[int, int], int] = field(init=False)
    ignored: list[IgnoredWrite] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.reset()

    def copy(self) -> "Acl":
        """The same registers in a unit of its own."""
        twin = copy(self)
        twin.entries, twin.written = [list(e) for e in self.entries], [list(w) for w in self.written]
        twin.behind, twin.ignored = dict(self.behind), list(self.ignored)
        return twin

    def reset(self) -> None:
        """All entries empty and writable: "All ACL registers are cleared by any reset source" (PS, ACL)."""
        self.entries = [[0, 0, 0] for _ in range(self.count)]
        self.written = [[False] * 3 for _ in range(self.count)]
        self.behind = {}
        self.ignored = []

    def permits(self, address: int, access: Access, _initiator: Attribution = Attribution.SECURE) -> bool:
        """Whether `access` at `address` gets through; no initiator is exempt, and denials of entries add up.

        A blocked read blocks fetches too: "R only = neither execute nor read" (PS, ACL, PERM).
        """
        blocking = BLOCK_WRITE if access is Access.WRITE else BLOCK_READ
        return not any(
            permission & blocking and start <= address < start + size for start, size, permission in self.entries
        )

    def read(self, entry: int, register: int) -> int:
        """ADDR, SIZE or PERM (0, 1, 2) of an entry."""
        return self.entries[entry][register] if entry < self.count else self.behind.get((entry, register), 0)

    def write(self, entry: int, register: int, value: int) -> bool:
        """Store `value` in ADDR, SIZE or PERM (0, 1, 2) of an entry; whether it took effect.

        Each register accepts one write until reset. "Writing 0 to a bit" of PERM "has no effect", so a PERM of 0 does
        not use it up; an ADDR of 0 does in the recording, for silicon this is not documented.
        """
        if entry >= self.count:
            self.behind[entry, register] = value
            return True
        if self.written[entry][register]:
            if value != self.entries[entry][register]:
                self.ignored.append(IgnoredWrite(register=_NAMES[register], index=entry, value=value))
            return False
        self.entries[entry][register] = value & _BITS[register]
        self.written[entry][register] = register != PERMISSION or self.entries[entry][register] != 0
        return True

    def protect(self, entry: int, start: int, size: int, permission: int) -> bool:
        """Fill an entry in the order of the vendor's access layer: ADDR, SIZE, PERM; whether all took effect."""
        return all([self.write(entry, ADDRESS, start), self.write(entry, SIZE, size), self.write(entry, 2, permission)])
