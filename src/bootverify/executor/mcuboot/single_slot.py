"""boot_go where there is a single slot: nothing is ever installed (zephyr/single_loader.c)."""

from bootverify.executor.mcuboot.header import F_NON_BOOTABLE, SIZE, ImageHeader
from bootverify.executor.mcuboot.state import PRIMARY, Run
from bootverify.executor.mcuboot.validate import check_image, header_valid


def choose(run: Run) -> bool:
    """Whether the image in the slot may be started; without validation its header alone decides."""
    image = run.images[0]
    area = image.pair.primary
    data = area.read(0, SIZE)
    if data is None:
        return False
    header = image.headers[PRIMARY] = ImageHeader.read(data)
    if header.flags & F_NON_BOOTABLE or not header_valid(run, header, area):
        return False
    why = check_image(run, image, PRIMARY, None) if run.config.options.validate_primary else ""
    if why:
        run.note(f"primary: {why}")
    return not why
