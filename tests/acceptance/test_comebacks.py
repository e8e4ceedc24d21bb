"""Older releases that come back by way of a boot loader that anybody can sign: found at once, and replayed."""

import json
from pathlib import Path

import pytest

from bootverify.cli import run

TEXT = Path("tests/scenarios/SB-S08.yaml").read_text(encoding="utf-8")
KEYS = """
  b0_sign_priv:  {kind: private, placement: host, signs: mcuboot, published: true}
  app_sign_priv: {kind: private, placement: host, signs: tfm+app, published: true}
"""


def _asked(capsys, path, *attackers):
    asked = [word for each in attackers for word in ("--attacker", each)]
    run(["check", str(path), "--policy", "no-downgrade", "--subject", "mcuboot", *asked, "--format", "json"])
    return json.loads(capsys.readouterr().out)["questions"]


def _edited(path, *edits):
    text = TEXT
    for before, after in edits:
        assert before in text
        text = text.replace(before, after, 1)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("attacker", ["remote-ota", "app-code-ns"])
def test_a_boot_loader_that_anybody_signs_puts_an_older_one_back(capsys, tmp_path, attacker):
    edits = [("counter: true", "counter: false"), ("\nkeys:\n", f"\nkeys:{KEYS}")]
    (found,) = _asked(capsys, _edited(tmp_path / "known.yaml", *edits), attacker)
    assert (found["verdict"], found["strength"]) == ("violated", "replayed")
    assert found["because"].startswith(f"{attacker} writes release 1 to s0 himself")
    told = [(step["action"]["do"], step["action"].get("partition")) for step in found["trace"]]
    assert told.index(("overwrite", "s1")) < told.index(("overwrite", "s0"))  # his own slot is the last that he writes


def test_who_knows_neither_key_brings_no_older_boot_loader_back(capsys, tmp_path):
    path = _edited(tmp_path / "secret.yaml", ("counter: true", "counter: false"))
    found = _asked(capsys, path, "remote-ota", "app-code-ns")
    assert {(each["verdict"], each["strength"]) for each in found} == {("holds", "proved")}


EMPTY_PLACES = """
bootverify: design/1
name: empty places
soc: nrf54l15
sdk: 3.0.0
partitions:
  b0: {at: 0x0, size: 0x7000}
  s0: {at: 0x10000, size: 0x10000}
  s1: {at: 0x20000, size: 0x10000}
chain:
  b0: {program: nsib, slot: b0, counter: true}
  app:
    {program: application, attribution: secure, slots: [s0, s1], verified_by: b0, signature: ed25519, update: by_wire}
keys:
  first:  {kind: public, placement: {kmu: [242, 243], push_to: ram}, verifies: app}
  second: {kind: public, placement: {kmu: [244, 245], push_to: ram}, verifies: app, state: empty}
  third:  {kind: public, placement: {kmu: [246, 247], push_to: ram}, verifies: app}
lifecycle: {approtect: true, secure_approtect: true}
"""


def test_what_was_refused_before_a_key_slot_took_his_key_is_written_anew(capsys, tmp_path):
    (path := tmp_path / "empty.yaml").write_text(EMPTY_PLACES)
    asked = ["--policy", "no-downgrade", "--attacker", "app-code-secure", "--format", "json"]
    assert run(["check", str(path), *asked]) == 1
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    assert (found["verdict"], found["strength"]) == ("violated", "replayed")
    told = [(step["action"]["do"], step["action"].get("partition")) for step in found["trace"]]
    fills = told.index(("fill_slot", None))
    assert ("overwrite", "s1") in told[:fills]
    assert told[fills + 1] == ("overwrite", "s1")
