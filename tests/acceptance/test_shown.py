"""Secrets in images that updates keep from a probe: asked through the command line, proved and not searched for."""

from pathlib import Path

import pytest

from bootverify.cli import run

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


@pytest.mark.parametrize(("design", "key"), [("SB-S03", "enc_priv"), ("SB-S07", "kek_v2")])
def test_who_was_shown_nothing_in_clear_writes_nothing_back_after_an_erase(design, key, capsys):
    asked = ["--policy", "secret-confidential", "--subject", key, "--attacker", "debug-port"]
    assert run(["check", str(SCENARIOS / f"{design}.yaml"), *asked]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"holds secret-confidential {key} debug-port critical proved for every history" in told
