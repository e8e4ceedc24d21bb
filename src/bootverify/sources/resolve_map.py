"""Partitions as written to partitions as meant; what a map contradicts is kept, for the claims about maps to judge."""

from collections.abc import Mapping

from bootverify.design.boot import BootGo, Image, Program, Stage
from bootverify.design.memory import Memory, MemoryKind, Partition
from bootverify.design.protection import Attribution
from bootverify.design.soc import Soc
from bootverify.errors import Fault
from bootverify.ranges import AddressRange
from bootverify.sources.roles import network_role_of, number_of, role_of
from bootverify.sources.schema import MemoryEntry, MemoryName, PartitionEntry
from bootverify.sources.written import Path, Written


def resolved_map(
    entries: Mapping[str, PartitionEntry], written: Written, key: str, faults: list[Fault]
) -> dict[str, Partition]:
    """The partitions of the map under `key`, spans after their members; adds a fault for each that means nothing."""
    found: dict[str, Partition] = {}
    pending = dict(entries)
    while pending:
        ready = [name for name, entry in pending.items() if all(part in found for part in entry.span or ())]
        if not ready:
            for name, entry in pending.items():
                missing = [part for part in entry.span or () if part not in entries]
                text = f"`{missing[0]}` is no partition" if missing else "its span goes in a circle"
                faults.append(_fault(written, (key, name), f"partition `{name}`: {text}"))
            break
        for name in ready:
            partition = _partition((key, name), pending.pop(name), found, written, faults)
            if partition is not None:
                found[name] = partition
            else:
                entries = {other: entry for other, entry in entries.items() if other != name}
                pending = {other: entry for other, entry in pending.items() if name not in (entry.span or ())}
    return found


def resolved_memories(entries: Mapping[MemoryName, MemoryEntry], written: Written) -> tuple[Memory, ...]:
    """The extents that the input states."""
    return tuple(
        Memory(
            kind=MemoryKind(name),
            range=AddressRange.sized(entry.at, entry.size),
            source=written.source(("memories", name)),
        )
        for name, entry in entries.items()
    )


def contradiction(partitions: Mapping[str, Partition], used: set[str], soc: Soc) -> str:
    """Why no device has the chain's part of this map; empty when one can.

    Looks at the partitions in `used`, their members, and what overlaps them.
    """
    names = _with_members(partitions, used)
    for partition in (partitions[name] for name in names):
        home = {MemoryKind.INTERNAL: soc.flash, MemoryKind.UICR: soc.uicr, MemoryKind.SRAM: soc.ram}
        if partition.memory in home and not home[partition.memory].covers(partition.range):
            return f"`{partition.name}` ({partition.range}) leaves the {partition.memory.value} memory of {soc.name}"
        if (
            partition.members
            and not partition.partial
            and partition.range != _hull([partitions[name] for name in partition.members])
        ):
            return f"`{partition.name}` ({partition.range}) is not what its members cover"
    plain = [partitions[name] for name in partitions if not partitions[name].members]
    for left in plain:
        for right in plain:
            touching = left.name in names and left.name != right.name and left.memory is right.memory
            if touching and left.range.overlaps(right.range):
                return f"`{left.name}` ({left.range}) overlaps `{right.name}` ({right.range})"
    return ""


def in_flash(partitions: Mapping[str, Partition]) -> dict[str, Partition]:
    """Those of `partitions` that a program can be written to."""
    flash = {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}
    return {name: partition for name, partition in partitions.items() if partition.memory in flash}


def ragged_slot(partitions: Mapping[str, Partition], slots: set[str], soc: Soc) -> str:
    """Why MCUboot cannot erase one of `slots` without what lies beside it; empty when it can."""
    for partition in (partitions[name] for name in sorted(slots) if name in partitions):
        if partition.memory is MemoryKind.INTERNAL and partition.range.start % soc.page:
            return f"`{partition.name}` ({partition.range}) starts inside a page of {soc.page:#x} bytes"
    return ""


def _with_members(partitions: Mapping[str, Partition], names: set[str]) -> set[str]:
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found and name in partitions:
            found.add(name)
            left += partitions[name].members
    return found


def _partition(
    at: tuple[str, str],
    entry: PartitionEntry,
    found: Mapping[str, Partition],
    written: Written,
    faults: list[Fault],
) -> Partition | None:
    name = at[1]
    memory = MemoryKind(entry.memory)
    if entry.at is not None and entry.size is not None:
        extent = AddressRange.sized(entry.at, entry.size)
    elif entry.span:
        members = [found[part] for part in entry.span]
        memory, extent = members[0].memory, _hull(members)
        if entry.at is not None or entry.size is not None:
            faults.append(
                _fault(written, at, f"span `{name}` needs both `at` and `size`, or neither: its members say it")
            )
    else:
        faults.append(_fault(written, at, f"partition `{name}` needs `at` and `size`, or a `span`"))
        return None
    return Partition(
        name=name,
        range=extent,
        memory=memory,
        attribution=Attribution(entry.attribution) if entry.attribution else None,
        members=tuple(entry.span or ()),
        role=network_role_of(name) if memory is MemoryKind.NETWORK else role_of(name),
        number=number_of(name),
        written_end=entry.end,
        partial=entry.partial,
        store=entry.store or "",
        sectors=entry.sectors,
        source=written.source(at),
    )


def _hull(members: list[Partition]) -> AddressRange:
    return AddressRange(min(part.range.start for part in members), max(part.range.end for part in members))


def _fault(written: Written, at: Path, message: str) -> Fault:
    source = written.source(at)
    return Fault(file=source.file, line=source.line, message=message)


def used_by(images: tuple[Image, ...], stages: tuple[Stage, ...]) -> set[str]:
    """The partitions that the chain runs from, stages updates in, or moves them through."""
    slots = {slot for image in images for slot in image.slots}
    slots |= {image.staging for image in images if image.staging} | {stage.code for stage in stages if stage.code}
    return slots | _scratches(stages)


def swapped_by(images: tuple[Image, ...], stages: tuple[Stage, ...]) -> set[str]:
    """The slots that MCUboot erases page by page."""
    by = {stage.name for stage in stages if stage.program is Program.MCUBOOT}
    slots = (slot for image in images if image.verified_by in by for slot in (*image.slots, image.staging))
    return {slot for slot in slots if slot is not None} | _scratches(stages)


def _scratches(stages: tuple[Stage, ...]) -> set[str]:
    steps = (step for stage in stages for step in stage.steps)
    return {step.scratch for step in steps if isinstance(step, BootGo) and step.scratch is not None}
