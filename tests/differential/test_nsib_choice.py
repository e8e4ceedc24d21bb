"""NSIB starts of two slots, or of one, what the encoder says, and the encoder says that it starts nothing else."""

from itertools import product

import pytest
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed

from bootverify.check.replays.inclusion import Inclusion
from bootverify.design.boot import ChooseSlot
from bootverify.executor.layout import home
from bootverify.executor.run import act
from bootverify.machine.action import TakeStep

HELD = (0, 1, 2)  # a release, or nothing


def _filled(design: str, held: tuple[int, ...]) -> tuple[Followed, TakeStep]:
    """A device that is about to choose, whose slots hold these releases."""
    followed = Followed(designs()[design], ATTACKERS["remote-ota"])
    world = followed.world
    stage = world.design.stages[0]
    while not isinstance(stage.steps[followed.next_step().step], ChooseSlot):
        followed.does(followed.next_step())
    image = world.design.image("mcuboot")
    for slot, release in zip(image.slots, held, strict=True):
        area = home(world.design, slot)
        world.device.flash.load(area.start, b"\xff" * (area.end - area.start))
        if release:
            world.device.flash.load(area.start, world.factory.slot_image(image, release, slot))
    followed.inclusion = Inclusion(followed.steps, world)
    return followed, followed.next_step()


@pytest.mark.parametrize("design", ["sb-s18", "one slot for nsib"])
def test_nsib_starts_the_slot_that_the_encoder_says_and_no_other(design):
    slots = designs()[design].image("mcuboot").slots
    for held in product(HELD, repeat=len(slots)):
        followed, step = _filled(design, held)
        told = {
            (each.after.get("active[mcuboot]"), each.after["at"])
            for each in followed.steps.successors(followed.facts)
            if step in each.actions
        }
        act(followed.world, step)
        found = Inclusion(followed.steps, followed.world).instants[0]
        seen = {variable.name: value for variable, value in found.items()}
        assert told == {(seen.get("active[mcuboot]"), seen["at"])}, held
