"""Attackers that the boot system has no moves for: judged by who can do less, and by who can do more."""

import pytest
from tests.edited import SCENARIOS, verdict_of

from bootverify.check.verdict import Verdict
from bootverify.sources.design_file import load_design


def _asked(scenario: str, policy: str, subject: str, attacker: str) -> Verdict:
    return verdict_of(load_design(SCENARIOS / f"{scenario}.yaml"), policy, subject, attacker)


@pytest.mark.parametrize(
    ("scenario", "policy", "subject"),
    [
        ("SB-S01", "boot-write-denied", "mcuboot"),
        ("SB-S05", "secret-confidential", "kek"),
        ("SB-S05", "authentic-only", "tfm+app"),
    ],
)
def test_what_application_code_cannot_do_the_network_core_cannot(scenario: str, policy: str, subject: str) -> None:
    assert _asked(scenario, policy, subject, "netcore-code") is Verdict.HOLDS


def test_what_application_code_can_do_is_not_said_of_the_network_core() -> None:
    assert _asked("SB-S01", "secret-confidential", "enc_priv", "netcore-code") is Verdict.UNKNOWN


def test_what_a_probe_breaks_a_probe_with_glitches_breaks() -> None:
    assert _asked("SB-S18", "rot-immutable", "b0", "fault-injection") is Verdict.VIOLATED


def test_what_a_probe_cannot_do_a_glitch_may() -> None:
    assert _asked("SB-S01", "boot-write-denied", "mcuboot", "fault-injection") is not Verdict.HOLDS


def test_a_part_without_a_network_core_has_no_code_on_it() -> None:
    assert _asked("SB-S18", "boot-write-denied", "b0", "netcore-code") is Verdict.NOT_APPLICABLE
