"""An update of MCUboot itself behind NSIB, staged like any other (sdk-mcuboot, swap_nsib.c; ncs-boot 2.3)."""

from collections.abc import Callable, Mapping

from bootverify.executor.making.image_format import parse_header
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import staged_refusal
from bootverify.executor.mcuboot.config import BootConfig, Mode
from bootverify.executor.mcuboot.trailer import Flag, Magic, SwapType, Trailer, requested_swap

VECTOR_AT = 4  # offset of the reset vector in the vector table


def install(
    config: BootConfig, slots: Mapping[str, Area], active: str | None, *, name: str, say: Callable[[str], None]
) -> bool:
    """Install the staged image if it is one of MCUboot's, by name of its slot; whether the device restarts then.

    The reset vector of the staged image tells its slot: for the slot that is not active the image is checked, the slot
    erased and written, the staged copy unmade, and the device restarts; an image for the active slot is erased.
    """
    if config.mode is Mode.SINGLE_SLOT or not _asked(config):
        return False
    area = config.images[0].secondary
    staged = area.read(0, area.size)
    assert staged is not None, "the staging partition is in the flash"
    header = parse_header(staged)
    if header is None or header.header_size + 2 * VECTOR_AT > len(staged):
        return False
    vector = int.from_bytes(staged[header.header_size + VECTOR_AT :][:VECTOR_AT], "little")
    slot = next((slot for slot, each in slots.items() if each.start <= vector < each.start + each.size), None)
    if slot is None:
        return False
    if slot == active:
        say(f"the staged {name} is for {slot}, which is active; erased")
        area.scramble()
        return False
    why = staged_refusal(config)
    if why:
        say(f"staged {name}: {why}; erased")
        area.scramble()
        return False
    _copy(config, area, slots[slot])
    say(f"{name} {header.version} installed in {slot}; restart")
    return True


def _asked(config: BootConfig) -> bool:
    """Whether something is requested; a swap under way is finished first."""
    primary, secondary = (Trailer(each, config.trailer).read() for each in _pair(config))
    interrupted = primary.magic is Magic.GOOD and primary.copy_done is Flag.UNSET
    if interrupted and primary.swap_type != SwapType.NONE:
        return False
    return requested_swap(primary, secondary) is not SwapType.NONE


def _copy(config: BootConfig, area: Area, target: Area) -> None:
    target.scramble()
    page = target.sector_size
    for at in range(0, target.size, page):
        target.write(at, area.read(at, page) or b"")  # read again, as the vendor's loop does
    Trailer(area, config.trailer).scramble(area.align)
    area.erase(0, min(area.size, target.size + page))


def _pair(config: BootConfig) -> tuple[Area, Area]:
    return config.images[0].primary, config.images[0].secondary
