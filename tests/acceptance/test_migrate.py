"""Seeded migrations: what each kind of change does to units in the field, and harmless ones that do nothing."""

from pathlib import Path

import pytest

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.design.design import Design
from bootverify.executor.field.cuts import Plan
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated
from bootverify.whatif.migrate import migrate
from bootverify.whatif.migration.answers import Effort
from bootverify.whatif.migration.questions import Question

TESTS = Path(__file__).resolve().parents[1]
TODAY, ADVISED = TESTS / "designs" / "today.yaml", TESTS / "designs" / "advised.yaml"
NRF52 = TESTS / "scenarios" / "SB-S18.yaml"
NRF54 = TESTS / "scenarios" / "SB-S37.yaml"
OLD, NEW = "a" * 64, "b" * 64  # fingerprints of two test keys
HOLDS, VIOLATED, UNDEFINED, NOT = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNDEFINED, Verdict.NOT_APPLICABLE
FEW = Effort(small=Plan(first=12, again=2, second=4), full=None)  # the sweep has tests of its own
FINE = (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)
LOST = (HOLDS, HOLDS, VIOLATED, HOLDS, HOLDS)  # boots, and the data is gone
REFUSED = (VIOLATED, NOT, NOT, NOT, NOT)
OPEN = (UNDEFINED,) * 5


def design(path: Path, change: dict[str, object] | None = None, drop: tuple[str, ...] = ()) -> Design:
    return design_of(mutated(api.read(path), change or {}, drop))


def asked(design_: Design):
    return api.check(design_, policies=["rot-immutable"], attackers=["app-code-secure", "app-code-ns", "remote-ota"])


def answers(deployed: list[Design], new: Design | None) -> list[dict[Question, object]]:
    return [{each.question: each for each in kind.answers} for kind in migrate(deployed, new, asked, FEW).kinds]


def verdicts(deployed: list[Design], new: Design | None) -> list[tuple[Verdict, ...]]:
    return [tuple(each.verdict for each in kind.values()) for kind in answers(deployed, new)]


def printed(print_: str) -> dict[str, object]:
    return {"keys.img_sign_priv.fingerprint": print_, "keys.img_verify_pub.fingerprint": print_}


MOVED_PRIMARY = {
    "partitions.mcuboot.size": 0x10000,
    "partitions.mcuboot_pad.at": 0x10000,
    "partitions.app": {"at": 0x10200, "size": 0x6BE00},
}
SMALLER_MCUBOOT = {
    "partitions.mcuboot.size": 0x8000,
    "partitions.settings_storage": {"at": 0x8000, "size": 0x4000},
    "chain.mcuboot.protects": [],
}
COUNTER = {"life": {"rules": [{"by": "nsib", "image": "mcuboot", "slots": 4, "booted": 4}]}}
OLD_PAIR = ("keys.img_sign_priv", "keys.img_verify_pub")
NO_CIPHER = {"chain.app.encryption": "none"}


def pair(fingerprint: str = "") -> dict[str, object]:
    """Other keys for the application, told by a fingerprint or not."""
    told = {"fingerprint": fingerprint} if fingerprint else {}
    return {
        "keys.new_priv": {"kind": "private", "placement": "host", "signs": "app", **told},
        "keys.new_pub": {"kind": "public", "placement": {"image": "mcuboot"}, "verifies": "app", **told},
    }


# what changes: the design, an edit of the deployed one, an edit of the new one and what it loses, and the verdicts
SEEDED = {
    "nothing": (TODAY, {}, {}, (), FINE),
    "the name of a partition": (
        TODAY,
        {},
        {"partitions.store": {"at": 0xF8000, "size": 0x8000}},
        ("partitions.settings_storage",),
        FINE,
    ),
    "the names of a key pair": (TODAY, printed(OLD), pair(OLD), OLD_PAIR, FINE),
    "encryption, switched off": (TODAY, {}, NO_CIPHER, ("keys.enc_priv",), FINE),
    "the primary slot of an immutable bootloader": (TODAY, {}, MOVED_PRIMARY, (), REFUSED),
    "the end of both slots": (
        TODAY,
        {},
        {"partitions.app.size": 0x67E00, "partitions.mcuboot_secondary.size": 0x68000},
        (),
        REFUSED,
    ),
    "the size of the pad": (
        TODAY,
        {},
        {"partitions.app": {"at": 0xC400, "size": 0x6FC00}},
        (),
        REFUSED,
    ),
    "the start of the secondary slot": (
        TODAY,
        {},
        {"partitions.mcuboot_secondary": {"at": 0x80000, "size": 0x70000}},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, HOLDS),
    ),
    "the settings partition": (TODAY, {}, {"partitions.settings_storage.at": 0xF0000}, (), LOST),
    "the size of the settings partition": (TODAY, {}, {"partitions.settings_storage.size": 0x4000}, (), LOST),
    "the settings, onto the locked bootloader": (
        TODAY,
        {},
        {**SMALLER_MCUBOOT, "chain.mcuboot.protects": [{"span": [0, 0x8000]}]},
        (),
        (HOLDS, HOLDS, VIOLATED, HOLDS, UNDEFINED),
    ),
    "the settings, onto an open bootloader": (TODAY, {"chain.mcuboot.protects": []}, SMALLER_MCUBOOT, (), REFUSED),
    "the settings, onto the end of the secondary slot": (
        TODAY,
        {},
        {"partitions.settings_storage.at": 0xE8000, "partitions.mcuboot_secondary.size": 0x6C000},
        (),
        (HOLDS, VIOLATED, VIOLATED, HOLDS, UNDEFINED),
    ),
    "the signature type": (TODAY, {}, {"chain.app.signature": "ed25519"}, (), REFUSED),
    "the signing key": (TODAY, printed(OLD), printed(NEW), (), REFUSED),
    "the signing key, perhaps": (TODAY, {}, pair(), OLD_PAIR, OPEN),
    "the encryption key": (
        TODAY,
        {"keys.enc_priv.fingerprint": OLD},
        {"keys.enc_priv.fingerprint": NEW},
        (),
        REFUSED,
    ),
    "encryption, switched on": (TODAY, {**NO_CIPHER, "keys.enc_priv.decrypts": []}, {}, (), REFUSED),
    "the mode, to one whose client writes elsewhere": (
        TODAY,
        {},
        {"settings": {"update_mode": "swap-offset"}},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, HOLDS),
    ),
    "the lock of an immutable bootloader": (
        TODAY,
        {"chain.mcuboot.protects": []},
        {},
        (),
        (HOLDS, HOLDS, HOLDS, HOLDS, VIOLATED),
    ),
    "an application that takes no updates": (TODAY, {"chain.app.update": "never"}, {}, (), REFUSED),
    "s1": (
        ADVISED,
        {},
        {
            "partitions.s0_image.size": 0xFE00,
            "partitions.s1_pad.at": 0x18000,
            "partitions.s1_image": {"at": 0x18200, "size": 0x13E00},
        },
        (),
        REFUSED,
    ),
    "the primary slot, with the bootloader": (
        ADVISED,
        {},
        {
            "partitions.mcuboot_pad.at": 0x34000,
            "partitions.tfm": {"at": 0x34200, "size": 0x7E00, "attribution": "secure"},
        },
        (),
        REFUSED,
    ),
    "the border between TF-M and application": (
        ADVISED,
        {},
        {
            "partitions.tfm.size": 0x13E00,
            "partitions.app": {"at": 0x44000, "size": 0x4C000, "attribution": "non_secure"},
        },
        (),
        FINE,
    ),
    "the places of secure and non-secure storage": (
        ADVISED,
        {},
        {"partitions.tfm_storage.at": 0xF8000, "partitions.nonsecure_storage.at": 0xF0000},
        (),
        LOST,
    ),
    "secure storage, given to the other side": (
        ADVISED,
        {},
        {"partitions.nonsecure_storage": {"at": 0xF0000, "size": 0x10000, "attribution": "non_secure"}},
        ("partitions.tfm_storage",),
        LOST,
    ),
    "the slots of a key": (ADVISED, {}, {"keys.kek.placement.kmu": [10, 11]}, (), REFUSED),
    "a chain on nRF52": (NRF52, {}, {}, (), FINE),
    "a full counter that is ignored": (NRF52, COUNTER, COUNTER, (), (HOLDS, HOLDS, HOLDS, HOLDS, VIOLATED)),
    "a full counter that counts": (NRF52, {**COUNTER, "sdk": "3.3.0"}, {**COUNTER, "sdk": "3.3.0"}, (), REFUSED),
    "a chain on nRF54L": (NRF54, {}, {}, (), FINE),
}


@pytest.mark.parametrize("story", SEEDED)
def test_units_in_the_field_fare_as_the_change_lets_them(story):
    path, deployed, new, dropped, expected = SEEDED[story]
    (found,) = verdicts([design(path, deployed)], design(path, new, dropped))
    assert found == expected


def test_a_violated_answer_is_a_film_that_ran_and_names_the_lines():
    (kind,) = answers([design(TODAY)], design(TODAY, MOVED_PRIMARY))
    answer = kind[Question.TAKES]
    assert "linked for 0x10200, and it is started at 0xc200" in answer.because
    assert "release 1 goes on running" in answer.because
    assert any("halted" in line for scene in answer.scenes for line in scene.log)
    assert {fact.source.line for fact in answer.facts} == {13}


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
