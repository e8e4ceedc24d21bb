"""The scenarios of the tests as they are and with edits, and what is answered of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bootverify.api import ask
from bootverify.check.verdict import Verdict
from bootverify.design.design import Design
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import design_of
from bootverify.sources.document import read_written
from bootverify.sources.mutate import mutated

SCENARIOS = Path(__file__).parent / "scenarios"


def edited(scenario: str, change: Mapping[str, Any]) -> Design:
    """The design of that scenario, with the entries of `change` set."""
    return design_of(mutated(read_written(SCENARIOS / f"{scenario}.yaml"), change))


def verdict_of(design: Design, policy: str, subject: str, attacker: str) -> Verdict:
    """The verdict of one question, on which both sides agree."""
    report = ask(design, policy, (subject,), load_attacker(attacker))
    assert not report.discrepancies
    (finding,) = report.findings
    assert finding.attacker == attacker
    return finding.verdict
