"""What the three swap modes share: the record of progress, its start and its resumption (swap_misc.c, loader.c)."""

from typing import Protocol

from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.encrypt import load_key, restore_key, saved
from bootverify.executor.mcuboot.header import WORD
from bootverify.executor.mcuboot.limits import trailer_sectors
from bootverify.executor.mcuboot.state import (
    PRIMARY,
    SECONDARY,
    BootAssert,
    ImageState,
    Run,
    Source,
    Status,
    Swap,
    Undefined,
    ensure,
)
from bootverify.executor.mcuboot.tlv import tlv_area
from bootverify.executor.mcuboot.trailer import Flag, Magic, SwapType, Trailer


class Algorithm(Protocol):
    """One way to swap two images, sector by sector, so that it can go on after a power cut."""

    def source(self, run: Run, image: ImageState, /) -> Source:
        """Where the record of an interrupted swap lies (swap_status_source)."""
        ...

    def read_status(self, run: Run, marks: bytes, status: Status) -> None:
        """Take phase, index and state from the first bytes of the progress entries (swap_read_status_bytes)."""
        ...

    def entry(self, run: Run, status: Status, /) -> int:
        """The progress entry of the step in `status` (boot_status_internal_off)."""
        ...

    def read_header(self, run: Run, image: ImageState, slot: int, status: Status | None) -> bool:
        """Read the header of the image that belongs to `slot`, wherever it is by now (boot_read_image_header)."""
        ...

    def run(self, run: Run, image: ImageState, status: Status, size: int) -> None:
        """Swap `size` bytes, from where `status` stands (swap_run)."""
        ...


def read_status(run: Run, image: ImageState, algorithm: Algorithm, status: Status) -> bool:
    """Find out whether a swap was interrupted, and where (swap_read_status); False when that cannot be read.

    So it is where scratch has the larger write unit: entries are that far apart, and the last ones behind the slot.
    """
    status.source = algorithm.source(run, image)
    if status.source is Source.NONE:
        return True
    trailer = run.scratch_trailer if status.source is Source.SCRATCH else image.trailers[PRIMARY]
    ensure(trailer.size <= trailer.area.size, "the trailer fits into its area")
    marks = trailer.status(run.write_unit(image))
    if marks is None:
        return False
    algorithm.read_status(run, marks, status)
    status.swap_type = trailer.swap_info()
    return True


def inconsistent(run: Run) -> None:
    """The progress record has a hole: without validation nobody can tell whether the image is whole."""
    ensure(run.config.options.validate_primary, "the progress record is consistent")


def last_mark(marks: bytes) -> int | None:
    """The number of the last progress entry that is written, counted from 1; None when there is none.

    As swap-move and swap-offset read it: from the end. They count the holes before it, and never get beyond one.
    """
    return len(marks.rstrip(b"\xff")) or None


def init_status(run: Run, image: ImageState, trailer: Trailer, status: Status) -> None:
    """Write into an erased trailer what a resumed boot needs, the magic last (swap_status_init)."""
    secondary = image.trailers[SECONDARY].read()
    if status.swap_type != SwapType.NONE:
        ensure(trailer.write_swap_info(status.swap_type, image.index), "swap_info is written")
    if secondary.image_ok is Flag.SET:
        ensure(trailer.write_image_ok(), "image_ok is written")
    write_rest(run, image, trailer, status)


def write_rest(run: Run, image: ImageState, trailer: Trailer, status: Status) -> None:
    """The fields of a trailer from swap_size on."""
    ensure(trailer.write_swap_size(status.swap_size), "swap_size is written")
    if run.config.trailer.swap_offset:
        ensure(trailer.write_tlv_sizes(*(size & 0xFFFF for size in image.unprotected)), "the TLV sizes are written")
    if run.config.encryption is not None:
        for slot in (PRIMARY, SECONDARY):
            ensure(trailer.write_saved_key(slot, saved(run, status, slot)), "the image keys are written")
    ensure(trailer.write_magic(), "the magic is written")


def write_status(run: Run, image: ImageState, algorithm: Algorithm, status: Status) -> None:
    """Note that the step in `status` is done (boot_write_status).

    A refused write is forgiven where images are validated.
    """
    trailer = run.scratch_trailer if status.use_scratch else image.trailers[PRIMARY]
    done = trailer.write_status(algorithm.entry(run, status), run.write_unit(image), status.state)
    ensure(done or run.config.options.validate_primary, "progress is written")
    run.arrives(status)


def find_status(run: Run, image: ImageState) -> Trailer:
    """The trailer with a good magic: that of the scratch area, else that of the primary slot (boot_find_status)."""
    if run.config.scratch is not None and run.scratch_trailer.magic() is Magic.GOOD:
        return run.scratch_trailer
    return image.trailers[PRIMARY]


def image_size(image: ImageState, slot: int) -> int | None:
    """The size of the image in `slot` with its TLVs (boot_read_image_size); None when the TLVs cannot be found."""
    start = image.start(slot)
    found = tlv_area(image.headers[slot], image.pair[slot].read, start)
    if found is None:
        return None
    image.unprotected[slot] = found.unprotected
    return found.end - start


def swap_images(run: Run, image: ImageState, algorithm: Algorithm, status: Status) -> None:
    """Swap the two images, or finish what was interrupted (boot_swap_image)."""
    resumed = not status.reset_in(run.config.mode)
    size = _resume(run, image, status) if resumed else _begin(run, image, status)
    run.swaps.append(Swap(image=image.index, kind=status.swap_type, resumed=resumed))
    algorithm.run(run, image, status, size)


def _begin(run: Run, image: ImageState, status: Status) -> int:
    """Of the larger image depends how many sectors are swapped."""
    largest = 0
    for slot in (PRIMARY, SECONDARY):
        header = image.headers[slot]
        if header.found:
            size = image_size(image, slot)
            ensure(size is not None, f"the TLVs of the {('primary', 'secondary')[slot]} image can be read")
            assert size is not None
            largest = max(largest, size)
        if run.config.encryption is None:
            continue
        if header.encrypted:
            ensure(load_key(run, image, slot, image.pair[slot], status), "the image key can be unwrapped")
        else:
            status.keys[slot] = None
    status.swap_size = largest & WORD
    return status.swap_size


def _resume(run: Run, image: ImageState, status: Status) -> int:
    trailer = find_status(run, image)
    status.swap_size = trailer.swap_size()
    if run.config.trailer.swap_offset:
        image.unprotected[:] = trailer.tlv_sizes()
    if run.config.encryption is not None:
        for slot in (PRIMARY, SECONDARY):
            restore_key(run, image, slot, trailer.saved_key(slot), status)
    return status.swap_size


def room_for(run: Run, image: ImageState, status: Status, last: int) -> bool:
    """Whether a swap that begins may reach sector `last`, which must not be the trailer's.

    Validation leaves only one way to fail: a primary image that nobody validates is too large.
    """
    if not status.reset_in(run.config.mode):
        return True
    if last < image.pair.primary.sectors - trailer_sectors(run, image, PRIMARY):
        return True
    run.note("not enough free space to run swap upgrade")
    status.swap_type = SwapType.NONE
    return False


def sector_offset(run: Run, area: Area, index: int) -> int:
    """Where sector `index` begins (boot_img_sector_off).

    Raises:
        BootAssert: behind the last sector, where the table holds zeros: an access there is refused.
        Undefined: behind the end of the table.
    """
    if index < area.sectors:
        return index * area.sector_size
    if index >= run.config.trailer.entries:
        raise Undefined("the sector table ends before")
    raise BootAssert("a sector behind the end of the slot")
