"""Power cuts that a swap may not come through, tried on the executor where a search says nothing.

They are guesses, like what a search finds: only a replay of them earns a verdict. Each stands next to an erase: between
an erase and what is written then, a boot loader has its record, or a header, in one place alone, or in none.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bootverify.check.replays.way import Way
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, Image, UpgradeMode
from bootverify.design.design import Design
from bootverify.executor.flash import Change, Journal
from bootverify.executor.layout import home
from bootverify.executor.run import steps_of_boot, take_step
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, Deliver, Publish, Request, Reset, TakeStep
from bootverify.machine.content import Genuine

MOST_WRITES = 96  # of a revert that are looked at, from its start: its trailers, and the sector that it begins with
RELEASE = 2


def _any(_: Change) -> bool:
    return True


def cuts_that_brick(design: Design, attacker: Attacker) -> tuple[Action, ...]:
    """The actions of a swap that is cut, after which the device halts.

    Using move it is cut in its first sector; using offset a revert is cut, and cut again in the next boot. None where
    there is no such mode, nobody cuts the power, or all that is tried is survived.
    """
    if not attacker.can(Capability.CUT_POWER) or design.releases < RELEASE:
        return ()
    for mode, image in _swapped(design):
        try:
            way = _about_to_swap(design, attacker, image)
            found = next((each for each in TRIED[mode](way, image) if _halts(each)), None)
        except NotEnabled:
            continue
        if found is not None:
            return found.done
    return ()


def _swapped(design: Design) -> Iterator[tuple[UpgradeMode, Image]]:
    steps = (step for stage in design.stages for step in stage.steps if isinstance(step, BootGo))
    for step in steps:
        if step.mode in TRIED and design.image(step.image).staging is not None:
            yield step.mode, design.image(step.image)


def _about_to_swap(design: Design, attacker: Attacker, image: Image) -> Way:
    """A test of release 2 waits.

    Raises:
        NotEnabled: the update cannot be staged.
    """
    assert image.staging is not None, "an image that is swapped"
    sent = Deliver(partition=image.staging, content=Genuine(image.name, RELEASE), request=Request.TEST)
    way = Way.start(design, attacker).boots()
    return way.then(Publish(image=image.name, release=RELEASE), sent, Reset()).boots(_looks)


def _first_sector(way: Way, image: Image) -> Iterator[Way]:
    """A cut behind each erase of the sector that the image begins with."""
    first = home(way.world.design, image.slots[0]).start
    yield from _cut(way, lambda change: change.flash.start + change.at == first, whole=True)


def _revert(way: Way, _: Image) -> Iterator[Way]:
    """The test is swapped in and nobody confirms it: two cuts as it is taken back."""
    begun = way.boots().then(Reset()).boots(_looks)
    yield from (each for once in _cut(begun) for each in _cut(once.boots(_looks)))


TRIED = {UpgradeMode.SWAP_MOVE: _first_sector, UpgradeMode.SWAP_OFFSET: _revert}


def _cut(way: Way, meant: Callable[[Change], bool] = _any, *, whole: bool = False) -> Iterator[Way]:
    """The device after a cut right behind each erase that is `meant`, and right before it.

    Of those that the next step begins with, or of the `whole` step.
    """
    step = _look(way)
    if step is None:
        return
    journal = Journal()
    twin = way.world.copy()
    twin.journal = journal
    take_step(twin, step if whole else replace(step, cut_after=MOST_WRITES))
    erases = [number for number, change in enumerate(journal) if change.fresh and meant(change)]
    for after in dict.fromkeys(each + behind for each in erases for behind in (0, 1)):
        yield way.cut(replace(step, cut_after=after))


def _halts(way: Way) -> bool:
    """The next boot halts before it has done much."""
    last = way.boots(_looks)
    step = _look(last)
    tried = last if step is None else last.cut(replace(step, cut_after=MOST_WRITES))
    return tried.world.device.halted is not None


def _look(way: Way) -> TakeStep | None:
    """The step in which MCUboot looks for an update, where the device is about to take it."""
    step = next(steps_of_boot(way.world.device), None)
    return step if step is not None and _looks(way.world) else None


def _looks(world: World) -> bool:
    """Whether MCUboot is about to look for an update."""
    device = world.device
    return isinstance(world.design.stages[device.stage].steps[device.step], BootGo)
