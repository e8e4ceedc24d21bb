"""Each policy's mutations: what holds on a scenario's design is violated after the edit, with the story as reason."""

import pytest
from tests.edited import SCENARIOS

from bootverify.check.run import check_design
from bootverify.check.verdict import Verdict
from bootverify.policy.policy import ClaimKind
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import design_of
from bootverify.sources.document import read_written
from bootverify.sources.mutate import mutated
from bootverify.sources.policies import all_policies
from bootverify.sources.support import load_support

CASES = [(policy, mutation) for policy in all_policies() for mutation in policy.mutations]


# No signature reaches the rest of a slot, so the claim never holds, and nothing that holds can be broken.
NEVER_HOLDS = {"slot-bytes-authentic"}


def test_each_policy_has_two_mutations() -> None:
    short = {policy.id for policy in all_policies() if len(policy.mutations) < 2}
    assert short == NEVER_HOLDS


def _verdicts(written, policy, mutation):
    design = design_of(written)
    report = check_design(
        design, [policy], [load_attacker(mutation.attacker)], load_support(), subjects=[mutation.subject]
    )
    return {finding.verdict for finding in report.findings}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "mutation"), CASES, ids=[f"{policy.id}: {mutation.story}" for policy, mutation in CASES]
)
def test_what_holds_is_violated_after_the_mutation(policy, mutation) -> None:
    written = read_written(SCENARIOS / f"{mutation.on}.yaml", shown=mutation.on)
    assert _verdicts(written, policy, mutation) == {Verdict.HOLDS}
    edited = mutated(written, mutation.change, [mutation.drop] if mutation.drop else [])
    supported = all(ask.claim.kind is ClaimKind.SUPPORTED for ask in policy.asks)
    assert _verdicts(edited, policy, mutation) == {Verdict.UNDEFINED if supported else Verdict.VIOLATED}
