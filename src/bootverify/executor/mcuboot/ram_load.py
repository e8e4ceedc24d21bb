"""Ram-load: the image is copied to RAM and verified there (ram_load.c)."""

from bootverify.executor.mcuboot.encrypt import crypted, load_key
from bootverify.executor.mcuboot.header import F_RAM_LOAD, WORD, ImageHeader
from bootverify.executor.mcuboot.state import ImageState, Run, Status, Undefined
from bootverify.executor.mcuboot.swap import image_size
from bootverify.executor.mcuboot.tlv import Reader


def ram_reader(run: Run, header: ImageHeader) -> Reader:
    """Reads of an image that was loaded; offsets count from its load address.

    Nothing checks the bounds of RAM; outside the window there is no telling what is read.
    """
    window = run.config.ram
    assert window is not None, "ram-load has a RAM window"

    def read(offset: int, length: int) -> bytes:
        at = header.load_address + offset - window.start
        if at < 0 or at + length > window.size:
            raise Undefined("a read outside the RAM window")
        return bytes(run.ram[at : at + length])

    return read


def load(run: Run, image: ImageState, slot: int) -> bool:
    """Copy the image of `slot` where its header wants it (boot_load_image_to_sram); False when it may not be there."""
    header, window = image.headers[slot], run.config.ram
    assert window is not None, "ram-load has a RAM window"
    image.loaded = (0, 0)
    if not header.flags & F_RAM_LOAD:
        return False
    size = image_size(image, slot)
    if size is None:
        return False
    end = header.load_address + size
    if header.load_address < window.start or end > WORD or end > window.start + window.size:
        return False
    if any(_overlap(header.load_address, end, other) for other in run.images if other is not image):
        return False
    data = image.pair[slot].read(0, size)
    if data is None:
        return False
    if run.config.encryption is not None and header.encrypted:
        if not load_key(run, image, slot, image.pair[slot], Status.fresh(run.config.mode)):
            return False
        data = crypted(run, image, slot, data, 0)
    at = header.load_address - window.start
    run.ram[at : at + size] = data
    image.loaded = (header.load_address, size)
    return True


def unload(run: Run, image: ImageState) -> None:
    """Overwrite what was loaded with zeros (boot_remove_image_from_sram)."""
    window, (address, size) = run.config.ram, image.loaded
    assert window is not None, "ram-load has a RAM window"
    at = address - window.start
    if size:
        run.ram[at : at + size] = bytes(size)
    image.loaded = (0, 0)


def _overlap(start: int, end: int, other: ImageState) -> bool:
    """do_regions_overlap with an image that is loaded already."""
    if other.active is None:
        return False
    address, size = other.loaded
    if address > end:
        return False
    return address >= start or address + size > start
