"""What a claim may ask of a program of the network core, decided by experiment like the other predicates.

It is asked of b0n and of what that starts (docs/SEMANTICS.md, "Network core").
"""

from bootverify.design.network import NetworkStage
from bootverify.executor.actions import hostile
from bootverify.executor.history import release_started
from bootverify.executor.making import network_build
from bootverify.executor.stages import network
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, FeedNetwork, Overwrite
from bootverify.machine.content import Crafted


def of_network(world: World, predicate: str, stage: NetworkStage) -> bool:
    """The answer of the predicate called so."""
    match predicate:
        case "running":
            return _running(world)
        case "authentic":
            return _authentic(world, stage)
        case "intact":
            return _intact(world, stage)
        case "writable":
            return _writable(world, stage)
        case "older":
            return 0 < release_started(world) < (world.kept or {}).get(stage.name, 0)
        case _:
            raise AssertionError(f"the type check lets no `{predicate}` of the network core through")


def _running(world: World) -> bool:
    """The core was started in this boot; b0n ran, and handed over."""
    core = world.device.network
    return core is not None and core.running


def _authentic(world: World, stage: NetworkStage) -> bool:
    """It was started from the owner's bytes."""
    core = world.device.network
    if core is None or core.started is None:
        return False
    return not core.hijacked and (stage.boots or bool(network.genuine(core, world.design.releases)))


def _intact(world: World, stage: NetworkStage) -> bool:
    """Its flash holds what production put there."""
    core = world.device.network
    if core is None or stage.boots:
        return core is not None and core.as_made()
    made = network_build.released(core, 1)
    return core.flash.read(core.application.start, len(made)) == made


def _writable(world: World, stage: NetworkStage) -> bool:
    """He changes a byte of it on a copy of the device: by code on that core, or by a command to b0n."""
    tries: list[Action] = [Overwrite(partition=stage.partition, content=Crafted())]
    tries += [FeedNetwork(offset=0 if stage.boots else None)]
    return any(_changes(world, stage, action) for action in tries)


def _changes(world: World, stage: NetworkStage, action: Action) -> bool:
    twin = world.copy()
    core, area = twin.device.network, network.program_at(twin.device, stage.partition)
    if core is None or area is None:
        return False
    if not stage.boots or isinstance(action, Overwrite):  # what he writes may be what he wrote before
        core.flash.load(area.start, bytes(area.size))
    before = core.flash.read(area.start, area.size)
    try:
        match action:
            case Overwrite():
                hostile.overwrite(twin, action)
            case FeedNetwork():
                hostile.feed_network(twin, action)
            case _:
                return False
    except NotEnabled:
        return False
    return core.flash.read(area.start, area.size) != before
