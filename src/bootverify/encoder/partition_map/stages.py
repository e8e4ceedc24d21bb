"""Claims about boot stages, headers, sectors and RAM as numbers; the pair of the executor's `partition_map.stages`.

Extents are pairs of numbers; nothing is said of places, only whether all of them are as they should be.
"""

from collections.abc import Callable

from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.protection import UnitKind
from bootverify.design.settings import Settings, Told
from bootverify.design.soc import NvmKind

Extent = tuple[int, int]
Truth = bool | None
_HEADED = (Role.PRIMARY, Role.VARIANT_A, Role.VARIANT_B)
_SWAPS = {"swap-move", "swap-offset", "swap-scratch"}
_CORE = "cpunet:"
_SECURE_RAM = {"tfm_sram", "spm_sram", "sram_secure", "sram_nonsecure", "sram0_s", "sram0_ns"}
_CALLED = {"b0n_partition": "b0n", "provision_partition": "provision", "bl_storage": "provision", "s0_partition": "app"}


def _said(told: Told | None) -> Truth:
    return None if told is None else bool(told.value)


def _alone(told: Callable[[Settings], Told | None]) -> Callable[[Design], Truth]:
    """The claim that one setting decides."""
    return lambda design: _said(told(design.settings))


def _countable(design: Design) -> Truth:
    version = design.settings.second_stage_version
    if version is None or not design.soc.known:
        return None
    return design.soc.nvm is NvmKind.RRAM or int(version.value) < 1 << 15


def _sectors(design: Design) -> Truth:
    most = design.settings.image_sectors
    if most is None or not design.soc.known:
        return None
    slots = [size for role in (Role.PRIMARY, Role.SECONDARY) for size in _sizes(design, role)]
    return all(size <= int(most.value) * design.soc.page for size in slots)


def _update_safe(design: Design) -> Truth:
    mode = design.settings.update_mode
    if not _said(design.settings.network_update):
        return True
    return None if mode is None else mode.value not in _SWAPS


def _root_fits(design: Design) -> Truth:
    return all(_locked_from_reset(design, extent) for extent, _ in _places(design, Role.ROOT))


def _pads(design: Design) -> Truth:
    room = design.soc.header
    pads = [extent for extent, _ in _places(design, Role.PAD) if extent[1] > extent[0]]
    slots = [extent for role in _HEADED for extent, _ in _places(design, role)]
    late = any(first < start and end <= last for start, end in pads for first, last in slots)
    return not late and all(end - start >= room and end % room == 0 for start, end in pads)


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
    placed = start == design.soc.flash.start or not design.soc.known
    return placed and not (limited and end - start > (unit.largest or 0))


def _key_wrapped(design: Design) -> Truth:
    """False only when three things are told: encrypted, swapped, not wrapped; and a store of the swap lies outside."""
    told = design.settings
    stores = [part for part in design.partitions if part.role is Role.SECONDARY or part.role is Role.SCRATCH]
    swaps = None if told.update_mode is None else told.update_mode.value in _SWAPS
    causes = (_said(told.updates_encrypted), swaps, _not(_said(told.image_key_wrapped)))
    if not any(part.memory is MemoryKind.EXTERNAL for part in stores) or False in causes:
        return True
    return None if None in causes else False


def _pure(design: Design) -> Truth:
    """The staged images are all inside, or they have a digest; neither told nor inside is open."""
    return _not(_said(design.settings.pure_signature)) if _staged_outside(design) else True


def _staged_outside(design: Design) -> bool:
    outside = {part.name for part in design.partitions if part.memory is MemoryKind.EXTERNAL}
    return not outside.isdisjoint(part.name for part in design.partitions if part.role is Role.SECONDARY)


def _not(value: Truth) -> Truth:
    return None if value is None else not value


def _network(design: Design) -> bool:
    """One interval of the network core's own start, and its application, in blocks of 2 KiB."""
    named = [
        (part.name.removeprefix(_CORE), (part.range.start, part.range.end))
        for part in design.partitions
        if part.memory is MemoryKind.NETWORK
    ]
    extents = {_CALLED.get(name, name): extent for name, extent in named}
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


STAGE_CLAIMS: dict[str, Callable[[Design], Truth]] = {
    "signatures_checked": _alone(lambda told: told.signatures_checked),
    "primary_verified": _alone(lambda told: told.primary_verified),
    "nsib_counts": _alone(lambda told: told.nsib_counter),
    "keys_revocable": _alone(lambda told: told.keys_revocable),
    "counter_bounded": _alone(lambda told: told.counter_bounded),
    "fields_listed": _alone(lambda told: told.fields_listed),
    "cleaned_up": _alone(lambda told: told.cleaned_up),
    "network_debug_closed": _alone(lambda told: told.network_debug_closed),
    "test_options_off": lambda design: _not(_said(design.settings.test_options)),
    "code_inside": lambda design: _not(_said(design.settings.split_image)),
    "places_checked": _alone(lambda told: told.places_checked),
    "staging_reached": lambda design: _said(design.settings.external_driver) if _staged_outside(design) else True,
    "pure_inside": _pure,
    "image_key_wrapped": _key_wrapped,
    "version_countable": _countable,
    "network_areas_whole": _network,
    "sectors_suffice": _sectors,
    "network_update_safe": _update_safe,
    "variants_in_lock": _variants,
    "root_fits": _root_fits,
    "pads_right": _pads,
    "ram_boundaries_aligned": _ram,
}
