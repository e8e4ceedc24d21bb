"""Predicates of the executor are experiments: none asks an access rule whether something would be allowed."""

import ast
from pathlib import Path

import pytest

from bootverify import executor
from bootverify.design.memory import MemoryKind, Partition
from bootverify.executor.claims import predicates
from bootverify.executor.run import act, runs_on
from bootverify.executor.world import World
from bootverify.machine.action import TakeStep
from bootverify.ranges import AddressRange
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

HERE = Path(executor.__file__).parent
ASKED_OF = [
    HERE / "access.py",
    HERE / "device.py",
    HERE / "actions" / "attack.py",
    *sorted((HERE / "units").glob("*.py")),
]
EXPERIMENTS = {"erase_and_write", "overwrite_somewhere", "fill_key", "program_region"}  # these do it, and look


def rules() -> set[str]:
    """The functions that say whether, or where, an initiator gets an access."""
    found = set()
    for path in ASKED_OF:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.returns is not None:
                who = {each.arg.strip("_") for each in (*node.args.args, *node.args.kwonlyargs)}
                if "initiator" in who and ast.unparse(node.returns) in {"bool", "list[AddressRange]"}:
                    found.add(node.name)
    return found - EXPERIMENTS


def asked(text: str) -> set[str]:
    """The access rules that `text` calls, or gets hold of."""
    tree = ast.parse(text)
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {each.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names}
    return names & rules()


def test_no_predicate_asks_an_access_rule():
    text = Path(predicates.__file__).read_text(encoding="utf-8")
    assert asked(text) == set()
    assert "executor.units" not in text


def test_a_predicate_that_asked_one_would_be_found():
    assert rules() >= {"permits", "allows", "allowed_parts", "uicr_answers", "may_write_trailer"}
    assert asked("def writable(world, image): return world.device.allows(0, WRITE, NON_SECURE)") == {"allows"}
    assert asked("from bootverify.executor.access import allowed_parts") == {"allowed_parts"}


@pytest.mark.parametrize(("at", "shown"), [(0xFC000, True), (0x100000, False)])
def test_what_a_map_draws_beyond_the_memory_shows_nothing_of_itself(at, shown):
    """The part inside is read and changed as ever; behind the end nothing answers (`map-inside-memory` tells of it)."""
    world = World.start(load_design("tests/scenarios/SB-S08.yaml"), load_attacker("remote-ota"))
    while runs_on(world.device):
        act(world, TakeStep(stage=world.device.running, step=world.device.step))
    beyond = Partition(name="beyond", range=AddressRange.sized(at, 0x8000), memory=MemoryKind.INTERNAL)
    assert predicates.exposed(world, beyond) is shown
