"""Whether MCUboot exchanges the images of two slots at all, by their pages (boot_slots_compatible; recorded)."""

from bootverify.design.boot import BootGo, UpgradeMode
from bootverify.design.design import Design
from bootverify.encoder.cells import NotModelled

LEAST_PAGES = 4  # code in more than the first page, a spare page, the trailer


def exchanges(design: Design, step: BootGo) -> bool:
    """True where a staged image can be installed; False where all requests for one are ignored.

    Overwriting wants slots of one size; swap-move does with a staging one page shorter, too (loader.c). An update of
    MCUboot itself is staged in the same slot, and taken before this matters (swap_nsib.c).

    Raises:
        NotModelled: slots that MCUboot has no sector table for, and pairs that fit by their trailers alone.
    """
    image = design.image(step.image)
    if image.staging is None:
        return False
    slot, second_slot = design.partition(image.slots[0]), design.partition(image.staging)
    primary, staging = slot.range, second_slot.range
    page = design.soc.page
    if any(edge % page for area in (primary, staging) for edge in (area.start, area.end)):
        raise NotModelled(f"MCUboot on slots of `{image.name}` that are not made of whole pages of {page:#x}")
    if slot.memory is second_slot.memory and primary.overlaps(staging):
        raise NotModelled(f"MCUboot on slots of `{image.name}` that overlap")
    first, second = primary.size // page, staging.size // page
    if min(first, second) < LEAST_PAGES:
        raise NotModelled(f"MCUboot on slots of `{image.name}` of less than {LEAST_PAGES} pages")
    if step.mode is UpgradeMode.SWAP_MOVE and second < first - 1:
        raise NotModelled(f"MCUboot swapping `{image.name}` with a slot of {first - second} pages less")
    return first == second or (step.mode is UpgradeMode.SWAP_MOVE and second + 1 == first)
