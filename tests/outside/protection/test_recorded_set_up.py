"""The executor's protection set-up against recordings of the vendor's code."""

import json
import shutil
from pathlib import Path

import pytest

from bootverify.check.conform import conform
from bootverify.check.conform.protection import run
from bootverify.errors import InputError

HERE = Path(__file__).parent
EVERYTHING = HERE.parents[3] / "shared/vectors/protection"


def vectors():
    return [json.loads(line) for line in (HERE / "vectors.jsonl").read_text().splitlines()]


def test_every_run_of_the_selection_goes_as_recorded():
    found = run(HERE)
    assert [each.text for each in found.disagreements] == []
    assert found.total.agreed == len(vectors())
    assert found.total.unsupported == 0


@pytest.mark.skipif(not EVERYTHING.is_dir(), reason="the whole recording is not beside the project")
def test_every_recorded_run_goes_as_recorded():
    found = run(EVERYTHING)
    assert [each.text for each in found.disagreements[:20]] == []
    assert (found.total.agreed, found.total.unsupported) == (2080, 0)


def run_one(directory, vector):
    shutil.copyfile(HERE / "config.json", directory / "config.json")
    (directory / "vectors.jsonl").write_text(json.dumps(vector) + "\n")
    return run(directory)


CALLS = next(v for v in vectors() if v["cat"] == "fprotect-spu/sequence")
TFM = next(v for v in vectors() if v["cat"] == "tfm/pcd-chain" and v["build"] == "release")
DEBUG = next(v for v in vectors() if v["cat"] == "tfm/boundary" and "assert" in v["out"])


@pytest.mark.parametrize(
    ("vector", "what", "value"),
    [
        (CALLS, "rc", [0]),
        (CALLS, "regs", {}),
        (CALLS, "assert", "flash-region-already-locked"),
        (TFM, "regs", {"FLASHREGION": [[0, 0, "0x115"]]}),
        (TFM, "mem", {"S_CODE": ["0x0", "0x3fff"]}),
        (TFM, "map", {}),
        (TFM, "prior_rc", [-22, 0]),
        (TFM, "ns_vtor", "0x0"),
        (TFM, "ignored_writes", [["RAMREGION", 0, 0, "0x17"]]),
        (TFM, "build_check", ["ns-ram-start-unaligned"]),
        (TFM, "link_check", ["secure-image-does-not-fit"]),
        (DEBUG, "reached", ["spu_init_cfg"]),
        (DEBUG, "assert", "ram-region-already-locked"),
    ],
)
def test_a_recording_that_says_otherwise_is_a_disagreement(tmp_path, vector, what, value):
    changed = vector | {"out": vector["out"] | {what: value}}
    assert run_one(tmp_path, vector).total.agreed == 1
    found = run_one(tmp_path, changed)
    assert [each.what for each in found.disagreements] == [what]
    assert found.total.disagreed == 1


def test_a_peripheral_that_is_recorded_otherwise_is_a_disagreement(tmp_path):
    config = json.loads((HERE / "config.json").read_text())
    config["profiles"][TFM["out"]["profile"]]["EXTDOMAIN0"] = "0x2"
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "vectors.jsonl").write_text(json.dumps(TFM) + "\n")
    assert [each.what for each in run(tmp_path).disagreements] == ["profile"]


def test_a_call_that_is_not_known_is_unsupported(tmp_path):
    found = run_one(tmp_path, CALLS | {"in": {"stages": [[["fprotect_undo", "0x0"]]]}})
    assert (found.total.agreed, found.total.disagreed, found.total.unsupported) == (0, 0, 1)


def test_a_directory_without_vectors_gives_none(tmp_path):
    assert run(tmp_path).by == {}


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"cat": "v", "soc": "nrf5340"}', "\xff"])
def test_a_damaged_vector_is_named_by_its_line(tmp_path, line):
    shutil.copyfile(HERE / "config.json", tmp_path / "config.json")
    (tmp_path / "vectors.jsonl").write_text(json.dumps(CALLS) + "\n" + line + "\n")
    found = run(tmp_path)
    assert (found.total.agreed, found.total.disagreed) == (1, 1)
    assert "vectors.jsonl:2" in found.disagreements[0].text


def test_a_recording_without_its_vectors_is_wrong_input(tmp_path):
    shutil.copyfile(HERE / "config.json", tmp_path / "config.json")
    with pytest.raises(InputError, match="damaged or of another format"):
        conform(tmp_path)
