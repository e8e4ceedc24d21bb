"""How large an image may be, TLVs included (bootutil_max_image_size, app_max_size), and whether slots fit together."""

from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.header import WORD
from bootverify.executor.mcuboot.state import PRIMARY, SECONDARY, ImageState, Run
from bootverify.executor.mcuboot.trailer import Trailer


def max_image_size(run: Run, image: ImageState, area: Area) -> int:
    """The limit for an image in `area`, in bytes; the limit itself is allowed."""
    match run.config.mode:
        case Mode.SWAP_MOVE:
            return _spare_limit(run, image, PRIMARY)
        case Mode.SWAP_OFFSET:
            return _spare_limit(run, image, SECONDARY)
        case Mode.SWAP_SCRATCH:
            return _scratch_limit(run, image)
        case Mode.OVERWRITE | Mode.DIRECT_XIP | Mode.RAM_LOAD:
            return Trailer(area, run.config.trailer).swap_info_offset
        case Mode.SINGLE_SLOT | Mode.FIRMWARE_LOADER:
            # boot_status_off of a build without progress entries.
            return area.size - run.config.trailer.info_size


def trailer_sectors(run: Run, image: ImageState, slot: int) -> int:
    """The number of sectors at the end of a slot that hold some of its trailer."""
    return -(-run.config.trailer.size(run.write_unit(image)) // image.pair[slot].sector_size)


def _spare_limit(run: Run, image: ImageState, spare: int) -> int:
    """app_max_size of swap-move and swap-offset: both slots without the trailer, that of `spare` without one more.

    Whether the slots fit each other is not asked. Computed in 32 bits, with the sectors of the primary slot.
    """
    trailer = trailer_sectors(run, image, PRIMARY)
    left = (image.pair[slot].sectors - trailer - (slot == spare) for slot in (PRIMARY, SECONDARY))
    return min(sectors * image.pair.primary.sector_size & WORD for sectors in left)


def _scratch_limit(run: Run, image: ImageState) -> int:
    """Up to the trailer, with padding where the scratch area's trailer would not fit behind the last piece.

    Counted are the sectors that both slots have. Nothing at all where they do not fit each other or the scratch area:
    app_max_size then answers 0, and every image is too large, the one that is installed too.
    """
    if not _exchangeable(run, image):
        return 0
    layout, write = run.config.trailer, run.write_unit(image)
    start = _common(image) - layout.size(write)
    ends = []
    for slot in (PRIMARY, SECONDARY):
        each = image.pair[slot]
        ends.append((each.sectors - trailer_sectors(run, image, slot) + 1) * each.sector_size)
    in_first_sector = max(ends) - start
    return start - max(0, layout.scratch_size(write) - in_first_sector)


def sectors_known(run: Run, image: ImageState) -> bool:
    """Whether the sectors of the primary slot and of scratch could be listed (boot_read_sectors).

    A slot of more sectors than BOOT_MAX_IMG_SECTORS cannot. For the secondary slot that is forgiven, and ends the list
    before scratch is looked at: slots without sectors exchange nothing.
    """
    most = run.config.trailer.entries
    if image.pair.primary.sectors > most or image.pair.secondary.sectors > most:
        return image.pair.primary.sectors <= most
    return run.config.scratch is None or run.scratch.sectors <= most


def compatible(run: Run, image: ImageState) -> bool:
    """boot_slots_compatible: whether these slots can exchange images at all."""
    primary, secondary = image.pair.primary, image.pair.secondary
    first, second = primary.sectors, secondary.sectors
    if second > run.config.trailer.entries:
        return False
    if run.config.mode is Mode.SWAP_MOVE:
        return first in {second, second + 1} and primary.sector_size == secondary.sector_size
    if run.config.mode is Mode.SWAP_OFFSET:
        return second in {first, first + 1} and primary.sector_size == secondary.sector_size
    (large, fewer), (small, more) = _by_sector_size(image)
    return _exchangeable(run, image) and -(-more * small // large) == fewer


def _exchangeable(run: Run, image: ImageState) -> bool:
    """Whether the sectors of one slot are made up of those of the other, and fit into scratch where that is used."""
    (large, _), (small, _) = _by_sector_size(image)
    fits = run.config.mode is Mode.OVERWRITE or large <= run.scratch.size
    return fits and large % small == 0


def _common(image: ImageState) -> int:
    """The bytes of the larger sectors that both slots have in full.

    What one slot has beyond is passed over in the count, and makes the slots unfit, unless it is less than one of the
    larger sectors (boot_slots_compatible, app_max_size: sizes are added up where both stand at the end of a sector).
    """
    (large, fewer), (small, more) = _by_sector_size(image)
    return large * min(fewer, more * small // large)


def _by_sector_size(image: ImageState) -> tuple[tuple[int, int], tuple[int, int]]:
    """Size and number of the sectors of both slots, those of the larger sectors first."""
    one, other = ((area.sector_size, area.sectors) for area in (image.pair.primary, image.pair.secondary))
    return (one, other) if one[0] >= other[0] else (other, one)
