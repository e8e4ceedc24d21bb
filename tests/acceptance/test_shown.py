"""Images that updates keep from people, and secrets in them: asked through the command line, proved or replayed."""

from pathlib import Path

import pytest

from bootverify.api import ask
from bootverify.check.verdict import Verdict
from bootverify.cli import run
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


@pytest.mark.parametrize(("design", "key"), [("SB-S03", "enc_priv"), ("SB-S07", "kek_v2")])
def test_who_was_shown_nothing_in_clear_writes_nothing_back_after_an_erase(design, key, capsys):
    asked = ["--policy", "secret-confidential", "--subject", key, "--attacker", "debug-port"]
    assert run(["check", str(SCENARIOS / f"{design}.yaml"), *asked]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"holds secret-confidential {key} debug-port critical proved for every history" in told


@pytest.mark.parametrize(
    ("subject", "attacker", "told"),
    [
        ("tfm", "app-code-ns", "holds image-confidential tfm app-code-ns high proved for every history"),
        ("app", "app-code-ns", "violated image-confidential app app-code-ns high"),
        ("tfm", "secure-partition", "violated image-confidential tfm secure-partition high"),
        ("tfm", "debug-port", "holds image-confidential tfm debug-port high proved for every history"),
    ],
)
def test_a_part_of_an_image_that_is_named_is_asked_about_by_itself(subject, attacker, told, capsys):
    asked = ["--policy", "image-confidential", "--subject", subject, "--attacker", attacker]
    run(["check", str(SCENARIOS / "SB-S07.yaml"), *asked])
    out = " ".join(capsys.readouterr().out.split())
    assert told in out
    assert out.count("image-confidential") == 1


def test_the_whole_image_is_asked_about_by_its_own_name():
    report = ask(
        load_design(SCENARIOS / "SB-S07.yaml"), "image-confidential", ("tfm+app",), load_attacker("app-code-ns")
    )
    assert [(finding.subject, finding.verdict) for finding in report.findings] == [("tfm+app", Verdict.VIOLATED)]


@pytest.mark.parametrize("mode", ["swap-move", "swap-offset"])
def test_a_clip_has_a_swap_take_out_an_encrypted_image_in_clear(mode, tmp_path, capsys):
    told = _asked_outside(mode, "ext-flash-write", tmp_path, capsys)
    assert "violated secret-confidential cloud_key ext-flash-write critical" in told
    assert "unmakes the mark of encryption in the middle of a swap" in told
    assert "violated image-confidential app ext-flash-write high" in told
    assert told.count("To do: Have MCUboot overwrite instead of swap") == 2


@pytest.mark.parametrize(("mode", "attacker"), [("overwrite", "ext-flash-write"), ("swap-move", "ext-flash-read")])
def test_what_no_swap_takes_out_changed_stays_encrypted(mode, attacker, tmp_path, capsys):
    told = _asked_outside(mode, attacker, tmp_path, capsys)
    assert f"holds secret-confidential cloud_key {attacker} critical proved for every history" in told
    assert f"holds image-confidential app {attacker} high" in told


def test_what_code_beside_its_own_key_tag_has_a_swap_take_out_is_left_open_and_named(tmp_path, capsys):
    text = (SCENARIOS / "SB-S07.yaml").read_text(encoding="utf-8")
    file = tmp_path / "design.yaml"
    file.write_text(text.replace("encryption: aes-kw", "encryption: ecies-p256"), encoding="utf-8")
    asked = ["--policy", "image-confidential", "--subject", "tfm", "--attacker", "app-code-ns"]
    assert run(["check", str(file), *asked]) == 3
    told = " ".join(capsys.readouterr().out.split())
    assert "but nothing rules out: read out mcuboot_secondary, what is left in it" in told


def _asked_outside(mode, attacker, folder, capsys):
    text = (SCENARIOS / "swapped-outside.yaml").read_text(encoding="utf-8")
    file = folder / "design.yaml"
    file.write_text(text.replace("mode: swap-move", f"mode: {mode}"), encoding="utf-8")
    asked = ["--policy", "secret-confidential", "--policy", "image-confidential", "--attacker", attacker]
    run(["check", str(file), "--subject", "cloud_key", "--subject", "app", *asked])
    return " ".join(capsys.readouterr().out.split())
