"""What one image demands of another (MCUboot docs/design.md, "Dependency check"; loader.c)."""

import struct

from bootverify.executor.making.image_format import DEPENDENCY
from bootverify.executor.mcuboot.state import PRIMARY, SECONDARY, ImageState, Run
from bootverify.executor.mcuboot.tlv import TLV_HEADER, BadTlv, tlv_area
from bootverify.executor.mcuboot.trailer import SwapType

_LAYOUT = struct.Struct("<B3xBBHI")  # image number, then the least version


def cancel_unsatisfied(run: Run) -> None:
    """Where a demand is not met, no image at all is updated in this boot.

    Looked at is the image that each primary slot would hold afterwards.
    """
    for image in run.images:
        waiting = image.swap_type not in {SwapType.NONE, SwapType.FAIL}
        if not satisfied(run, image, SECONDARY if waiting else PRIMARY):
            run.note(f"image {image.index}: unsatisfied dependencies; no upgrade")
            for each in run.images:
                each.swap_type = SwapType.NONE
            return


def satisfied(run: Run, image: ImageState, slot: int) -> bool:
    """Whether every protected demand of the image in `slot` is met (boot_verify_slot_dependencies)."""
    area, start = image.pair[slot], image.start(slot)
    found = tlv_area(image.headers[slot], area.read, start)
    if found is None:
        return False
    try:
        for entry in found.entries():
            if entry.offset - TLV_HEADER >= found.protected_end:
                return True
            if entry.type != DEPENDENCY:
                continue
            value = area.read(entry.offset, entry.length) if entry.length == _LAYOUT.size else None
            if value is None or not _met(run, value):
                return False
    except BadTlv:
        return False
    return True


def _met(run: Run, value: bytes) -> bool:
    number: int
    number, *version = _LAYOUT.unpack(value)
    if number >= len(run.images):
        return False
    other = run.images[number]
    if run.config.mode.upgrades:
        slot = SECONDARY if other.swap_type is not None and other.swap_type.upgrades else PRIMARY
    else:
        assert other.active is not None
        slot = other.active
    with_build = run.config.options.version_with_build
    least: tuple[int, ...] = tuple(version if with_build else version[:-1])
    return other.headers[slot].version(with_build=with_build) >= least
