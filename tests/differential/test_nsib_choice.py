"""NSIB starts of two slots, or of one, what the encoder says, and the encoder says that it starts nothing else."""

from dataclasses import replace
from itertools import product

import pytest
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed
from tests.differential.small_scope import FLASH

from bootverify.check.replays.inclusion import Inclusion
from bootverify.design.boot import ChooseSlot
from bootverify.executor.layout import home, stores_of
from bootverify.executor.run import act
from bootverify.machine.action import Overwrite, Reset, TakeStep
from bootverify.machine.content import Crafted
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written

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


PARTS = """
bootverify: design/1
name: parts
soc: nrf5340
sdk: 3.0.0
partitions:
  b0:  {at: 0x0, size: 0x8000}
  tfm: {at: 0x8000, size: 0x8000, attribution: secure}
  app: {at: 0x10000, size: 0x8000, attribution: non_secure}
  s0:  {span: [tfm, app]}
chain:
  b0: {program: nsib, slot: b0, counter: true}
  tfm+app:
    parts: {tfm: {program: tfm, code: tfm}, app: {program: application, code: app}}
    slots: [s0]
    verified_by: b0
    signature: ecdsa-p256
    update: by_wire
keys:
  hash: {kind: hash, placement: uicr, verifies: tfm+app}
lifecycle: {approtect: true, secure_approtect: true}
"""


def _of_parts(attacker: str = "remote-ota") -> Followed:
    """A device on which NSIB starts TF-M and the application, in one slot."""
    design = design_of(parse_written(PARTS.encode(), "parts.yaml"))
    return Followed(replace(design, soc=replace(design.soc, flash=FLASH)), ATTACKERS[attacker])


@pytest.mark.parametrize("held", tuple(product(HELD, repeat=2)))
def test_of_a_slot_with_several_parts_nsib_starts_one_release_and_marks_anything_else_in_the_first(held):
    followed = _of_parts()
    world = followed.world
    followed.does(followed.next_step())
    image = world.design.image("tfm+app")
    for store, release in zip(stores_of(world.design, image), held, strict=True):
        start, data = store.range.start - home(world.design, "s0").start, b""
        if release:
            data = world.factory.slot_image(image, release, "s0")[start : start + store.range.size]
        world.device.flash.load(store.range.start, data.ljust(store.range.size, b"\xff"))
    followed.inclusion = Inclusion(followed.steps, world)
    facts = followed.does(followed.next_step())
    whole = held[0] == held[1] != 0
    assert facts["at"] == ("b0.launch" if whole else "halted")
    left = f"tfm+app {held[0]}" if whole else "invalidated" if held[0] else "erased"
    assert (facts["content[tfm]"], facts["counter"]) == (left, str(held[0]) if whole else "0")
    assert not followed.disagreements()


def test_code_that_writes_over_one_part_of_its_slot_has_nsib_start_nothing():
    followed = _of_parts("app-code-ns")
    assert followed.runs_on()["at"] == "app.run"
    followed.does(Overwrite(partition="app", content=Crafted()), Reset())
    facts = followed.boots()
    assert (facts["at"], facts["content[tfm]"], facts["content[app]"]) == ("halted", "invalidated", "crafted")
