"""Replays: where a cut is only suggested its position is searched, and every step must be foreseen."""

import pytest
from tests.designs import shapes

from bootverify.check.replays.replay import replay
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants
from bootverify.errors import Discrepancy
from bootverify.executor.content import content_of
from bootverify.executor.run import mark
from bootverify.machine.action import Deliver, Publish, Request, Reset, TakeStep
from bootverify.machine.content import Erased, Genuine

FOE = shapes.ATTACKERS["power-cut"]
BOOT = [TakeStep(stage="mcuboot", step=step) for step in range(3)] + [TakeStep(stage="app", step=0)]
SENT = [
    Publish(image="app", release=2),
    Deliver(partition="mcuboot_secondary", content=Genuine("app", 2), request=Request.TEST, by_attacker=False),
    Reset(),
]


@pytest.mark.parametrize("suggested", [0, 3, 10_000])
def test_a_cut_is_tried_elsewhere_until_the_goal_is_reached(suggested) -> None:
    design = shapes.small()
    actions = [*BOOT, *SENT, TakeStep(stage="mcuboot", step=0, cut_after=suggested)]

    def goal(world):
        """The old image has left the primary slot and is not yet staged as a whole."""
        torn = all(not isinstance(content_of(world, f"mcuboot_{slot}"), Genuine) for slot in ("primary", "secondary"))
        return torn and mark(world.device) == "mcuboot.boot_go" and content_of(world, "mcuboot_primary") != Erased()

    run = replay(design, FOE, actions, goal, foreseen=Instants(system_for(design, FOE)))
    assert run.reached == len(actions)
    assert run.steps[-1].action.cut_after not in {0, 3, 10_000}


def test_a_goal_that_no_cut_reaches_is_given_up() -> None:
    actions = [*BOOT, *SENT, TakeStep(stage="mcuboot", step=0, cut_after=1), *BOOT]
    run = replay(shapes.small(), FOE, actions, lambda world: mark(world.device) == "halted")
    assert run.reached is None
    assert not run.refused


def test_a_step_that_the_encoder_does_not_foresee_is_a_discrepancy() -> None:
    told = Instants(system_for(shapes.s01(), FOE))
    with pytest.raises(Discrepancy, match="does not foresee"):
        replay(
            shapes.s01(lock=None), FOE, [*BOOT[:1], TakeStep(stage="mcuboot", step=1)], lambda _: False, foreseen=told
        )
