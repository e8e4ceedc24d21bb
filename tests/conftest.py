"""Every action that any test lets happen on the executor is checked to be foreseen by the encoder.

Examples of Hypothesis are the same ones in each run; `--hypothesis-profile=default` draws others.

`replay` and `life` of `check.replays` check theirs themselves, so they are imported before the function is exchanged.
"""

import gc
from collections import OrderedDict
from functools import lru_cache

from hypothesis import settings

from bootverify.check.replays import life, replay
from bootverify.check.replays.inclusion import Inclusion, explains
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants
from bootverify.encoder.variables.cells import NotModelled
from bootverify.executor import run
from bootverify.executor.world import World
from bootverify.machine.action import Action, Boot, Deliver, Produce, Upload

settings.register_profile("same", derandomize=True)
settings.load_profile("same")
gc.set_threshold(100_000, 50, 100)  # thousands of tests and the terms live on; looking for cycles among them takes long
UNTOUCHED = (life, replay)
_act, _copy, _watch = run.act, World.copy, Inclusion.watch
_followed: OrderedDict[int, tuple[World, Inclusion]] = OrderedDict()
MOST = 64  # worlds whose history is remembered


@lru_cache(maxsize=256)  # the terms of a design stay for as long as its instants do
def _instants(design: Design, attacker: Attacker) -> Instants | None:
    try:
        return Instants(system_for(design, attacker))
    except NotModelled:
        return None


def _inclusion(steps: Instants, world: World) -> Inclusion:
    """What is known of `world`, unless a test has changed it by hand since."""
    found, inclusion = _followed.get(id(world), (None, None))
    if found is world and inclusion is not None:
        [seen] = Inclusion(inclusion.steps, world).instants
        if all(explains(inclusion.steps.boot.frame, each, seen) for each in inclusion.instants):
            return inclusion
    return Inclusion(steps, world)


def _remember(world: World, inclusion: Inclusion) -> None:
    _followed[id(world)] = (world, inclusion)
    _followed.move_to_end(id(world))
    while len(_followed) > MOST:
        _followed.popitem(last=False)


def _checked_act(world: World, action: Action) -> None:
    steps = _instants(world.design, world.attacker)
    # The steps of a boot come here one by one; for the encoder a delivery happens whole, and an upload as `Overwrite`.
    # Which release production programs has a move only where history is asked for: a device is followed from then on.
    partly = isinstance(action, Deliver) and action.cut_after is not None
    if steps is None or partly or isinstance(action, Boot | Upload | Produce):
        _act(world, action)
        return
    inclusion = _inclusion(steps, world)
    _act(world, action)
    inclusion.watch(action, world)


def _watched(inclusion: Inclusion, action: Action, after: World) -> None:
    """Whoever follows a world: what he knows is kept for those who go on with it, for its bytes do not tell it all."""
    _watch(inclusion, action, after)
    _remember(after, inclusion.copy())


def _copied(world: World) -> World:
    twin = _copy(world)
    found, inclusion = _followed.get(id(world), (None, None))
    if found is world and inclusion is not None:
        _remember(twin, inclusion.copy())
    return twin


run.act = _checked_act
Inclusion.watch = _watched
World.copy = _copied
