"""The command block of the network core, of which nothing tells whether it is locked before the application runs."""

import json
from pathlib import Path

import pytest

from bootverify.cli import run

FED = Path("tests/scenarios/fed-core.yaml").read_text(encoding="utf-8")
LOCKED = "    transfer_locked: true\n"


def _answers(capsys, tmp_path, lock):
    assert LOCKED in FED
    (path := tmp_path / "design.yaml").write_text(FED.replace(LOCKED, lock), encoding="utf-8")
    who = [word for each in ("app-code-secure", "power-cut") for word in ("--attacker", each)]
    run(["check", str(path), "--policy", "authentic-only", "--subject", "net_app", *who, "--format", "json"])
    return {each["attacker"]: each for each in json.loads(capsys.readouterr().out)["questions"]}


@pytest.mark.parametrize(
    ("lock", "verdict"),
    [(LOCKED, "holds"), ("    transfer_locked: false\n", "violated"), ("", "undefined")],
    ids=["locked", "open", "untold"],
)
def test_what_a_command_breaks_depends_on_the_lock_and_the_rest_is_proved(capsys, tmp_path, lock, verdict):
    found = _answers(capsys, tmp_path, lock)
    assert found["app-code-secure"]["verdict"] == verdict
    assert ("transfer-lock-untold" in found["app-code-secure"]["open_points"]) is (verdict == "undefined")
    assert (found["power-cut"]["verdict"], found["power-cut"]["strength"]) == ("holds", "proved")
