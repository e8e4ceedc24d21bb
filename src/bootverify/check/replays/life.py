"""Signs of life: a dead model satisfies everything, so a proof counts only beside a device and a foe that act."""

from collections.abc import Callable

from bootverify.check.replays.inclusion import Inclusion
from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, EncryptionType
from bootverify.design.design import Design
from bootverify.design.life import Behaviour, Recovery
from bootverify.design.memory import MemoryKind
from bootverify.encoder.instant import Instants
from bootverify.executor.actions.attack import hostile_as
from bootverify.executor.layout import staging_partitions, stores_of
from bootverify.executor.lives.areas import NOBODY
from bootverify.executor.making.owner_build import CannotBuild
from bootverify.executor.run import act, mark, steps_of_boot
from bootverify.executor.stages.network import hostile
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, Deliver, EraseAll, Overwrite, Publish, ReadOut, Request, Reset
from bootverify.machine.content import Crafted, Genuine


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeSigns:
    """What was seen on the executor; `missing` says what never came, empty when all did."""

    seen: tuple[str, ...]
    missing: str


@dataclass(slots=True)
class _Watched:
    """A device of which every action is checked for inclusion."""

    world: World
    inclusion: Inclusion

    def copy(self) -> "_Watched":
        return _Watched(self.world.copy(), self.inclusion.copy())

    def happens(self, action: Action) -> bool:
        try:
            act(self.world, action)
        except NotEnabled:
            return False
        self.inclusion.watch(action, self.world)
        return True


def signs_of_life(design: Design, attacker: Attacker, foreseen: Instants) -> LifeSigns:
    """Boot the device to its last stage, then use every capability of the attacker once.

    Raises:
        Discrepancy: the encoder does not foresee what happens.
    """
    world = World.start(design, attacker, history=foreseen.boot.frame.history)
    watched = _Watched(world, Inclusion(foreseen, world))
    seen: list[str] = []
    for step in steps_of_boot(world.device):
        watched.happens(step)
    if missing := _never_reached(world):
        return LifeSigns(seen=(), missing=missing)
    seen.append(f"the chain reaches {design.stages[-1].name}")
    for capability in sorted(attacker.capabilities, key=lambda each: each.value):
        if not _used(watched.copy(), capability):
            return LifeSigns(seen=tuple(seen), missing=f"the attacker never gets to use `{capability.value}`")
        seen.append(f"{capability.value} was used")
    return LifeSigns(seen=tuple(seen), missing="")


def stops(design: Design) -> str:
    """Why a device that nobody meddles with halts before its last stage; empty where it does not, or none can tell."""
    if design.life.does(Behaviour.LOCK_FAILURE_PASSES):  # such a stage is played as one that stops
        return ""
    try:
        world = World.start(design, NOBODY)
        for step in steps_of_boot(world.device):
            act(world, step)
    except (CannotBuild, NotEnabled):
        return ""
    return _never_reached(world) if world.device.halted is not None else ""


def _never_reached(world: World) -> str:
    """That the device has not come to the last stage of its chain, and where it is; empty where it has."""
    last, halted = world.design.stages[-1].name, world.device.halted
    if world.device.running == last and halted is None:
        return ""
    how = f"the device is at {mark(world.device)}" if halted is None else f"the device halts ({halted.value})"
    return f"the chain never reaches {last}: {how}"


def _used(watched: _Watched, capability: Capability) -> bool:
    match capability:
        case Capability.RUN_APPLICATION | Capability.RUN_SECURE_PARTITION:
            return bool(hostile_as(watched.world))
        case Capability.SEND_UPDATE:
            staged = staging_partitions(watched.world.design)
            # Without an update service his bytes reach nobody: that is the design's strength, not a dead model.
            return not staged or any(watched.happens(_send(where)) for where in staged)
        case Capability.REPLAY_RELEASE:
            return _replays(watched)
        case Capability.CUT_POWER:
            return watched.happens(Reset())
        case Capability.DEBUG:
            return watched.world.design.lifecycle.eraseprotect or watched.happens(EraseAll())
        case Capability.READ_EXTERNAL:
            return _at_chip(watched, lambda where: ReadOut(partition=where))
        case Capability.WRITE_EXTERNAL:
            return _at_chip(watched, lambda where: Overwrite(partition=where, content=Crafted()))
        case Capability.USE_CABLE:
            return _at_port(watched)
        case Capability.RUN_NETWORK_CORE:
            return hostile(watched.world)
        case (
            Capability.READ_FACTORY_FILES | Capability.READ_BUILD | Capability.RUN_BOOTLOADER | Capability.INJECT_FAULT
        ):
            return False  # no moves in the boot system


def _send(where: str) -> Deliver:
    return Deliver(partition=where, content=Crafted(), request=Request.TEST, by_attacker=True)


def _at_chip(watched: _Watched, does: Callable[[str], Action]) -> bool:
    """Where nothing lies outside, a clip on the chip is of no use: that is the design's strength, too."""
    design = watched.world.design
    outside = [name for name in staging_partitions(design) if design.partition(name).memory is MemoryKind.EXTERNAL]
    return not outside or any(watched.happens(does(where)) for where in outside)


def _at_port(watched: _Watched) -> bool:
    """Where there is no open port, or none looks at images that he can upload, a cable is of no use."""
    design = watched.world.design
    if design.life.recovery is not Recovery.OPEN:
        return True
    looked = [step.image for stage in design.stages for step in stage.steps if isinstance(step, BootGo)]
    slots = [store.name for name in looked for store in stores_of(design, design.image(name))]
    watched.happens(Reset())
    for step in steps_of_boot(watched.world.device):
        if any(watched.happens(Overwrite(partition=slot, content=Crafted())) for slot in slots):
            return True
        watched.happens(step)
    return not slots or all(design.image(name).encryption is not EncryptionType.NONE for name in looked)


def _replays(watched: _Watched) -> bool:
    for image in watched.world.design.images:
        places = watched.world.design.update_places(image)
        if image.updatable and places:
            slot = watched.world.design.variants(image)[0]
            old = Genuine(image.name, 1, slot)
            # Where images start in place the running one's slot is left alone; that is the first.
            sent = Deliver(partition=places[-1], content=old, request=Request.TEST, by_attacker=True)
            return watched.happens(Publish(image=image.name, release=1, slot=slot)) and watched.happens(sent)
    return True
