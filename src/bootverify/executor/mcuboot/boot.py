"""boot_go of MCUboot, from reset to the image that is started (loader.c; recorded: mcu-tools/mcuboot 2d4bacc3)."""

from collections.abc import MutableSequence
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.executor.flash import Power, PowerLost
from bootverify.executor.mcuboot import direct_xip, loader, single_slot
from bootverify.executor.mcuboot.config import BootConfig, Mode
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.mcuboot.state import (
    PRIMARY,
    SECONDARY,
    BootAssert,
    ImageState,
    Run,
    Status,
    Swap,
    Undefined,
)
from bootverify.executor.mcuboot.trailer import SwapType
from bootverify.executor.mcuboot.validate import check_image, header_valid


class Outcome(Enum):
    """How boot_go ends."""

    BOOT = "boot"
    NO_IMAGE = "fail"
    ASSERT = "assert"
    POWER_CUT = "powercut"
    UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveImage:
    """An image that is there to run; `loaded` is address and content where it was placed in RAM."""

    slot: int
    address: int
    header: ImageHeader
    loaded: tuple[int, bytes] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BootResult:
    """The end of a run; `images` are those that are active after it, the first is started.

    `asked` is what the trailers of each image asked for, None where the loader never looked; `swap_types` what it made
    of that, None where it did not come so far. `power` is the supply that was drawn on; `why` tells what stopped the
    loader.
    """

    outcome: Outcome
    images: tuple[ActiveImage, ...]
    asked: tuple[SwapType | None, ...]
    swap_types: tuple[SwapType | None, ...]
    swaps: tuple[Swap, ...]
    power: Power
    log: tuple[str, ...]
    why: str = ""


def boot_go(
    config: BootConfig, counters: MutableSequence[int] | None = None, room: MutableSequence[int] | None = None
) -> BootResult:
    """Carry out what the trailers ask for, validate, and say what to start.

    `counters` are the stored security counters, one for each image, and rise; `room` is how often each still can. A
    power cut is part of the result; what is left of the budget is in the `Power` of the flash.
    """
    run = Run.start(config, counters if counters is not None else [0] * len(config.images), room)
    why = ""
    try:
        found = _CHOOSERS.get(config.mode, loader.upgrade_and_choose)(run)
        outcome = Outcome.BOOT if found else Outcome.NO_IMAGE
    except BootAssert as stop:
        outcome, why = Outcome.ASSERT, str(stop)
    except Undefined as stop:
        outcome, why = Outcome.UNDEFINED, str(stop)
    except PowerLost:
        outcome = Outcome.POWER_CUT
    active = tuple(_active(run, image) for image in run.images) if outcome is Outcome.BOOT else ()
    return BootResult(
        outcome=outcome,
        images=active,
        asked=tuple(image.asked for image in run.images),
        swap_types=tuple(image.swap_type for image in run.images),
        swaps=tuple(run.swaps),
        power=config.images[0].primary.flash.power,
        log=tuple(run.log),
        why=why,
    )


def staged_refusal(config: BootConfig) -> str:
    """Why the image in the first secondary slot would not be accepted; empty when it would. Nothing is written."""
    run = Run.start(config, [0] * len(config.images))
    image = run.images[0]
    data = image.pair.secondary.read(0, SIZE)
    assert data is not None, "a slot is larger than a header"
    image.headers[SECONDARY] = ImageHeader.read(data)
    if not header_valid(run, image.headers[SECONDARY], image.pair.secondary):
        return "no image"
    return check_image(run, image, SECONDARY, Status.fresh(config.mode))


_CHOOSERS = {
    Mode.DIRECT_XIP: direct_xip.choose,
    Mode.RAM_LOAD: direct_xip.choose,
    Mode.SINGLE_SLOT: single_slot.choose,
    Mode.FIRMWARE_LOADER: single_slot.choose,
}


def _active(run: Run, image: ImageState) -> ActiveImage:
    slot = PRIMARY if image.active is None else image.active
    address, size = image.loaded
    loaded = None
    if size:
        assert run.config.ram is not None
        at = address - run.config.ram.start
        loaded = (address, bytes(run.ram[at : at + size]))
    return ActiveImage(slot=slot, address=image.pair[slot].start, header=image.headers[slot], loaded=loaded)
