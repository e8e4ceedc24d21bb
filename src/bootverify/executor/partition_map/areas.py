"""Views of a map that claims about it need: plain partitions, slots, and the areas that boot stages write-protect."""

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.source import Source
from bootverify.ranges import AddressRange

_BEHIND_ROOT = (Role.VARIANT_A, Role.VARIANT_B, Role.PRIMARY, Role.SECONDARY, Role.BOOTLOADER)
_CORES = ("cpuapp_", "cpurad_")  # one slot holds the images of several cores (devicetree of nRF54H)
_CONTENTS = (Role.PAD, Role.APPLICATION, Role.TFM, Role.BOOTLOADER)


@dataclass(frozen=True, slots=True, kw_only=True)
class BootArea:
    """What a boot stage is to lock; `next` is where the following slot starts, None without one.

    `root_alone`: for the first stage whether no second boot stage follows it, None for any other stage.
    """

    name: str
    own: AddressRange
    next: int | None
    sources: tuple[Source, ...]
    root_alone: bool | None = None


def leaves(design: Design) -> list[Partition]:
    """Partitions that consist of no others."""
    return [part for part in design.partitions if not part.members and part.range.size]


def of_role(design: Design, role: Role) -> list[Partition]:
    """The partitions with that role."""
    return [part for part in design.partitions if part.role is role]


def under(design: Design, part: Partition) -> set[str]:
    """The members of a span, and theirs."""
    found: set[str] = set()
    waiting = list(part.members)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += design.partition(name).members
    return found


def nested(outer: Partition, inner: Partition) -> bool:
    """Whether `inner` is what `outer` is there for, without being written as its member."""
    if outer.role not in {Role.PRIMARY, Role.SECONDARY, Role.VARIANT_A, Role.VARIANT_B} or not outer.range.covers(
        inner.range
    ):
        return False
    return inner.role in _CONTENTS or outer.name in inner.name or inner.name.startswith(_CORES)


def boot_areas(design: Design) -> list[BootArea]:
    """The first stage's own partition; the only or second stage from its first slot to its last.

    The vendor's MCUboot locks from its first slot up to the primary slot behind NSIB, else its own partition rounded
    up, in older releases up to the primary slot (ncs-boot 2.2).
    """
    found = []
    first = [part for part in of_role(design, Role.ROOT) if part.memory is MemoryKind.INTERNAL]
    variants = [*of_role(design, Role.VARIANT_A), *of_role(design, Role.VARIANT_B)]
    second = variants or [part for part in of_role(design, Role.BOOTLOADER) if part.memory is MemoryKind.INTERNAL]
    inside = [part for part in design.partitions if part.memory is MemoryKind.INTERNAL]
    starts = sorted(part.range.start for part in inside if part.role in _BEHIND_ROOT)
    for part in first:
        after = next((start for start in starts if start >= part.range.end), None)
        alone = not second
        found.append(BootArea(name=part.name, own=part.range, next=after, sources=(part.source,), root_alone=alone))
    if second:
        own = AddressRange(min(part.range.start for part in second), max(part.range.end for part in second))
        primary = [
            part for part in of_role(design, Role.PRIMARY) if part.memory is MemoryKind.INTERNAL and not part.number
        ]
        after = min((part.range.start for part in primary if part.range.start >= own.end), default=None)
        sources = (*(part.source for part in second), *(part.source for part in primary[:1]))
        found.append(BootArea(name=second[0].name, own=own, next=after, sources=sources))
    return found
