"""What every store holds at this moment, and whether the running code could change it: tried at the registers."""

from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.boot import ChooseSlot
from bootverify.design.protection import Access
from bootverify.executor.access import granules
from bootverify.executor.content import content_of
from bootverify.executor.layout import provision_pages, staging_partitions, store_ranges
from bootverify.executor.making.factory import PROVISIONED
from bootverify.executor.making.network_build import released
from bootverify.executor.network.path import application_of
from bootverify.executor.stages import mcuboot
from bootverify.executor.world import World
from bootverify.machine.action import Request
from bootverify.machine.content import Content, Crafted
from bootverify.ranges import AddressRange


class Open(Enum):
    """How much of a store the running code could write now."""

    ALL = "writable"
    PART = "partly locked"
    NONE = "locked"
    UNASKED = ""  # no code runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One store: where it is, what it holds in words, what waits in it, and how much of it is open."""

    name: str
    range: AddressRange
    content: str
    request: Request
    open: Open


def flash_map(world: World) -> tuple[Held, ...]:
    """Every store of the design, by address."""
    pages = provision_pages(world.design)
    asked = _requests(world)
    found = [
        Held(
            name=name,
            range=area,
            content=_page(world, name) if name in pages else _named(content_of(world, name)),
            request=asked.get(name, Request.NONE),
            open=_open(world, area),
        )
        for name, area in store_ranges(world.design).items()
    ]
    return tuple(sorted([*found, *_second_core(world)], key=lambda held: held.range.start))


def _named(content: Content) -> str:
    """A content in words; what is nobody's release may be half of a swap as well as an attacker's work."""
    return "bytes of no release" if isinstance(content, Crafted) else str(content)


def _second_core(world: World) -> list[Held]:
    """What lies in the network core's slot, and whether its own code could write there."""
    core, told = world.device.network, application_of(world.design)
    if core is None or told is None:
        return []
    area = core.application
    held = core.flash.read(area.start, area.size)
    words = "bytes of no release" if held.strip(b"\xff") else "erased"
    for release in range(1, world.design.releases + 1):
        if held == released(core, release).ljust(area.size, b"\xff"):
            words = f"{told.name} {release}"
    locked = not core.acl.permits(area.start, Access.WRITE)
    opened = Open.UNASKED if not core.running else Open.NONE if locked else Open.ALL
    return [Held(name=told.partition, range=area, content=words, request=Request.NONE, open=opened)]


def _page(world: World, name: str) -> str:
    steps = (step for stage in world.design.stages for step in stage.steps)
    choosing = [step for step in steps if isinstance(step, ChooseSlot) and step.provision == name]
    states = {world.factory.provision_state(step, world.device.flash) for step in choosing}
    return ", ".join(sorted(states)) or PROVISIONED


def _requests(world: World) -> dict[str, Request]:
    """What the trailers ask for, told at the staging partition."""
    found = {}
    for name in staging_partitions(world.design):
        for image in world.design.images:
            if image.staging == name and len(image.slots) == 1:
                found[name] = mcuboot.requested(world.device, world.design, image)
    return found


def _open(world: World, area: AddressRange) -> Open:
    device = world.device
    if device.halted:
        return Open.UNASKED
    who = device.design.stages[device.stage].attribution
    answers = {device.allows(part.start, Access.WRITE, who) for part in granules(device, area)}
    return Open.PART if len(answers) > 1 else Open.ALL if True in answers else Open.NONE
