"""Images that anybody signs, and encrypted ones: what nobody can settle is admitted, and is no mistake of ours."""

from typing import Any

import pytest
from tests.edited import edited, verdict_of

from bootverify.check.verdict import Verdict
from bootverify.executor.history import release_taken
from bootverify.executor.run import act, steps_of_boot
from bootverify.executor.world import World
from bootverify.machine.action import Deliver, Publish, Request, Reset
from bootverify.machine.content import Genuine
from bootverify.sources.attackers import load_attacker

UNSIGNED = {"chain.tfm+app.signature": "none"}
RSA = {"chain.app.encryption": "rsa-oaep"}
PLAIN = {"chain.app.encryption": "none", "chain.mcuboot.mode": "overwrite"}
ANYBODY_SIGNS = {"keys.prod_verify_pub.published": True, **PLAIN}
RULES = {"version": {"chain.mcuboot.downgrade": "version"}, "counter": {"chain.mcuboot.security_counter": True}}


def test_what_crafted_bytes_left_of_a_release_serves_no_search() -> None:
    assert (
        verdict_of(edited("SB-S07", UNSIGNED), "secret-confidential", "kek_v2", "secure-partition") is Verdict.VIOLATED
    )


@pytest.mark.slow
@pytest.mark.parametrize("attacker", ["remote-ota", "app-code-ns"])
def test_a_release_that_is_shipped_encrypted_is_not_written_in_clear(attacker: str) -> None:
    verdict = verdict_of(edited("SB-S07", UNSIGNED), "secret-confidential", "kek_v2", attacker)
    assert verdict is not Verdict.HOLDS


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_a_crafted_image_says_of_itself_is_not_guessed(rule: dict[str, Any]) -> None:
    design = edited("SB-S12", {**ANYBODY_SIGNS, **rule})
    assert verdict_of(design, "no-downgrade", "app", "old-signed-image") is not Verdict.HOLDS


def test_an_update_whose_key_is_wrapped_by_rsa_is_opened() -> None:
    world = World.start(edited("SB-S12", RSA), load_attacker("remote-ota"))
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
    design = edited("SB-S12", {**RSA, "keys.prod_verify_pub.published": True})
    assert verdict_of(design, "authentic-only", "app", "remote-ota") is Verdict.VIOLATED


def test_no_document_speaks_of_updates_of_the_first_stage() -> None:
    design = edited("SB-S12", {**RSA, "chain.mcuboot.update": "by_wire"})
    assert verdict_of(design, "config-supported", "mcuboot", "operator-error") is Verdict.UNDEFINED
