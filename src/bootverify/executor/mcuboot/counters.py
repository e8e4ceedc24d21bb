"""Stored security counters: they only ever rise (bootutil_loader.c, boot_update_security_counter)."""

from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.state import ImageState, Run
from bootverify.executor.mcuboot.validate import security_counter


def raise_counter(run: Run, image: ImageState, area: Area, header_slot: int) -> bool:
    """Store the counter of the image in `area`, if it is higher; False when the image has none, or there is no room."""
    start = image.start(1) if area is image.pair.secondary else 0
    counter = security_counter(image, header_slot, area, start)
    if counter is None:
        return False
    if counter <= run.counters[image.index]:
        return True
    if not run.has_room(image):
        return False
    if run.room is not None:
        run.room[image.index] -= 1
    run.counters[image.index] = counter
    return True
