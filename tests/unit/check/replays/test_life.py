"""A dead model satisfies everything: who cannot exist, what never runs and what asks nothing must not hold."""

from dataclasses import replace

import pytest
from tests.unit.check.test_certificate import design

from bootverify.check.run import check_design
from bootverify.check.verdict import Verdict
from bootverify.design.boot import Launch
from bootverify.policy.parse import parse
from bootverify.policy.policy import Claim, ClaimKind
from bootverify.sources.attackers import load_attacker
from bootverify.sources.policies import all_policies, load_policy
from bootverify.sources.support import load_support


def verdicts(asked, attackers, policies=None):
    found = check_design(asked, policies or all_policies(), [load_attacker(each) for each in attackers], load_support())
    return [each for each in found.findings if each.strength != "computed" or each.verdict is not Verdict.HOLDS]


def test_a_non_secure_attacker_on_a_design_without_tfm_gets_no_verdict():
    found = verdicts(design("SB-S06"), ["app-code-ns"])
    assert found
    assert {each.verdict for each in found} == {Verdict.NOT_APPLICABLE}
    assert "there is no non-secure code" in found[0].because


def test_a_design_whose_first_stage_never_launches_is_vacuous():
    whole = design("SB-S02")
    root = whole.root
    dead = replace(root, steps=tuple(step for step in root.steps if not isinstance(step, Launch)))
    stuck = replace(whole, stages=(dead, *whole.stages[1:]))
    before = check_design(whole, [load_policy("rot-immutable")], [load_attacker("remote-ota")], load_support())
    after = check_design(stuck, [load_policy("rot-immutable")], [load_attacker("remote-ota")], load_support())
    assert Verdict.HOLDS in {each.verdict for each in before.findings}
    assert {each.verdict for each in after.findings} == {Verdict.VACUOUS}
    assert "the chain never reaches app" in after.findings[0].because


@pytest.mark.parametrize("text", ['it.role == "root_of_trust"', "it.role == it.role", "not (it.role != it.role)"])
def test_a_claim_that_asks_nothing_of_any_state_is_vacuous(text):
    policy = load_policy("rot-immutable")
    claim = Claim(kind=ClaimKind.ALWAYS, formula=parse(text, "stage"), text=text)
    empty = replace(policy, asks=tuple(replace(ask, claim=claim) for ask in policy.asks))
    found = check_design(design("SB-S02"), [empty], [load_attacker("remote-ota")], load_support())
    assert found.findings
    assert {each.verdict for each in found.findings} == {Verdict.VACUOUS}
