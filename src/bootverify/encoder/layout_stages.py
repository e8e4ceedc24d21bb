"""Claims about boot stages, headers, sectors and RAM as numbers; the pair of the executor's `layout_stages`.

Extents are pairs of numbers; nothing is said of places, only whether all of them are as they should be.
"""

from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.protection import UnitKind
from bootverify.design.settings import Told
from bootverify.design.soc import NvmKind

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
    "keys_revocable",
    "counter_bounded",
    "fields_listed",
    "image_key_wrapped",
    "version_countable",
    "network_areas_whole",
}
_SWAPS = {"swap-move", "swap-offset", "swap-scratch"}
_CORE = "cpunet:"
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
        case "keys_revocable":
            return _said(told.keys_revocable)
        case "counter_bounded":
            return _said(told.counter_bounded)
        case "fields_listed":
            return _said(told.fields_listed)
        case "image_key_wrapped":
            return _key_wrapped(design)
        case "version_countable":
            version = told.second_stage_version
            if version is None or not design.soc.known:
                return None
            return design.soc.nvm is NvmKind.RRAM or int(version.value) < 1 << 15
        case "network_areas_whole":
            return _network(design)
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


def _key_wrapped(design: Design) -> Truth:
    """False only when three things are told: encrypted, swapped, not wrapped; and a store of the swap lies outside."""
    told = design.settings
    stores = [part for part in design.partitions if part.role is Role.SECONDARY or part.role is Role.SCRATCH]
    swaps = None if told.update_mode is None else told.update_mode.value in _SWAPS
    causes = (_said(told.updates_encrypted), swaps, _not(_said(told.image_key_wrapped)))
    if not any(part.memory is MemoryKind.EXTERNAL for part in stores) or False in causes:
        return True
    return None if None in causes else False


def _not(value: Truth) -> Truth:
    return None if value is None else not value


def _network(design: Design) -> bool:
    """One interval of the network core's own start, and its application, in blocks of 2 KiB."""
    extents = {
        part.name.removeprefix(_CORE): (part.range.start, part.range.end)
        for part in design.partitions
        if part.memory is MemoryKind.NETWORK
    }
    if "b0n" not in extents or "provision" not in extents:
        return True
    (low, middle), (after, high) = extents["b0n"], extents["provision"]
    sizes = [middle - low + high - after, *(end - start for name, (start, end) in extents.items() if name == "app")]
    return middle == after and all(size % 2048 == 0 for size in sizes)


def _ram(design: Design) -> bool:
    step = design.soc.ram_granule
    if not step or not _said(design.settings.non_secure_application):
        return True
    ends = {design.soc.ram.end}
    parts = [part for part in design.partitions if part.name in _SECURE_RAM and part.memory is MemoryKind.SRAM]
    return all(
        part.range.start % step == 0 and (part.range.end % step == 0 or part.range.end in ends) for part in parts
    )
