"""`migrate` on the command line: what it takes as input, and what it says of what it cannot take."""

import json

import pytest
from tests.field import ASKED, NRF52, TESTS, TODAY

from bootverify.cli import run
from bootverify.whatif.migration.questions import Question


def test_a_card_with_two_maps_is_asked_alone(capsys, tmp_path):
    card = tmp_path / "card.yaml"
    entries = "\n".join(
        f"        - {{name: {name}, at: {at:#x}, size: {size:#x}, region: internal}}"
        for name, at, size in (("mcuboot", 0, 0xC000), ("mcuboot_pad", 0xC000, 0x200), ("app", 0xC200, 0x6FE00))
    )
    rest = "        - {{name: mcuboot_secondary, at: {0:#x}, size: 0x70000, region: internal}}\n".format
    store = "        - {{name: settings_storage, at: {0:#x}, size: 0x8000, region: internal}}\n".format
    chain = (
        "    - {stage: mcuboot, role: first stage, mutability: immutable, verified_by: none (reset vector)}\n"
        "    - {stage: app, role: application, mutability: updatable over the air, verified_by: mcuboot,\n"
        "       signature: ecdsa-p256, runs_as: secure (no TF-M)}\n"
    )
    text = (
        "format: scenario-card/1\nid: two-maps\nsoc: nRF5340\nsdk: 2.6.1\ndesign:\n  chain:\n"
        + chain
        + "  partitions:\n"
        "    deployed:\n      entries:\n"
        + entries
        + "\n"
        + rest(0x7C000)
        + store(0xF8000)
        + "    proposed:\n      entries:\n"
        + entries
        + "\n"
        + rest(0x7C000)
        + store(0xF0000)
        + "  protection: {engine: SPU, tfm: absent, approtect: 'on', secure_approtect: 'on', locks: []}\n"
        "  update: {mode: swap-move, downgrade: none, validate_primary_each_boot: true}\n"
    )
    card.write_text(text)
    code = run(["migrate", str(card), "--format", "json", *ASKED])
    told = json.loads(capsys.readouterr().out)
    found = {each["question"]: each["verdict"] for each in told["units"][0]["questions"]}
    assert found["takes-update"] == found["survives-power-cuts"] == "holds"
    assert found["keeps-data-and-keys"] == "violated"
    assert code == 1


def test_designs_of_a_list_and_of_a_revision_are_taken(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(TESTS.parent)
    names = tmp_path / "released"
    names.write_text("# what is out there\nHEAD:tests/designs/today.yaml\n")
    assert run(["migrate", f"@{names}", "tests/designs/today.yaml", *ASKED]) == 0
    assert "5 hold." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([TODAY], "no map is proposed in it"),
        ([TODAY, NRF52], "this is for nrf52840, and units in the field are nrf5340"),
        (["nowhere.yaml", TODAY], "there is no such file"),
    ],
)
def test_wrong_questions_get_an_answer_in_one_line(arguments, words, capsys):
    assert run(["migrate", *map(str, arguments)]) == 2
    assert words in capsys.readouterr().err


def test_a_map_alone_tells_nothing_of_the_field(capsys, tmp_path):
    for name in ("old", "new"):
        text = "app: {address: 0x0, size: 0x1000, region: flash_primary}\n"
        (tmp_path / f"pm_static_{name}.yml").write_text(text)
    maps = [str(tmp_path / f"pm_static_{name}.yml") for name in ("old", "new")]
    assert run(["migrate", *maps]) == 3
    assert "is a map alone" in capsys.readouterr().out


@pytest.mark.parametrize("question", Question)
def test_each_question_is_explained(question, capsys):
    assert run(["explain", question.value]) == 0
    shown = capsys.readouterr().out
    assert question.words in shown
    assert max(map(len, shown.splitlines())) <= 80
