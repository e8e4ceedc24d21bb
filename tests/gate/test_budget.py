"""A budget for the solver: what it does not suffice for is unknown and says why, and is never taken for an answer."""

from pathlib import Path

import pytest

from bootverify.cli import run
from tests.gate.bases import base, text_of
from tests.gate.seeded import SEEDS

LITTLE = ["--rlimit", "1"]
ASKED = ["--policy", "rot-immutable", "--attacker", "remote-ota"]
MET = "z3 met its bound on work; --rlimit raises it"


@pytest.fixture
def told(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("design.yaml").write_text(text_of(base("nrf5340")))

    def call(*arguments: str) -> tuple[int, str]:
        code = run([*arguments])
        return code, " ".join(capsys.readouterr().out.split())

    return call


def test_what_the_budget_does_not_suffice_for_is_unknown_and_says_why(told):
    assert told("check", "design.yaml", *ASKED)[0] == 0
    code, out = told("check", "design.yaml", *ASKED, *LITTLE)
    assert code == 3
    assert "unknown rot-immutable mcuboot remote-ota" in out
    assert MET in out


def test_the_budget_of_the_second_solver_is_bounded_too(told):
    assert told("check", "design.yaml", *ASKED, "--solver", "all")[0] == 0
    assert told("check", "design.yaml", *ASKED, "--solver", "all", *LITTLE)[0] == 3


def test_an_edit_under_a_budget_tells_what_is_unknown(told):
    Path("design.yaml").write_text(text_of(base("nrf5340")).replace("eraseprotect: true", "eraseprotect: false"))
    asked = ["--policy", "rot-immutable", "--attacker", "debug-port"]
    code, out = told("whatif", "design.yaml", "--set", "lifecycle.eraseprotect=true", *asked, *LITTLE)
    assert code == 3
    assert "violated -> unknown" in out
    assert MET in out


def test_values_that_nobody_could_judge_are_not_passed_off_as_kept(told):
    path = ["--free", "lifecycle.approtect", *ASKED]
    assert told("whatif", "design.yaml", *path)[0] == 0
    code, out = told("whatif", "design.yaml", *path, *LITTLE)
    assert code == 3
    assert "Unknown still: 1 question is not answered" in out
    assert MET in out


def test_no_edit_is_a_repair_that_makes_the_answer_unknown(told):
    seed = next(seed for seed in SEEDS if seed.name == "unlocked mcuboot on nrf5340")
    Path("design.yaml").write_text(text_of(seed.new))
    asked = ["--policy", seed.policy, "--attacker", "app-code-secure"]
    assert told("repair", "design.yaml", *asked)[0] == 0
    code, out = told("repair", "design.yaml", *asked, *LITTLE)
    assert code == 1
    assert "No edit that is known here helps" in out


def test_nothing_violated_is_no_success_while_something_is_unknown(told):
    code, out = told("repair", "design.yaml", *ASKED, *LITTLE)
    assert code == 3
    assert out.startswith("Nothing is violated. Unknown still:")


def test_a_comparison_under_a_budget_finds_what_is_told_alone(told):
    Path("new.yaml").write_text(text_of(base("nrf5340")))
    code, out = told("diff", "design.yaml", "new.yaml", *ASKED, *LITTLE)
    assert code == 0
    assert "1 equal" in out
