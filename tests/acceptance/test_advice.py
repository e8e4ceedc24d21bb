"""What is said of a violation names the fact that decides; what to do instead can be done on this part and chain."""

from typing import Any

import pytest
from tests.edited import edited

from bootverify.api import check
from bootverify.check.verdict import Finding, Verdict

MOVE = {"mode": "swap-move", "validate_primary": True}


def _finding(name: str, edits: dict[str, Any], policy: str, subject: str, attacker: str) -> Finding:
    design = edited(name, edits)
    (finding,) = check(design, policies=[policy], subjects=[subject], attackers=[attacker]).findings
    assert finding.verdict is Verdict.VIOLATED, finding
    return finding


@pytest.mark.parametrize(
    ("question", "edits", "because", "repair"),
    [
        ("SB-S09 authentic-only app remote-ota", {}, "private half of root-rsa-2048", "key of your own"),
        # The other slot is not to blame where anybody can sign.
        ("SB-S09 authentic-only app app-code", {}, "private half of root-rsa-2048", "key of your own"),
        ("SB-S01 secret-confidential enc_priv app-code-secure", {}, "write-locked at most", "KMU slot"),
        ("SB-S12 secret-confidential enc-rsa2048-priv app-code", {}, "", "key of your own"),
        ("SB-S18 secret-confidential link_key app-code", {}, "code in app reads", "no store that hides"),
        ("SB-S05 secret-use-restricted kek secure-partition", {}, "pushes kek", "no generic service"),
        ("SB-S06 secret-use-restricted kek app-code-secure", {}, "pushes kek", "Build with TF-M"),
        ("SB-S37 secret-confidential kek secure-partition", {}, "to RAM", "register of the crypto engine"),
        ("SB-S31 bootable app serial-port", {"life": {**MOVE, "recovery": "open"}}, "serial-port writes", "Guard"),
        ("SB-S31 image-confidential app remote-ota", {"life": MOVE}, "in everybody's hands", "Encrypt the updates."),
        ("SB-S31 image-confidential app factory-insider", {"life": MOVE}, "file of the build", "loader"),
        ("SB-S31 no-downgrade app old-signed-image", {}, "nothing refuses", "keeps no counter on this part"),
        ("SB-S17 no-downgrade app old-signed-image", {}, "nothing refuses", "counter in hardware"),
        ("SB-S44 no-downgrade tfm+app old-signed-image", {}, "nothing refuses", "keeps no counter beside NSIB"),
    ],
)
def test_a_violation_is_told_with_its_fact_and_a_way_out(
    question: str, edits: dict[str, Any], because: str, repair: str
) -> None:
    name, policy, subject, attacker = question.split()
    found = _finding(name, edits, policy, subject, attacker)
    assert because in found.because
    assert repair in found.repair


def test_a_comparison_that_is_passed_over_is_named() -> None:
    builds = [[1, 0, 0, 1], [1, 0, 0, 2]]
    edits = {"life.releases": builds, "chain.app.versions": builds}
    found = _finding("told-one-stage", edits, "no-downgrade", "app", "old-signed-image")
    assert "build number" in found.because
    assert "Raise the revision" in found.repair


@pytest.mark.parametrize("attacker", ["serial-port", "remote-ota", "operator-error"])
def test_a_claim_that_names_somebody_who_does_nothing_is_asked_of_nobody_else(attacker: str) -> None:
    design = edited("SB-S31", {"life": MOVE})
    assert len(check(design, policies=["bootable"], subjects=["app"], attackers=[attacker]).findings) == 1
