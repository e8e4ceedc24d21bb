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
        ("tfm", "app-code-ns", "violated image-confidential tfm app-code-ns high a swap notes image keys in clear"),
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
    found = [(finding.subject, finding.verdict, finding.strength) for finding in report.findings]
    assert found == [("tfm+app", Verdict.VIOLATED, "replayed")]


@pytest.mark.parametrize(
    ("told", "verdict", "strength"),
    [
        ("factory_image: encryptable", Verdict.HOLDS, "proved"),
        ("factory_image: signed", Verdict.VIOLATED, "replayed"),
        ("request: test", Verdict.UNKNOWN, ""),
        ("factory_image: encryptable, clear_release: true", Verdict.VIOLATED, "computed"),
    ],
)
def test_of_a_whole_image_what_has_no_moves_is_judged_from_what_is_told(told, verdict, strength, tmp_path):
    text = (SCENARIOS / "swapped-outside.yaml").read_text(encoding="utf-8")
    file = tmp_path / "design.yaml"
    file.write_text(text.replace("factory_image: encryptable", told), encoding="utf-8")
    report = ask(load_design(file), "image-confidential", ("app",), load_attacker("ext-flash-read"))
    found = next(finding for finding in report.findings if finding.kind == "image")
    assert (found.verdict, found.strength) == (verdict, strength)


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


BESIDE = [
    *(("tfm", "image-confidential", scheme) for scheme in ("ecies-p256", "ecies-x25519", "rsa-oaep")),
    ("kek_v2", "secret-confidential", "ecies-p256"),
]


@pytest.mark.parametrize(("subject", "policy", "scheme"), BESIDE)
def test_code_beside_puts_a_key_of_its_own_where_the_image_key_is_wrapped(subject, policy, scheme, tmp_path, capsys):
    told = _asked_beside(tmp_path, capsys, scheme=scheme, subject=subject, policy=policy)
    assert f"violated {policy} {subject} app-code-ns" in told
    assert "no signature covers the wrapped image key: app-code-ns wraps one of his own" in told
    assert "To do: Have MCUboot overwrite instead of swap" in told
    assert "replayed" in told


@pytest.mark.parametrize(("scheme", "mode"), [("aes-kw", "swap-move"), ("ecies-p256", "overwrite")])
def test_what_only_a_secret_wraps_and_what_no_swap_takes_out_stays_hidden_from_code_beside(
    scheme, mode, tmp_path, capsys
):
    told = _asked_beside(tmp_path, capsys, scheme=scheme, mode=mode)
    assert "holds image-confidential tfm app-code-ns high proved for every history" in told


def test_no_advice_against_swaps_where_the_code_reads_the_key_anyway(tmp_path, capsys):
    told = _asked_beside(tmp_path, capsys, scheme="ecies-p256", subject="app")
    assert "violated image-confidential app app-code-ns" in told
    assert "Have MCUboot overwrite" not in told


def _told_of_the_card(policy: str, subject: str, capsys) -> str:
    asked = ["--policy", policy, "--subject", subject, "--attacker", "app-code-ns"]
    assert run(["check", str(SCENARIOS / "SB-S07.yaml"), *asked]) == 1
    return " ".join(capsys.readouterr().out.split())


def test_of_a_part_too_it_is_advised_to_note_image_keys_wrapped(capsys):
    told = _told_of_the_card("image-confidential", "tfm", capsys)
    assert "violated image-confidential tfm app-code-ns" in told
    assert "To do: Have MCUboot keep image keys wrapped in its swap status" in told


def test_code_beside_reads_the_image_keys_that_a_swap_notes(capsys):
    told = _told_of_the_card("secret-confidential", "kek_v2", capsys)
    assert "violated secret-confidential kek_v2 app-code-ns critical a swap notes image keys in clear" in told
    assert "app-code-ns reads 425984 bytes of app: an image key of tfm+app is among them" in told
    assert "To do: Have MCUboot keep image keys wrapped in its swap status" in told


def _asked_beside(folder, capsys, *, scheme, mode="swap-move", subject="tfm", policy="image-confidential"):
    """What is told of SB-S07 with image keys noted wrapped, and another envelope: a pair's private key opens it."""
    text = (SCENARIOS / "SB-S07.yaml").read_text(encoding="utf-8") + "\nlife: {save_encrypted: true}\n"
    text = text.replace("encryption: aes-kw", f"encryption: {scheme}").replace("mode: swap-move", f"mode: {mode}")
    file = folder / "design.yaml"
    file.write_text(text if scheme == "aes-kw" else text.replace("symmetric", "private"), encoding="utf-8")
    run(["check", str(file), "--policy", policy, "--subject", subject, "--attacker", "app-code-ns"])
    return " ".join(capsys.readouterr().out.split())


def _asked_outside(mode, attacker, folder, capsys):
    text = (SCENARIOS / "swapped-outside.yaml").read_text(encoding="utf-8")
    file = folder / "design.yaml"
    file.write_text(text.replace("mode: swap-move", f"mode: {mode}"), encoding="utf-8")
    asked = ["--policy", "secret-confidential", "--policy", "image-confidential", "--attacker", attacker]
    run(["check", str(file), "--subject", "cloud_key", "--subject", "app", *asked])
    return " ".join(capsys.readouterr().out.split())
