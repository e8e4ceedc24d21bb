"""The inclusion check lets nothing pass: each variable counts, but for what no byte tells, and each move is missed."""

from dataclasses import replace
from functools import cache

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, designs

from bootverify.check.replays.inclusion import differences, explains, hidden
from bootverify.check.replays.replay import replay
from bootverify.design.attacker import Attacker
from bootverify.design.boot import UpgradeMode
from bootverify.design.design import Design
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants
from bootverify.encoder.logic.terms import Term, Value, domain
from bootverify.errors import Discrepancy
from bootverify.executor.run import act, steps_of_boot
from bootverify.executor.world import World
from bootverify.machine.action import Action, Deliver, Publish, Request, Reset
from bootverify.machine.content import Genuine

HALVES = {"content[mcuboot_primary]", "content[mcuboot_secondary]", "midway[app]", "mixed[app]", "request[app]"}
PARTS = {"content[tfm]", "content[app]", "content[mcuboot_secondary]", "taken[tfm+app]"}
MIDWAY = {
    "small": HALVES,
    "swap using offset": HALVES | {"unshifted[app]"},
    "s05": PARTS | {"midway[tfm+app]", "mixed[tfm+app]", "request[tfm+app]"},
}


def _other(variable: Term, value: Value) -> Value:
    return next(each for each in domain(variable.sort) if each != value)


@cache
def _instants(name: str = "small", attacker: str = "power-cut") -> Instants:
    design = shapes.small(UpgradeMode.SWAP_OFFSET) if name == "swap using offset" else designs()[name]
    return Instants(system_for(design, ATTACKERS[attacker]))


def _start(instants: Instants) -> dict[Term, Value]:
    return instants.instant(instants.start())


@pytest.mark.parametrize(
    ("name", "attacker"), [("small", "code-and-cuts"), ("s08", "app-code-ns"), ("s05", "debug-port")]
)
def test_an_instant_explains_a_device_that_reads_the_same_in_every_variable_and_no_other(name, attacker):
    instants = _instants(name, attacker)
    frame, told = instants.boot.frame, _start(instants)
    untold = {*frame.untold}
    assert explains(frame, told, told)
    for variable, value in told.items():
        seen = {**told, variable: _other(variable, value)}
        assert differences(frame, told, seen) == ([] if variable in untold else [variable])


def test_registers_that_are_tampered_may_read_anything_and_nothing_else_may():
    instants = _instants("s05", "secure-partition")
    frame, start = instants.boot.frame, _start(instants)
    region = next(each for each in frame.regions if each.tampered in start)
    told = {**start, region.tampered: True}
    free = {
        variable for variable in told if explains(frame, told, {**told, variable: _other(variable, told[variable])})
    }
    assert free == {*region.variables} | {*frame.untold}


@pytest.mark.parametrize("name", MIDWAY)
def test_of_a_pair_that_is_midway_no_byte_tells_what_it_holds_and_all_else_is_told(name):
    instants = _instants(name, "code-and-cuts")
    frame, start = instants.boot.frame, _start(instants)
    [image] = frame.requests
    told = {**start, frame.midway(image): True}
    assert hidden(frame, start) == set()
    assert {each.name for each in hidden(frame, told)} == MIDWAY[name]
    for variable in told.keys() - {*frame.untold}:
        seen = {**told, variable: _other(variable, told[variable])}
        assert explains(frame, told, seen) == (variable.name in MIDWAY[name])


def _without(instants: Instants, names: str) -> Instants:
    system = instants.boot.system
    left = tuple(each for each in system.transitions if not each.name.startswith(names))
    assert len(left) < len(system.transitions)
    return Instants(replace(instants.boot, system=replace(system, transitions=left)))


UPDATE = (
    Publish(image="app", release=2),
    Deliver(partition="mcuboot_secondary", content=Genuine("app", 2), request=Request.TEST, by_attacker=False),
    Reset(),
)


def _life(design: Design, attacker: Attacker) -> list[Action]:
    """Two boots, and an update between them."""
    world = World.start(design, attacker)
    actions: list[Action] = []
    for coming in (UPDATE, ()):
        for step in steps_of_boot(world.device):
            act(world, step)
            actions.append(step)
        for action in coming:
            act(world, action)
            actions.append(action)
    return actions


def test_a_life_is_foreseen_as_long_as_every_move_of_it_is_there():
    instants, foe = _instants(), ATTACKERS["power-cut"]
    design = instants.boot.frame.design
    actions = _life(design, foe)
    assert not replay(design, foe, actions, lambda _: False, foreseen=instants).refused
    for names in ("publish", "deliver", "reset", "mcuboot.boot_go: swap", "mcuboot.launch"):
        with pytest.raises(Discrepancy, match="which the encoder does not foresee"):
            replay(design, foe, actions, lambda _: False, foreseen=_without(instants, names))
