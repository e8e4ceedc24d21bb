"""What the vendor's headers make of a partition table: the ranges of TF-M's set-up.

Three sources of partitions: the Partition Manager and devicetree labels of the nRF Connect SDK (flash_layout.h and
region_defs.h of the SDK), and the fixed layouts of the TF-M tree. Veneers are placed by the linker (tfm_common_s.ld).
"""

from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.executor.tfm.layout import Layout
from bootverify.ranges import AddressRange

VENEERS = 0xC0  # bytes of veneers in the recorded builds: 192
VENEER_ROOM = 0x400  # TFM_LINKER_VENEERS_SIZE
LINE = 0x20
VECTORS_54L = 0x47C  # S_CODE_VECTOR_TABLE_SIZE of nRF54L
Partitions = dict[str, AddressRange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a layout depends on: region sizes (on nRF54L 4 KiB for both, `spu` False), and memory sizes."""

    spu: bool
    flash_region: int
    ram_region: int
    flash_size: int
    ram_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutOptions:
    """Compile-time macros that shape a layout; sizes in bytes.

    `secondary`: NRF_NS_SECONDARY, `storage`: NRF_NS_STORAGE (TF-M tree only), `boot`: BL2 (TF-M tree only).
    """

    secondary: bool = False
    storage: bool = False
    header: int = 0
    trailer: int = 0
    offset: int = 0  # TFM_MCUBOOT_OFFSET
    images: int = 1
    psa_test: bool = False


def partition_manager(partitions: Partitions, options: LayoutOptions) -> Layout:
    """The layout of an SDK build with the Partition Manager (PM_<NAME>_ADDRESS and so on).

    The secondary slot's range is its address plus secure and non-secure image size, not the size of the partition;
    an address in external flash is taken as it is (recorded).
    """
    secure, non_secure = partitions["tfm_secure"], partitions["tfm_nonsecure"]
    return Layout(
        secure_code=partitions["tfm"],
        secure_data=partitions["tfm_sram"],
        non_secure_data=partitions["sram_nonsecure"],
        non_secure=(non_secure,),
        secondary=_secondary(partitions["mcuboot_secondary"], secure, non_secure) if options.secondary else (),
        storage=_some(partitions, "nonsecure_storage"),
        network_command=partitions.get("pcd_sram"),
        rpmsg=partitions.get("rpmsg_nrf53_sram"),
        bootloaders=_bootloaders(partitions, "mcuboot", "b0", "s0", "s1"),
        non_secure_vectors=non_secure.start + options.header,
    )


def devicetree(partitions: Partitions, options: LayoutOptions) -> Layout:
    """The layout of an SDK build with devicetree labels.

    With a label for the secure half of slot 0, that half behind MCUboot's header is the secure code; without, all of
    slot 0.
    """
    secure = code = partitions["slot0_partition"]
    if "slot0_s_partition" in partitions:
        secure = partitions["slot0_s_partition"]
        code = AddressRange(secure.start + options.offset, secure.end)
    non_secure = partitions["slot0_ns_partition"]
    return Layout(
        secure_code=code,
        secure_data=partitions["sram0_s"],
        non_secure_data=partitions["sram0_ns"],
        non_secure=(non_secure,),
        secondary=_secondary(partitions["slot1_partition"], secure, non_secure) if options.secondary else (),
        storage=_some(partitions, "storage_partition"),
        network_command=partitions.get("sram0_dfu_shared"),
        bootloaders=_bootloaders(partitions, "boot_partition", "b0_partition", "s0_partition", "s1_partition"),
        non_secure_vectors=non_secure.start + options.header,
    )


BOOTLOADER_SIZE = 0x10000
STORAGE_SIZE = 0x8000


def tree_with_spu(part: Part, options: LayoutOptions) -> Layout:
    """The layout of the TF-M tree on nRF5340 and nRF91: 64 KiB for BL2, then secure and non-secure image, twice.

    Without a non-secure secondary slot the secure image is linked to 0, bootloader or not.
    """
    secure_size, open_size = (0x48000, 0x28000) if options.psa_test else (0x40000, 0x30000)
    primary = BOOTLOADER_SIZE
    start = (primary if options.secondary else 0) + options.header
    # Concatenated images need no trailer between them.
    size = secure_size - options.header - (0 if options.images == 1 else options.trailer)
    non_secure = AddressRange.sized(primary + secure_size, open_size)
    both = secure_size + open_size
    secure_ram = part.ram_size // 2 if part.flash_region == 0x4000 else 0x16000
    kept = part.ram_region if options.psa_test else 0  # the last region stays secure for the tests
    return Layout(
        secure_code=AddressRange.sized(start, size),
        secure_data=AddressRange.sized(0x2000_0000, secure_ram),
        non_secure_data=AddressRange(0x2000_0000 + secure_ram, 0x2000_0000 + part.ram_size - kept),
        non_secure=(non_secure,),
        secondary=(AddressRange.sized(primary + both, both),) if options.secondary else (),
        storage=_tree_storage(part, options),
        non_secure_vectors=non_secure.start + options.header,
    )


def tree_54l(part: Part, options: LayoutOptions, *, secure_size: int) -> Layout:
    """The layout of the TF-M tree on nRF54L: secure image, 40 KiB of secure storage, non-secure image up to storage."""
    start = secure_size + 0x4000 + 0x4000 + 0x2000
    half = part.ram_size // 2
    return Layout(
        secure_code=AddressRange(0, secure_size),
        secure_data=AddressRange.sized(0x2000_0000, half),
        non_secure_data=AddressRange.sized(0x2000_0000 + half, half),
        non_secure=(AddressRange(start, part.flash_size - STORAGE_SIZE),),
        storage=_tree_storage(part, options),
        non_secure_vectors=start,
    )


def linked(layout: Layout, part: Part, code_end: int) -> Layout:
    """`layout` with the veneers where the linker puts them when the secure code ends at `code_end`.

    On SPU parts they end with the region in which the code ends, or with the next one if they do not fit; on nRF54L
    they follow the vector table. Code sections end with a line of 32 bytes (TFM_LINKER_UNPRIV_CODE_ALIGNMENT); an end
    inside a line is taken for the line's start (recorded).
    """
    if part.spu:
        code_end = code_end // LINE * LINE
        start = _up(code_end, part.flash_region) - VENEER_ROOM
        if code_end > start:
            start += part.flash_region
        veneers = AddressRange(start, _up(start + VENEERS, part.flash_region))
    else:
        start = _up(layout.secure_code.start + VECTORS_54L, LINE)
        veneers = AddressRange(start, _up(start + VENEERS, LINE))
    return replace(layout, veneers=veneers)


def link_faults(layout: Layout, code_end: int) -> list[str]:
    """What the linker refuses: code and veneers, without the room behind them, must lie in the secure code range."""
    assert layout.veneers
    end = max(code_end, layout.veneers.start + VENEERS)
    return ["secure-image-does-not-fit"] if end > layout.secure_code.end else []


def build_faults(layout: Layout, part: Part) -> list[str]:
    """What the SDK's build-time check refuses: it looks at the starts of the non-secure image and RAM, at no end."""
    assert layout.non_secure_data
    faults = []
    if layout.non_secure[0].start % part.flash_region:
        faults.append("ns-flash-start-unaligned")
    if layout.non_secure_data.start % part.ram_region:
        faults.append("ns-ram-start-unaligned")
    return faults


def _secondary(slot: AddressRange, secure: AddressRange, non_secure: AddressRange) -> tuple[AddressRange, ...]:
    return (AddressRange.sized(slot.start, secure.size + non_secure.size),)


def _tree_storage(part: Part, options: LayoutOptions) -> tuple[AddressRange, ...]:
    return (AddressRange(part.flash_size - STORAGE_SIZE, part.flash_size),) if options.storage else ()


def _some(partitions: Partitions, name: str) -> tuple[AddressRange, ...]:
    return (partitions[name],) if name in partitions else ()


def _bootloaders(partitions: Partitions, *names: str) -> tuple[tuple[str, AddressRange], ...]:
    """The boot stages in TF-M's order: mcuboot, b0, s0, s1."""
    labels = zip(names, ("mcuboot", "b0", "s0", "s1"), strict=True)
    return tuple((label, partitions[name]) for name, label in labels if name in partitions)


def _up(value: int, granule: int) -> int:
    return -(-value // granule) * granule
