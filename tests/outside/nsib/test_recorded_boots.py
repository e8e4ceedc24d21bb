"""The executor's NSIB against recordings of the vendor's code."""

import json
import shutil
from pathlib import Path

import pytest

from bootverify.check.conform.nsib import run
from bootverify.check.conform.nsib_bench import build
from bootverify.check.conform.outcome import Unsupported

HERE = Path(__file__).parent
EVERYTHING = HERE.parents[3] / "shared/vectors/nsib"


def test_every_boot_of_the_selection_goes_as_recorded():
    found = run(HERE)
    assert [each.text for each in found.disagreements] == []
    assert found.total.agreed == 383
    assert found.total.unsupported == 0


@pytest.mark.slow
@pytest.mark.skipif(not EVERYTHING.is_dir(), reason="the whole recording is not beside the project")
def test_every_recorded_boot_goes_as_recorded():
    found = run(EVERYTHING)
    assert [each.text for each in found.disagreements[:20]] == []
    assert found.total.agreed == 4499


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("slot", 1),
        ("pc", "0x1"),
        ("changed", {"0x8020": "0x00000000"}),
        ("events", [["trial", 0]]),
        ("trials", []),
    ],
)
def test_a_recording_that_says_otherwise_is_a_disagreement(tmp_path, what, value):
    folder = tmp_path / "main-nrf5340"
    folder.mkdir()
    shutil.copytree(HERE / "blobs", tmp_path / "blobs")
    shutil.copyfile(HERE / "main-nrf5340/config.json", folder / "config.json")
    vectors = (HERE / "main-nrf5340/vectors.jsonl").read_text().splitlines()
    vector = next(v for v in map(json.loads, vectors) if v["expect"][0].get("slot") == 0)
    vector["expect"][0][what] = value
    (folder / "vectors.jsonl").write_text(json.dumps(vector) + "\n")
    found = run(tmp_path)
    assert [(each.step, each.what) for each in found.disagreements] == [(0, what)]
    assert found.total.disagreed == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ("2.6", False, False)),
        ({"release": "v2.9.1-rc2"}, ("3.1", False, False)),
        ({"key_token": {"valid": "0x50faffff | index<<24"}}, ("2.6", True, False)),
        ({"key_token": "none, keys are in the key management unit"}, ("2.6", False, False)),
        ({"counter": "on, errors stop the slot"}, ("2.6", False, True)),
        ({"release": "main (3.4.99)", "counter": "off"}, ("main", False, True)),
        ({"release": "main (3.4.99)", "counter": "on, errors ignored"}, ("main", False, False)),
    ],
)
def test_a_build_between_two_releases_is_taken_at_its_word(change, told):
    recorded = json.loads((HERE / "v26-nrf5340/config.json").read_text())
    if "counter" in change:
        recorded["options"]["rollback_counter"] = change["counter"]
    release = build(recorded | change).release
    assert (release.name, release.indexed_tokens, release.counter_errors_stop) == told


def test_a_release_without_a_number_is_not_modelled():
    recorded = json.loads((HERE / "v26-nrf5340/config.json").read_text())
    with pytest.raises(Unsupported):
        build(recorded | {"release": "main"})
