"""TF-M on nRF5340 and nRF91: flash, RAM and veneers through the SPU (spu.c, target_cfg_53_91.c; soc.md 8.1)."""

from bootverify.dataclass import dataclass
from bootverify.executor.making.vendor_build import RELEASE, Build
from bootverify.executor.spu_access import flash_callable_set, flash_region_set, ram_region_set
from bootverify.executor.tfm.layout import Layout
from bootverify.executor.units.spu import EXECUTE, LOCK, READ, SECURE, WRITE, Spu
from bootverify.ranges import AddressRange

RWX = READ | WRITE | EXECUTE
ADDRESS_SPACE = 1 << 32
NSC_SMALLEST, NSC_LARGEST = 32, 4096
CODE_MASK = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One range that was set: the value written to its regions, and how many were locked and kept theirs."""

    area: AddressRange
    value: int
    ignored: int


class ProvisioningQueryError(Exception):
    """TF-M could not tell whether provisioning is still to be done; `spu_init_cfg` returns what has been set so far."""


def init_memory(
    spu: Spu,
    layout: Layout,
    *,
    build: Build = RELEASE,
    provisioning: bool = False,
    provisioning_known: bool = True,
) -> list[Applied]:
    """Attribute flash and RAM in the vendor's order (spu_init_cfg); what was set, after the first reset of regions.

    Ranges become regions by division: from the region of the first byte to that of the last. A region that is locked
    already keeps its setting in a release build; a debug build stops there. `provisioning`: the device still waits
    for its keys, so the network core may write the command block.
    """
    # EFFECT 1: what no boot stage owns becomes secure, all permissions, unlocked
    reset_unlocked_secure(spu, tuple(area for _, area in layout.bootloaders), build)
    done: list[Applied] = []

    def flash(area: AddressRange, value: int) -> None:
        done.append(Applied(area=area, value=value, ignored=flash_config(spu, *_ends(area), value, build)))

    def ram(area: AddressRange, value: int) -> None:
        done.append(Applied(area=area, value=value, ignored=ram_config(spu, *_ends(area), value, build)))

    # EFFECT 2: secure code and data, locked before anything is opened
    if layout.locks_code:
        flash(layout.secure_code, SECURE | READ | EXECUTE | LOCK)
    if layout.secure_data:
        ram(layout.secure_data, SECURE | RWX | LOCK)
    # EFFECT 3: the non-secure side
    for area in layout.non_secure:
        flash(area, RWX | LOCK)
    if layout.non_secure_data:
        ram(layout.non_secure_data, RWX | LOCK)
    if layout.veneers:
        callable_config(spu, *_ends(layout.veneers), build)
    for area in (*layout.secondary, *layout.storage):
        flash(area, READ | WRITE | LOCK)
    # EFFECT 4: what the network core needs; a failing query leaves out all that follows (recorded)
    if layout.network_command:
        if not provisioning_known:
            raise ProvisioningQueryError
        ram(layout.network_command, READ | (WRITE if provisioning else 0) | LOCK)
    if layout.rpmsg and not _touches(layout.rpmsg, layout.non_secure_data):
        ram(layout.rpmsg, READ | WRITE | LOCK)
    return done


def reset_unlocked_secure(spu: Spu, bootloaders: tuple[AddressRange, ...], build: Build = RELEASE) -> None:
    """Every region that no boot stage touches becomes secure, all permissions, unlocked; RAM without exception."""
    owned = {
        region
        for area in bootloaders
        for region in _regions(area.start - spu.start, area.end - 1 - spu.start, spu.granule)
    }
    for region in range(spu.count):
        if region not in owned:
            flash_region_set(spu, region, SECURE | RWX, build)
    for region in range(spu.ram_count):
        ram_region_set(spu, region, SECURE | RWX, build)


def flash_config(spu: Spu, first: int, last: int, value: int, build: Build = RELEASE) -> int:
    """Write `value` to the regions from that of `first` to that of `last`; how many were locked and kept theirs.

    There is no upper bound: regions behind the flash are registers of something else, see `Spu.write`.
    """
    regions = _regions(first - spu.start, last - spu.start, spu.granule)
    return sum(not flash_region_set(spu, region, value, build) for region in regions)


def ram_config(spu: Spu, first: int, last: int, value: int, build: Build = RELEASE) -> int:
    """Write `value` to the RAM regions from `first` to `last`; how many were locked and kept theirs."""
    regions = _regions(first - spu.ram_start, last - spu.ram_start, spu.ram_granule)
    return sum(not ram_region_set(spu, region, value, build) for region in regions)


def callable_config(spu: Spu, first: int, last: int, build: Build = RELEASE) -> None:
    """Make the veneers from `first` to `last` (inclusive) non-secure callable.

    The size follows from `first` alone: from there to the end of its region. A release build rounds it down to a
    power of two, below 32 bytes to none, and above 4096 to reserved codes (recorded).
    """
    size = spu.granule - first % spu.granule
    build.require((last - first + 1) % ADDRESS_SPACE <= size, "nsc-size-overflow")
    build.require(size & size - 1 == 0, "nsc-size-not-power-of-two")
    build.require(NSC_SMALLEST <= size <= NSC_LARGEST, "nsc-size-out-of-range")
    code = size.bit_length() - 1 - 4
    flash_callable_set(spu, 0, size_code=code & CODE_MASK, region=first // spu.granule, build=build)


def lock_network_command(spu: Spu, address: int, *, lock: bool, build: Build = RELEASE) -> None:
    """MCUboot's pcd_lock_ram: the RAM region of the command block becomes non-secure and read-only.

    MCUboot passes no lock on boards with a non-secure side (soc.md 6). The region number is the whole address divided
    by the region size, cut to its low bits.
    """
    ram_region_set(spu, address // spu.ram_granule, READ | (LOCK if lock else 0), build)


def _regions(first: int, last: int, granule: int) -> range:
    """The regions of two offsets, both included; offsets are unsigned, so one below zero lies behind all others."""
    return range(first % ADDRESS_SPACE // granule, last % ADDRESS_SPACE // granule + 1)


def _ends(area: AddressRange) -> tuple[int, int]:
    return area.start, area.end - 1


def _touches(area: AddressRange, other: AddressRange | None) -> bool:
    return other is not None and area.start < other.end and area.end > other.start
