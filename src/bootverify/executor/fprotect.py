"""fprotect of the nRF Connect SDK on SPU parts (lib/fprotect/fprotect_spu.c)."""

from bootverify.executor.units.spu import EXECUTE, LOCK, READ, SECURE, Spu

EINVAL = -22


def fprotect_area(spu: Spu, start: int, length: int, *, lock: bool = True) -> int:
    """Make whole regions secure, read and execute only, locked until reset; 0, or a negative error number.

    Start and length must be multiples of the region size; length 0 does nothing. A region that is locked already keeps
    its setting, and nobody is told.
    """
    if start % spu.granule or length % spu.granule:
        return EINVAL
    first = (start - spu.start) // spu.granule
    for region in range(first, first + length // spu.granule):
        spu.write_register(region, SECURE | READ | EXECUTE | (LOCK if lock else 0))
    return 0
