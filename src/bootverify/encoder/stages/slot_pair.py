"""Whether MCUboot exchanges the images of two slots at all, by their pages (boot_slots_compatible; recorded)."""

from bootverify.design.boot import BootGo, UpgradeMode
from bootverify.design.design import Design
from bootverify.encoder.cells import NotModelled

LEAST_PAGES = 4  # code in more than the first page, a spare page, the trailer


def exchanges(design: Design, step: BootGo) -> bool:
    """True where a staged image can be installed; False where all requests for one are ignored.

    Overwriting wants slots of one size; swap-move does with a staging one page shorter, too, and
    swap-offset with one a page longer (loader.c, swap_offset.c). An update of
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
    if step.scratch is not None:
        _scratch_whole(design, step.scratch, page)
    spare = {UpgradeMode.SWAP_MOVE: first - 1, UpgradeMode.SWAP_OFFSET: first + 1}
    return second in {first, spare.get(step.mode)}


def _scratch_whole(design: Design, name: str, page: int) -> None:
    """Raises NotModelled for a scratch area that is no whole pages: one piece of a slot fits it then, or none."""
    area = design.partition(name).range
    if area.size < page or area.start % page or area.end % page:
        raise NotModelled(f"MCUboot with a scratch area that is not made of whole pages of {page:#x}")
