"""Whether MCUboot exchanges the images of two slots at all, by their pages (boot_slots_compatible; recorded)."""

from bootverify.design.boot import BootGo, Image, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.design.soc import NvmKind
from bootverify.encoder.variables.cells import NotModelled

LEAST_PAGES = 4  # code in more than the first page, a spare page, the trailer
MOST_ENTRIES = 2048  # progress entries in a trailer: more than any build is known to set (CONFIG_BOOT_MAX_IMG_SECTORS)
STATES = 3  # writes that an entry takes (BOOT_STATUS_STATE_COUNT)
MOST_WRITTEN = 16  # bytes of a write: what devicetrees tell of RRAM, and no less than of chips beside the SoC
TRAILER_INFO = (64, 1024)  # bytes of a trailer beside its entries: without and with two wrapped keys


def exchanges(design: Design, step: BootGo) -> bool:
    """True where a staged image can be installed; False where all requests for one are ignored.

    Overwriting wants slots of one size; swap-move does with a staging one page shorter, too, and
    swap-offset with one a page longer (loader.c, swap_offset.c). An update of
    MCUboot itself is staged in the same slot, and taken before this matters (swap_nsib.c).

    Raises:
        NotModelled: slots that MCUboot has no sector table for, and pairs that fit by their trailers alone.
    """
    image = design.image(step.image)
    assert image.staging is not None
    page = design.soc.page
    first, second = whole_pages(design, image, (image.slots[0], image.staging))
    outside = design.partition(image.staging).memory is MemoryKind.EXTERNAL
    if step.mode is UpgradeMode.SWAP_MOVE and first - second in _fitting_by_trailer(design, first, outside=outside):
        raise NotModelled(f"MCUboot swapping `{image.name}` with a slot of {first - second} pages less")
    if step.scratch is not None:
        _scratch_whole(design, step.scratch, page)
    spare = {UpgradeMode.SWAP_MOVE: first - 1, UpgradeMode.SWAP_OFFSET: first + 1}
    return second in {first, spare.get(step.mode)}


def _fitting_by_trailer(design: Design, pages: int, *, outside: bool) -> range:
    """How many pages less swap-move may have, too: the trailer's, the spare one and one more (boot_slots_compatible).

    Then what is installed may be longer than the other slot. How long a trailer is depends on the sectors that MCUboot
    is built for, the slot's or more, and on what the memory writes at once.
    """
    soc = design.soc
    word = MOST_WRITTEN if outside or soc.nvm is NvmKind.RRAM else soc.word
    least = -(-(pages * STATES * soc.word + TRAILER_INFO[0]) // soc.page)
    most = -(-(max(pages, MOST_ENTRIES) * STATES * word + TRAILER_INFO[1]) // soc.page)
    return range(least + 2, most + 3)


def whole_pages(design: Design, image: Image, slots: tuple[str, ...]) -> tuple[int, int]:
    """How many pages the two slots have.

    Raises:
        NotModelled: they are not made of pages, overlap, or have no room beside a trailer.
    """
    one, other = map(design.partition, slots)
    page = design.soc.page
    if any(edge % page for area in (one.range, other.range) for edge in (area.start, area.end)):
        raise NotModelled(f"MCUboot on slots of `{image.name}` that are not made of whole pages of {page:#x}")
    if one.memory is other.memory and one.range.overlaps(other.range):
        raise NotModelled(f"MCUboot on slots of `{image.name}` that overlap")
    first, second = one.range.size // page, other.range.size // page
    if min(first, second) < LEAST_PAGES:
        raise NotModelled(f"MCUboot on slots of `{image.name}` of less than {LEAST_PAGES} pages")
    return first, second


def _scratch_whole(design: Design, name: str, page: int) -> None:
    """Raises NotModelled for a scratch area that is no whole pages: one piece of a slot fits it then, or none."""
    area = design.partition(name).range
    if area.size < page or area.start % page or area.end % page:
        raise NotModelled(f"MCUboot with a scratch area that is not made of whole pages of {page:#x}")
