"""A genuine update is taken only when the key that signs it is one that the device trusts."""

from dataclasses import replace
from pathlib import Path

import pytest

from bootverify.api import ask
from bootverify.check.verdict import Verdict
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

TOLD = load_design(Path(__file__).parents[2] / "scenarios" / "told-one-stage.yaml")
ANCHOR, OWNERS = TOLD.key("verify_pub"), TOLD.key("sign_priv")
SAMPLE = replace(OWNERS, name="sample_priv", published=True)  # comes with the sources
OLDER = replace(OWNERS, name="older_priv")
SECOND = replace(ANCHOR, name="second_pub", other_half="sign_priv")


def _with(*keys: Key) -> Design:
    others = [key for key in TOLD.keys if key.name not in {each.name for each in keys}]
    return replace(TOLD, keys=(*others, *keys))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((replace(ANCHOR, other_half="sign_priv"),), Verdict.HOLDS),
        ((replace(ANCHOR, other_half="sample_priv"), SAMPLE), Verdict.VIOLATED),
        ((replace(ANCHOR, other_half="sample_priv"), SAMPLE, replace(OWNERS, published=True)), Verdict.UNKNOWN),
        ((replace(ANCHOR, other_half="older_priv"), OLDER), Verdict.UNKNOWN),
        ((replace(ANCHOR, other_half="older_priv"), SECOND, OLDER), Verdict.HOLDS),
        ((ANCHOR, SECOND, OLDER), Verdict.HOLDS),
    ],
)
def test_the_owners_key_must_have_its_other_half_on_the_device(keys, expected) -> None:
    report = ask(_with(*keys), "update-available", ("app",), load_attacker("remote-ota"))
    assert [finding.verdict for finding in report.findings] == [expected]
    assert not report.discrepancies


@pytest.mark.parametrize(
    ("attacker", "expected"), [("build-pipeline", Verdict.VIOLATED), ("factory-insider", Verdict.HOLDS)]
)
@pytest.mark.parametrize(("policy", "subject"), [("secret-confidential", "sign_priv"), ("authentic-only", "app")])
def test_a_key_that_lies_in_the_build_directory_is_seen_there_and_in_no_file_for_production(
    policy, subject, attacker, expected
) -> None:
    design = _with(replace(OWNERS, found=("build",)))
    report = ask(design, policy, (subject,), load_attacker(attacker))
    assert [finding.verdict for finding in report.findings] == [expected]
    assert not report.discrepancies
