"""What the vendor defines of a chain without a bootloader, and of encryption where nothing is moved."""

import json
from pathlib import Path

import pytest

from bootverify.cli import run

SCENARIOS = Path(__file__).parents[1] / "scenarios"
ALONE = """
bootverify: design/1
name: alone
soc: nrf9160
sdk: {sdk}
partitions:
  first: {{at: 0x0, size: 0x10000}}
  app:   {{at: 0x10000, size: 0x40000}}
  whole: {{span: [first, app]}}
chain:
  whole:
    parts:
      first: {{program: {program}, code: first}}
      app: {{program: application, code: app}}
    slot: whole
lifecycle: {{approtect: true}}
"""
SECURE = """
bootverify: design/1
name: bare
soc: nrf52840
sdk: 3.0.0
partitions:
  app: {{at: 0x0, size: 0x40000}}
chain:
  app: {{program: application, slot: app, update: {update}}}
lifecycle: {{approtect: true}}
"""


def _answers(capsys, tmp_path, text):
    (path := tmp_path / "design.yaml").write_text(text)
    run(["check", str(path), "--policy", "config-supported", "--format", "json"])
    shown = capsys.readouterr()
    assert not shown.err
    questions = json.loads(shown.out)["questions"]
    return {each["subject"]: (each["verdict"], each["because"]) for each in questions}


@pytest.mark.parametrize(
    ("program", "sdk", "verdict"),
    [("tfm", "2.6.0", "holds"), ("spm", "1.5.1", "holds"), ("spm", "2.1.0", "undefined"), ("spm", '""', "undefined")],
)
def test_what_may_come_first_without_a_bootloader_is_a_matter_of_the_release(capsys, tmp_path, program, sdk, verdict):
    found = _answers(capsys, tmp_path, ALONE.format(program=program, sdk=sdk))
    assert found["first"][0] == verdict


@pytest.mark.parametrize(("update", "verdict"), [("never", "holds"), ("by_wire", "undefined")])
def test_an_application_may_be_alone_but_then_nothing_replaces_it(capsys, tmp_path, update, verdict):
    found = _answers(capsys, tmp_path, SECURE.format(update=update))
    assert found["app"][0] == verdict


TWO_STAGES_OF_NRF54L = """
bootverify: design/1
name: kmu
soc: nrf54l15
sdk: 3.2.0
partitions:
  b0:    {{at: 0x0, size: 0x7800}}
  s0:    {{at: 0x8000, size: 0xc000}}
  slot0: {{at: 0x20000, size: 0xae000}}
  slot1: {{at: 0xce000, size: 0xae000}}
chain:
  b0:      {{program: nsib, slot: b0}}
  mcuboot: {{program: mcuboot, slot: s0, verified_by: b0, mode: overwrite, signature: ed25519, update: never}}
  app:     {{program: application, slot: slot0, verified_by: mcuboot, signature: ed25519, update: by_wire}}
keys:
  of_nsib:    {{kind: public, placement: {{kmu: [{of_nsib}], push_to: ram}}, verifies: mcuboot}}
  of_mcuboot: {{kind: public, placement: {{kmu: [{of_mcuboot}], push_to: ram}}, verifies: app}}
lifecycle: {{approtect: true}}
"""


@pytest.mark.parametrize(
    ("of_nsib", "of_mcuboot", "verdicts"),
    [(242, 226, ("holds", "holds")), (242, 244, ("holds", "undefined")), (226, 230, ("undefined", "holds"))],
)
def test_each_boot_stage_looks_for_its_key_in_slots_of_its_own(capsys, tmp_path, of_nsib, of_mcuboot, verdicts):
    found = _answers(capsys, tmp_path, TWO_STAGES_OF_NRF54L.format(of_nsib=of_nsib, of_mcuboot=of_mcuboot))
    assert (found["of_nsib"][0], found["of_mcuboot"][0]) == verdicts


@pytest.mark.parametrize(("size", "verdict"), [("0x13e00", "holds"), ("0x12e00", "undefined")])
def test_nsib_is_built_for_two_slots_of_one_size(capsys, tmp_path, size, verdict):
    text = (SCENARIOS / "SB-S08.yaml").read_text(encoding="utf-8")
    drawn = "{at: 0x1c200, size: 0x13e00"
    assert drawn in text
    found = _answers(capsys, tmp_path, text.replace(drawn, "{at: 0x1c200, size: " + size))
    assert found["b0"][0] == found["mcuboot"][0] == verdict
    assert verdict == "holds" or "s0 and s1 of mcuboot that differ by 0x1000 bytes: excluded" in found["mcuboot"][1]
