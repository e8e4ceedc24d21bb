"""Copying between areas through a small buffer, with de- and encryption on the way (loader.c, boot_copy_region)."""

from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.encrypt import crypted
from bootverify.executor.mcuboot.state import PRIMARY, SECONDARY, ImageState, Run


def copy_region(
    run: Run,
    image: ImageState,
    source: tuple[Area, int],
    target: tuple[Area, int],
    size: int,
    *,
    sector_offset: int = 0,
) -> bool:
    """Copy `size` bytes to an erased place, one write for each buffer; False when the flash layer refuses.

    The primary slot holds plain payload, every other area encrypted payload: crossing between them changes it. The
    position inside the image is that in the target, less `sector_offset` (swap-offset).
    """
    (from_area, from_offset), (to_area, to_offset) = source, target
    primary = image.pair.primary
    crosses = (from_area is primary) != (to_area is primary)
    slot = SECONDARY if to_area is primary else PRIMARY
    for done in range(0, size, run.config.copy_buffer):
        data = from_area.read(from_offset + done, min(run.config.copy_buffer, size - done))
        if data is None:
            return False
        if crosses:
            data = crypted(run, image, slot, data, to_offset + done - sector_offset)
        if not to_area.write(to_offset + done, data):
            return False
    return True
