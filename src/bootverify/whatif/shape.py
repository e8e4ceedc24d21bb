"""A design with every address replaced by its place among the others: equal shapes are told apart by no rule.

What units, boot stages and claims ask of addresses is which comes first, which are equal, which granule holds them, and
whether a size is one of a few; never how far apart two are. So designs of one shape have the same answers. `whatif`
judges the first and the last member of a shape all the same, and the ends of what it reports once more.
"""

from collections.abc import Iterator

from bootverify.design.boot import Protect, SetUpTrustZone
from bootverify.design.design import Design
from bootverify.design.keys import InImage
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.protection import Span
from bootverify.ranges import AddressRange

KEY_SIZE = 32
SLOTS = (Role.PRIMARY, Role.SECONDARY, Role.VARIANT_A, Role.VARIANT_B)
BOOT = (Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A, Role.VARIANT_B)
Edge = tuple[str, int]  # a memory, and an address in it


def shape(design: Design) -> tuple[object, ...]:
    """The order type of all addresses at all granules, and the comparisons of sizes that some rule makes."""
    edges = list(_edges(design))
    granules = sorted({design.soc.page, design.soc.guard.granule, *_attribution(design)})
    points: dict[str, set[int]] = {}
    for memory, at in edges:
        points.setdefault(memory, set()).update((at, *(each for g in granules for each in _rounded(at, g))))
    ranks = {memory: {at: rank for rank, at in enumerate(sorted(found))} for memory, found in points.items()}
    order = tuple(
        (ranks[memory][at], *(ranks[memory][each] for g in granules for each in _rounded(at, g)))
        for memory, at in edges
    )
    return order, tuple(_sizes(design)), tuple(point.name for point in design.open_points)


def _attribution(design: Design) -> tuple[int, ...]:
    return () if design.soc.attribution is None else (design.soc.attribution.granule,)


def _rounded(at: int, granule: int) -> tuple[int, int]:
    return at // granule * granule, -(-at // granule) * granule


def _edges(design: Design) -> Iterator[Edge]:
    """Every address that the design or its SoC names, and those that rules derive from them."""
    inside = MemoryKind.INTERNAL.value
    for part in (*design.partitions, *design.planned):
        where = part.memory.value
        yield from _ends(where, part.range)
        yield where, max(part.range.start, part.range.end - design.soc.page)
        yield where, -1 if part.written_end is None else part.written_end
    for memory in design.memories:
        yield from _ends(memory.kind.value, memory.range)
    soc = design.soc
    yield from _ends(inside, soc.flash)
    yield inside, soc.flash.start + soc.guard.entries * soc.guard.granule
    yield from _ends(MemoryKind.UICR.value, soc.uicr)
    yield from _ends(MemoryKind.SRAM.value, soc.ram)
    if design.lifecycle.boot_region is not None:
        yield from _ends(inside, design.lifecycle.boot_region)
    for artifact in design.artifacts:
        if artifact.at is not None:
            for end in (artifact.at, artifact.at + artifact.size, artifact.at + artifact.size + soc.page):
                yield inside, end
    for span in _spans(design):
        yield from _ends(inside, span.range)
    yield from _keys(design)


def _ends(memory: str, extent: AddressRange) -> Iterator[Edge]:
    yield memory, extent.start
    yield memory, extent.end


def _spans(design: Design) -> Iterator[Span]:
    for stage in design.stages:
        for step in stage.steps:
            if isinstance(step, Protect):
                yield from step.spans
            elif isinstance(step, SetUpTrustZone):
                yield from (step.secure_code, *step.non_secure, *step.non_secure_data)


def _keys(design: Design) -> Iterator[Edge]:
    """Where keys may lie in the slots of the images that carry them, with MCUboot's header in front and without."""
    for key in design.keys:
        for place in key.placements:
            if isinstance(place, InImage):
                image = design.image(place.image)
                for name in (*image.slots, *([image.staging] if image.staging else [])):
                    part = design.partition(name)
                    for lead in (0, design.soc.header):
                        start = part.range.start + lead + place.offset
                        yield part.memory.value, start
                        yield part.memory.value, start + KEY_SIZE


def _sizes(design: Design) -> Iterator[int]:
    """Equal sizes, sizes one page apart, and what one entry of the lock unit can hold."""
    page, guard = design.soc.page, design.soc.guard
    slots = [part for part in design.partitions if part.role in SLOTS]
    for i, first in enumerate(slots):
        for second in slots[i + 1 :]:
            more = first.range.size - second.range.size
            yield more if abs(more) <= page else (more > 0) * 4 * page - 2 * page
    if guard.largest is not None:
        sizes = [span.range.size for span in _spans(design)] + [part.range.size for part in _boot(design)]
        boot = _boot(design)
        if boot:
            sizes.append(max(part.range.end for part in boot) - min(part.range.start for part in boot))
        for size in sizes:
            yield (size > guard.largest) + (size > guard.largest * guard.entries)


def _boot(design: Design) -> list[Partition]:
    return [part for part in design.partitions if part.role in BOOT]
