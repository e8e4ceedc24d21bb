"""How large an image may be, TLVs included (bootutil_max_image_size, app_max_size), and whether slots fit together."""

from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.state import PRIMARY, ImageState, Run
from bootverify.executor.mcuboot.trailer import Trailer


def max_image_size(run: Run, image: ImageState, area: Area) -> int:
    """The limit for an image in `area`, in bytes; the limit itself is allowed."""
    match run.config.mode:
        case Mode.SWAP_MOVE | Mode.SWAP_OFFSET:
            return usable_sectors(run, image) * image.pair.primary.sector_size
        case Mode.SWAP_SCRATCH:
            return _scratch_limit(run, image, area)
        case Mode.OVERWRITE | Mode.DIRECT_XIP | Mode.RAM_LOAD:
            return Trailer(area, run.config.trailer).swap_info_offset
        case Mode.SINGLE_SLOT | Mode.FIRMWARE_LOADER:
            # boot_status_off of a build without progress entries.
            return area.size - run.config.trailer.info_size


def trailer_sectors(run: Run, image: ImageState, slot: int) -> int:
    """The number of sectors at the end of a slot that hold some of its trailer."""
    return -(-run.config.trailer.size(run.write_unit(image)) // image.pair[slot].sector_size)


def usable_sectors(run: Run, image: ImageState) -> int:
    """app_max_sectors of swap-move and swap-offset: all but the trailer's and one that is spare."""
    trailer = trailer_sectors(run, image, PRIMARY)
    if run.config.mode is Mode.SWAP_MOVE:
        return image.pair.primary.sectors - 1 - trailer
    return min(image.pair.primary.sectors - trailer, image.pair.secondary.sectors - 1 - trailer)


def _scratch_limit(run: Run, image: ImageState, area: Area) -> int:
    """Up to the trailer, with padding where the scratch area's trailer would not fit behind the last piece.

    Nothing at all where the sectors do not fit each other or the scratch area: app_max_size then answers 0, and every
    image is too large, the one that is installed too.
    """
    if not _exchangeable(run, image):
        return 0
    layout, write = run.config.trailer, run.write_unit(image)
    start = area.size - layout.size(write)
    ends = []
    for slot in (0, 1):
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
        usable = usable_sectors(run, image)
        fits = first == second or second + 1 in {first, usable}
        return fits and primary.sector_size == secondary.sector_size
    if run.config.mode is Mode.SWAP_OFFSET:
        usable = usable_sectors(run, image)
        fits = first == second or first + 1 == second or usable == second - 1
        return fits and primary.sector_size == secondary.sector_size
    return primary.size == secondary.size and _exchangeable(run, image)


def _exchangeable(run: Run, image: ImageState) -> bool:
    """Whether the sectors of one slot are made up of those of the other, and fit into scratch where that is used."""
    sizes = (image.pair.primary.sector_size, image.pair.secondary.sector_size)
    fits = run.config.mode is Mode.OVERWRITE or max(sizes) <= run.scratch.size
    return fits and max(sizes) % min(sizes) == 0
