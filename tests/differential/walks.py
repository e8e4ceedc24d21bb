"""Random walks over the whole life of a device, each step followed by the encoder."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from tests.differential.following import Followed
from tests.differential.histories import around, around_second_core, hostile, registers, releases, step_of

from bootverify.executor.layout import staging_partitions
from bootverify.executor.world import World
from bootverify.machine.action import Action, Deliver, Meanwhile, Overwrite, Request, Reset, TakeStep
from bootverify.machine.content import Crafted, Erased
from bootverify.machine.tear import HALF, Part, Tear

CUTS = (0, 1, 2, 3, 5, 8, 13, 21, 40, 80, 160)
TEARS = (None, HALF, Tear(Part.BACK), Tear(Part.SCATTERED), Tear(Part.BITS, 1))


def walk(followed: Followed, random: Random, *, tries: int) -> int:
    """Boot, then try `tries` actions that come at random, the device running on or starting anew in between.

    The number of actions that happened. Raises Discrepancy where the encoder does not foresee one, and AssertionError
    where the two see a state differently.
    """
    followed.runs_on()
    pool = _pool(followed)
    for _ in range(tries):
        happened = followed.tries(random.choice(random.choice(pool)))
        if happened and random.random() < 0.7:
            followed.tries(Reset())
            if followed.steps.boot.frame.cuts and random.random() < 0.5:
                _cut(followed, random)
            _boots(followed, random)
        if found := followed.disagreements():
            raise AssertionError(f"{followed.world.design.name}: {found} after {followed.history}")
    return len(followed.history)


def _pool(followed: Followed) -> Sequence[Sequence[Action]]:
    """What may be tried, by kind: a kind of which there are many is tried no more often than the others."""
    design = followed.world.design
    groups = followed.steps.boot.frame.cells.groups
    found: dict[type[Action], list[Action]] = {}
    second = around_second_core(design)
    for action in (*around(design), *hostile(design), *second, *registers(tuple({group[0] for group in groups[:3]}))):
        found.setdefault(type(action), []).append(action)
    for action in _posing(followed.world):
        found[type(action)].append(action)
    return tuple(found.values())


def _posing(world: World) -> Iterator[Action]:
    """Bytes of the attacker's that pose as another image than the first, and old releases that he sends."""
    for name in staging_partitions(world.design):
        for guise in world.factory.guises(name)[1:]:
            yield Overwrite(partition=name, content=guise)
            yield Deliver(partition=name, content=guise, request=Request.TEST, by_attacker=True)
        for each in releases(world.design):
            if name in world.design.update_places(world.design.image(each.image)):
                yield Deliver(partition=name, content=each, request=Request.TEST, by_attacker=True)


def _boots(followed: Followed, random: Random) -> None:
    """Run on, with somebody who may write what is staged outside in the middle of a step."""
    step = step_of(followed.world)
    while step is not None and followed.tries(_meddled(followed, random, step)):
        step = step_of(followed.world)
    followed.runs_on()


def _meddled(followed: Followed, random: Random, step: TakeStep) -> TakeStep:
    """The step, with somebody who writes what is staged outside in the middle of it."""
    design = followed.world.design
    contents = (Crafted(), Erased(), *releases(design))
    where = random.choice(staging_partitions(design) or ("none",))
    turn = Meanwhile(partition=where, content=random.choice(contents), before=random.choice(CUTS))
    return replace(step, meanwhile=turn)


def _cut(followed: Followed, random: Random) -> None:
    for _ in range(random.randrange(4)):  # which step of the boot is cut
        if (step := step_of(followed.world)) is None or followed.facts["at"] == followed.steps.boot.frame.run_mark:
            return
        followed.does(step)
    step = step_of(followed.world, cut_after=random.choice(CUTS), torn=random.choice(TEARS))
    if step is not None and random.random() < 0.3 and followed.tries(_meddled(followed, random, step)):
        return
    if step is not None and followed.facts["at"] != followed.steps.boot.frame.run_mark:
        followed.tries(step)
