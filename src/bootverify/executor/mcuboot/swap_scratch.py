"""Swap using scratch: piece by piece from the end, each through the scratch area (swap_scratch.c)."""

from bootverify.executor.mcuboot.copy import copy_region
from bootverify.executor.mcuboot.header import SIZE, WORD, ImageHeader
from bootverify.executor.mcuboot.limits import trailer_sectors
from bootverify.executor.mcuboot.state import (
    FIRST_INDEX,
    FIRST_STATE,
    PRIMARY,
    SECONDARY,
    ImageState,
    Run,
    Source,
    Status,
    Undefined,
    ensure,
)
from bootverify.executor.mcuboot.swap import find_status, inconsistent, init_status, write_rest, write_status
from bootverify.executor.mcuboot.trailer import Flag, Magic, SwapType

STATES = 3  # BOOT_STATUS_STATE_COUNT


class SwapScratch:
    """The algorithm."""

    def source(self, run: Run, image: ImageState, /) -> Source:
        """boot_status_tables, in order: where a record of progress may lie."""
        primary, scratch = image.trailers[PRIMARY].read(), run.scratch_trailer.read()
        if scratch.magic is Magic.GOOD:
            # With several images the record may be another image's.
            return Source.SCRATCH if len(run.images) == 1 or scratch.image == image.index else Source.NONE
        if primary.magic is Magic.GOOD and primary.copy_done is Flag.UNSET:
            return Source.PRIMARY
        # No magic at all: nothing was ever swapped, or a revert is under way.
        if primary.magic is Magic.UNSET and primary.copy_done is Flag.UNSET:
            return Source.PRIMARY
        return Source.NONE

    def read_status(self, run: Run, marks: bytes, status: Status) -> None:
        """The step behind the first unbroken run of written entries."""
        written = [n for n, mark in enumerate(marks) if mark != 0xFF]
        if not written:
            return
        found = next((n for n in range(written[0], len(marks)) if marks[n] == 0xFF), len(marks))
        if found and written[-1] > found:
            inconsistent(run)
        status.index = found // STATES + FIRST_INDEX
        status.state = found % STATES + FIRST_STATE

    def entry(self, _run: Run, status: Status, /) -> int:
        """Three for each piece."""
        return (status.index - FIRST_INDEX) * STATES + status.state - FIRST_STATE

    def read_header(self, run: Run, image: ImageState, slot: int, status: Status | None) -> bool:
        """The first sectors, and with them the headers, are swapped last."""
        area = image.pair[slot]
        if status is not None and not status.reset_in(run.config.mode):
            pieces = len(_pieces(run, image, find_status(run, image).swap_size()))
            done = status.index - FIRST_INDEX
            if done >= pieces:
                area = image.pair[1 - slot]
            elif done == pieces - 1:
                if slot == SECONDARY and status.state > FIRST_STATE:
                    area = run.scratch
                elif slot == PRIMARY and status.state > FIRST_STATE + 1:
                    area = image.pair.secondary
        data = area.read(0, SIZE)
        if data is None:
            return False
        image.headers[slot] = ImageHeader.read(data)
        return True

    def run(self, run: Run, image: ImageState, status: Status, size: int) -> None:
        """Swap the pieces from the last to the first."""
        for number, (offset, length) in enumerate(_pieces(run, image, size)):
            if number >= status.index - FIRST_INDEX:
                _Piece(run, image, self, status, (offset, length)).swap()


class _Piece:
    """One piece of both slots (boot_swap_sectors): secondary to scratch, primary to secondary, scratch to primary."""

    def __init__(
        self, run: Run, image: ImageState, algorithm: SwapScratch, status: Status, span: tuple[int, int]
    ) -> None:
        self.run, self.image, self.algorithm, self.status = run, image, algorithm, status
        self.offset, self.size = span
        self.primary, self.secondary = image.pair.primary, image.pair.secondary
        self.copied = self._copy_size()
        status.use_scratch = status.index == FIRST_INDEX and self.copied != self.size

    def swap(self) -> None:
        """Take the steps that are left."""
        if self.status.state == FIRST_STATE:
            self._to_scratch()
            self._done(FIRST_STATE + 1)
        if self.status.state == FIRST_STATE + 1:
            self._to_secondary()
            self._done(FIRST_STATE + 2)
        if self.status.state == FIRST_STATE + 2:
            self._to_primary()
            in_scratch, self.status.use_scratch = self.status.use_scratch, False
            self._done(FIRST_STATE)
            self.status.index += 1
            if in_scratch:
                # From the end: a half-erased scratch area must not look like a record of progress.
                ensure(self.run.scratch.erase(0, self.run.scratch.size, backwards=True), "scratch is erased")

    def _copy_size(self) -> int:
        """The bytes that count: without the trailer, and so that the scratch area's own trailer has room."""
        if self.offset + self.size <= self._first_trailer(PRIMARY):
            return self.size
        write = self.run.write_unit(self.image)
        # Computed in 32 bits: a piece that begins inside the trailer fills scratch up to its own trailer.
        wanted = (self.primary.size - self.offset - self.run.config.trailer.size(write)) & WORD
        return min(wanted, self.run.scratch_trailer.status_offset)

    def _before_trailer(self, slot: int) -> int:
        """The bytes from this piece to the trailer's first sector; in 32 bits, so that less than none is refused."""
        return (self._first_trailer(slot) - self.offset) & WORD

    def _first_trailer(self, slot: int) -> int:
        """Offset of the first sector of a slot that holds some of its trailer."""
        area = self.image.pair[slot]
        return (area.sectors - trailer_sectors(self.run, self.image, slot)) * area.sector_size

    def _to_scratch(self) -> None:
        run, image, status = self.run, self.image, self.status
        ensure(run.scratch.scramble(), "scratch is erased")
        if status.index == FIRST_INDEX:
            # Even where the primary slot keeps the record: the swap type must survive the erasing of its trailer.
            init_status(run, image, run.scratch_trailer, status)
            if not status.use_scratch:
                self._scramble(PRIMARY)
                init_status(run, image, image.trailers[PRIMARY], status)
                ensure(run.scratch.scramble(), "scratch is erased")
        source, target = (self.secondary, self.offset), (run.scratch, 0)
        ensure(copy_region(run, image, source, target, self.copied), "secondary is copied to scratch")

    def _to_secondary(self) -> None:
        size = self.size
        if self.status.index == FIRST_INDEX:
            self._scramble(SECONDARY)
            if self.status.use_scratch:
                size = self._before_trailer(SECONDARY)
        if size > 0:
            ensure(self.secondary.erase(self.offset, size), "the secondary piece is erased")
        source, target = (self.primary, self.offset), (self.secondary, self.offset)
        ensure(copy_region(self.run, self.image, source, target, self.copied), "primary is copied to secondary")

    def _to_primary(self) -> None:
        size = self.size
        if self.status.use_scratch:
            self._scramble(PRIMARY)
            size = self._before_trailer(PRIMARY)
        if size > 0:
            ensure(self.primary.erase(self.offset, size), "the primary piece is erased")
        source, target = (self.run.scratch, 0), (self.primary, self.offset)
        ensure(copy_region(self.run, self.image, source, target, self.copied), "scratch is copied to primary")
        if self.status.use_scratch:
            self._record_to_primary()

    def _record_to_primary(self) -> None:
        """The record that the scratch area kept for this piece moves to the primary slot.

        The progress goes right behind what was copied. That is where the trailer begins, unless the scratch area's own
        trailer cut the copy short: then entries are missing, and a cut before scratch is erased repeats steps.
        """
        run, image = self.run, self.image
        scratch, primary = run.scratch_trailer, image.trailers[PRIMARY]
        source, target = (run.scratch, scratch.status_offset), (self.primary, self.offset + self.copied)
        copied = copy_region(run, image, source, target, (STATES - 1) * run.write_unit(image))
        ensure(copied or run.config.options.validate_primary, "progress is copied")
        held = scratch.read()
        if held.image_ok is Flag.SET:
            ensure(primary.write_image_ok(), "image_ok is written")
        if held.swap_type != SwapType.NONE:
            ensure(primary.write_swap_info(held.swap_type, image.index), "swap_info is written")
        write_rest(run, image, primary, self.status)

    def _scramble(self, slot: int) -> None:
        done = self.image.trailers[slot].scramble(self.run.write_unit(self.image))
        ensure(done, "the trailer is erased")

    def _done(self, following: int) -> None:
        write_status(self.run, self.image, self.algorithm, self.status)
        self.status.state = following


def _pieces(run: Run, image: ImageState, size: int) -> list[tuple[int, int]]:
    """Offset and size of each piece, in the order of swapping (find_last_sector_idx, boot_copy_sz); or none."""
    sector = max(image.pair.primary.sector_size, image.pair.secondary.sector_size)
    count = -(-size // sector)
    if count * sector > min(image.pair.primary.size, image.pair.secondary.size):
        raise Undefined("the swap size goes beyond the sector table")
    step = run.scratch.size // image.pair.primary.sector_size * image.pair.primary.sector_size
    pieces, end = [], count * sector
    while end > 0:
        start = max(0, end - step)
        pieces.append((start, end - start))
        end = start
    return pieces
