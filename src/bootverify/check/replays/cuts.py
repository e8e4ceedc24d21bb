"""Two power cuts that a revert may not come through, tried on the executor where a search says nothing.

They are guesses, like what a search finds: only a replay of them earns a verdict. Each stands next to an erase: between
an erase and what is written then, a boot loader has its record in one place alone, or in none.
"""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, Image, UpgradeMode
from bootverify.design.design import Design
from bootverify.executor.flash import Journal
from bootverify.executor.run import act, steps_of_boot, take_step
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, Deliver, Publish, Request, Reset, TakeStep
from bootverify.machine.content import Genuine

MOST_WRITES = 96  # of a revert that are looked at, from its start: its trailers, and the sector that it begins with
RELEASE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A device about to look for an update; `done` is what has happened to it."""

    world: World
    done: tuple[Action, ...]

    def then(self, *actions: Action) -> "_Way":
        """The same device, a copy of it, after more has happened."""
        world = self.world.copy()
        for action in actions:
            act(world, action)
        return _Way(world=world, done=(*self.done, *actions))

    def cut(self, step: TakeStep) -> "_Way":
        """The same device, a copy of it, after that step was cut; that it may be cut so, a replay finds out."""
        world = self.world.copy()
        take_step(world, step)
        return _Way(world=world, done=(*self.done, step))

    def boots(self, *, up_to_look: bool = True) -> "_Way":
        """To where the device stays, or no further than MCUboot's look for an update."""
        world, done = self.world.copy(), self.done
        for step in steps_of_boot(world.device):
            if up_to_look and _looks(world, step):
                break
            take_step(world, step)
            done = (*done, step)
        return _Way(world=world, done=done)

    def looks(self) -> TakeStep | None:
        """The step in which MCUboot looks for an update, where the device is about to take it."""
        step = next(steps_of_boot(self.world.device), None)
        return step if step is not None and _looks(self.world, step) else None


def cut_twice(design: Design, attacker: Attacker) -> tuple[Action, ...]:
    """The actions of a revert using offset that is cut, and cut again in the next boot, after which the device halts.

    None where there is no such mode, nobody cuts the power, or all that is tried is survived.
    """
    if not attacker.can(Capability.CUT_POWER) or design.releases < RELEASE:
        return ()
    for image in _swapped(design):
        try:
            begun = _about_to_revert(design, attacker, image)
            ways = (way for way in _cut(begun) for way in _cut(way.boots()))
            found = next((way for way in ways if _halts(way)), None)
        except NotEnabled:
            continue
        if found is not None:
            return found.done
    return ()


def _swapped(design: Design) -> Iterator[Image]:
    steps = (step for stage in design.stages for step in stage.steps if isinstance(step, BootGo))
    for step in steps:
        if step.mode is UpgradeMode.SWAP_OFFSET and design.image(step.image).staging is not None:
            yield design.image(step.image)


def _about_to_revert(design: Design, attacker: Attacker, image: Image) -> _Way:
    """A test of release 2 has been swapped in and nobody confirmed it.

    Raises:
        NotEnabled: the update cannot be staged.
    """
    assert image.staging is not None, "an image that is swapped"
    sent = Deliver(partition=image.staging, content=Genuine(image.name, RELEASE), request=Request.TEST)
    way = _Way(world=World.start(design, attacker), done=()).boots(up_to_look=False)
    way = way.then(Publish(image=image.name, release=RELEASE), sent, Reset()).boots(up_to_look=False)
    return way.then(Reset()).boots()


def _cut(way: _Way) -> Iterator[_Way]:
    """The device after a cut right behind each erase that the next step begins with, and right before it."""
    step = way.looks()
    if step is None:
        return
    journal = Journal()
    twin = way.world.copy()
    twin.journal = journal
    take_step(twin, replace(step, cut_after=MOST_WRITES))
    erases = [number for number, change in enumerate(journal) if change.fresh]
    for after in dict.fromkeys(each + behind for each in erases for behind in (0, 1)):
        yield way.cut(replace(step, cut_after=after))


def _halts(way: _Way) -> bool:
    """The next boot halts before it has done much."""
    last = way.boots()
    step = last.looks()
    tried = last if step is None else last.cut(replace(step, cut_after=MOST_WRITES))
    return tried.world.device.halted is not None


def _looks(world: World, step: TakeStep) -> bool:
    return isinstance(world.design.stages[world.device.stage].steps[step.step], BootGo)
