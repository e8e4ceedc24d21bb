"""Predicates of the executor are experiments: none asks an access rule whether something would be allowed."""

import ast
from pathlib import Path

from bootverify import executor
from bootverify.executor import predicates

HERE = Path(executor.__file__).parent
ASKED_OF = [HERE / "access.py", HERE / "device.py", HERE / "attack.py", *sorted((HERE / "units").glob("*.py"))]
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
