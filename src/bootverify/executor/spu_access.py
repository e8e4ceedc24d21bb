"""The vendor's access layer for the SPU of nRF5340 and nRF91 (nrfx, nrf_spu.h): how software writes the registers.

Every setter first asserts that the register is not locked; a release build writes, and the hardware ignores it.
"""

from bootverify.executor.making.vendor_build import Build
from bootverify.executor.units.spu import (
    DMA_SECURE,
    FLASHREGION,
    LOCK,
    PERIPHID,
    RAMREGION,
    SECURE,
    Spu,
)

INDEX_BITS = 0xFF  # region numbers are passed as 8-bit numbers: region 256 is region 0 (recorded)


def flash_region_set(spu: Spu, region: int, value: int, build: Build) -> bool:
    """Write FLASHREGION[region].PERM; whether it took effect."""
    return _set(spu, FLASHREGION + 4 * (region & INDEX_BITS), value, build, "flash-region-already-locked")


def ram_region_set(spu: Spu, region: int, value: int, build: Build) -> bool:
    """Write RAMREGION[region].PERM; whether it took effect."""
    return _set(spu, RAMREGION + 4 * (region & INDEX_BITS), value, build, "ram-region-already-locked")


def peripheral_set(spu: Spu, peripheral: int, *, secure: bool, lock: bool, build: Build) -> bool:
    """Give a peripheral and its DMA one attribution; whether it took effect."""
    value = (SECURE | DMA_SECURE if secure else 0) | (LOCK if lock else 0)
    return _set(spu, PERIPHID + 4 * peripheral, value, build, "peripheral-absent-or-locked")


def flash_callable_set(spu: Spu, entry: int, *, size_code: int, region: int, build: Build) -> None:
    """Put veneers of a size code at the top of a flash region, locked: REGION first, then SIZE."""
    locked = spu.nsc[2 * entry] & LOCK or spu.nsc[2 * entry + 1] & LOCK
    build.require(not locked, "flash-nsc-already-locked")
    spu.write_nsc(2 * entry, region | LOCK)
    spu.write_nsc(2 * entry + 1, size_code | LOCK)


def _set(spu: Spu, offset: int, value: int, build: Build, label: str) -> bool:
    build.require(not spu.read(offset) & LOCK, label)
    return spu.write(offset, value)
