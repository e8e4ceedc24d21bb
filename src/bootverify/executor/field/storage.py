"""What the application keeps in its data partitions: written in its life, looked for again by the next release."""

import re
from collections.abc import Iterator

from bootverify.dataclass import dataclass
from bootverify.design.boot import Program, SetUpTrustZone
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.protection import Attribution
from bootverify.executor.layout import external_start
from bootverify.ranges import AddressRange

MOST_OUTSIDE = 16 << 20  # bytes of external memory that a simulated unit has at most
MOST_KEPT = 1 << 20  # bytes of a data partition whose contents are played
_UNUSED = re.compile(r"(?i)(free|unused|reserved|spare|empty)(\b|_|\d)")
_IN = {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """A data partition: where its bytes lie on the executor's address line, and in whose name they are used."""

    name: str
    partition: Partition
    range: AddressRange
    user: Attribution


def drawers(design: Design) -> tuple[Drawer, ...]:
    """The data partitions of a map whose contents are played."""
    return tuple(
        Drawer(name=part.name, partition=part, range=_home(design, part), user=_user(design, part))
        for part in data_partitions(design)
        if _played(part)
    )


def bulky(design: Design) -> tuple[Partition, ...]:
    """The data partitions that are too large, or lie too far out, for their contents to be played."""
    return tuple(part for part in data_partitions(design) if not _played(part))


def data_partitions(design: Design) -> tuple[Partition, ...]:
    """The plain partitions that the chain does not use, the vendor's tools do not fill and no name calls unused."""
    taken = set(_chain(design))
    return tuple(
        part
        for part in design.partitions
        if part.memory in _IN
        and not part.members
        and part.name not in taken
        and part.role in {None, Role.STORAGE}
        and part.range.size
        and not _UNUSED.match(part.name)
    )


def _played(part: Partition) -> bool:
    return part.range.size <= MOST_KEPT and part.range.end <= MOST_OUTSIDE


def outside(designs: tuple[Design, ...]) -> int:
    """Bytes of external memory that a unit needs for all of them."""
    ends = [
        part.range.end
        for design in designs
        for part in design.partitions
        if part.memory is MemoryKind.EXTERNAL
        and (part.name in set(_chain(design)) or (part in data_partitions(design) and _played(part)))
    ]
    page = designs[0].soc.page
    return -(-max(ends, default=0) // page) * page


def _chain(design: Design) -> Iterator[str]:
    """Every partition that a stage, an image or another partition of the chain is made of."""
    names = [slot for image in design.images for slot in (*image.slots, *([image.staging] if image.staging else []))]
    names += [stage.code for stage in design.stages if stage.code]
    names += [part.name for part in design.partitions if part.role is Role.SCRATCH]
    while names:
        name = names.pop()
        yield name
        names += design.partition(name).members


def _home(design: Design, part: Partition) -> AddressRange:
    if part.memory is MemoryKind.EXTERNAL:
        return AddressRange.sized(external_start(design) + part.range.start, part.range.size)
    return part.range


def _user(design: Design, part: Partition) -> Attribution:
    """Who reads and writes it: as the map draws it; else non-secure code where TF-M opens it, or there is no other."""
    if part.attribution is not None:
        return part.attribution
    opened = [
        span.range
        for stage in design.stages
        for step in stage.steps
        if isinstance(step, SetUpTrustZone)
        for span in (*step.non_secure_data, *(step.non_secure if step.by is Program.SPM else ()))
    ]
    if design.has_tfm:
        inside = any(span.covers(part.range) for span in opened)
        return Attribution.NON_SECURE if inside or part.memory is MemoryKind.EXTERNAL else Attribution.SECURE
    application = design.application
    return application.attribution if application is not None else Attribution.SECURE
