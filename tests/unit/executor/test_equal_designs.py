"""Two worlds of equal designs that are not one object behave alike: what is built for one serves the other."""

from pathlib import Path

from bootverify.design.attacker import Attacker
from bootverify.executor.actions.attack import code_as
from bootverify.executor.run import act
from bootverify.executor.world import World
from bootverify.machine.action import Overwrite, Reset, TakeStep
from bootverify.machine.content import Crafted
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "SB-S17.yaml"


def _after_rewriting_the_first_stage(attacker: Attacker) -> bool:
    """Whether his code runs again from reset; of a design read anew."""
    design = load_design(SCENARIO)
    world = World.start(design, attacker)
    while not code_as(world):
        act(world, TakeStep(stage=world.device.running, step=world.device.step))
    act(world, Overwrite(partition=design.root.image, content=Crafted()))
    act(world, Reset())
    return bool(code_as(world))


def test_a_rewritten_first_stage_is_hostile_in_every_world() -> None:
    attacker = load_attacker("app-code-secure")
    assert [_after_rewriting_the_first_stage(attacker) for _ in range(2)] == [True, True]
