"""Claims about where boot stages, their headers and their RAM lie, by looking at each place."""

from collections.abc import Callable, Iterator

from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.design.protection import UnitKind
from bootverify.executor.partition_map.areas import of_role
from bootverify.machine.misfit import Misfit

_TREE = "_partition"  # how devicetree labels end
_NETWORK = "cpunet:"  # how importers call partitions of the network core
_NETWORK_BLOCK = 0x800  # nRF5340 network core: page and block of its ACL (soc.md 2.2)
_SLOTS = (Role.PRIMARY, Role.VARIANT_A, Role.VARIANT_B)  # which begin with a header
_RAM = ("tfm_sram", "spm_sram", "sram_secure", "sram_nonsecure", "sram0_s", "sram0_ns")
# each as the partition manager calls it, and as devicetrees do
_FIRST = ("b0n", "b0n_partition")
_DATA = ("provision", "provision_partition", "bl_storage")
_STARTED = ("app", "s0_partition")


def _inside(design: Design, role: Role) -> list[Partition]:
    return [part for part in of_role(design, role) if part.memory is MemoryKind.INTERNAL]


def variants_in_lock(design: Design) -> Iterator[Misfit]:
    """From s0 up to the primary slot, with devicetree partitions as long as both slots (ncs-boot 2.2)."""
    for first in _inside(design, Role.VARIANT_A):
        for second in _inside(design, Role.VARIANT_B):
            sources = (first.source, second.source)
            if second.range.start < first.range.end:
                yield Misfit(
                    text=f"`{second.name}` does not lie behind `{first.name}`, where the lock begins", sources=sources
                )
            elif first.name.endswith(_TREE) and second.range.start != first.range.end:
                text = (
                    f"the lock is as long as both slots, and `{second.name}` does not begin where `{first.name}` ends"
                )
                yield Misfit(text=text, sources=sources)
            for primary in _inside(design, Role.PRIMARY):
                if not primary.number and primary.range.start < second.range.end:
                    text = f"the lock ends where `{primary.name}` begins, in front of the end of `{second.name}`"
                    yield Misfit(text=text, sources=(second.source, primary.source))


def root_fits(design: Design) -> Iterator[Misfit]:
    """Reset starts what lies first; on an RRAMC hardware locks no more than one region from there (reglock.py)."""
    guard = design.soc.guard
    for part in _inside(design, Role.ROOT):
        if design.soc.known and part.range.start != design.soc.flash.start:
            text = f"`{part.name}` starts at {part.range.start:#x}, and a reset at {design.soc.flash.start:#x}"
            yield Misfit(text=text, sources=(part.source, design.soc.source))
        if guard.kind is UnitKind.RRAMC and guard.largest is not None and part.range.size > guard.largest:
            text = f"`{part.name}` has {part.range.size:#x} bytes, and hardware locks {guard.largest:#x} of them"
            yield Misfit(text=text, sources=(part.source, guard.source))


def pads_right(design: Design) -> Iterator[Misfit]:
    """Header room, and vectors of the image behind it where the core can find them."""
    header = design.soc.header
    for part in _inside(design, Role.PAD):
        if part.range.size and (part.range.size < header or part.range.end % header):
            text = f"`{part.name}` ({part.range}) leaves no {header:#x} bytes, or its image no multiple of them"
            yield Misfit(text=text, sources=(part.source, design.soc.source))
        for slot in (slot for role in _SLOTS for slot in _inside(design, role)):
            if part.range.size and slot.range.covers(part.range) and part.range.start != slot.range.start:
                text = f"`{part.name}` ({part.range}) is not where `{slot.name}` ({slot.range}) starts, and a header is"
                yield Misfit(text=text, sources=(part.source, slot.source))


def ram_boundaries_aligned(design: Design) -> Iterator[Misfit]:
    """Both ends of what TF-M or its predecessor keeps of the RAM."""
    outside, step = design.settings.non_secure_application, design.soc.ram_granule
    if step is None or outside is None or not outside.value:
        return
    for part in design.partitions:
        ragged = part.range.start % step or (part.range.end % step and part.range.end != design.soc.ram.end)
        if part.memory is MemoryKind.SRAM and part.name in _RAM and ragged:
            text = f"`{part.name}` ({part.range}) does not begin and end on multiples of {step:#x}"
            yield Misfit(text=text, sources=(part.source, outside.source, design.soc.source))


def network_areas_whole(design: Design) -> Iterator[Misfit]:
    """What b0n locks: itself with the provision data behind it, and the application (nrf5340/netboot, its asserts)."""
    parts = {part.name.removeprefix(_NETWORK): part for part in design.partitions if part.memory is MemoryKind.NETWORK}
    first, provision, application = (
        next((parts[name] for name in names if name in parts), None) for names in (_FIRST, _DATA, _STARTED)
    )
    if first is None or provision is None:
        return
    if provision.range.start != first.range.end:
        text = f"`{provision.name}` does not begin where `{first.name}` ends, and one lock is to cover both"
        yield Misfit(text=text, sources=(first.source, provision.source))
    size = first.range.size + provision.range.size
    if size % _NETWORK_BLOCK:
        text = f"`{first.name}` and `{provision.name}` have {size:#x} bytes, no multiple of {_NETWORK_BLOCK:#x}"
        yield Misfit(text=text, sources=(first.source, provision.source))
    if application is not None and application.range.size % _NETWORK_BLOCK:
        text = f"`{application.name}` has {application.range.size:#x} bytes, no multiple of {_NETWORK_BLOCK:#x}"
        yield Misfit(text=text, sources=(application.source,))


STAGES: dict[str, Callable[[Design], Iterator[Misfit]]] = {
    "variants_in_lock": variants_in_lock,
    "root_fits": root_fits,
    "pads_right": pads_right,
    "ram_boundaries_aligned": ram_boundaries_aligned,
    "network_areas_whole": network_areas_whole,
}
