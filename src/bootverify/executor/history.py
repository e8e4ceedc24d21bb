"""Which releases have been booted and kept: read off the device after each action, where somebody watches."""

from bootverify.design.boot import BootGo, Image
from bootverify.executor.content import taken
from bootverify.executor.network.path import application_of
from bootverify.executor.stages.mcuboot import requested, standing
from bootverify.executor.stages.network import genuine
from bootverify.executor.world import World
from bootverify.machine.action import Request
from bootverify.machine.content import Genuine


def remember(world: World) -> None:
    """Note the release of the image that was just got to, unless MCUboot is to take it back or to change it."""
    if world.kept is None:
        return
    _remember_second(world.kept, world)
    if world.device.halted:
        return
    stage = world.design.stages[world.device.stage]
    running = stage.image
    if world.device.step or stage != world.design.stages_of(running)[0]:
        return
    image = world.design.image(running)
    release = release_taken(world, image)
    if release and _stays(world, image):
        world.kept[running] = max(world.kept.get(running, 0), release)


def _remember_second(kept: dict[str, int], world: World) -> None:
    """Note the release that the network core was started with; what is copied there is there to stay."""
    told = application_of(world.design)
    if told is not None and (release := release_started(world)):
        kept[told.name] = max(kept.get(told.name, 0), release)


def release_started(world: World) -> int:
    """The release that b0n has started in this boot; 0 when it has started none of the owner's."""
    core = world.device.network
    return 0 if core is None or core.hijacked else genuine(core, world.design.releases)


def release_taken(world: World, image: Image) -> int:
    """The release that the slot of this boot holds, in all parts; 0 when it holds no release of the owner's."""
    held = set(taken(world, image))
    found = held.pop() if len(held) == 1 else None
    return found.release if isinstance(found, Genuine) and found.image == image.name else 0


def _stays(world: World, image: Image) -> bool:
    """A swap that waits for its confirmation, or for another image, may end at the next boot."""
    for stage in world.design.stages:
        for step in stage.steps:
            if not isinstance(step, BootGo) or step.image != image.name:
                continue
            if step.revert and (active := world.device.active.get(image.name)) is not None:
                return standing(world.device, active) is Request.PERM
            if step.mode.swaps:
                return image.staging is None or requested(world.device, world.design, image) is Request.NONE
    return True
