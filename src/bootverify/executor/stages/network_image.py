"""MCUboot's image for the network core: copied from its own secondary slot into RAM, and from there by b0n.

sdk-nrf, modules/mcuboot, nrf53_hooks: the primary slot is RAM, is never asked for a request or checked, and when the
copy is there b0n is commanded. What it refuses stops MCUboot (boot_perform_update asserts), at every boot anew.
"""

from dataclasses import replace

from bootverify.design.boot import BootGo
from bootverify.executor.device import Device, Halt
from bootverify.executor.flash import Flash, PowerLost
from bootverify.executor.layout import home
from bootverify.executor.making.image_format import parse_header
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import BootConfig, Downgrade, Mode, Pair
from bootverify.executor.mcuboot.trailer import Trailer, TrailerLayout, requested_swap
from bootverify.executor.network.core import beside
from bootverify.executor.network.path import update_path
from bootverify.executor.stages.network import commanded
from bootverify.executor.world import World

RAM_FLASH = 0x10000  # from the start of RAM: ours, nothing depends on it


def take_update(world: World, step: BootGo, built: BootConfig) -> None:
    """Look at what is staged for the network core; `built` is the build for the first image.

    Its header in RAM says version 0.0.0, so nothing is too old for it. The device halts where MCUboot does.

    Raises:
        PowerLost: while it was under way.
    """
    device, path = world.device, update_path(world.design)
    if path is None or device.network is None or path.step != step or built.mode is not Mode.OVERWRITE:
        return
    where = home(world.design, path.staging)
    memory = Flash(world.design.soc.ram.start + RAM_FLASH, where.size, device.flash.page, device.flash.align)
    primary = Area(memory, memory.start, memory.size)
    config = replace(
        built,
        images=(Pair(primary, Area(device.flash, where.start, where.size)),),
        trailer=replace(built.trailer, entries=primary.sectors),
        options=replace(built.options, downgrade=Downgrade.OFF, hw_rollback=False),
        copied=lambda area: _handed_over(device, area),
    )
    result = boot_go(config)
    device.log += [f"{device.running}, image 1: {line}" for line in result.log]
    match result.outcome:
        case Outcome.BOOT | Outcome.NO_IMAGE:
            return  # the first image alone is started
        case Outcome.ASSERT | Outcome.UNDEFINED:
            device.halt(Halt.ASSERTION, f"{device.running}: stopped: {result.why}")
        case Outcome.POWER_CUT:
            raise PowerLost


def _handed_over(device: Device, copied: Area) -> bool:
    """network_core_update: whether b0n has the image; only one that is linked for the network core is handed over."""
    core, data = device.network, copied.flash.read(copied.start, copied.size)
    header = parse_header(data)
    assert core is not None
    if header is None:
        return False
    first = header.header_size
    if int.from_bytes(data[first + 4 : first + 8], "little") <= core.own.start:
        device.log.append(f"{device.running}: what was copied is not linked for the network core")
        return False
    by = commanded(device, core)
    by.transfer.readable = beside(data, copied.start, by.transfer.readable)
    return by.update(copied.start + first, header.image_size)


def asked_for_network(world: World) -> bool:
    """Whether the trailer of its slot asks for an update of the network core; the one in RAM never does."""
    path = update_path(world.design)
    if path is None:
        return False
    where, flash = home(world.design, path.staging), world.device.flash
    blank = Flash(where.start, where.size, flash.page, flash.align)
    slots = (Area(blank, where.start, where.size), Area(flash, where.start, where.size))
    primary, secondary = (Trailer(slot, TrailerLayout(entries=0)).read() for slot in slots)
    return requested_swap(primary, secondary, swap_offset=False).upgrades
