"""`check` proves that a device recovers, with a certificate; else the boots that fail are in the trace."""

import json
from pathlib import Path

import pytest

from bootverify.cli import run

HARDENED = "tests/scenarios/hardened.yaml"
TEXT = Path(HARDENED).read_text(encoding="utf-8")
ASKED = ["--policy", "update-recoverable", "--subject", "app", "--attacker", "power-cut"]


def _answer(capsys, design, *options):
    run(["check", str(design), *ASKED, *options, "--format", "json"])
    [found] = json.loads(capsys.readouterr().out)["questions"]
    return found


def test_power_cuts_are_proved_to_brick_nothing_and_the_certificate_says_so_alone(capsys, tmp_path):
    answer = _answer(capsys, HARDENED, "--certificates", str(tmp_path))
    assert (answer["verdict"], answer["strength"]) == ("holds", "proved")
    [certificate] = tmp_path.glob("*.cert")
    assert run(["certify", str(certificate), "--against", HARDENED, "--solver", "all"]) == 0
    assert "nothing is stuck" in certificate.read_text(encoding="utf-8")


def test_what_a_search_has_met_whole_is_proved_where_the_fixpoint_is_too_coarse(capsys, tmp_path):
    counted = tmp_path / "counted.yaml"
    counted.write_text(
        TEXT.replace("downgrade: version", "security_counter: true\n    counter_slots: 2"), encoding="utf-8"
    )
    answer = _answer(capsys, counted, "--certificates", str(tmp_path))
    assert (answer["verdict"], answer["strength"]) == ("holds", "proved")
    assert any(lemma.endswith(("that a search met", "=> never")) for lemma in answer["lemmas"])
    [certificate] = tmp_path.glob("*.cert")
    assert run(["certify", str(certificate), "--against", str(counted)]) == 0


def test_a_counter_without_room_stops_every_boot_and_the_trace_shows_the_boots(capsys, tmp_path):
    full = tmp_path / "full.yaml"
    full.write_text(
        TEXT.replace("downgrade: version", "security_counter: true\n    counter_slots: 1"), encoding="utf-8"
    )
    answer = _answer(capsys, full)
    assert (answer["verdict"], answer["strength"]) == ("violated", "replayed")
    assert answer["because"].startswith("after 2 undisturbed boots the device halts")
    ends = [step["observation"]["at"] for step in answer["trace"]]
    assert ends[-1] == "halted"
    assert ends.count("halted") >= 2


def test_an_update_that_a_full_counter_refuses_stops_nothing(capsys, tmp_path):
    full = tmp_path / "full.yaml"
    told = "security_counter: true\n    counter_slots: 1\n    counter_full: refuses"
    full.write_text(TEXT.replace("downgrade: version", told), encoding="utf-8")
    answer = _answer(capsys, full)
    assert (answer["verdict"], answer["strength"]) == ("holds", "proved")


def test_a_device_that_never_boots_is_shown_from_its_first_boot_on(capsys, tmp_path):
    dead = tmp_path / "dead.yaml"
    dead.write_text(TEXT.replace("{span: [0x0, 0xc000], lock", "{span: [0x0, 0xb000], lock"), encoding="utf-8")
    answer = _answer(capsys, dead)
    assert (answer["verdict"], answer["strength"]) == ("violated", "replayed")
    assert [step["action"]["do"] for step in answer["trace"]].count("reset") == 1


@pytest.mark.parametrize("sdk", ["2.6.1", '""'])
def test_a_swap_on_a_release_that_may_lose_it_is_left_open(capsys, tmp_path, sdk):
    old = tmp_path / "old.yaml"
    old.write_text(TEXT.replace("mode: overwrite", "mode: swap-move").replace("2.6.1", sdk), encoding="utf-8")
    assert _answer(capsys, old)["verdict"] == "unknown"


def test_two_cuts_of_a_revert_using_offset_are_replayed_with_the_boots_that_fail(capsys, tmp_path):
    offset = tmp_path / "offset.yaml"
    text = TEXT.replace("mode: overwrite", "mode: swap-offset").replace("2.6.1", "3.4.0")
    offset.write_text(text, encoding="utf-8")
    answer = _answer(capsys, offset)
    assert (answer["verdict"], answer["strength"]) == ("violated", "replayed")
    assert "the power is lost twice" in answer["because"]
    assert [step["action"].get("cut_after") is not None for step in answer["trace"]].count(True) == 2
    assert run(["check", str(offset), *ASKED, "--traces", str(tmp_path)]) == 1
    [trace] = tmp_path.glob("*.json")
    assert run(["replay", str(trace), "--design", str(offset)]) == 0
