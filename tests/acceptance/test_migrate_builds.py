"""`migrate` between builds: beside images made from the designs, the files themselves are offered to the old bytes."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.cli import run
from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.whatif.migration.files import Files
from bootverify.whatif.migration.questions import Answer, Question

STRANGER = PrivateKey(Scheme.ECDSA_P256, "test key that no boot loader here holds")
ASKED = ["--policy", "rot-immutable", "--attacker", "remote-ota"]
COMES_IN = Answer(question=Question.TAKES, verdict=Verdict.HOLDS, because="app comes in", strength="replayed")
REFUSED = replace(COMES_IN, verdict=Verdict.VIOLATED, because="app does not fit")


def built(folder: Path, **choices: object) -> Path:
    return write_build(folder, Build(bootable=True, **choices))


def files(*builds: Path) -> Files:
    return Files(firmware=[api.firmware_in([build]) for build in builds], published=api.published_keys())


def test_a_release_that_a_stranger_signed_is_not_taken_and_its_log_says_why(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built(Path("old"))
    built(Path("new"), signer=STRANGER)
    assert run(["migrate", "old", "new", *ASKED]) == 1
    shown = capsys.readouterr().out
    words = " ".join(shown.split())
    assert "the build's own app.signed.bin is not taken: the old application runs" in words
    assert "secondary: no signature by a known key; erased" in words
    assert "1 violated, 4 not asked" in words
    assert "programmed" not in words
    assert max(map(len, shown.splitlines())) <= 80


def test_a_release_of_the_same_owner_comes_in_and_all_five_questions_hold(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built(Path("old"), mode="BOOT_SWAP_USING_MOVE")
    built(Path("new"), mode="BOOT_SWAP_USING_MOVE", application=b"newer code  " * 400)
    assert run(["migrate", "old", "new", *ASKED]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "so does app.signed.bin, on the bytes of the build in the field" in words
    assert "every byte of settings_storage is where the new application looks" in words
    assert "the one question that holds of the new design holds of the unit" in words
    assert "5 hold. Assumed:" in words


@pytest.mark.parametrize("mode", ["BOOT_UPGRADE_ONLY", "BOOT_SWAP_USING_MOVE", "BOOT_SWAP_USING_OFFSET"])
def test_the_files_of_every_later_release_are_taken_in_turn(mode, tmp_path):
    builds = [built(tmp_path / name, mode=mode) for name in ("first", "second", "third")]
    answer = files(*builds).beside(COMES_IN, (0, 1))
    assert answer.verdict is Verdict.HOLDS
    assert answer.because == "app comes in; so does app.signed.bin, on the bytes of the build in the field"


def test_a_file_in_between_that_is_not_taken_is_told(tmp_path):
    builds = [built(tmp_path / "1"), built(tmp_path / "2", signer=STRANGER), built(tmp_path / "3")]
    answer = files(*builds).beside(COMES_IN, (0, 1))
    assert answer.verdict is Verdict.VIOLATED
    assert len(answer.scenes) == 1
    assert files(*builds).beside(COMES_IN, (0,)).verdict is Verdict.HOLDS


def test_a_file_that_comes_in_where_made_images_do_not_leaves_the_question_open(tmp_path):
    answer = files(built(tmp_path / "old"), built(tmp_path / "new")).beside(REFUSED, (0,))
    assert (answer.verdict, answer.strength) == (Verdict.UNKNOWN, "")


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("BOOT_DIRECT_XIP", "nothing tells which file is for which slot"),
        ("BOOT_SWAP_USING_SCRATCH", "the map has no scratch partition"),
    ],
)
def test_what_is_not_followed_in_a_build_is_said_and_takes_nothing_away(mode, words, tmp_path):
    answer = files(built(tmp_path / "old", mode=mode), built(tmp_path / "new")).beside(COMES_IN, (0,))
    assert answer.verdict is Verdict.HOLDS
    assert "what app.signed.bin itself does is open" in answer.because
    assert words in answer.because


def test_a_design_has_no_files_to_offer(tmp_path):
    build = api.firmware_in([built(tmp_path / "new")])
    assert Files(firmware=[None, build], published={}).beside(COMES_IN, (0,)) == COMES_IN
