"""Claims about boot stages, headers, sectors and RAM as numbers; the pair of the executor's `layout_stages`.

Extents are pairs of numbers; nothing is said of places, only whether all of them are as they should be.
"""

from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.protection import UnitKind
from bootverify.design.settings import Told

Extent = tuple[int, int]
Truth = bool | None
NAMES = {
    "signatures_checked",
    "primary_verified",
    "nsib_counts",
    "sectors_suffice",
    "network_update_safe",
    "variants_in_lock",
    "root_fits",
    "pads_right",
    "ram_boundaries_aligned",
}
_SWAPS = {"swap-move", "swap-offset", "swap-scratch"}
_SECURE_RAM = {"tfm_sram", "spm_sram", "sram_secure", "sram_nonsecure"}


def stage_claim(design: Design, name: str) -> Truth:
    """The value of the predicate called `name`, one of NAMES."""
    told = design.settings
    match name:
        case "signatures_checked":
            return _said(told.signatures_checked)
        case "primary_verified":
            return _said(told.primary_verified)
        case "nsib_counts":
            return _said(told.nsib_counter)
        case "sectors_suffice":
            most = told.image_sectors
            slots = [size for role in (Role.PRIMARY, Role.SECONDARY) for size in _sizes(design, role)]
            told_all = most is not None and design.soc.known
            return (
                None
                if most is None or not told_all
                else all(size <= int(most.value) * design.soc.page for size in slots)
            )
        case "network_update_safe":
            if not _said(told.network_update):
                return True
            return None if told.update_mode is None else told.update_mode.value not in _SWAPS
        case "variants_in_lock":
            return _variants(design)
        case "root_fits":
            return all(_locked_from_reset(design, extent) for extent, _ in _places(design, Role.ROOT))
        case "pads_right":
            room = design.soc.header
            pads = [extent for extent, _ in _places(design, Role.PAD) if extent[1] > extent[0]]
            return all(end - start >= room and end % room == 0 for start, end in pads)
        case _:
            assert name == "ram_boundaries_aligned"
            return _ram(design)


def _said(told: Told | None) -> Truth:
    return None if told is None else bool(told.value)


def _places(design: Design, role: Role) -> list[tuple[Extent, str]]:
    return [
        ((part.range.start, part.range.end), part.name)
        for part in design.partitions
        if part.role is role and part.memory is MemoryKind.INTERNAL
    ]


def _sizes(design: Design, role: Role) -> list[int]:
    return [end - start for (start, end), _ in _places(design, role)]


def _variants(design: Design) -> bool:
    """One interval, from the first slot to the primary one, that holds both; with devicetree no longer than both."""
    primary = [
        part.range.start
        for part in design.partitions
        if part.role is Role.PRIMARY and part.memory is MemoryKind.INTERNAL and part.number == 0
    ]
    pairs = [(a, b) for a in _places(design, Role.VARIANT_A) for b in _places(design, Role.VARIANT_B)]
    for ((_, first_end), label), ((second_start, second_end), _) in pairs:
        gap = second_start - first_end
        if gap < 0 or (gap > 0 and label.endswith("_partition")) or any(second_end > start for start in primary):
            return False
    return True


def _locked_from_reset(design: Design, extent: Extent) -> bool:
    start, end = extent
    unit = design.soc.guard
    limited = unit.kind is UnitKind.RRAMC and unit.largest is not None
    return start == design.soc.flash.start and not (limited and end - start > (unit.largest or 0))


def _ram(design: Design) -> bool:
    step = design.soc.ram_granule
    if not step or not _said(design.settings.non_secure_application):
        return True
    ends = {design.soc.ram.end}
    parts = [part for part in design.partitions if part.name in _SECURE_RAM and part.memory is MemoryKind.SRAM]
    return all(
        part.range.start % step == 0 and (part.range.end % step == 0 or part.range.end in ends) for part in parts
    )
