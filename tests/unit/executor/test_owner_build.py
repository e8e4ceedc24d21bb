"""What the owner ships is what lies in the slot afterwards."""

from dataclasses import replace
from pathlib import Path

import pytest

from bootverify.executor.making.factory import Factory
from bootverify.sources.design_file import load_design

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["designs/today", "designs/advised", "scenarios/SB-S39"])
def test_an_update_of_the_first_stage_begins_with_the_first_byte_of_its_slot(name) -> None:
    design = load_design(TESTS / f"{name}.yaml")
    first, *others = design.images
    updated = replace(design, images=(replace(first, updatable=True), *others))
    factory = Factory(updated)
    installed = factory.slot_image(updated.images[0], 1, first.slots[0])
    assert factory.package(updated.images[0], 1, "").plain == installed


def test_an_update_for_nsib_leaves_out_the_room_for_mcuboots_header() -> None:
    design = load_design(TESTS / "designs" / "advised.yaml")
    factory, image = Factory(design), design.image("mcuboot")
    installed = factory.slot_image(image, 1, "s0")
    assert b"\xff" * 0x200 + factory.package(image, 1, "s0").plain == installed
