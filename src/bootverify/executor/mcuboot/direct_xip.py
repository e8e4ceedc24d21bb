"""boot_go where an image starts from the slot in which it lies, or from RAM: direct-xip and ram-load (loader.c)."""

from bootverify.executor.mcuboot import ram_load
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.counters import raise_counter
from bootverify.executor.mcuboot.dependencies import satisfied
from bootverify.executor.mcuboot.header import F_NON_BOOTABLE, F_ROM_FIXED, SIZE, ImageHeader
from bootverify.executor.mcuboot.state import PRIMARY, SECONDARY, SLOT_NAMES, ImageState, Run, ensure
from bootverify.executor.mcuboot.trailer import Flag, Magic
from bootverify.executor.mcuboot.validate import check_image, header_valid, wrong_address


def choose(run: Run) -> bool:
    """context_boot_go; whether every image found a slot, which is then its `active` one."""
    for image in run.images:
        if not _read_headers(image):
            return False
        for slot in (PRIMARY, SECONDARY):
            image.available[slot] = header_valid(run, image.headers[slot], image.pair[slot])
    while True:
        if not all(_load_and_validate(run, image) for image in run.images):
            return False
        if len(run.images) == 1 or _dependencies_met(run):
            break
    return all(_store_counter(run, image) for image in run.images)


def _read_headers(image: ImageState) -> bool:
    for slot in (PRIMARY, SECONDARY):
        data = image.pair[slot].read(0, SIZE)
        if data is None:
            return slot > PRIMARY
        image.headers[slot] = ImageHeader.read(data)
    return True


def _load_and_validate(run: Run, image: ImageState) -> bool:
    """Try the slots, the higher version first, until one holds (boot_load_and_validate_images)."""
    while image.active is None:
        slot = _highest(run, image)
        if slot is None:
            return False
        image.active = slot
        if not _usable(run, image, slot):
            image.available[slot] = False
            image.active = None
    return True


def _highest(run: Run, image: ImageState) -> int | None:
    """find_slot_with_highest_version; the primary slot when equal."""
    with_build = run.config.options.version_with_build
    slots = [slot for slot in (PRIMARY, SECONDARY) if image.available[slot]]
    return max(slots, key=lambda slot: image.headers[slot].version(with_build=with_build), default=None)


def _usable(run: Run, image: ImageState, slot: int) -> bool:
    """Whether the image of `slot` may be started; what is refused is erased, unless it is only in the wrong slot."""
    header, area = image.headers[slot], image.pair[slot]
    if run.config.mode is Mode.DIRECT_XIP and header.flags & F_ROM_FIXED and header.load_address != area.start:
        run.note(f"{SLOT_NAMES[slot]}: the image is for another address; skipped")
        return False
    if run.config.options.revert and not _select_or_erase(run, image, slot):
        return False
    if run.config.mode is Mode.RAM_LOAD and not ram_load.load(run, image, slot):
        run.note(f"{SLOT_NAMES[slot]}: the image cannot be loaded; erased")
        area.scramble()
        return False
    why = _slot_refusal(run, image, slot)
    if why is None:
        return True
    run.note(f"{SLOT_NAMES[slot]}: {why}")
    if run.config.mode is Mode.RAM_LOAD:
        ram_load.unload(run, image)
    return False


def _slot_refusal(run: Run, image: ImageState, slot: int) -> str | None:
    """boot_validate_slot, where both slots count alike: a refused image is erased."""
    header, area = image.headers[slot], image.pair[slot]
    if header.erased or header.flags & F_NON_BOOTABLE:
        return "no bootable image"
    why = "the header is refused" if not header_valid(run, header, area) else check_image(run, image, slot, None)
    if not why and slot == SECONDARY and run.config.options.check_load_address:
        why = wrong_address(image, header)
    if why:
        area.scramble()
        return f"{why}; erased"
    return None


def _select_or_erase(run: Run, image: ImageState, slot: int) -> bool:
    """boot_select_or_erase: an image gets one start to confirm itself; without a magic it gets none."""
    trailer = image.trailers[slot]
    image.chosen = held = trailer.read()
    tried = held.copy_done is Flag.SET and held.image_ok is not Flag.SET
    if held.magic is not Magic.GOOD or tried:
        run.note(f"{SLOT_NAMES[slot]}: not confirmed; erased")
        ensure(image.pair[slot].scramble(), "the slot is erased")
        return False
    if held.copy_done is not Flag.SET:
        trailer.write_copy_done()
    return True


def _dependencies_met(run: Run) -> bool:
    """boot_verify_dependencies; the first image whose demands are not met loses its slot for this boot."""
    for image in run.images:
        assert image.active is not None
        if not satisfied(run, image, image.active):
            if run.config.mode is Mode.RAM_LOAD:
                ram_load.unload(run, image)
            image.available[image.active] = False
            image.active = None
            return False
    return True


def _store_counter(run: Run, image: ImageState) -> bool:
    """boot_update_hw_rollback_protection; with revert only a confirmed image counts."""
    if not run.config.options.hw_rollback:
        return True
    if run.config.options.revert and run.config.mode is Mode.DIRECT_XIP:
        assert image.chosen is not None
        if image.chosen.image_ok is not Flag.SET:
            return True
    assert image.active is not None
    return raise_counter(run, image, image.pair[image.active], image.active)
