"""TF-M on nRF54L: SAU for the CPU, MPC for every bus master (target_cfg_54l.c; soc.md 8.2).

Both assume one secure range of non-volatile memory, followed by one non-secure range up to the UICR, and RAM alike.
"""

from bootverify.dataclass import dataclass
from bootverify.executor.making.vendor_build import RELEASE, Build
from bootverify.executor.tfm.layout import Layout
from bootverify.executor.units.mpc import ENABLE, LOCK, SECURE, Mpc
from bootverify.executor.units.sau import ADDRESS_BITS, CALLABLE, REGION_ENABLE, Sau
from bootverify.executor.units.sau import ENABLE as SAU_ENABLE

UICR = 0x00FF_D000
LAST_OVERRIDE = 4  # the ones above are not touched: they stay off and unlocked (recorded)
TOP = 0xFFFF_FFFF
BLOCK = 0xFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class _Override:
    start: int
    end: int
    enable: bool = True


def init_sau(sau: Sau, layout: Layout, end: int = UICR) -> None:
    """Non-secure: from the non-secure image to the UICR, and from the non-secure RAM to the top of the address space.

    Neither the size of the non-secure image nor that of the non-secure RAM counts. The veneers' exclusive end is
    used as the inclusive limit, so that one line of 32 bytes more is callable (recorded). `end`: where the UICR lies.
    """
    sau.write_control(SAU_ENABLE)
    if layout.non_secure:
        _region(sau, 0, _start(layout), end - 1 & ADDRESS_BITS | REGION_ENABLE)
    if layout.veneers:
        _region(sau, 2, layout.veneers.start, layout.veneers.end & ADDRESS_BITS | REGION_ENABLE | CALLABLE)
    if layout.non_secure_data:
        _region(sau, 3, layout.non_secure_data.start, TOP & ADDRESS_BITS | REGION_ENABLE)


def init_memory(mpc: Mpc, layout: Layout, build: Build = RELEASE, end: int = UICR) -> None:
    """Open the same ranges for every bus master, locked; lock the overrides that are left, up to number 4.

    Only the attribution is overridden, no permission; a layout without RAM leaves that override off. Addresses lose
    their low 12 bits; a debug build stops there.
    """
    opened = [_Override(start=_start(layout), end=end)] if layout.non_secure else []
    if layout.non_secure_data:
        opened.append(_Override(start=layout.non_secure_data.start, end=layout.non_secure_data.end))
    unused = [_Override(start=0, end=0, enable=False)] * (LAST_OVERRIDE + 1 - len(opened))
    for index, override in enumerate([*opened, *unused]):
        _configure(mpc, index, override, build)


def _start(layout: Layout) -> int:
    return min(area.start for area in layout.non_secure)


def _configure(mpc: Mpc, index: int, override: _Override, build: Build) -> None:
    build.require(override.start & BLOCK == 0, "mpc-address-not-4k-aligned")
    mpc.write_start(index, override.start)
    build.require(override.end & BLOCK == 0, "mpc-address-not-4k-aligned")
    mpc.write_end(index, override.end)
    mpc.write_permission(index, 0)
    mpc.write_mask(index, SECURE)
    mpc.write_config(index, LOCK | (ENABLE if override.enable else 0))


def _region(sau: Sau, number: int, base: int, limit: int) -> None:
    sau.select(number)
    sau.write_base(base)
    sau.write_limit(limit)
