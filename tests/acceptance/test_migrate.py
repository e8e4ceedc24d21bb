"""Seeded migrations: what each kind of change does to units in the field, and harmless ones that do nothing."""

import json
from pathlib import Path

import pytest

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.cli import run
from bootverify.design.design import Design
from bootverify.executor.field.cuts import Plan
from bootverify.executor.mcuboot import swap_move
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated
from bootverify.whatif.migrate import migrate
from bootverify.whatif.migration.answers import Effort
from bootverify.whatif.migration.questions import Question

TESTS = Path(__file__).resolve().parents[1]
TODAY, ADVISED = TESTS / "designs" / "today.yaml", TESTS / "designs" / "advised.yaml"
NRF52 = TESTS / "scenarios" / "SB-S18.yaml"
TWO_MCUBOOTS = TESTS / "scenarios" / "SB-S04.yaml"
NRF54 = TESTS / "scenarios" / "SB-S38.yaml"
OLD, NEW = "a" * 64, "b" * 64  # fingerprints of two test keys
HOLDS, VIOLATED, UNDEFINED, NOT = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNDEFINED, Verdict.NOT_APPLICABLE
FEW = Effort(small=Plan(first=12, again=2, second=4), full=None)  # the sweep has tests of its own
ASKED = ["--policy", "rot-immutable", "--attacker", "remote-ota"]
FINE = (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)
LOST = (HOLDS, HOLDS, VIOLATED, HOLDS, HOLDS)  # boots, and the data is gone
REFUSED = (VIOLATED, NOT, NOT, NOT, NOT)
OPEN = (UNDEFINED,) * 5


def design(path: Path, change: dict[str, object] | None = None, drop: tuple[str, ...] = ()) -> Design:
    return design_of(mutated(api.read(path), change or {}, drop))


def asked(design_: Design):
    return api.check(design_, policies=["rot-immutable"], attackers=["app-code-secure", "app-code-ns", "remote-ota"])


def answers(deployed: list[Design], new: Design | None, effort: Effort = FEW) -> list[dict[Question, object]]:
    return [{each.question: each for each in kind.answers} for kind in migrate(deployed, new, asked, effort).kinds]


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
SCRATCH = {
    "partitions.mcuboot_scratch": {"at": 0xEC000, "size": 0x4000},
    "settings": {"update_mode": "swap-scratch"},
}
OFFSET = {"settings": {"update_mode": "swap-offset"}}


def store(size: int, **more: object) -> dict[str, object]:
    """The settings partition with another size."""
    return {"partitions.settings_storage": {"at": 0xF8000, "size": size, **more}}


def nvs(size: int, sectors: int = 0) -> dict[str, object]:
    """The same, told to hold the usual store, with as many sectors as fit or with some."""
    return store(size, store="nvs", **({"sectors": sectors} if sectors else {}))


def told_counter(booted: int | None, *behaviours: str) -> dict[str, object]:
    """NSIB's counter of four slots, for six releases."""
    rule = {"by": "nsib", "image": "mcuboot", "slots": 4, "booted": booted, "planned": 6}
    return {"life": {"rules": [rule], "behaviours": list(behaviours)}}


def mcuboot_counter(*behaviours: str) -> dict[str, object]:
    """A used-up counter of MCUboot."""
    rule = {"by": "mcuboot", "image": "app", "slots": 4, "booted": 4}
    return {"life": {"rules": [rule], "behaviours": list(behaviours)}}


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
    "the settings, into a larger store of an unknown kind": (
        TODAY,
        store(0x4000),
        {},
        (),
        (HOLDS, HOLDS, UNDEFINED, HOLDS, HOLDS),
    ),
    "the sectors of a settings store, to more": (TODAY, nvs(0x4000), nvs(0x8000), (), LOST),
    "the sectors of a settings store, to fewer": (TODAY, nvs(0x8000), nvs(0x4000), (), LOST),
    "the room for a settings store of the same sectors": (TODAY, nvs(0x4000), nvs(0x8000, 4), (), FINE),
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
    "the mode, from one that looks elsewhere": (
        TODAY,
        OFFSET,
        {},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, HOLDS),
    ),
    "nothing, with swap using scratch": (TODAY, SCRATCH, SCRATCH, (), FINE),
    "nothing, with swap using offset": (TODAY, OFFSET, OFFSET, (), FINE),
    "the scratch area, which becomes a log": (
        TODAY,
        SCRATCH,
        {"partitions.log_storage": {"at": 0xEC000, "size": 0x4000}},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, UNDEFINED),
    ),
    "the mode, to one that is not played": (TODAY, {"settings": {"update_mode": "direct-xip"}}, {}, (), OPEN),
    "a second bootloader, of the same kind": (TWO_MCUBOOTS, {}, {}, (), FINE),
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
    "a full counter, as it is told": (
        NRF52,
        told_counter(4, "counter-fails-closed"),
        told_counter(4, "counter-fails-closed"),
        (),
        REFUSED,
    ),
    "a counter that may be full": (NRF52, told_counter(None), told_counter(None), (), OPEN),
    "a full counter of MCUboot": (TODAY, mcuboot_counter("counter-full-stops"), {}, (), REFUSED),
    "a full counter of MCUboot, and what then": (TODAY, mcuboot_counter(), {}, (), OPEN),
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


def test_encrypted_updates_by_wire_are_not_played():
    wire = {"chain.app.update": "by_wire"}
    old = design(TODAY, wire, ("chain.app.staging",))
    assert verdicts([old], old) == [OPEN]


def test_a_card_with_two_maps_is_asked_alone(capsys, tmp_path):
    card = tmp_path / "card.yaml"
    entries = "\n".join(
        f"        - {{name: {name}, at: {at:#x}, size: {size:#x}, region: internal}}"
        for name, at, size in (("mcuboot", 0, 0xC000), ("mcuboot_pad", 0xC000, 0x200), ("app", 0xC200, 0x6FE00))
    )
    rest = "        - {{name: mcuboot_secondary, at: {0:#x}, size: 0x70000, region: internal}}\n".format
    store = "        - {{name: settings_storage, at: {0:#x}, size: 0x8000, region: internal}}\n".format
    chain = (
        "    - {stage: mcuboot, role: first stage, mutability: immutable, verified_by: none (reset vector)}\n"
        "    - {stage: app, role: application, mutability: updatable over the air, verified_by: mcuboot,\n"
        "       signature: ecdsa-p256, runs_as: secure (no TF-M)}\n"
    )
    text = (
        "format: scenario-card/1\nid: two-maps\nsoc: nRF5340\nsdk: 2.6.1\ndesign:\n  chain:\n"
        + chain
        + "  partitions:\n"
        "    deployed:\n      entries:\n"
        + entries
        + "\n"
        + rest(0x7C000)
        + store(0xF8000)
        + "    proposed:\n      entries:\n"
        + entries
        + "\n"
        + rest(0x7C000)
        + store(0xF0000)
        + "  protection: {engine: SPU, tfm: absent, approtect: 'on', secure_approtect: 'on', locks: []}\n"
        "  update: {mode: swap-move, downgrade: none, validate_primary_each_boot: true}\n"
    )
    card.write_text(text)
    code = run(["migrate", str(card), "--format", "json", *ASKED])
    told = json.loads(capsys.readouterr().out)
    found = {each["question"]: each["verdict"] for each in told["units"][0]["questions"]}
    assert found["takes-update"] == found["survives-power-cuts"] == "holds"
    assert found["keeps-data-and-keys"] == "violated"
    assert code == 1


def test_a_proposed_map_that_contradicts_itself_leaves_its_policies_open():
    proposed = {"mcuboot": (0, 0x10000), "mcuboot_pad": (0xC000, 0x200), "app": (0xC200, 0x6FE00)}
    proposed |= {"mcuboot_secondary": (0x7C000, 0x70000), "settings_storage": (0xF8000, 0x8000)}
    both = design(TODAY, {"proposed": {name: {"at": at, "size": size} for name, (at, size) in proposed.items()}})
    (kind,) = answers([both], None)
    assert kind[Question.TAKES].verdict is HOLDS
    assert kind[Question.POLICIES].verdict is UNDEFINED
    assert "the proposed map contradicts itself" in kind[Question.POLICIES].because


def test_designs_of_a_list_and_of_a_revision_are_taken(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(TESTS.parent)
    names = tmp_path / "released"
    names.write_text("# what is out there\nHEAD:tests/designs/today.yaml\n")
    assert run(["migrate", f"@{names}", "tests/designs/today.yaml", *ASKED]) == 0
    assert "5 hold." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([TODAY], "no map is proposed in it"),
        ([TODAY, NRF52], "this is for nrf52840, and units in the field are nrf5340"),
        (["nowhere.yaml", TODAY], "there is no such file"),
    ],
)
def test_wrong_questions_get_an_answer_in_one_line(arguments, words, capsys):
    assert run(["migrate", *map(str, arguments)]) == 2
    assert words in capsys.readouterr().err


def test_a_map_alone_tells_nothing_of_the_field(capsys, tmp_path):
    for name in ("old", "new"):
        text = "app: {address: 0x0, size: 0x1000, region: flash_primary}\n"
        (tmp_path / f"pm_static_{name}.yml").write_text(text)
    maps = [str(tmp_path / f"pm_static_{name}.yml") for name in ("old", "new")]
    assert run(["migrate", *maps]) == 3
    assert "is a map alone" in capsys.readouterr().out


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


@pytest.mark.parametrize("question", Question)
def test_each_question_is_explained(question, capsys):
    assert run(["explain", question.value]) == 0
    shown = capsys.readouterr().out
    assert question.words in shown
    assert max(map(len, shown.splitlines())) <= 80
