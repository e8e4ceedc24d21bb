"""Designs in each update mode, as a user asks about them: what is proved and replayed, nothing left unmodelled."""

import json

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


@pytest.fixture
def asked(capsys, tmp_path):
    """The answers about a design in that mode, by policy, subject and attacker."""

    def ask(mode: str, *arguments: str, validate: str = "true") -> dict[tuple[str, str, str], dict[str, object]]:
        path = tmp_path / f"{mode}.yaml"
        path.write_text(DESIGN.format(mode=mode, validate=validate))
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


def test_swap_using_scratch_needs_a_scratch_area(capsys, tmp_path):
    text = DESIGN.format(mode="swap-scratch", validate="true").replace("mcuboot_scratch", "spare")
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
    (path := tmp_path / "both.yaml").write_text(DESIGN.format(mode="single-slot", validate="true"))
    assert run(["check", str(path)]) == 2
    assert "MCUboot with a single slot takes nothing from `mcuboot_secondary`" in capsys.readouterr().err
