"""Whether a chain starts as planned: nobody does anything, so the plan and the boots themselves decide."""

from typing import Any

import pytest
from tests.edited import edited

from bootverify.api import check
from bootverify.check.verdict import Finding, Verdict

PLAIN = {"life": {"mode": "swap-move"}}
RULE = {"by": "mcuboot", "every_release": True}


@pytest.mark.parametrize(
    ("design", "subject", "edits", "verdict"),
    [
        ("SB-S31", "mcuboot", PLAIN, Verdict.HOLDS),
        ("SB-S31", "app", PLAIN, Verdict.HOLDS),
        ("SB-S44", "tfm+app", PLAIN, Verdict.HOLDS),
        # TF-M's write for a slot outside falls on a region that is locked already, where a debug build stops.
        ("SB-S44", "tfm+app", {**PLAIN, "chain.tfm+app.trustzone": {"build": "debug"}}, Verdict.VIOLATED),
        ("SB-S39", "mcuboot", PLAIN, Verdict.VIOLATED),
        ("SB-S39", "mcuboot", {"life": {"behaviours": ["lock-failure-passes"]}}, Verdict.UNKNOWN),
        ("SB-S31", "app", {"life": {"rules": [{**RULE, "slots": 30, "planned": 30}]}}, Verdict.HOLDS),
        ("SB-S31", "app", {"life": {"rules": [{**RULE, "slots": 30, "planned": 31}]}}, Verdict.UNKNOWN),
        ("SB-S31", "app", {"life": {"rules": [{**RULE, "slots": 30}]}}, Verdict.HOLDS),
        ("SB-S31", "app", {"life": {"rules": [{**RULE, "planned": 31}]}}, Verdict.UNKNOWN),
        ("SB-S31", "app", {"life": {"event": "crashing-release"}}, Verdict.UNKNOWN),
    ],
)
def test_a_planned_boot_is_judged_by_the_plan_and_then_played(
    design: str, subject: str, edits: dict[str, Any], verdict: Verdict
) -> None:
    assert _answer(design, subject, "operator-error", edits).verdict is verdict


@pytest.mark.parametrize(
    ("design", "subject", "attacker", "verdict"),
    [
        ("SB-S31", "app", "remote-ota", Verdict.HOLDS),
        ("SB-S31", "mcuboot", "old-signed-image", Verdict.HOLDS),
        ("SB-S31", "mcuboot", "app-code", Verdict.VIOLATED),
        ("SB-S14", "app", "app-code-ns", Verdict.VIOLATED),
        ("SB-S44", "tfm+app", "secure-partition", Verdict.VIOLATED),
        ("told-one-stage", "app", "ext-flash-read", Verdict.HOLDS),
        ("told-one-stage", "app", "ext-flash-write", Verdict.VIOLATED),
    ],
)
def test_the_next_boot_is_played_whoever_was_there(design: str, subject: str, attacker: str, verdict: Verdict) -> None:
    found = _answer(design, subject, attacker, {} if design == "told-one-stage" else PLAIN)
    assert found.verdict is verdict, found
    assert found.strength in {"proved", "replayed"}


def _answer(design: str, subject: str, attacker: str, edits: dict[str, Any]) -> Finding:
    drawn = edited(design, edits)
    (finding,) = check(drawn, policies=["bootable"], subjects=[subject], attackers=[attacker]).findings
    return finding
