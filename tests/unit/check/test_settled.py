"""Images that anybody signs, and encrypted ones: what nobody can settle is admitted, and is no mistake of ours."""

from pathlib import Path
from typing import Any

import pytest

from bootverify.api import ask
from bootverify.check.verdict import Verdict
from bootverify.design.design import Design
from bootverify.executor.history import release_taken
from bootverify.executor.run import act, steps_of_boot
from bootverify.executor.world import World
from bootverify.machine.action import Deliver, Publish, Request, Reset
from bootverify.machine.content import Genuine
from bootverify.sources.attackers import load_attacker
from bootverify.sources.document import read_written
from bootverify.sources.mutate import mutated
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.validate import validated

SCENARIOS = Path(__file__).parents[2] / "scenarios"
UNSIGNED = {"chain.tfm+app.signature": "none"}
RSA = {"chain.app.encryption": "rsa-oaep"}
PLAIN = {"chain.app.encryption": "none", "chain.mcuboot.mode": "overwrite"}
ANYBODY_SIGNS = {"keys.prod_verify_pub.published": True, **PLAIN}
RULES = {"version": {"chain.mcuboot.downgrade": "version"}, "counter": {"chain.mcuboot.security_counter": True}}


def _changed(scenario: str, change: dict[str, Any]) -> Design:
    written = mutated(read_written(SCENARIOS / f"{scenario}.yaml"), change)
    return resolve(validated(DesignEntry, written), written)


def _asked(design: Design, policy: str, subject: str, attacker: str) -> Verdict:
    report = ask(design, policy, (subject,), load_attacker(attacker))
    assert not report.discrepancies
    (finding,) = report.findings
    return finding.verdict


def test_what_crafted_bytes_left_of_a_release_serves_no_search() -> None:
    assert _asked(_changed("SB-S07", UNSIGNED), "secret-confidential", "kek_v2", "secure-partition") is Verdict.VIOLATED


@pytest.mark.slow
@pytest.mark.parametrize("attacker", ["remote-ota", "app-code-ns"])
def test_a_release_that_is_shipped_encrypted_is_not_written_in_clear(attacker: str) -> None:
    verdict = _asked(_changed("SB-S07", UNSIGNED), "secret-confidential", "kek_v2", attacker)
    assert verdict is not Verdict.HOLDS


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_a_crafted_image_says_of_itself_is_not_guessed(rule: dict[str, Any]) -> None:
    design = _changed("SB-S12", {**ANYBODY_SIGNS, **rule})
    assert _asked(design, "no-downgrade", "app", "old-signed-image") is not Verdict.HOLDS


def test_an_update_whose_key_is_wrapped_by_rsa_is_opened() -> None:
    world = World.start(_changed("SB-S12", RSA), load_attacker("remote-ota"))
    made = Genuine("app", 2, "")
    for action in (
        Publish(image="app", release=2, slot=""),
        Deliver(partition="mcuboot_secondary", content=made, request=Request.PERM, by_attacker=False),
        Reset(),
    ):
        for step in steps_of_boot(world.device):
            act(world, step)
        act(world, action)
    for step in steps_of_boot(world.device):
        act(world, step)
    assert not world.device.halted
    assert release_taken(world, world.design.image("app")) == 2


def test_what_anybody_signs_is_started_whatever_wraps_its_key() -> None:
    design = _changed("SB-S12", {**RSA, "keys.prod_verify_pub.published": True})
    assert _asked(design, "authentic-only", "app", "remote-ota") is Verdict.VIOLATED


def test_no_document_speaks_of_updates_of_the_first_stage() -> None:
    design = _changed("SB-S12", {**RSA, "chain.mcuboot.update": "by_wire"})
    assert _asked(design, "config-supported", "mcuboot", "operator-error") is Verdict.UNDEFINED
