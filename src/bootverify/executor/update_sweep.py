"""An update of a design's device, with the power lost everywhere: a whole chain of boots on real images, and who runs.

The device is one fresh from production on which the update client has staged release 2. A boot is all of it, from the
first stage to the application: what NSIB and MCUboot write is cut alike.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, Image
from bootverify.design.design import Design
from bootverify.executor.content import content_of
from bootverify.executor.device import Device
from bootverify.executor.every_cut import End, Kept, Rest, Survey, sweep
from bootverify.executor.field.unit import kept as kept_slots
from bootverify.executor.layout import home, room_before, stores_of
from bootverify.executor.making.factory import delivered_by
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.run import act, runs_on, take_step
from bootverify.executor.stages import mcuboot
from bootverify.executor.units.debug_port import Reset as Cause
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, Boot, Deliver, Publish, Request, TakeStep
from bootverify.machine.content import Content, Genuine
from bootverify.machine.tear import HALF, Tear
from bootverify.ranges import AddressRange

MOST_STEPS = 256  # of one boot, with an update of MCUboot that restarts it
RELEASE = 2
NOBODY = Attacker(name="power-cut", title="the power fails", capabilities=frozenset({Capability.CUT_POWER}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """One update and what became of it; `name` is how people call it.

    `size` is that of the file that is staged, in bytes; `room` that of its slot. `uncut` tells what runs when nothing
    is cut; `actions` stage the update, `history` is the shortest history that bricks, as actions that follow them.
    `untold` is what nothing told of a build's own bytes.
    """

    image: str
    name: str
    request: Request
    mode: Mode
    size: int
    room: int
    uncut: str
    survey: Survey
    actions: tuple[Action, ...]
    history: tuple[Action, ...]
    untold: tuple[str, ...] = ()


def updates(design: Design) -> tuple[Image, ...]:
    """The images of which MCUboot installs updates, in the order of the design."""
    installed = {step.image for step in _loads(design)} | {step.bootloader for step in _loads(design)}
    return tuple(each for each in design.images if each.name in installed and each.updatable and each.staging)


def sweep_update(
    design: Design,
    image: Image,
    request: Request,
    *,
    mode: Mode | None = None,
    tears: Sequence[Tear] = (HALF,),
    progress: Callable[[float], None] | None = None,
) -> Swept:
    """Stage release 2 of `image`, and cut every boot from there on; `mode` is another than the design's.

    Raises:
        NotEnabled: the update cannot be staged.
    """
    design = replace(design, releases=max(RELEASE, design.releases))
    world = World.start(design, NOBODY)
    world.mode = mode
    variant = image.slots[-1] if len(image.slots) > 1 else ""
    assert image.staging is not None, "an image of `updates`"
    content = Genuine(image.name, RELEASE, variant)
    staged = Deliver(partition=image.staging, content=content, request=request)
    actions = (Publish(image=image.name, release=RELEASE, slot=variant), staged)
    _run(world)
    for action in actions:
        act(world, action)
    size = len(world.factory.package(image, RELEASE, variant).file)
    step = next(each for each in _loads(design) if image.name in {each.image, each.bootloader})
    built = mcuboot.config(world, step)
    if built.mode is Mode.SWAP_OFFSET and variant:
        raise NotEnabled("no document tells where MCUboot finds an update of its own with swap using offset")
    if built.mode is Mode.SWAP_OFFSET and not room_before(design, image.staging):
        _shift(world.device, home(design, image.staging), size, request)
    chain = _Chain(world)
    survey = sweep(world.device.memories, chain.boot, tears=tears, rest=chain.rest(), progress=progress)
    uncut = _Chain(world.copy()).boot().what
    boots = survey.worst.boots if survey.worst is not None else ()
    history = tuple(Boot(cut_after=boot.after, torn=boot.tear) for boot in boots)
    return Swept(
        image=image.name,
        name=f"{image.name} {RELEASE}",
        request=request,
        mode=built.mode,
        size=size,
        room=built.images[0].secondary.size,
        uncut=uncut,
        survey=survey,
        actions=actions,
        history=history,
    )


def _loads(design: Design) -> list[BootGo]:
    return [step for stage in design.stages for step in stage.steps if isinstance(step, BootGo)]


def _shift(device: Device, area: AddressRange, size: int, request: Request) -> None:
    """For swap using offset an update client leaves the first sector free."""
    flash = device.flash
    data = b"\xff" * flash.page + flash.read(area.start, size)
    flash.load(area.start, data.ljust(area.size, b"\xff"))
    mcuboot.request_upgrade(device, area, request)


def _run(world: World) -> None:
    """Let the device run until it stays where it is."""
    device = world.device
    for _ in range(MOST_STEPS):
        if not runs_on(device):
            return
        take_step(world, TakeStep(stage=device.running, step=device.step))


@dataclass(slots=True)
class _Chain:
    """The boots of one device."""

    world: World

    def boot(self) -> End:
        """From reset to where the device stays; what its slots hold then."""
        device = self.world.device
        self.world.journal = device.flash.power.journal
        device.reset(Cause.POWER)
        _run(self.world)
        if device.halted:
            return End(good=False, what=device.log[-1] if device.log else device.halted.value)
        held = [(image, self._held(image)) for image in self.world.design.images]
        good = all(isinstance(each, Genuine) for _, each in held)
        return End(good=good, what=", ".join(_named(image, each) for image, each in held))

    def _held(self, image: Image) -> Content:
        """What the slot holds from which `image` was started, all of its parts."""
        slot = self.world.device.active.get(image.name, image.slots[0])
        stores = [store for store in stores_of(self.world.design, image) if store.slot == slot]
        parts = [content_of(self.world, store.name) for store in stores]
        return next((each for each in parts if each != parts[0]), parts[0])

    def rest(self) -> Rest:
        """Counters beside the flash, key slots where boots change them, and the slot that NSIB chose."""
        device = self.world.device
        changing = any(delivered_by(key) for key in self.world.design.keys) or device.design.soc.kmu_version == 2

        def kept() -> Kept:
            counters, slots = dict(device.counters), kept_slots(device.kmu) if changing else device.kmu

            def restore() -> None:
                device.counters, device.kmu = dict(counters), kept_slots(slots) if changing else slots

            return (tuple(counters.items()), repr(slots) if changing else ""), restore

        def situation() -> Hashable:
            return tuple(device.active.items()), device.stage, device.step

        return Rest(kept, situation)


def _named(image: Image, content: Content) -> str:
    return f"{image.name} {content.release}" if isinstance(content, Genuine) else f"{image.name} of no release"
