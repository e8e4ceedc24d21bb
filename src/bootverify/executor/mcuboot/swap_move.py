"""Swap using move: the primary image moves up by one sector, then the two change places (swap_move.c)."""

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
from bootverify.executor.mcuboot.swap import (
    find_status,
    init_status,
    last_mark,
    room_for,
    sector_offset,
    write_status,
)
from bootverify.executor.mcuboot.trailer import Flag, Magic, SwapType

SWAP_STATES = 2  # BOOT_STATUS_SWAP_STATE_COUNT; a move has one


class SwapMove:
    """The algorithm; all sectors have one size."""

    def source(self, _run: Run, image: ImageState, /) -> Source:
        """The primary slot, when its magic stands, its copy_done does not, and the secondary slot has no request."""
        return move_source(image)

    def read_status(self, run: Run, marks: bytes, status: Status) -> None:
        """First one entry for each moved sector, then two for each swapped one."""
        last = last_mark(marks)
        if last is None:
            return
        moves = run.config.trailer.entries
        if last < moves:
            status.operation, status.index, status.state = Operation.MOVE, last + FIRST_INDEX, FIRST_STATE
        else:
            index, state = divmod(last - moves, SWAP_STATES)
            status.operation, status.index, status.state = Operation.SWAP, index + FIRST_INDEX, state + FIRST_STATE

    def entry(self, run: Run, status: Status, /) -> int:
        """Moves first, then swaps."""
        if status.operation is Operation.MOVE:
            return status.index - FIRST_INDEX + status.state - FIRST_STATE
        swapped = (status.index - FIRST_INDEX) * SWAP_STATES
        return run.config.trailer.entries + swapped + status.state - FIRST_STATE

    def read_header(self, run: Run, image: ImageState, slot: int, status: Status | None) -> bool:
        """Midway the headers are where the sectors in which they lie have got to."""
        where, offset = slot, 0
        if status is not None and not status.reset_in(run.config.mode):
            last = self._last(run, image)
            where, offset = _whereabouts(status, slot, last, image.pair.primary.sector_size)
        data = image.pair[where].read(offset, SIZE)
        if data is None:
            return False
        image.headers[slot] = ImageHeader.read(data)
        return status is None or image.headers[slot].found

    def _last(self, run: Run, image: ImageState) -> int:
        """The last sector as boot_read_image_header knows it; older releases keep it in RAM (g_last_idx)."""
        if run.config.options.last_sector_unknown and not run.swaps:
            return WORD
        return last_index(run, image, find_status(run, image).swap_size())

    def run(self, run: Run, image: ImageState, status: Status, size: int) -> None:
        """Move up from the last sector to the first, then swap from the first to the last."""
        last = last_index(run, image, size)
        if not room_for(run, image, status, last):
            return
        _fixup_revert(run, image, status)
        if status.operation is Operation.MOVE:
            for index in range(last, 0, -1):
                # In 32 bits: a record of more moves than there are sectors makes all of them move again.
                if index <= (last - status.index + 1) & WORD:
                    self._move_up(run, image, status, index)
            status.index = FIRST_INDEX
        status.operation = Operation.SWAP
        for index in range(1, last + 1):
            if index >= status.index:
                self._swap(run, image, status, index)

    def _move_up(self, run: Run, image: ImageState, status: Status, index: int) -> None:
        """Sector `index` - 1 of the primary slot goes to `index`."""
        primary, size = image.pair.primary, image.pair.primary.sector_size
        target, source = sector_offset(run, primary, index), sector_offset(run, primary, index - 1)
        if status.index == FIRST_INDEX:
            if status.source is not Source.PRIMARY:
                ensure(image.trailers[PRIMARY].scramble(run.write_unit(image)), "the primary trailer is erased")
                init_status(run, image, image.trailers[PRIMARY], status)
            ensure(image.trailers[SECONDARY].scramble(run.write_unit(image)), "the secondary trailer is erased")
        ensure(primary.erase(target, size), "the sector above is erased")
        ensure(copy_region(run, image, (primary, source), (primary, target), size), "the sector is moved up")
        write_status(run, image, self, status)
        status.index += 1

    def _swap(self, run: Run, image: ImageState, status: Status, index: int) -> None:
        """Sector `index` - 1 of the secondary slot goes to the primary, and the moved one goes there."""
        primary, secondary = image.pair.primary, image.pair.secondary
        size = primary.sector_size
        above, here = sector_offset(run, primary, index), sector_offset(run, primary, index - 1)
        there = sector_offset(run, secondary, index - 1)
        if status.state == FIRST_STATE:
            ensure(primary.erase(here, size), "the primary sector is erased")
            ensure(copy_region(run, image, (secondary, there), (primary, here), size), "the new sector is copied")
            write_status(run, image, self, status)
            status.state = FIRST_STATE + 1
        if status.state == FIRST_STATE + 1:
            ensure(secondary.erase(there, size), "the secondary sector is erased")
            ensure(copy_region(run, image, (primary, above), (secondary, there), size), "the old sector is copied")
            write_status(run, image, self, status)
            status.index += 1
            status.state = FIRST_STATE


def move_source(image: ImageState) -> Source:
    """swap_status_source, the same for swap-move and swap-offset."""
    primary, secondary = image.trailers[PRIMARY].read(), image.trailers[SECONDARY].read()
    begun = primary.magic is Magic.GOOD and primary.copy_done is Flag.UNSET
    return Source.PRIMARY if begun and secondary.magic is not Magic.GOOD else Source.NONE


def last_index(run: Run, image: ImageState, size: int) -> int:
    """find_last_idx: the number of sectors that `size` bytes take, at least one; the sum is computed in 32 bits."""
    sector = image.pair.primary.sector_size
    count = max(1, -(-size // sector))
    if count * sector > WORD:
        raise Undefined("the sum of sector sizes wraps around for ever")
    if count > run.config.trailer.entries:
        raise Undefined("the swap size goes beyond the sector table")
    return count


def _whereabouts(status: Status, slot: int, last: int, sector: int) -> tuple[int, int]:
    """Slot and offset of the header that belongs to `slot`, midway."""
    if status.operation is Operation.MOVE:
        return slot, sector if slot == PRIMARY and status.index > last else 0
    if FIRST_INDEX < status.index <= last:
        return 1 - slot, 0
    if status.index == FIRST_INDEX:
        if slot == PRIMARY:
            return PRIMARY, sector
        if status.state == FIRST_STATE + 1:
            return PRIMARY, 0
    return slot, 0


def _fixup_revert(run: Run, image: ImageState, status: Status) -> None:
    """Make a revert look like a permanent upgrade before the primary trailer is erased, lest a cut there lose it."""
    first = status.operation is Operation.MOVE and status.index == FIRST_INDEX
    if status.swap_type != SwapType.REVERT or not first:
        return
    secondary = image.trailers[SECONDARY]
    if secondary.read().magic is Magic.UNSET:
        ensure(secondary.scramble(run.write_unit(image)), "the secondary trailer is erased")
        ensure(secondary.write_image_ok(), "image_ok is written")
        ensure(secondary.write_swap_size(status.swap_size), "swap_size is written")
        ensure(secondary.write_magic(), "the magic is written")
