"""A report in which much is to be told: first what, then each at length, and nothing twice."""

from pathlib import Path

import pytest

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.report.text import Manner, text

WISHED = Path(__file__).resolve().parents[1] / "designs" / "wished-for.yaml"
POLICIES = ["secret-confidential", "no-secret-in-updatable", "no-downgrade", "rot-immutable", "downgrade-prevention"]


@pytest.fixture(scope="module")
def report():
    return api.check(api.load(WISHED), policies=POLICIES)


def test_the_first_screen_names_all_that_does_not_hold(report):
    screen = text(report).splitlines()[4:10]
    assert [line.split()[:3] for line in screen] == [
        ["violated", "critical", "no-secret-in-updatable"],
        ["violated", "critical", "rot-immutable"],
        ["violated", "critical", "secret-confidential"],
        ["violated", "high", "no-downgrade"],
        ["violated", "medium", "downgrade-prevention"],
        ["unknown", "high", "no-downgrade"],
    ]
    assert screen[0].endswith(" enc_priv, mcuboot")


def test_what_a_stage_said_before_is_not_told_again(report):
    short, whole = text(report), text(report, Manner(explain=True))
    assert "b0: ... jump to mcuboot\n" in short
    assert "`...` stands for what a stage said before" in short
    assert "..." not in whole
    assert whole.count("b0: fprotect") > short.count("b0: fprotect")


def test_an_attack_is_told_once_whoever_attacks(report):
    short = text(report)
    assert short.count("the bytes at 0x65b are enc_priv") == 1
    assert "As it ran: see no-secret-in-updatable enc_priv above" in short


@pytest.mark.parametrize("explain", [False, True])
def test_every_question_is_told_with_its_subject_and_attacker(report, explain):
    told = text(report, Manner(explain=explain))
    blocks = [f" {' '.join(block.split())} ".replace(",", " ") for block in told.split("\n\n")]
    asked = [each for each in report.findings if each.verdict is not Verdict.NOT_APPLICABLE and each.kind != "map"]
    assert len(asked) > 20
    for each in asked:
        head = f" {each.verdict.value} {each.policy} "
        found = [block for block in blocks if block.startswith(head)]
        assert any(f" {each.subject} " in block and f" {each.attacker} " in block for block in found), each


@pytest.mark.parametrize("explain", [False, True])
def test_no_line_is_wider_than_a_terminal(report, explain):
    assert max(map(len, text(report, Manner(explain=explain)).splitlines())) <= 80


def test_what_is_told_of_several_attackers_is_told_of_each():
    design = api.load(WISHED.parents[1] / "scenarios" / "swapped-outside.yaml")
    who = ["build-pipeline", "factory-insider"]
    report = api.check(design, policies=["secret-confidential"], subjects=["cloud_key"], attackers=who)
    told = text(report)
    assert f"against {', '.join(who)}\n  each of them comes by the value of cloud_key" in told
    assert told.count("comes by the value of cloud_key") == 1
    explained = text(report, Manner(explain=True))
    assert all(f"{each} comes by the value of cloud_key" in " ".join(explained.split()) for each in who)
