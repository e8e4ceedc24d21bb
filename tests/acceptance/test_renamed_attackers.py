"""An attacker is what he can do: under another name he gets the same verdicts, and sets of abilities are ordered."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.edited import SCENARIOS
from tests.scenario_cards import questions

from bootverify.check.question import exists
from bootverify.check.run import Options, check_design
from bootverify.check.verdict import Report, Verdict
from bootverify.cli import run
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.design import Design
from bootverify.sources.attackers import all_attackers, load_attacker
from bootverify.sources.design_file import load_design
from bootverify.sources.importers.card.scenario import load
from bootverify.sources.policies import all_policies, load_policy
from bootverify.sources.support import load_support

SRC = Path(__file__).parents[2] / "src" / "bootverify"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "scenarios"
ASKED = {asked.name: asked for asked in questions(SHARED)} if SHARED.is_dir() else {}
OWN = {each.name: load_design(each) for each in sorted(SCENARIOS.glob("*.yaml"))}
TOLD = load_design(SCENARIOS / "told-one-stage.yaml")


def _renamed(attacker: Attacker) -> Attacker:
    return replace(attacker, name="somebody", title="somebody", needs=None, needs_tfm=False)


def _report(design: Design, policy: str, attacker: Attacker, subject: str | None = None) -> Report:
    subjects = [subject] if subject else []
    chosen = [load_policy(policy)] if policy else all_policies()
    options = Options(any_attacker=bool(policy))
    return check_design(design, chosen, [attacker], load_support(), subjects=subjects, options=options)


def _answers(report: Report) -> list[tuple[str, str, Verdict]]:
    return [(each.policy, each.subject, each.verdict) for each in report.findings]


@pytest.mark.skipif(not ASKED, reason="the shared scenario cards are absent")
@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_card_is_answered_alike_whatever_the_attacker_is_called(name: str) -> None:
    asked = ASKED[name]
    attacker = load_attacker(asked.attacker)
    design = load(asked.card, asked.variant)
    if exists(design, attacker):
        return
    found = [_answers(_report(design, asked.policy, each, asked.subject)) for each in (attacker, _renamed(attacker))]
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SB-S05.yaml", "told-one-stage.yaml", "told-two-stages.yaml"])
def test_every_question_of_a_design_is_answered_alike_whatever_the_attacker_is_called(name: str) -> None:
    for attacker in all_attackers():
        if not exists(OWN[name], attacker):
            found = [_answers(_report(OWN[name], "", each)) for each in (attacker, _renamed(attacker))]
            assert found[0] == found[1], attacker.name


def test_no_judgement_compares_the_name_of_an_attacker() -> None:
    compared = re.compile(r"(attacker|foe|question\.attacker)\.name\s*(==|!=|in\b|not in\b)|match \w*attacker\.name")
    for place in ("executor", "encoder", "check", "design", "policy"):
        for file in sorted((SRC / place).rglob("*.py")):
            lines = [line for line in file.read_text(encoding="utf-8").splitlines() if compared.search(line)]
            assert not lines, f"{file}: {lines}"


def test_whoever_can_do_more_breaks_what_one_of_his_abilities_breaks() -> None:
    mixed = {Capability.READ_EXTERNAL, Capability.WRITE_EXTERNAL, Capability.CUT_POWER}
    foe = Attacker(name="mixed", title="", capabilities=frozenset(mixed))
    design = TOLD
    alone = _report(design, "update-available", load_attacker("ext-flash-write"), "app")
    both = _report(design, "update-available", foe, "app")
    assert [each.verdict for each in alone.findings] == [Verdict.VIOLATED]
    assert {each.verdict for each in both.findings} == {Verdict.VIOLATED}
    assert all("ext-flash-write can do less" in each.because for each in both.findings)


def test_whoever_can_do_less_gets_what_holds_against_those_who_can_do_more() -> None:
    less = Attacker(name="less", title="", capabilities=frozenset({Capability.REPLAY_RELEASE}))
    design = TOLD
    found = _report(design, "update-available", less, "app").findings
    assert [each.verdict for each in found] == [Verdict.HOLDS]
    assert "old-signed-image can do more" in found[0].because


def test_abilities_that_nobody_judges_together_are_not_held_to_hold() -> None:
    both = Attacker(name="both", title="", capabilities=frozenset({Capability.SEND_UPDATE, Capability.READ_EXTERNAL}))
    found = _report(TOLD, "update-available", both, "app").findings
    assert [each.verdict for each in found] == [Verdict.UNKNOWN]


def test_a_user_s_attacker_is_asked_about_by_what_he_can_do(tmp_path, capsys) -> None:
    file = tmp_path / "visitor.yaml"
    file.write_text(
        "attacker: visitor\ntitle: sits at the chip\ncapabilities: [write_external, read_external]\n", encoding="utf-8"
    )
    told = []
    for who in ("ext-flash-write", str(file)):
        run(["check", str(SCENARIOS / "told-one-stage.yaml"), "--policy", "no-downgrade", "--attacker", who])
        told.append(capsys.readouterr().out.replace("ext-flash-write", "visitor"))
    assert "violated" in told[0]
    assert [line.split() for line in told[0].splitlines()] == [line.split() for line in told[1].splitlines()]


def test_two_attackers_of_one_name_are_told_apart() -> None:
    weak = Attacker(name="x", title="", capabilities=frozenset({Capability.CUT_POWER}))
    strong = Attacker(name="x", title="", capabilities=frozenset({Capability.DEBUG}))
    chosen = [load_policy("rot-immutable")]
    options = Options(any_attacker=True)
    design = OWN["SB-S01.yaml"]
    report = check_design(design, chosen, [weak, strong], load_support(), subjects=["mcuboot"], options=options)
    assert [each.verdict for each in report.findings] == [Verdict.HOLDS, Verdict.VIOLATED]
