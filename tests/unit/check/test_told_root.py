"""What code in a bootloader cannot do to releases and keys, it cannot do only while the first stage is locked."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.edited import edited, verdict_of

from bootverify.api import ask
from bootverify.check.verdict import Verdict
from bootverify.design.boot import Protect
from bootverify.design.design import Design
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

TOLD = load_design(Path(__file__).parents[2] / "scenarios" / "told-two-stages.yaml")


def _without_its_lock(design: Design) -> Design:
    root = design.root
    steps = tuple(step for step in root.steps if not isinstance(step, Protect))
    return replace(design, stages=(replace(root, steps=steps), *design.stages[1:]))


@pytest.mark.parametrize(
    ("policy", "subject", "unlocked"),
    [("no-downgrade", "mcuboot", Verdict.VIOLATED), ("key-revoked", "hash_0", Verdict.UNKNOWN)],
)
def test_the_counter_and_revocation_hold_only_while_the_first_stage_locks_itself(policy, subject, unlocked):
    attacker = load_attacker("bootloader-code")
    for design, expected in ((TOLD, Verdict.HOLDS), (_without_its_lock(TOLD), unlocked)):
        report = ask(design, policy, (subject,), attacker)
        assert [finding.verdict for finding in report.findings] == [expected]
        assert not report.discrepancies


def test_who_can_have_other_words_fetched_of_the_first_stage_is_not_judged():
    patched = replace(TOLD, lifecycle=replace(TOLD.lifecycle, flash_patch=True))
    for policy, subject in (("no-downgrade", "mcuboot"), ("key-revoked", "hash_0")):
        report = ask(patched, policy, (subject,), load_attacker("bootloader-code"))
        assert [finding.verdict for finding in report.findings] == [Verdict.UNKNOWN]


@pytest.mark.parametrize(
    ("scenario", "attacker", "behaviour", "locked", "expected"),
    [
        ("SB-S02", "app-code-secure", "counter-fails-open", False, Verdict.VIOLATED),  # he fills the OTP words
        ("SB-S02", "app-code-secure", "counter-fails-closed", False, Verdict.HOLDS),
        ("SB-S02", "app-code-secure", "counter-fails-open", True, Verdict.HOLDS),
        ("SB-S18", "app-code", "counter-fails-open", False, Verdict.HOLDS),  # the counter lies in a locked page
    ],
)
def test_code_that_writes_both_slots_has_a_counter_to_go_past(
    scenario: str, attacker: str, behaviour: str, *, locked: bool, expected: Verdict
) -> None:
    life = {"mode": "swap-move", "rules": [{"by": "nsib", "image": "mcuboot"}], "behaviours": [behaviour]}
    change: dict[str, Any] = {"chain.b0.counter": True, "life": life}
    if scenario == "SB-S18":
        change["lifecycle.flash_patch"] = False
    if not locked:
        change["chain.mcuboot.protects"] = []
    assert verdict_of(edited(scenario, change), "no-downgrade", "mcuboot", attacker) is expected


def test_a_lock_that_can_be_taken_back_keeps_nobody_from_a_slot() -> None:
    life = {"mode": "swap-move", "rules": [{"by": "nsib", "image": "mcuboot"}], "behaviours": ["counter-fails-open"]}
    loose = [{"span": [0x8000, 0x30000], "lock": "none"}]
    change = {"chain.b0.counter": True, "life": life, "chain.mcuboot.protects": loose}
    found = verdict_of(edited("SB-S02", change), "no-downgrade", "mcuboot", "app-code-secure")
    assert found is Verdict.VIOLATED
