"""Units whose bootloader starts the newer of two slots, or loads it into RAM: what changes do to them."""

import json
from dataclasses import replace

import pytest
from tests.field import (
    ASKED,
    FEW,
    FINE,
    HOLDS,
    LOST,
    MOVED_PRIMARY,
    NO_CIPHER,
    OPEN,
    REFUSED,
    TODAY,
    UNDEFINED,
    VIOLATED,
    answers,
    asked,
    design,
    verdicts,
)

from bootverify.cli import run
from bootverify.executor.mcuboot import again, direct_xip
from bootverify.whatif.migrate import migrate
from bootverify.whatif.migration.questions import Answer, Question, UnitKind, Untold, agreed

CLEAR = ("keys.enc_priv",)
HALF = (HOLDS, VIOLATED, HOLDS, HOLDS, HOLDS)  # the first update goes to the other slot, the one after it does not


def built(mode: str, change: dict[str, object] | None = None):
    """Today's design without encryption, with MCUboot built for another mode."""
    return design(TODAY, {**NO_CIPHER, "settings": {"update_mode": mode}, **(change or {})}, CLEAR)


@pytest.mark.parametrize("mode", ["direct-xip", "ram-load"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, FINE),
        (MOVED_PRIMARY, HALF),
        ({"partitions.settings_storage.at": 0xF0000}, LOST),
        ({"chain.app.signature": "ed25519"}, REFUSED),
    ],
)
def test_units_that_start_either_slot_fare_as_the_change_lets_them(mode, change, expected):
    (found,) = verdicts([built(mode)], built(mode, change))
    assert found == expected


def test_an_image_is_built_for_the_slot_in_which_it_is_to_run():
    moved = {"partitions.mcuboot_secondary": {"at": 0x80000, "size": 0x6C000}}
    (kind,) = answers([built("direct-xip")], built("direct-xip", moved))
    assert kind[Question.TAKES].verdict is VIOLATED
    assert "the image is for another address; skipped" in kind[Question.TAKES].because
    (kind,) = answers([built("ram-load")], built("ram-load", moved))
    assert kind[Question.TAKES].verdict is HOLDS


def test_the_update_goes_to_the_slot_that_is_not_in_use_and_is_confirmed_there():
    (kind,) = answers([built("direct-xip")], built("direct-xip"))
    told = [scene.what for scene in kind[Question.TAKES].scenes]
    assert "stages app 2 in mcuboot_secondary" in told[0]
    assert "confirms app at the end of mcuboot_secondary" in told[2]


def test_every_release_may_lie_in_either_slot():
    kinds = migrate([built("direct-xip"), built("direct-xip", {"sdk": "2.7.0"})], built("direct-xip"), asked, FEW).kinds
    assert [[each.verdict for each in kind.answers] for kind in kinds] == [list(FINE)] * 3


def test_a_bootloader_that_erases_what_nobody_confirmed_is_seen(monkeypatch):
    """A loader that forgets that it started an image once erases what the application has confirmed meanwhile."""
    monkeypatch.setattr(again, "_boots", {})
    monkeypatch.setattr(direct_xip, "_select_or_erase", lambda _run, image, slot: not image.pair[slot].scramble())
    (kind,) = answers([built("direct-xip")], built("direct-xip"))
    assert kind[Question.TAKES].verdict is not HOLDS


def test_a_unit_that_starts_either_slot_gets_a_release_for_one_only():
    (kind,) = answers([built("direct-xip")], design(TODAY, NO_CIPHER, CLEAR))
    assert kind[Question.TAKES].verdict is VIOLATED
    assert (
        "the unit no longer boots (app 2 is linked for 0xc200, and it is started at 0x7c200)"
        in kind[Question.TAKES].because
    )


def test_what_hangs_on_reverting_is_open():
    without = Answer(question=Question.TAKES, verdict=HOLDS, because="it comes in", strength="replayed")
    reverting = replace(without, verdict=VIOLATED, because="it is erased")
    kinds = [UnitKind(history=("one",), answers=(each,)) for each in (without, reverting)]
    assert agreed(kinds[0], kinds[0], Untold.REVERT) == kinds[0]
    (answer,) = agreed(*kinds, Untold.REVERT).answers
    assert (answer.verdict, answer.strength) == (UNDEFINED, "")
    assert "without: it comes in; with: it is erased" in answer.because


def test_encrypted_images_do_not_run_where_they_lie():
    encrypted = design(TODAY, {"settings": {"update_mode": "direct-xip"}})
    assert verdicts([encrypted], encrypted) == [OPEN]
    loaded = design(TODAY, {"settings": {"update_mode": "ram-load"}})
    assert verdicts([loaded], loaded) == [FINE]


def test_the_command_line_tells_the_film_and_what_is_assumed(tmp_path, capsys):
    (tmp_path / "design.yaml").write_text(f"{TODAY.read_text()}settings: {{update_mode: ram-load}}\n")
    path = str(tmp_path / "design.yaml")
    assert run(["migrate", path, path, *ASKED, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert any("load images to where releases are built to run" in each for each in told["assumptions"])
    assert run(["migrate", path, path, *ASKED]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
