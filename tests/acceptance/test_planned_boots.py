"""Whether a chain starts as planned: nobody does anything, so the plan and the boots themselves decide."""

from pathlib import Path
from typing import Any

import pytest

from bootverify.api import check
from bootverify.check.verdict import Verdict
from bootverify.sources.document import read_written
from bootverify.sources.mutate import mutated
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.validate import validated

DESIGNS = Path(__file__).resolve().parents[1] / "scenarios"
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
    written = mutated(read_written(DESIGNS / f"{design}.yaml"), edits)
    drawn = resolve(validated(DesignEntry, written), written)
    report = check(drawn, policies=["bootable"], subjects=[subject], attackers=["operator-error"])
    assert [finding.verdict for finding in report.findings] == [verdict], report.findings
