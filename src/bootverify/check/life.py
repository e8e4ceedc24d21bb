"""Signs of life: a dead model satisfies everything, so a proof counts only beside a device and a foe that act."""

from dataclasses import dataclass

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.design import Design
from bootverify.executor.attack import hostile_as
from bootverify.executor.run import NotEnabled, act, mark, runs_on
from bootverify.executor.world import World
from bootverify.machine.action import Action, Deliver, EraseAll, Publish, Request, Reset, TakeStep
from bootverify.machine.content import Crafted, Genuine

MOST_STEPS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeSigns:
    """What was seen on the executor; `missing` says what never came, empty when all did."""

    seen: tuple[str, ...]
    missing: str


def signs_of_life(design: Design, attacker: Attacker) -> LifeSigns:
    """Boot the device to its last stage, then use every capability of the attacker once."""
    world = World.start(design, attacker)
    seen: list[str] = []
    for _ in range(MOST_STEPS):
        if not runs_on(world.device):
            break
        act(world, TakeStep(stage=world.device.running, step=world.device.step))
    last = design.stages[-1].name
    if world.device.running != last:
        return LifeSigns(seen=(), missing=f"the chain never reaches {last}: the device is {mark(world.device)}")
    seen.append(f"the chain reaches {last}")
    for capability in sorted(attacker.capabilities, key=lambda each: each.value):
        twin = world.copy()
        if not _used(twin, capability):
            return LifeSigns(seen=tuple(seen), missing=f"the attacker never gets to use `{capability.value}`")
        seen.append(f"{capability.value} was used")
    return LifeSigns(seen=tuple(seen), missing="")


def _used(world: World, capability: Capability) -> bool:
    match capability:
        case Capability.RUN_APPLICATION | Capability.RUN_SECURE_PARTITION:
            return bool(hostile_as(world))
        case Capability.SEND_UPDATE:
            staged = [image.staging for image in world.design.images if image.staging]
            # Without an update service his bytes reach nobody: that is the design's strength, not a dead model.
            return not staged or any(_happens(world, _send(where)) for where in staged)
        case Capability.REPLAY_RELEASE:
            return _replays(world)
        case Capability.CUT_POWER | Capability.READ_FACTORY_FILES:
            return _happens(world, Reset())
        case Capability.DEBUG:
            return world.design.lifecycle.eraseprotect or _happens(world, EraseAll())


def _send(where: str) -> Deliver:
    return Deliver(partition=where, content=Crafted(), request=Request.TEST, by_attacker=True)


def _replays(world: World) -> bool:
    for image in world.design.images:
        if image.updatable and image.staging:
            slot = image.slots[0] if len(image.slots) > 1 else ""
            old = Genuine(image.name, 1, slot)
            sent = Deliver(partition=image.staging, content=old, request=Request.TEST, by_attacker=True)
            return _happens(world, Publish(image=image.name, release=1, slot=slot)) and _happens(world, sent)
    return True


def _happens(world: World, action: Action) -> bool:
    try:
        act(world, action)
    except NotEnabled:
        return False
    return True
