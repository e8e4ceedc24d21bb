"""fprotect of the nRF Connect SDK: one function, a back end for each kind of protection unit (lib/fprotect).

A `Fprotect` is the library as one program has it: static variables start over with each boot stage, the unit does
not. Results are 0 or a negative error number, as the vendor's; soc.md 3 and the recorded runs of protection set-up.
"""

from bootverify.dataclass import dataclass
from bootverify.executor.making.vendor_build import RELEASE, Build, PanicError
from bootverify.executor.spu_access import flash_region_set
from bootverify.executor.units.acl import ADDRESS, BLOCK_READ, BLOCK_WRITE, PERMISSION, SIZE, Acl
from bootverify.executor.units.bprot import BLOCKS_PER_WORD, Bprot
from bootverify.executor.units.rramc import BOOT_REGION, FREE_REGION, RESET_VALUE, SIZE_SHIFT, UNIT, WRITEONCE, Rramc
from bootverify.executor.units.rramc import EXECUTE as RRAM_EXECUTE
from bootverify.executor.units.rramc import LOCK as RRAM_LOCK
from bootverify.executor.units.rramc import READ as RRAM_READ
from bootverify.executor.units.spu import EXECUTE, LOCK, READ, SECURE, Spu

EFAULT, EINVAL, ENOSPC = -14, -22, -28
ADDRESS_SPACE = 1 << 32


@dataclass(slots=True)
class FprotectSpu:
    """On SPU parts (fprotect_spu.c)."""

    spu: Spu
    build: Build = RELEASE

    def area(self, start: int, length: int, *, lock: bool = True) -> int:
        """Make whole regions secure, read and execute only, locked until reset.

        Start and length must be multiples of the region size; length 0 does nothing. There is no upper bound, and a
        region that is locked already keeps its setting: in a release build nobody is told.
        """
        granule = self.spu.granule
        if start % granule or length % granule:
            return EINVAL
        first = (start - self.spu.start) // granule
        for region in range(first, first + length // granule):
            flash_region_set(self.spu, region, SECURE | READ | EXECUTE | (LOCK if lock else 0), self.build)
        return 0


@dataclass(slots=True)
class FprotectAcl:
    """On ACL parts (fprotect_acl.c since 2021-06).

    `block` is what the build takes for the page size, `page` and `pages` what the part says in its FICR.
    """

    acl: Acl
    block: int
    page: int
    pages: int
    largest: int
    build: Build = RELEASE
    free: int = 0  # static: the search for a free entry goes on where it ended

    @classmethod
    def of(cls, acl: Acl, flash_size: int, build: Build = RELEASE) -> "FprotectAcl":
        """The library in a build that fits its part."""
        return cls(acl, acl.page, acl.page, flash_size // acl.page, flash_size, build)

    def area(self, start: int, length: int) -> int:
        """Block writing and erasing of whole pages until reset."""
        return self._set(start, length, BLOCK_WRITE)

    def area_no_access(self, start: int, length: int) -> int:
        """Block reading and executing, too."""
        return self._set(start, length, BLOCK_WRITE | BLOCK_READ)

    def is_protected(self, address: int) -> int:
        """How the block of `address` is protected: 0 not, 1 against writing, 2 against reading, 3 against both.

        The first entry that covers the block answers. An entry beyond what the FICR gives as flash size panics,
        which on the network core is every entry: the size counts from 0, its flash lies at 0x0100_0000 (recorded).
        """
        self._find_free()
        block = address // self.block * self.block
        for entry in range(self.free):
            start, size = self.acl.read(entry, ADDRESS), self.acl.read(entry, SIZE)
            if start > self.pages * self.page or size > self.largest:
                raise PanicError("k_panic")
            if start <= block and (start + size) % ADDRESS_SPACE >= (block + self.block) % ADDRESS_SPACE:
                return {BLOCK_WRITE: 1, BLOCK_READ: 2, BLOCK_WRITE | BLOCK_READ: 3}.get(
                    self.acl.read(entry, PERMISSION), 0
                )
        return 0

    def _set(self, start: int, length: int, permission: int) -> int:
        self.build.require(self.page == self.block, "page-size-differs-from-block-size")
        # The search comes before the arguments are looked at: no space is reported first (recorded).
        if not self._find_free():
            return ENOSPC
        if start % self.page or length % self.page or not 0 < length <= self.largest:
            return EINVAL
        self.build.require(self.free < self.acl.count, "acl-region-absent")
        wanted = (start, length, permission)
        self.acl.protect(self.free, *wanted)
        stands = tuple(self.acl.read(self.free, register) for register in (ADDRESS, SIZE, PERMISSION))
        # A half-used entry is told apart here, but its PERM write has switched the old range on (recorded).
        return 0 if stands == wanted else EFAULT

    def _find_free(self) -> bool:
        """Go on to the next entry without permission bits; whether it is one of the unit's.

        The bound is looked at only after a step. So the call after a failed one takes what is behind the last entry
        for a free one (recorded: it returns 0 and protects nothing).
        """
        while self.acl.read(self.free, PERMISSION):
            self.free += 1
            if self.free >= self.acl.count:
                return False
        return True


@dataclass(slots=True)
class FprotectAcl2021:
    """On ACL parts before 2021-06: entries are counted by the program, and what the unit made of it is not read."""

    acl: Acl
    block: int
    page: int
    largest: int
    build: Build = RELEASE
    used: int = 0

    def area(self, start: int, length: int) -> int:
        """Block writing and erasing; a second stage starts at entry 0 again, and its writes are ignored."""
        self.build.require(self.page == self.block, "page-size-differs-from-block-size")
        if self.used >= self.acl.count:
            return ENOSPC
        if start % self.page or length % self.page or not 0 < length <= self.largest:
            return EINVAL
        self.acl.protect(self.used, start, length, BLOCK_WRITE)
        self.used += 1
        return 0


@dataclass(slots=True)
class FprotectBprot:
    """On nRF52832 (fprotect_bprot.c). `in_debug`: CONFIG_SB_BPROT_IN_DEBUG, protect in debug mode as well."""

    bprot: Bprot
    in_debug: bool = False

    def area(self, start: int, length: int) -> int:
        """Set the bits of whole blocks; blocks that are protected already are no error, length 0 does nothing.

        The switch for debug mode is written even when the arguments are refused afterwards.
        """
        unit = self.bprot
        unit.write_disable_in_debug(int(not self.in_debug))
        first, end = start // unit.granule, (start + length) % ADDRESS_SPACE // unit.granule
        if start % unit.granule or length % unit.granule or end > unit.blocks or end < first:
            return EINVAL
        masks = [0] * len(unit.config)
        for block in range(first, end):
            masks[block // BLOCKS_PER_WORD] |= 1 << block % BLOCKS_PER_WORD
        for word, mask in enumerate(masks):
            unit.write_config(word, mask)
        return 0


@dataclass(slots=True)
class FprotectRram:
    """On nRF54L (fprotect_rram.c). `combined`: CONFIG_FPROTECT_ALLOW_COMBINED_REGIONS, regions 3 and 4 as one."""

    rramc: Rramc
    combined: bool = False

    def area(self, start: int, length: int, *, lock: bool = True) -> int:
        """Read and execute only for everybody, write-once, locked: one area a boot.

        The free region counts as free only while its CONFIG reads exactly as at reset; its address is not looked at.
        Length 0 uses it up and locks it with size 0 (recorded).
        """
        if start % UNIT or length % UNIT or length > self.rramc.largest * (2 if self.combined else 1):
            return EINVAL
        if self.rramc.config[FREE_REGION] != RESET_VALUE:
            return ENOSPC
        if length > self.rramc.largest:
            if start:
                return EINVAL
            if self.rramc.config[BOOT_REGION] != RESET_VALUE:
                return ENOSPC
            self._set(BOOT_REGION, 0, self.rramc.largest, lock=lock)
            start, length = self.rramc.largest, length - self.rramc.largest
        self._set(FREE_REGION, start, length, lock=lock)
        return 0

    def _set(self, region: int, start: int, length: int, *, lock: bool) -> None:
        permissions = RRAM_READ | RRAM_EXECUTE | WRITEONCE | (RRAM_LOCK if lock else 0)
        region_set(self.rramc, region, start, length, permissions)


def region_set(rramc: Rramc, region: int, start: int, length: int, permissions: int) -> None:
    """Write a region as the vendor's access layer does (nrf_rramc.h): ADDRESS, then CONFIG with the size cut."""
    rramc.write_address(region, start)
    rramc.write_config(region, permissions | (length // UNIT << SIZE_SHIFT) & rramc.size_field)


Fprotect = FprotectSpu | FprotectAcl | FprotectAcl2021 | FprotectBprot | FprotectRram
