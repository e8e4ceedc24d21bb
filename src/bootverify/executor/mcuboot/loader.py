"""boot_go where images start from the primary slot: the overwrite and swap modes (loader.c).

For each image: finish an interrupted swap or find out what is asked for; then dependencies; then the updates; at last
the primary images are looked at.
"""

from bootverify.executor.mcuboot.config import Downgrade, Mode
from bootverify.executor.mcuboot.counters import raise_counter
from bootverify.executor.mcuboot.dependencies import cancel_unsatisfied
from bootverify.executor.mcuboot.header import F_NON_BOOTABLE, SIZE, ImageHeader
from bootverify.executor.mcuboot.limits import compatible, sectors_known
from bootverify.executor.mcuboot.overwrite import copy_image
from bootverify.executor.mcuboot.state import (
    PRIMARY,
    SECONDARY,
    SLOT_NAMES,
    BootAssert,
    ImageState,
    Run,
    Status,
    ensure,
)
from bootverify.executor.mcuboot.swap import Algorithm, read_status, swap_images
from bootverify.executor.mcuboot.swap_move import SwapMove
from bootverify.executor.mcuboot.swap_offset import SwapOffset
from bootverify.executor.mcuboot.swap_scratch import SwapScratch
from bootverify.executor.mcuboot.trailer import Flag, Magic, SwapType
from bootverify.executor.mcuboot.validate import check_image, header_valid, security_counter, wrong_address

ALGORITHMS: dict[Mode, Algorithm] = {
    Mode.SWAP_SCRATCH: SwapScratch(),
    Mode.SWAP_MOVE: SwapMove(),
    Mode.SWAP_OFFSET: SwapOffset(),
}


def upgrade_and_choose(run: Run) -> bool:
    """context_boot_go; whether there is an image to start (that of the first primary slot)."""
    status = Status.fresh(run.config.mode)
    several, upgrades = len(run.images) > 1, False
    for image in run.images:
        if several:
            image.forget_keys()
        status = _prepare(run, image, status)
        # As it stands now: a review for a later image may still take a revert back.
        upgrades |= image.swap_type is not None and image.swap_type.upgrades
    if several and upgrades:
        cancel_unsatisfied(run)
    for image in run.images:
        if several:
            image.forget_keys()
            status = Status.fresh(run.config.mode)
        _update(run, image, status)
    return all(_primary_good(run, image) for image in run.images)


# -- what is asked for


def _prepare(run: Run, image: ImageState, before: Status) -> Status:
    """Finish an interrupted swap, or determine the swap type (boot_prepare_image_for_update)."""
    mode, options = run.config.mode, run.config.options
    # Where the sectors are not known the headers are never read either: nothing starts then (zephyr, issue 24243).
    if not sectors_known(run, image) or not _read_headers(run, image, None) or not compatible(run, image):
        image.swap_type = SwapType.NONE
        return before
    status = Status.fresh(mode)
    if mode.swaps:
        if not read_status(run, image, ALGORITHMS[mode], status):
            image.swap_type = SwapType.NONE
            return status
        # Which image lies where is known only now.
        headers = _read_headers(run, image, status, require_all=not status.reset_in(mode))
        if not headers and not (options.bootstrap and image.headers[PRIMARY].erased):
            image.swap_type = SwapType.NONE
            return status
    if not status.reset_in(mode):
        _review(run, image, aborted=True)
        _complete(run, image, status)
        ensure(_read_headers(run, image, None), "the headers can be read")
        image.swap_type = SwapType.NONE
        return status
    if status.swap_type == SwapType.NONE:
        image.swap_type = _validated_type(run, image, status)
    else:
        good = _slot_refusal(run, image, SECONDARY, status) is None
        image.swap_type = _as_type(status.swap_type) if good else SwapType.FAIL
    _review(run, image, aborted=False)
    if options.bootstrap and image.swap_type is SwapType.NONE:
        _bootstrap(run, image, status)
    return status


def _read_headers(run: Run, image: ImageState, status: Status | None, *, require_all: bool = False) -> bool:
    """boot_read_image_headers: the primary one must be there, the other one if so asked."""
    for slot in (PRIMARY, SECONDARY):
        if run.config.mode.swaps:
            found = ALGORITHMS[run.config.mode].read_header(run, image, slot, status)
        else:
            data = image.pair[slot].read(0, SIZE)
            found = data is not None
            if data is not None:
                image.headers[slot] = ImageHeader.read(data)
        if not found:
            return slot > PRIMARY and not require_all
    return True


def _validated_type(run: Run, image: ImageState, status: Status) -> SwapType:
    """What the trailers ask for, if the image for it is valid (boot_validated_swap_type)."""
    kind = image.request()
    run.note(_named(run, image, f"swap type: {kind.name.lower()}"))
    if not kind.upgrades:
        return kind
    return SwapType.NONE if _slot_refusal(run, image, SECONDARY, status, expected=kind) is not None else kind


def _named(run: Run, image: ImageState, line: str) -> str:
    return f"image {image.index}: {line}" if len(run.images) > 1 else line


def _as_type(number: int) -> SwapType:
    """A swap type from a trailer; a number that names none makes the loader panic later."""
    return SwapType(number) if number in set(SwapType) else SwapType.PANIC


def _review(run: Run, image: ImageState, *, aborted: bool) -> None:
    """boot_review_image_swap_types: images updated before a power cut must not seem to ask for a revert."""
    if aborted or image.swap_type not in {SwapType.NONE, SwapType.REVERT}:
        for other in run.images[: image.index]:
            if other.swap_type is SwapType.REVERT:
                other.swap_type = SwapType.NONE


def _complete(run: Run, image: ImageState, status: Status) -> None:
    """boot_complete_partial_swap."""
    run.note(_named(run, image, "resuming an interrupted swap"))
    swap_images(run, image, ALGORITHMS[run.config.mode], status)
    image.swap_type = _as_type(status.swap_type)
    _settle(run, image, status.swap_type, fresh=False)


def _settle(run: Run, image: ImageState, kind: int, *, fresh: bool) -> None:
    """Set the flags that keep the next boot from undoing this swap; what failed stops the loader at the end."""
    good = True
    if kind in {SwapType.REVERT, SwapType.PERM}:
        good = _set_image_ok(image)
    # The new image is never reverted, so its counter is stored at once; the header is that of the slot it came from.
    if kind == SwapType.PERM and fresh and run.config.options.hw_rollback:
        good = raise_counter(run, image, image.pair.primary, SECONDARY) and good
    if kind in {SwapType.TEST, SwapType.REVERT, SwapType.PERM}:
        good = image.trailers[PRIMARY].write_copy_done() and good
    _panic_unless(image, good, "the end of the swap is recorded")


def _panic_unless(image: ImageState, good: bool, what: str) -> None:
    """What failed turns the swap type into that of a panic, which stops the loader at the end."""
    if not good:
        image.swap_type = SwapType.PANIC
    ensure(good, f"panic: {what}")


def _set_image_ok(image: ImageState) -> bool:
    """swap_set_image_ok."""
    primary = image.trailers[PRIMARY]
    return primary.read().image_ok is not Flag.UNSET or primary.write_image_ok()


def _bootstrap(run: Run, image: ImageState, status: Status) -> None:
    """An unusable primary image is replaced by a valid secondary one that nobody asked for."""
    refusal = _slot_refusal(run, image, PRIMARY, status)
    if not image.headers[PRIMARY].erased and refusal is None:
        return
    found = image.headers[SECONDARY].found
    if _slot_refusal(run, image, SECONDARY, status) is None and found:
        image.swap_type = SwapType.REVERT


# -- one slot


def _slot_refusal(
    run: Run, image: ImageState, slot: int, status: Status | None, *, expected: SwapType | None = None
) -> str | None:
    """Why there is no valid image in `slot`, None when there is one (boot_validate_slot).

    An image that is refused in the secondary slot is erased; where the header is erased or says that the image is not
    for booting, only the trailer goes.
    """
    header, area = image.headers[slot], image.pair[slot]
    if header.erased or header.flags & F_NON_BOOTABLE:
        if slot == SECONDARY and run.config.mode.swaps:
            assert status is not None
            _drop_trailers(run, image, status)
        return "no bootable image"
    why = _refusal(run, image, slot, status, expected)
    if why:
        run.note(f"{SLOT_NAMES[slot]}: {why}" + ("; erased" if slot == SECONDARY else ""))
        if slot == SECONDARY:
            area.scramble()
        return why
    return None


def _refusal(run: Run, image: ImageState, slot: int, status: Status | None, expected: SwapType | None) -> str:
    header, area, options = image.headers[slot], image.pair[slot], run.config.options
    if slot == SECONDARY and run.config.mode is Mode.SWAP_OFFSET:
        assert status is not None
        if status.reset_in(run.config.mode) and expected in {SwapType.TEST, SwapType.PERM}:
            first = area.read(0, SIZE)
            if first is not None and ImageHeader.read(first).found:
                return "the image lies in the first sector, where it cannot be used"
    if slot == SECONDARY and run.config.mode is Mode.OVERWRITE and options.downgrade is not Downgrade.OFF:
        mine = image.headers[PRIMARY]
        if not mine.erased and _older(run, header, mine):
            return f"version {header.version_text} is below {mine.version_text}"
    if not header_valid(run, header, area):
        return "no image" if not header.found else "the header is refused"
    why = check_image(run, image, slot, status)
    if why:
        return why
    if slot == SECONDARY and options.check_load_address:
        return wrong_address(image, header)
    return ""


def _older(run: Run, one: ImageHeader, other: ImageHeader) -> bool:
    with_build = run.config.options.version_with_build
    return one.version(with_build=with_build) < other.version(with_build=with_build)


def _drop_trailers(run: Run, image: ImageState, status: Status) -> None:
    """A trailer without an image must not keep asking; with swap-move neither must a revert that cannot be done."""
    write = run.write_unit(image)
    image.trailers[SECONDARY].scramble(write)
    if run.config.mode is Mode.SWAP_MOVE and (
        status.swap_type == SwapType.REVERT or image.request() is SwapType.REVERT
    ):
        image.trailers[PRIMARY].scramble(write)


# -- the updates


def _update(run: Run, image: ImageState, status: Status) -> None:
    """Carry out what was determined for one image."""
    kind = image.swap_type
    assert kind is not None
    status.swap_type = kind
    if kind in {SwapType.TEST, SwapType.PERM} and not _downgrade_allowed(run, image):
        image.swap_type = SwapType.NONE
    elif kind.upgrades:
        _perform(run, image, status)
    elif kind is SwapType.FAIL:
        # Nothing to swap with: pretend that the revert was done, lest every boot try again.
        if run.config.mode.swaps:
            _panic_unless(image, _set_image_ok(image), "image_ok is written")
    elif kind is not SwapType.NONE:
        raise BootAssert("panic: the swap type names no type")


def _downgrade_allowed(run: Run, image: ImageState) -> bool:
    """check_downgrade_prevention of the swap modes; an older image is erased."""
    if run.config.options.downgrade is Downgrade.OFF or not run.config.mode.swaps:
        return True
    if run.config.options.permanent_unchecked and image.swap_type is SwapType.PERM:
        return True
    if run.config.options.downgrade is Downgrade.SECURITY_COUNTER:
        mine = security_counter(image, PRIMARY, image.pair.primary, 0)
        if mine is None:
            return True
        theirs = security_counter(image, SECONDARY, image.pair.secondary, image.start(SECONDARY))
        allowed = theirs is not None and mine <= theirs
    else:
        allowed = not _older(run, image.headers[SECONDARY], image.headers[PRIMARY])
    if not allowed:
        run.note("secondary: erased due to downgrade prevention")
        image.pair.secondary.scramble()
    return allowed


def _perform(run: Run, image: ImageState, status: Status) -> None:
    """boot_perform_update."""
    kind = image.swap_type
    assert kind is not None
    if not run.config.mode.swaps:
        copy_image(run, image, status)
        return
    if run.config.options.bootstrap and (
        _slot_refusal(run, image, PRIMARY, status) is not None or image.headers[PRIMARY].erased
    ):
        copy_image(run, image, status)
    else:
        swap_images(run, image, ALGORITHMS[run.config.mode], status)
    _settle(run, image, kind, fresh=True)


# -- the end


def _primary_good(run: Run, image: ImageState) -> bool:
    """Whether the primary image may be started; its security counter is stored when it is there to stay."""
    if image.swap_type is not SwapType.NONE and not _read_headers(run, image, None):
        return False
    if run.config.options.validate_primary:
        if _slot_refusal(run, image, PRIMARY, None) is not None:
            return False
    elif not image.headers[PRIMARY].found:
        return False
    if run.config.options.hw_rollback:
        trailer = image.trailers[PRIMARY].read()
        settled = trailer.magic is not Magic.GOOD or trailer.image_ok is Flag.SET
        return not settled or raise_counter(run, image, image.pair.primary, PRIMARY)
    return True
