"""A concrete device as the plain facts of the encoder's frame: named by whose bytes lie where, by no access rule.

What each fact means stands in the docstring of `encoder.variables.frame`.
"""

from collections.abc import Iterator

from bootverify.check.replays.abstract_units import Facts, registers
from bootverify.design.boot import ChooseSlot
from bootverify.design.keys import InKmu, Key
from bootverify.encoder.variables.contents import CRAFTED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import ABOVE, NO_SLOT
from bootverify.executor.content import content_of, left_bare, lies_unshifted, shown_some, shown_whole, taken
from bootverify.executor.making import network_build
from bootverify.executor.making.nsib_build import config
from bootverify.executor.memory import Memory
from bootverify.executor.network.core import NetworkCore
from bootverify.executor.network.pcd import REGION
from bootverify.executor.nsib.run import Run
from bootverify.executor.nsib.storage import counter, stored_version
from bootverify.executor.run import mark
from bootverify.executor.stages.mcuboot import requested, standing
from bootverify.executor.stages.network_image import asked_for_network
from bootverify.executor.units.spu import LOCK, WRITE, Spu
from bootverify.executor.world import World
from bootverify.machine.content import Content, Crafted, Erased, File, Genuine, Invalidated


def abstracted(frame: Frame, world: World) -> Facts:
    """The facts of `world`, read off its bytes and registers, but for what a cut swap hides.

    Of a pair that is midway the bytes tell nothing: `midway` is always false here, and `inclusion` knows the history.
    """
    facts: Facts = {"at": mark(world.device), "erased_all": world.device.port_open}
    facts |= {active.name: world.device.active.get(image, NO_SLOT) for image, active in frame.active.items()}
    if frame.counter is not None:
        facts["counter"] = _counter(frame, world)
    if frame.room is not None:
        facts["room"] = _room(world)
    facts |= _rollback(frame, world)
    for store in frame.cells.stores:
        facts[frame.content(store).name] = _name(frame, content_of(world, store))
    for image, request in frame.requests.items():
        facts[request.name] = _request(world, image)
        facts |= {f"midway[{image}]": False, f"mixed[{image}]": False}
    for slot, said in frame.standings.items():
        facts[said.name] = standing(world.device, slot).value
    for image in filter(frame.loads, frame.in_place):
        held = taken(world, world.design.image(image))
        facts[frame.taken(image).name] = _name(frame, held[0] if held else Erased())
    for image, unshifted in frame.unshifted.items():
        facts[unshifted.name] = lies_unshifted(world, world.design.image(image).staging or "")
    for image, pair in frame.bare.items():
        left = left_bare(world, world.design.image(image))
        facts |= {bare.name: each for bare, each in zip(pair, left, strict=True)}
    facts |= {each.name: False for each in frame.untold}
    for name, published in frame.published.items():
        each = frame.genuine[name]
        facts[published.name] = (each.image, each.release, each.slot) in world.published
    for key, knows in frame.knowledge.items():
        facts[knows.name] = world.knowledge.knows(key)
    for place in frame.cells.stores.values():
        for name, clear in frame.clear_in(place).items():
            facts[clear.name] = shown_whole(world, place.name, frame.genuine[name])
    for name, shown in frame.shown.items():
        facts[shown.name] = shown_some(world, name)
    for key, delivered in frame.delivered.items():
        facts[delivered.name] = _in_kmu(world, world.design.key(key))
    if frame.provision is not None:
        step = next(each for each in _choosing(world) if each.provision is not None)
        facts[frame.provision.name] = world.factory.provision_state(step, world.device.flash)
    for key, filled in frame.fillings.items():
        facts[filled.name] = world.filled(world.design.key(key))
    for image, patched in frame.patches.items():
        facts[patched.name] = image in world.device.patched
    for name, spoiled in frame.spoiled.items():
        facts[spoiled.name] = name in world.device.spoiled
    return facts | _second_core(frame, world) | registers(frame, world.device)


def _second_core(frame: Frame, world: World) -> Facts:
    """The network core's flash, what it runs, what waits for it, and whether its command block is closed."""
    told, core, device = frame.second, world.device.network, world.device
    if told is None:
        return {}
    assert core is not None
    assert isinstance(device.guard, Spu)
    slot = core.flash.read(core.application.start, core.application.size)
    region = (device.shared.start - device.guard.ram_start) // REGION
    facts: Facts = {
        told.first.name: "genuine" if core.as_made() else "crafted",
        told.slot.name: _held(frame, slot),
        told.runs.name: _run(frame, core),
        told.locked.name: core.running and not core.hijacked,
        told.closed.name: device.guard.ram[region] & (LOCK | WRITE) == LOCK,
    }
    for release, kept in told.kept.items():
        facts[kept.name] = (world.kept or {}).get(told.application.name, 0) >= release
    for name, published in told.published.items():
        facts[published.name] = (told.application.name, told.genuine(name).release, "") in world.published
    if told.staged is not None and told.asked is not None:
        staged = content_of(world, told.fed.staging)
        ours = isinstance(staged, Genuine) and staged.image == told.application.name
        other = "foreign" if isinstance(staged, Genuine) else _name(frame, staged)
        facts[told.staged.name] = str(staged) if ours else other
        facts[told.asked.name] = asked_for_network(world)
    return facts


def _held(frame: Frame, data: bytes) -> str:
    """The name of what lies in the network core's slot."""
    assert frame.second is not None
    core = network_build.core_of(frame.design)
    assert core is not None
    for name in frame.second.names:
        if data.startswith(network_build.released(core, frame.second.genuine(name).release)):
            return name
    return "crafted" if data.strip(b"\xff") else "erased"


def _run(frame: Frame, core: NetworkCore) -> str:
    if core.started is None:
        return "none"
    return "crafted" if core.hijacked else _held(frame, core.started)


def _name(frame: Frame, content: Content) -> str:
    """The value of the frame for `content`; bytes that the owner never made are the attacker's."""
    match content:
        case Genuine():
            return str(content) if str(content) in frame.genuine else CRAFTED
        case File():
            return CRAFTED
        case Crafted() | Erased() | Invalidated():
            return type(content).__name__.lower()


def _request(world: World, image: str) -> str:
    """What the trailers ask for."""
    return requested(world.device, world.design, world.design.image(image)).value


def _in_kmu(world: World, key: Key) -> bool:
    slots = world.device.kmu.slots
    return any(isinstance(place, InKmu) and place.slots[0] in slots for place in key.placements)


def _rollback(frame: Frame, world: World) -> Facts:
    """What hardware keeps for MCUboot, and what was kept of releases."""
    facts: Facts = {}
    for image, stored in frame.stored.items():
        value, used = world.device.counters.get(image, (0, 0))
        facts[stored.name] = str(value) if str(value) in stored.sort.values else ABOVE
        if image in frame.stored_room:
            facts[frame.stored_room[image].name] = str((frame.counting[image].counter_slots or 0) - used)
    for (image, release), kept in frame.kept.items():
        facts[kept.name] = (world.kept or {}).get(image, 0) >= release
    return facts


def _room(world: World) -> str:
    """The free slots of NSIB's counter, 0 where the provision data holds none."""
    found = counter(_nsib(world))
    return str(found.slots - found.used) if found is not None else "0"


def _counter(frame: Frame, world: World) -> str:
    """NSIB's stored version, 0 where the provision data holds none."""
    version = stored_version(_nsib(world)) or 0
    assert frame.counter is not None
    return str(version) if str(version) in frame.counter.sort.values else ABOVE


def _nsib(world: World) -> Run:
    device = world.device
    step = next(each for each in _choosing(world) if each.counter)
    return Run(config(world.design, step), Memory((device.flash, device.uicr)), None, None, crypto_starts=False)


def _choosing(world: World) -> Iterator[ChooseSlot]:
    for stage in world.design.stages:
        for step in stage.steps:
            if isinstance(step, ChooseSlot):
                yield step
