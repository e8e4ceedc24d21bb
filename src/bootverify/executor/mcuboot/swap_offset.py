"""Swap using offset: the new image waits one sector higher, the old one moves into the gap (swap_offset.c)."""

from bootverify.executor.mcuboot.copy import copy_region
from bootverify.executor.mcuboot.header import SIZE, WORD, ImageHeader
from bootverify.executor.mcuboot.state import (
    FIRST_INDEX,
    FIRST_STATE,
    PRIMARY,
    SECONDARY,
    ImageState,
    Operation,
    Run,
    Source,
    Status,
    Undefined,
    ensure,
)
from bootverify.executor.mcuboot.swap import find_status, init_status, last_mark, room_for, sector_offset, write_status
from bootverify.executor.mcuboot.swap_move import move_source
from bootverify.executor.mcuboot.trailer import Magic, SwapType

STATES = 2  # BOOT_STATUS_SWAP_STATE_COUNT


class SwapOffset:
    """The algorithm; all sectors have one size."""

    def source(self, _run: Run, image: ImageState, /) -> Source:
        """As in swap-move."""
        return move_source(image)

    def read_status(self, _run: Run, marks: bytes, status: Status, /) -> None:
        """Two entries for each sector."""
        last = last_mark(marks)
        if last is not None:
            status.operation = Operation.SWAP
            status.index, status.state = last // STATES + FIRST_INDEX, last % STATES + FIRST_STATE

    def entry(self, _run: Run, status: Status, /) -> int:
        """Two for each sector."""
        return (status.index - FIRST_INDEX) * STATES + status.state - FIRST_STATE

    def read_header(self, run: Run, image: ImageState, slot: int, status: Status | None) -> bool:
        """The second image lies one sector higher, except while it is to be reverted to.

        Failing that, it is looked for at the other place.
        """
        other = True
        where, offset = slot, 0
        sector = image.pair.secondary.sector_size
        if status is not None and not status.reset_in(run.config.mode):
            other = False
            last = last_index(run, image, find_status(run, image).swap_size())
            where, offset = _whereabouts(status, slot, last, sector, reverting=_reverting(image, status))
        elif slot == SECONDARY and not _reverting(image, status):
            offset = sector
        data = image.pair[where].read(offset, SIZE)
        if data is None:
            return False
        header = ImageHeader.read(data)
        if other and not header.found and where == SECONDARY:
            offset = 0 if image.request() is not SwapType.REVERT else sector
            data = image.pair[where].read(offset, SIZE)
            if data is None:
                return False
            header = ImageHeader.read(data)
        image.headers[slot] = header
        first = run.config.options.bootstrap and not image.offset_known
        if header.found and (status is not None or first) and where == SECONDARY:
            image.offset_known = True
            image.secondary_offset = offset
        return status is None or header.found

    def run(self, run: Run, image: ImageState, status: Status, size: int) -> None:
        """Swap from the first sector to the last; a revert from the last to the first, so that it fits again."""
        last = last_index(run, image, size)
        if not room_for(run, image, status, last):
            return
        _fixup_revert(run, image, status)
        if status.index == FIRST_INDEX:
            if status.source is not Source.PRIMARY:
                self._scramble(run, image, PRIMARY)
                init_status(run, image, image.trailers[PRIMARY], status)
            self._scramble(run, image, SECONDARY)
        # Taken from the record even when the swap begins: a boot before this one may have written it.
        image.unprotected[:] = image.trailers[PRIMARY].tlv_sizes()
        status.operation = Operation.SWAP
        used = [_used_sectors(image, slot) for slot in (PRIMARY, SECONDARY)]
        reverting = _reverting(image, status)
        for step in range(last + 1):
            if step >= status.index - FIRST_INDEX:
                self._swap(run, image, status, last - step if reverting else step, used, reverting=reverting)
        if reverting:
            # Else the record there could be taken for a header, and a later update would find a trailer.
            secondary = image.pair.secondary
            ensure(secondary.erase(0, secondary.sector_size), "the first secondary sector is erased")
            self._scramble(run, image, SECONDARY)

    def _swap(
        self, run: Run, image: ImageState, status: Status, index: int, used: list[int], *, reverting: bool
    ) -> None:
        """Primary sector `index` goes to the secondary slot, then the one that waits there comes in."""
        primary, secondary = image.pair.primary, image.pair.secondary
        size = primary.sector_size
        here = sector_offset(run, primary, index)
        outgoing, incoming = (index + 1, index) if reverting else (index, index + 1)
        if status.state == FIRST_STATE:
            if index <= used[PRIMARY]:
                there = sector_offset(run, secondary, outgoing)
                shift = size if reverting else 0
                ensure(secondary.erase(there, size), "the secondary sector is erased")
                copied = copy_region(run, image, (primary, here), (secondary, there), size, sector_offset=shift)
                ensure(copied, "the old sector is copied")
            write_status(run, image, self, status)
            status.state = FIRST_STATE + 1
        if status.state == FIRST_STATE + 1:
            if index <= used[SECONDARY]:
                there = sector_offset(run, primary, incoming)  # upstream takes the table of the primary slot
                ensure(primary.erase(here, size), "the primary sector is erased")
                ensure(copy_region(run, image, (secondary, there), (primary, here), size), "the new sector is copied")
            write_status(run, image, self, status)
            status.index += 1
            status.state = FIRST_STATE

    def _scramble(self, run: Run, image: ImageState, slot: int) -> None:
        ensure(image.trailers[slot].scramble(run.write_unit(image)), "the trailer is erased")


def last_index(run: Run, image: ImageState, size: int) -> int:
    """find_last_idx: the number of the last sector that `size` bytes take, from 0."""
    sector = image.pair.primary.sector_size
    count = max(1, -(-size // sector))
    if count * sector > WORD:
        raise Undefined("the sum of sector sizes wraps around for ever")
    if count > run.config.trailer.entries:
        raise Undefined("the swap size goes beyond the sector table")
    return count - 1


def _reverting(image: ImageState, status: Status | None) -> bool:
    return (status is not None and status.swap_type == SwapType.REVERT) or image.request() is SwapType.REVERT


def _whereabouts(status: Status, slot: int, last: int, sector: int, *, reverting: bool) -> tuple[int, int]:
    """Slot and offset of the header that belongs to `slot`, midway.

    Going forward, the index that counts sectors from 1 is held against `last`, which counts from 0 (swap_offset.c,
    boot_read_image_header): in the last sector the new header stands for the old one (docs/SEMANTICS.md, "Surprises").
    """
    done, state = status.index - FIRST_INDEX, status.state
    if reverting:
        out = done > last or (done == last and state == (FIRST_STATE + 1 if slot == PRIMARY else FIRST_STATE + 2))
        if slot == PRIMARY:
            return (SECONDARY, sector) if out else (PRIMARY, 0)
        return (PRIMARY, 0) if out else (SECONDARY, 0)
    if slot == PRIMARY:
        begun = status.index > FIRST_INDEX or state == FIRST_STATE + 1
        return (SECONDARY, 0) if begun and status.index <= last else (PRIMARY, 0)
    return (PRIMARY, 0) if status.index > FIRST_INDEX else (SECONDARY, sector)


def _used_sectors(image: ImageState, slot: int) -> int:
    """The sectors of an image; those behind it need no copying."""
    header, sector = image.headers[slot], image.pair.primary.sector_size
    size = header.header_size + header.protected_size + header.image_size + image.unprotected[slot]
    return -(-(size & WORD) // sector)


def _fixup_revert(run: Run, image: ImageState, status: Status) -> None:
    """Give the secondary slot a record of the revert before the primary trailer is erased, lest a cut there lose it.

    That is done again while the first sector is half done (swap_offset.c, fixup_revert asks for the index alone).
    """
    if status.swap_type != SwapType.REVERT or status.index != FIRST_INDEX:
        return
    secondary = image.trailers[SECONDARY]
    if secondary.read().magic is Magic.UNSET:
        ensure(secondary.scramble(run.write_unit(image)), "the secondary trailer is erased")
        ensure(secondary.write_copy_done(), "copy_done is written")
        init_status(run, image, secondary, status)
