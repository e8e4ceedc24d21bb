"""Overwrite-only: the secondary slot is copied over the primary one, then its request is unmade (boot_copy_image)."""

from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.copy import copy_region
from bootverify.executor.mcuboot.counters import raise_counter
from bootverify.executor.mcuboot.encrypt import load_key
from bootverify.executor.mcuboot.limits import trailer_sectors
from bootverify.executor.mcuboot.state import PRIMARY, SECONDARY, ImageState, Run, Status, ensure
from bootverify.executor.mcuboot.swap import image_size


def copy_image(run: Run, image: ImageState, status: Status) -> None:
    """Replace the primary image; cut anywhere, the next boot begins again.

    Bootstrapping a swap mode installs an image in the fast way, and leaves it in the secondary slot as well.
    """
    fast = run.config.options.overwrite_fast or run.config.mode.swaps
    size = _erase_fast(run, image) if fast else _erase_all(image)
    if run.config.encryption is not None and image.headers[SECONDARY].encrypted:
        ensure(load_key(run, image, SECONDARY, image.pair.secondary, status), "the image key can be unwrapped")
    secondary = image.pair.secondary
    first = secondary.sector_size if run.config.mode is Mode.SWAP_OFFSET else 0
    copied = copy_region(run, image, (secondary, first), (image.pair.primary, 0), size)
    ensure(copied, "the secondary slot is copied")
    if fast:
        ensure(image.trailers[PRIMARY].write_magic(), "the magic is written")
    if run.config.copied is not None:
        ensure(run.config.copied(image.pair.primary), "what comes after the copy succeeds")
    if run.config.options.hw_rollback:
        ensure(raise_counter(run, image, image.pair.primary, SECONDARY), "the security counter is raised")
    # Header and trailer go: what an updater without a trailer of its own writes next must not find this request.
    if run.config.mode is Mode.OVERWRITE:
        ensure(secondary.erase(0, secondary.sector_size), "the secondary header is erased")
    last = (secondary.sectors - 1) * secondary.sector_size
    ensure(secondary.erase(last, secondary.sector_size), "the secondary trailer is erased")


def _erase_all(image: ImageState) -> int:
    primary = image.pair.primary
    ensure(primary.scramble(), "the primary slot is erased")
    return primary.size


def _erase_fast(run: Run, image: ImageState) -> int:
    """Erase what the new image needs, and the trailer; the number of bytes to copy is rounded up, and up again."""
    size = image_size(image, SECONDARY)
    ensure(size is not None, "the TLVs of the secondary image can be read")
    assert size is not None
    primary, write = image.pair.primary, run.write_unit(image)
    needed = max(1, -(-size // primary.sector_size))
    if needed > primary.sectors:
        ensure(primary.scramble(), "the primary slot is erased")
        copied = primary.size
    else:
        ensure(primary.erase(0, needed * primary.sector_size), "the primary slot is erased")
        copied = size + write - size % write
    start = (primary.sectors - trailer_sectors(run, image, PRIMARY)) * primary.sector_size
    ensure(primary.erase(start, primary.size - start), "the primary trailer is erased")
    return copied
