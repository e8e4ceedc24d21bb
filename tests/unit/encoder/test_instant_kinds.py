"""What may follow by an action of one kind: the successors that tell of such an action, no more and no fewer."""

import pytest
from tests.designs import shapes

from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants
from bootverify.machine.action import (
    Deliver,
    EraseAll,
    Overwrite,
    ProgramRegion,
    Publish,
    Request,
    Reset,
    TakeStep,
)
from bootverify.machine.content import Crafted, Genuine

ACTIONS = (
    TakeStep(stage="mcuboot", step=0),
    TakeStep(stage="mcuboot", step=0, cut_after=3),
    Reset(),
    EraseAll(),
    Publish(image="app", release=2),
    Deliver(partition="mcuboot_secondary", content=Genuine("app", 2), request=Request.TEST, by_attacker=False),
    Overwrite(partition="mcuboot_primary", content=Crafted()),
)
STATES = 60


def _told(instants: Instants, successor, action) -> bool:
    if isinstance(action, ProgramRegion):
        return any(isinstance(each, ProgramRegion) and each.region == action.region for each in successor.actions)
    kinds = {type(action)} | ({Reset} if isinstance(action, TakeStep) and action.cut_after is not None else set())
    return any(type(each) in kinds for each in successor.actions)


@pytest.mark.parametrize(
    ("attacker", "kind"), [("app-code-secure", ProgramRegion), ("power-cut", Deliver), ("debug-port", EraseAll)]
)
def test_successors_by_kind_are_those_of_all_that_tell_of_it(attacker, kind) -> None:
    instants = Instants(system_for(shapes.s01(), shapes.ATTACKERS[attacker]))
    seen, frontier, met = [], [instants.start()], set()
    while frontier and len(seen) < STATES:
        facts = frontier.pop(0)
        if facts in seen:
            continue
        seen.append(facts)
        successors = list(instants.successors(facts))
        frontier += [dict(each.after) for each in successors]
        programmed = [each for one in successors for each in one.actions if isinstance(each, ProgramRegion)][:2]
        for action in (*ACTIONS, *programmed):
            wanted = [each.after for each in successors if _told(instants, each, action)]
            found = instants.after(instants.instant(facts), action)
            assert [{each.name: value for each, value in after.items()} for after in found] == wanted
            met |= {type(action)} if wanted else set()
    assert {kind, TakeStep, Reset} <= met
