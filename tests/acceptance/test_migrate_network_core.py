"""Releases for the network core: b0n and what it knows are those of production, whatever the new map says."""

import json

import pytest
from tests.field import ASKED, FINE, HOLDS, TESTS, UNDEFINED, VIOLATED, answers, design

from bootverify.cli import run
from bootverify.executor.flash import PowerLost
from bootverify.executor.stages import b0n
from bootverify.whatif.migration.questions import Question

CORES = TESTS / "designs" / "two-cores.yaml"
MOVED = {"partitions.b0n.size": 0x9000, "partitions.net_app": {"at": 0x9000, "size": 0x37000, "memory": "network"}}


def told(change: dict[str, object]):
    (kind,) = answers([design(CORES)], design(CORES, change))
    return kind


def test_a_release_for_both_cores_comes_in_and_survives_the_cuts_of_b0n():
    kind = told({})
    assert tuple(each.verdict for each in kind.values()) == FINE
    assert "so does net_app, copied by b0n" in kind[Question.TAKES].because
    assert "while b0n copies net_app" in kind[Question.SURVIVES].because


def test_a_moved_program_of_the_network_core_is_refused_by_the_b0n_of_the_field():
    answer = told(MOVED)[Question.TAKES]
    assert answer.verdict is VIOLATED
    assert "net_app does not run" in answer.because
    assert "it belongs to another address" in answer.because
    assert any("0x9000" in fact.text for fact in answer.facts)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"partitions.net_app.size": 0x30000}, HOLDS),
        ({"partitions.pcd_sram.at": 0x20002000}, HOLDS),  # MCUboot is that of the field, too
        ({"network.net_app.updatable": False, **MOVED}, HOLDS),  # nothing is sent
        ({"network.b0n.partition": "nowhere"}, UNDEFINED),
    ],
)
def test_what_b0n_does_not_look_at_may_change(change, verdict):
    assert told(change)[Question.TAKES].verdict is verdict


def test_a_copy_that_is_not_made_again_after_a_cut_is_seen(monkeypatch):
    real, cut = b0n._program, []

    def forgetful(core, start, data):
        if cut:
            cut.clear()
            return
        try:
            real(core, start, data)
        except PowerLost:
            cut.append(start)
            raise

    monkeypatch.setattr(b0n, "_program", forgetful)
    answer = told({})[Question.SURVIVES]
    assert answer.verdict is VIOLATED
    assert "when the power fails while b0n copies it: operation 1 of" in answer.because


def test_the_command_line_names_both_places(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = CORES.read_text()
    (tmp_path / "old.yaml").write_text(text)
    moved = text.replace("{at: 0x0,     size: 0x8800,", "{at: 0x0,     size: 0x9000,")
    (tmp_path / "new.yaml").write_text(moved.replace("{at: 0x8800,  size: 0x37800,", "{at: 0x9000,  size: 0x37000,"))
    assert run(["migrate", "old.yaml", "new.yaml", *ASKED, "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["units"][0]["questions"][0]
    assert {fact["file"] for fact in found["facts"]} == {"old.yaml", "new.yaml"}
    assert run(["migrate", "old.yaml", "new.yaml", *ASKED]) == 1
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
