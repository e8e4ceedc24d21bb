"""Copying between areas through a small buffer, with de- and encryption on the way (loader.c, boot_copy_region)."""

from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.encrypt import crypted, splits_alike
from bootverify.executor.mcuboot.state import PRIMARY, SECONDARY, ImageState, Run

Place = tuple[Area, int]


def copy_region(
    run: Run,
    image: ImageState,
    source: Place,
    target: Place,
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
    position = to_offset - sector_offset
    buffer, writes = run.config.copy_buffer, 1
    if _at_once(source, target, size, buffer) and (not crosses or splits_alike(run, image, slot, position)):
        buffer, writes = size, -(-size // buffer)
    for done in range(0, size, buffer):
        data = from_area.read(from_offset + done, min(buffer, size - done))
        if data is None:
            return False
        if crosses:
            data = crypted(run, image, slot, data, position + done)
        if not to_area.write(to_offset + done, data, writes):
            return False
    return True


def _at_once(source: Place, target: Place, size: int, buffer: int) -> bool:
    """Whether one write leaves what several do: none is refused or disturbed, none reads what another wrote."""
    (from_area, from_offset), (to_area, to_offset) = source, target
    flash = to_area.flash
    begin, origin = to_area.start + to_offset, from_area.start + from_offset
    return (
        size > buffer
        and from_area.holds(from_offset, size)
        and to_area.holds(to_offset, size)
        and not any(number % flash.align for number in (begin - flash.start, size, buffer))
        and (from_area.flash is not flash or abs(begin - origin) >= size)
        and flash.watch is None
        and flash.power.undisturbed(-(-size // buffer))
    )
