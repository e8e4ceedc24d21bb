"""Designs in each update mode, as a user asks about them: what is proved and replayed, nothing left unmodelled."""

import json
import re

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.cli import run

DESIGN = """
bootverify: design/1
name: modes
soc: nrf52840
sdk: 2.9.0
partitions:
  mcuboot:           {{at: 0x0, size: 0xc000}}
  mcuboot_primary:   {{at: 0xc000, size: 0x40000}}
  mcuboot_secondary: {{at: 0x4c000, size: 0x40000}}
  mcuboot_scratch:   {{at: 0x8c000, size: 0x4000}}
chain:
  mcuboot:
    program: mcuboot
    slot: mcuboot
    mode: {mode}
    revert: {revert}
    validate_primary: {validate}
    protects: [{{span: [0x0, 0xc000]}}]
  app:
    program: application
    slot: mcuboot_primary
    staging: mcuboot_secondary
    verified_by: mcuboot
    signature: ecdsa-p256
    update: over_the_air
keys:
  app_pub: {{kind: public, placement: {{image: mcuboot}}, verifies: app}}
  app_priv: {{kind: private, placement: host, signs: app}}
lifecycle: {{approtect: true, flash_patch: false}}
"""
MODES = ("overwrite", "swap-move", "swap-scratch", "swap-offset")
IN_PLACE = ("direct-xip", "ram-load")


def _behind_nsib(mode: str) -> str:
    """The design in that mode, with MCUboot in one of two slots behind NSIB."""
    text = DESIGN.format(mode=mode, validate="true", revert="false")
    first = "{program: nsib, slot: b0, counter: false, provision: page, protects: [{span: [0x0, 0x9000]}]}"
    for old, new in (
        ("mcuboot:           {at: 0x0, size: 0xc000}", "page: {at: 0x8000, size: 0x1000}"),
        ("chain:\n", "  s0: {at: 0x90000, size: 0x8000}\n  s1: {at: 0x98000, size: 0x8000}\nchain:\n"),
        ("chain:\n", f"  b0: {{at: 0x0, size: 0x8000}}\nchain:\n  b0: {first}\n"),
        ("    slot: mcuboot\n", "    slots: [s0, s1]\n    verified_by: b0\n    signature: ecdsa-p256\n"),
        ("[0x0, 0xc000]", "[0x90000, 0xa0000]"),
        ("keys:\n", "keys:\n  b0_hash: {kind: hash, placement: {partition: page}, verifies: mcuboot}\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def asked(capsys, tmp_path):
    """The answers about a design in that mode, by policy, subject and attacker."""

    def ask(
        mode: str, *arguments: str, validate: str = "true", revert: str = "false"
    ) -> dict[tuple[str, str, str], dict[str, object]]:
        path = tmp_path / f"{mode}.yaml"
        path.write_text(DESIGN.format(mode=mode, validate=validate, revert=revert))
        assert run(["check", str(path), "--format", "json", *arguments]) != 4
        questions = json.loads(capsys.readouterr().out)["questions"]
        return {(each["policy"], each["subject"], each["attacker"]): each for each in questions}

    return ask


@pytest.mark.parametrize("mode", MODES)
def test_every_question_of_behaviour_has_an_answer_that_is_proved_or_replayed(asked, mode):
    answers = asked(mode)
    missing = {at[0]: each["because"] for at, each in answers.items() if "not modelled" in str(each["because"])}
    assert set(missing) <= {"update-recoverable"}  # whether a release completes each swap that is cut, it must tell
    assert answers["authentic-only", "app", "remote-ota"]["strength"] == "proved"
    assert answers["authentic-only", "app", "app-code"]["verdict"] == "holds"
    assert answers["rot-immutable", "mcuboot", "app-code"]["strength"] == "proved"
    assert answers["no-downgrade", "app", "old-signed-image"]["strength"] == "replayed"


@pytest.mark.parametrize("mode", MODES)
def test_a_slot_that_is_verified_once_lets_foreign_code_start_in_every_mode(asked, mode):
    answers = asked(mode, "--policy", "authentic-only", validate="false")
    found = answers["authentic-only", "app", "app-code"]
    assert (found["verdict"], found["strength"]) == ("violated", "replayed")


@pytest.mark.parametrize("mode", MODES)
def test_that_cuts_start_nothing_of_anybody_else_is_proved_in_every_mode(asked, mode):
    # Using offset a second cut may leave a mixture in the staging slot, as far as anybody knows.
    answers = asked(mode, "--policy", "authentic-only", "--policy", "rot-immutable", "--attacker", "power-cut")
    assert {(each["verdict"], each["strength"]) for each in answers.values()} == {("holds", "proved")}
    assert ("authentic-only", "app", "power-cut") in answers


def test_where_cuts_may_stop_a_device_for_good_the_answer_says_what_to_do(asked):
    answers = asked("swap-scratch", "--policy", "update-recoverable", "--attacker", "power-cut")
    assert "name an `sdk` from 3.2 on" in str(answers["update-recoverable", "app", "power-cut"]["because"])


def test_of_a_second_image_beside_the_one_that_is_started_nothing_is_proved_or_replayed(capsys, tmp_path):
    text = DESIGN.format(mode="swap-move", validate="true", revert="false")
    second = text[text.index("  app:") : text.index("keys:")].replace("  app:", "  extra:")
    second = second.replace("mcuboot_primary", "extra_primary").replace("mcuboot_secondary", "extra_secondary")
    slots = "  extra_primary: {at: 0x90000, size: 0x10000}\n  extra_secondary: {at: 0xa0000, size: 0x10000}\n"
    path = tmp_path / "two.yaml"
    path.write_text(text.replace("chain:\n", f"{slots}chain:\n").replace("keys:\n", f"{second}keys:\n"))
    assert run(["check", str(path), "--format", "json"]) != 4
    questions = json.loads(capsys.readouterr().out)["questions"]
    assert {each["strength"] for each in questions} <= {"", "computed"}
    found = [each["because"] for each in questions if each["verdict"] == "unknown"]
    assert len(found) > 40
    assert all("verifies `extra` beside it: what a second image does there has no moves" in each for each in found)


def test_swap_using_scratch_needs_a_scratch_area(capsys, tmp_path):
    text = DESIGN.format(mode="swap-scratch", validate="true", revert="false").replace("mcuboot_scratch", "spare")
    (path := tmp_path / "bare.yaml").write_text(text)
    assert run(["check", str(path)]) == 2
    assert "swap-scratch needs a partition `mcuboot_scratch`" in capsys.readouterr().err


def test_a_build_with_a_single_slot_is_drawn_without_a_place_for_updates(capsys, tmp_path):
    wire = {"mcuboot": "CONFIG_MCUBOOT_SERIAL=y\n"}
    build = write_build(tmp_path / "build", Build(mode="SINGLE_APPLICATION_SLOT", extra=wire))
    assert run(["import", str(build)]) == 0
    text = capsys.readouterr().out
    assert "mode: single-slot" in text
    assert "staging:" not in text
    assert "update: by_wire" in text
    assert run(["check", str(build), "--policy", "authentic-only", "--format", "json"]) in {0, 3}
    answers = {(each["attacker"]): each for each in json.loads(capsys.readouterr().out)["questions"]}
    assert answers["remote-ota"]["strength"] == "proved"


def test_a_single_slot_with_a_place_for_updates_is_told_apart(capsys, tmp_path):
    (path := tmp_path / "both.yaml").write_text(DESIGN.format(mode="single-slot", validate="true", revert="false"))
    assert run(["check", str(path)]) == 2
    assert "MCUboot with a single slot takes nothing from `mcuboot_secondary`" in capsys.readouterr().err


@pytest.mark.parametrize("revert", ["false", "true"])
@pytest.mark.parametrize("mode", IN_PLACE)
def test_where_images_start_in_place_every_question_of_behaviour_is_proved_or_replayed(asked, mode, revert):
    answers = asked(mode, revert=revert)
    assert not [at for at, each in answers.items() if each["verdict"] == "unknown"]
    for attacker in ("remote-ota", "app-code", "power-cut"):
        assert answers["authentic-only", "app", attacker]["strength"] == "proved"
    assert answers["update-recoverable", "app", "power-cut"]["strength"] == "proved"
    # A lower version is never tried while a higher one starts; who writes the slots takes that one away.
    assert (old := answers["no-downgrade", "app", "old-signed-image"])["verdict"] == "holds"
    assert old["strength"] == "proved"
    assert answers["no-downgrade", "app", "app-code"]["strength"] == "replayed"


@pytest.mark.parametrize("mode", IN_PLACE)
def test_behind_nsib_images_that_start_in_place_are_asked_about_like_any_others(capsys, tmp_path, mode):
    (path := tmp_path / "behind.yaml").write_text(_behind_nsib(mode))
    assert run(["check", str(path), "--format", "json"]) != 4
    questions = json.loads(capsys.readouterr().out)["questions"]
    found = {(each["policy"], each["subject"], each["attacker"]): each for each in questions}
    assert not [at for at, each in found.items() if each["verdict"] == "unknown"]
    for attacker in ("remote-ota", "app-code", "power-cut"):
        assert found["authentic-only", "app", attacker]["strength"] == "proved"
    assert found["no-downgrade", "app", "app-code"]["strength"] == "replayed"


@pytest.mark.parametrize("mode", IN_PLACE)
def test_where_images_start_in_place_they_are_verified_at_each_boot_whatever_is_said_of_the_primary_slot(asked, mode):
    answers = asked(mode, "--policy", "authentic-only", "--attacker", "app-code", validate="false")
    assert [each["strength"] for each in answers.values()] == ["proved"]


def test_a_released_key_lets_foreign_code_start_from_the_other_slot(capsys, tmp_path):
    text = DESIGN.format(mode="direct-xip", validate="true", revert="true")
    text = text.replace("placement: host, signs: app", "placement: host, published: true, signs: app")
    (path := tmp_path / "known.yaml").write_text(text)
    assert run(["check", str(path), "--policy", "authentic-only", "--attacker", "remote-ota", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    assert (found["verdict"], found["strength"]) == ("violated", "replayed")


def test_a_loader_in_place_needs_two_slots_and_only_such_a_loader_has_a_revert_to_tell(capsys, tmp_path):
    text = DESIGN.format(mode="ram-load", validate="true", revert="true")
    (path := tmp_path / "one.yaml").write_text(
        text.replace("    staging: mcuboot_secondary\n", "").replace("update: over_the_air", "update: by_wire")
    )
    assert run(["check", str(path)]) == 2
    assert "starts `app` from one of two slots; name the second in `staging`" in capsys.readouterr().err
    path.write_text(DESIGN.format(mode="swap-move", validate="true", revert="true"))
    assert run(["check", str(path)]) == 2
    assert "a swap always reverts what is not confirmed" in capsys.readouterr().err


@pytest.mark.parametrize(("revert", "drawn"), [("y", "true"), ("n", "false")])
def test_a_build_for_direct_xip_is_drawn_with_the_word_whether_it_reverts(capsys, tmp_path, revert, drawn):
    told = {"mcuboot": f"CONFIG_BOOT_DIRECT_XIP_REVERT={revert}\n"}
    build = write_build(tmp_path / "build", Build(mode="BOOT_DIRECT_XIP", extra=told))
    assert run(["import", str(build)]) == 0
    text = capsys.readouterr().out
    assert re.search(rf"mode: direct-xip\b.*\n.*revert: {drawn}\b", text)
    assert run(["check", str(build), "--policy", "authentic-only", "--format", "json"]) in {0, 3}
    answers = {(each["attacker"]): each for each in json.loads(capsys.readouterr().out)["questions"]}
    assert answers["remote-ota"]["strength"] == "proved"


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (Build(mode="BOOT_DIRECT_XIP"), "nothing tells whether it reverts images that are not confirmed"),
        (Build(mode="BOOT_RAM_LOAD", tfm=True), "no document says where the parts of an image lie in the second slot"),
        (Build(mode="BOOT_RAM_LOAD", nsib=True), "no document tells where it finds an update of its own with ram-load"),
    ],
    ids=["revert", "tfm", "own update"],
)
def test_a_build_in_place_of_which_something_is_not_told_has_no_chain(capsys, tmp_path, build, why):
    path = write_build(tmp_path / "build", build)
    assert run(["import", str(path)]) == 0
    assert why in "".join(capsys.readouterr())


def test_of_images_that_start_in_place_nothing_is_judged_from_what_is_told_of_a_staging_slot(capsys, tmp_path):
    text = DESIGN.format(mode="direct-xip", validate="true", revert="false") + "life: {recovery: absent}\n"
    (path := tmp_path / "told.yaml").write_text(text)
    run(["check", str(path), "--policy", "update-available", "--attacker", "remote-ota", "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    assert (found["verdict"], found["open_points"]) == ("unknown", ["not-told"])
    assert "starts in place (direct-xip) is not judged" in found["because"]


def test_encrypted_images_in_direct_xip_are_excluded_by_the_vendor_and_have_no_moves(capsys, tmp_path):
    text = DESIGN.format(mode="direct-xip", validate="true", revert="false")
    text = text.replace("signature: ecdsa-p256", "signature: ecdsa-p256\n    encryption: ecies-p256")
    (path := tmp_path / "sealed.yaml").write_text(text)
    assert run(["check", str(path), "--policy", "config-supported", "--subject", "app", "--format", "json"]) == 3
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    assert found["verdict"] == "undefined"
    assert found["because"].endswith(
        "excluded: Encryption is not supported in direct-xip mode (nRF Connect SDK: MCUboot AES image encryption with"
        " ECIES-X25519 key exchange, Limitations)"
    )
    run(["check", str(path), "--policy", "authentic-only", "--attacker", "remote-ota", "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    assert found["verdict"] == "unknown"
