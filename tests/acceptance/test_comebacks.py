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
