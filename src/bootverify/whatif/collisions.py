"""Which values of a partition's address or size lay it over a neighbour: in closed form, nothing is asked.

Only pairs that no rule lets share a byte (docs/SEMANTICS.md, `disjoint`). For all others there is nothing here, and a
check decides.
"""

from bisect import bisect_right
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.executor.partition_map.areas import nested
from bootverify.ranges import AddressRange

LASTING = (MemoryKind.INTERNAL, MemoryKind.EXTERNAL, MemoryKind.UICR, MemoryKind.NETWORK)
SLOTS = (Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A, Role.VARIANT_B, Role.PRIMARY, Role.SECONDARY, Role.SCRATCH)
UNOWNED = (Role.REST, Role.AREA)  # names for what others own or leave


@dataclass(frozen=True, slots=True)
class Collisions:
    """Neighbours in order, each with its open interval of refused values; empty when nothing can be said."""

    starts: tuple[int, ...] = ()
    intervals: tuple[tuple[int, int, Partition], ...] = ()

    @classmethod
    def of(cls, design: Design, path: str) -> "Collisions":
        """The refused values of `partitions.NAME.at` or `.size`; nothing for any other fact."""
        section, _, rest = path.partition(".")
        name, _, field = rest.rpartition(".")
        part = next((each for each in design.partitions if each.name == name), None)
        if section != "partitions" or part is None or field not in {"at", "size"}:
            return cls()
        start, size = part.range.start, part.range.size
        found = []
        for other in design.partitions:
            if other.name == name or not other.range.size or not apart(part, other):
                continue
            if part.range.overlaps(other.range):
                return cls()  # it is so already: then an overlap is nothing new
            if field == "at" and size:
                found.append((other.range.start - size, other.range.end, other))
            elif field == "size" and other.range.start >= start:
                found.append((other.range.start - start, 1 << 64, other))
        found.sort(key=lambda each: (each[0], each[1]))
        return cls(starts=tuple(each[0] for each in found), intervals=tuple(found))

    def at(self, value: int) -> str:
        """Which neighbour it lies over with that value; empty when none of those that count."""
        for i in range(bisect_right(self.starts, value - 1) - 1, -1, -1):
            low, high, other = self.intervals[i]
            if low < value < high:
                return f"map-no-overlap of partition map: over `{other.name}` ({other.range}, {other.source})"
        return ""


def apart(one: Partition, other: Partition) -> bool:
    """Whether no rule lets the two share a byte, wherever they lie."""
    for part in (one, other):
        if part.role in UNOWNED or part.memory not in LASTING or (part.members and part.role not in SLOTS):
            return False
    if (one.members and not _slots_apart(one, other)) or (other.members and not _slots_apart(other, one)):
        return False
    if one.memory is not other.memory or one.role is other.role is Role.SECONDARY:
        return False
    return not (nested(_everywhere(one), other) or nested(_everywhere(other), one))


def _slots_apart(slot: Partition, other: Partition) -> bool:
    return other.role in SLOTS and other.name not in slot.members


def _everywhere(part: Partition) -> Partition:
    return replace(part, range=AddressRange(0, 1 << 64))
