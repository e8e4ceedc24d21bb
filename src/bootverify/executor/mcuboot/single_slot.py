"""boot_go where nothing is ever installed: a single slot, or a loader beside it (zephyr/single_loader.c).

A firmware loader is an image of its own in the second slot (zephyr/firmware_loader.c). Where somebody asks for it, by
its pin or by the boot mode, it is tried first; where the first slot has nothing to start, it starts if MCUboot was
built so (BOOT_FIRMWARE_LOADER_NO_APPLICATION).
"""

from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.header import F_NON_BOOTABLE, SIZE, WORD, ImageHeader
from bootverify.executor.mcuboot.state import PRIMARY, SECONDARY, SLOT_NAMES, Run
from bootverify.executor.mcuboot.validate import check_image


def choose(run: Run) -> bool:
    """Whether there is an image to start, which then is in the active slot."""
    image, options = run.images[0], run.config.options
    beside = run.config.mode is Mode.FIRMWARE_LOADER
    slots = [PRIMARY, SECONDARY] if beside and options.loader_instead else [PRIMARY]
    if beside and options.loader_asked:
        slots.insert(0, SECONDARY)
    image.active = next((slot for slot in slots if _startable(run, slot)), None)
    return image.active is not None


def _startable(run: Run, slot: int) -> bool:
    """Whether the image in `slot` may be started; without validation its header alone decides.

    Flags for encryption, which has no part in this, are passed over (boot_image_load_header, boot_image_validate).
    """
    image = run.images[0]
    area = image.pair[slot]
    data = area.read(0, SIZE)
    if data is None:
        return False
    header = image.headers[slot] = ImageHeader.read(data)
    size = header.image_size + header.header_size
    if not header.found or header.flags & F_NON_BOOTABLE or size > WORD or size >= area.size:
        return False
    why = check_image(run, image, slot, None) if run.config.options.validate_primary else ""
    if why:
        run.note(f"{SLOT_NAMES[slot]}: {why}")
    return not why
