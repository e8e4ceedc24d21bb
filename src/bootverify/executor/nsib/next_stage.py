"""NSIB's write lock on the stage it is about to start, on nRF54L (bl_boot.c, CONFIG_SB_DISABLE_NEXT_W)."""

from bootverify.executor.fprotect import EINVAL, ENOSPC, region_set
from bootverify.executor.units.rramc import EXECUTE, FREE_REGION, LOCK, READ, SIZE_SHIFT, UNIT, WRITE, Rramc


def protect_next_stage(rramc: Rramc, slots: tuple[tuple[int, int], ...], chosen: int) -> int:
    """Lock the slot (start, size) that starts at `chosen` against writing until reset; 0 or a negative error number.

    Read back are size and WRITE, not the address: a region that is locked elsewhere with the same size passes, and a
    size that does not fit the field leaves a smaller region locked behind (recorded). Nothing makes it write-once.
    """
    sizes = [size for start, size in slots if start == chosen]
    if not sizes:
        return EINVAL
    kib = sizes[0] // UNIT
    region_set(rramc, FREE_REGION, chosen, sizes[0], READ | EXECUTE | LOCK)
    config = rramc.config[FREE_REGION]
    if config & WRITE or (config & rramc.size_field) >> SIZE_SHIFT != kib:
        return ENOSPC
    return 0


def fits(rramc: Rramc, slots: tuple[tuple[int, int], ...]) -> bool:
    """Whether the build accepts the slots: whole KiB, no larger than one region."""
    return all(start % UNIT == 0 and size % UNIT == 0 and size <= rramc.largest for start, size in slots)
