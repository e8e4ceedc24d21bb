"""Releases on units in the field, one story each: keys that change, orders, TF-M that comes, ports, power cuts."""

import pytest
from tests.field import (
    ADVISED,
    FEW,
    FINE,
    HOLDS,
    MOVED_PRIMARY,
    NEW,
    NO_CIPHER,
    NRF52,
    NRF54,
    OLD,
    REFUSED,
    TESTS,
    TODAY,
    UNDEFINED,
    VIOLATED,
    answers,
    asked,
    design,
    printed,
    verdicts,
)

from bootverify import api
from bootverify.design.design import Design
from bootverify.executor.field.cuts import Plan
from bootverify.executor.mcuboot import swap_move
from bootverify.whatif.migrate import migrate
from bootverify.whatif.migration.answers import Effort
from bootverify.whatif.migration.questions import Question


def test_a_violated_answer_is_a_film_that_ran_and_names_the_lines():
    (kind,) = answers([design(TODAY)], design(TODAY, MOVED_PRIMARY))
    answer = kind[Question.TAKES]
    assert "linked for 0x10200, and it is started at 0xc200" in answer.because
    assert "release 1 goes on running" in answer.because
    assert any("halted" in line for scene in answer.scenes for line in scene.log)
    assert {fact.source.line for fact in answer.facts} == {13}


def test_a_confirmation_that_the_bootloader_does_not_see_is_none():
    """The log is written over the end of the old image, which then is not there to return to."""
    change = {
        "partitions.app.size": 0x73E00,
        "partitions.mcuboot_secondary": {"at": 0x80000, "size": 0x68000},
        "partitions.log_storage": {"at": 0xE8000, "size": 0x4000},
    }
    (kind,) = answers(
        [design(TODAY, NO_CIPHER, ("keys.enc_priv",))], design(TODAY, {**change, **NO_CIPHER}, ("keys.enc_priv",))
    )
    assert kind[Question.TAKES].verdict is VIOLATED
    assert "does not confirm itself where the bootloader looks" in kind[Question.TAKES].because


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"at": 0x8000, "size": 0x4000}, "log_storage, which is new, cannot be written in the field"),
        ({"at": 0xEC000, "size": 0x4000}, ""),
    ],
)
def test_a_new_partition_needs_room_that_the_field_leaves(place, words):
    smaller = {"partitions.mcuboot.size": 0x8000, "chain.mcuboot.protects": [{"span": [0, 0x8000]}]}
    (kind,) = answers([design(TODAY)], design(TODAY, {**smaller, "partitions.log_storage": place}))
    assert words in kind[Question.KEEPS].because
    assert kind[Question.KEEPS].verdict is (VIOLATED if words else HOLDS)


def test_units_of_every_release_are_asked_about_with_every_update_they_may_have():
    first = design(TODAY, {**MOVED_PRIMARY, "partitions.mcuboot_secondary.size": 0x6C000})
    found = verdicts([design(TODAY), design(TODAY, {"sdk": "2.7.0"})], first)
    assert found == [REFUSED, REFUSED, REFUSED]
    kinds = migrate([design(TODAY), design(TODAY)], design(TODAY), asked, FEW).kinds
    assert [kind.title for kind in kinds] == ["made as today", "made as today, updated to today", "made as today"]


def test_a_key_is_exchanged_by_a_release_between_that_knows_both():
    path = TESTS / "scenarios" / "SB-S08.yaml"
    both = {"keys.next_pub": {"kind": "public", "placement": {"image": "mcuboot"}, "verifies": "tfm+app"}}
    one = design(path, printed(OLD))
    two = design(path, {**printed(OLD), **both, "keys.next_pub.fingerprint": NEW})
    three = design(path, printed(NEW))
    found = verdicts([one, two], three)
    assert found[0] == REFUSED
    assert found[1][0] is HOLDS
    assert found[2][0] is HOLDS


def test_a_bootloader_that_knows_both_keys_is_signed_with_the_old_one():
    path = TESTS / "scenarios" / "SB-S08.yaml"
    next_pub = {"kind": "public", "placement": {"image": "mcuboot"}, "verifies": "tfm+app", "fingerprint": NEW}
    told = {"keys.img_verify_pub.fingerprint": OLD, "keys.img_sign_priv.fingerprint": NEW, "keys.next_pub": next_pub}
    (kind,) = answers([design(path, printed(OLD))], design(path, told))
    assert kind[Question.TAKES].verdict is HOLDS
    assert "its bootloader signed with the key of the field" in kind[Question.TAKES].because


def test_an_order_that_kills_is_told_beside_one_that_is_refused():
    path = TESTS / "scenarios" / "SB-S02.yaml"
    one, two = (design(path, {"keys.enc_priv.fingerprint": each}) for each in (OLD, NEW))
    (kind,) = answers([one], two)
    assert kind[Question.TAKES].verdict is VIOLATED
    assert "release 1 goes on running" in kind[Question.TAKES].because
    assert "mcuboot, then app: the unit no longer boots" in kind[Question.TAKES].because


def test_tf_m_may_come_with_an_update():
    secure = {"at": 0xC200, "size": 0x7E00, "attribution": "secure"}
    change = {
        "partitions.tfm": secure,
        "partitions.app": {"at": 0x14000, "size": 0x68000, "attribution": "non_secure"},
        "partitions.mcuboot_primary": {"span": ["mcuboot_pad", "tfm", "app"]},
        "partitions.mcuboot_secondary.attribution": "non_secure",
        "partitions.settings_storage.attribution": "non_secure",
        "chain.tfm+app": {
            "parts": {"tfm": {"program": "tfm", "code": "tfm"}, "app": {"program": "application", "code": "app"}},
            "slot": "mcuboot_primary",
            "staging": "mcuboot_secondary",
            "verified_by": "mcuboot",
            "signature": "ecdsa-p256",
            "update": "over_the_air",
        },
        "keys.img_verify_pub.verifies": "tfm+app",
        "keys.img_sign_priv.signs": "tfm+app",
    }
    old = design(TODAY, NO_CIPHER, ("keys.enc_priv",))
    assert verdicts([old], design(TODAY, change, ("chain.app", "keys.enc_priv"))) == [FINE]
    closed = {**change, "partitions.settings_storage.attribution": "secure"}
    (kind,) = answers([old], design(TODAY, closed, ("chain.app", "keys.enc_priv")))
    assert kind[Question.KEEPS].verdict is HOLDS


def test_a_port_that_production_left_open_is_not_held_against_the_release():
    open_port = {"lifecycle.approtect": False, "lifecycle.secure_approtect": False}

    def confidential(design_: Design):
        return api.check(design_, policies=["secret-confidential"], attackers=["debug-port"])

    (kind,) = migrate([design(TODAY, open_port)], design(TODAY), confidential, FEW).kinds
    (answer,) = [each for each in kind.answers if each.question is Question.POLICIES]
    assert answer.verdict is UNDEFINED
    assert "holds if the release closes the port" in answer.because


def test_a_proposed_map_that_contradicts_itself_leaves_its_policies_open():
    proposed = {"mcuboot": (0, 0x10000), "mcuboot_pad": (0xC000, 0x200), "app": (0xC200, 0x6FE00)}
    proposed |= {"mcuboot_secondary": (0x7C000, 0x70000), "settings_storage": (0xF8000, 0x8000)}
    both = design(TODAY, {"proposed": {name: {"at": at, "size": size} for name, (at, size) in proposed.items()}})
    (kind,) = answers([both], None)
    assert kind[Question.TAKES].verdict is HOLDS
    assert kind[Question.POLICIES].verdict is UNDEFINED
    assert "the proposed map contradicts itself" in kind[Question.POLICIES].because


def test_the_sweep_sees_a_swap_that_keeps_no_record(monkeypatch):
    monkeypatch.setattr(swap_move, "write_status", lambda *_: None)
    (kind,) = answers([design(TODAY)], design(TODAY), Effort(small=Plan(again=0), full=None))
    answer = kind[Question.SURVIVES]
    assert answer.verdict is VIOLATED
    assert "when the power fails at operation" in answer.because


@pytest.mark.slow
@pytest.mark.parametrize("path", [TODAY, ADVISED, NRF52, NRF54])
def test_the_power_may_fail_at_every_operation(path):
    (kind,) = answers([design(path)], design(path), Effort())
    assert kind[Question.SURVIVES].verdict is HOLDS
