"""The executor's MCUboot against recordings of upstream's boot code."""

import json
import shutil
from pathlib import Path

import pytest

from bootverify.check.conform.mcuboot import Bench, run
from bootverify.check.conform.mcuboot_bench import build
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import Outcome
from bootverify.executor.mcuboot.trailer import Trailer

HERE = Path(__file__).parent
EVERYTHING = HERE.parents[3] / "shared/vectors/mcuboot"
CONFIGURATIONS = sorted(path.parent.name for path in HERE.glob("*/config.json"))


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _bench(name):
    return Bench(json.loads((HERE / name / "config.json").read_text()), HERE / "blobs")


def _folder(tmp_path, name):
    """A directory of vectors with one configuration and none of its vectors."""
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "blobs").symlink_to(HERE / "blobs")
    shutil.copyfile(HERE / name / "config.json", folder / "config.json")
    return folder


def test_every_boot_of_the_selection_goes_as_recorded():
    found = run(HERE)
    assert [each.text for each in found.disagreements] == []
    assert found.total.agreed == 629
    assert found.total.unsupported == 0
    assert len({configuration for configuration, _ in found.by}) == 39


@pytest.mark.slow
@pytest.mark.skipif(not EVERYTHING.is_dir(), reason="the whole recording is not beside the project")
def test_every_recorded_boot_goes_as_recorded():
    found = run(EVERYTHING)
    assert [each.text for each in found.disagreements[:20]] == []
    assert found.total.agreed == 12871


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_inputs_without_defined_behaviour_are_survived(name):
    bench = _bench(name)
    for vector in _lines(HERE / name / "unspecified.jsonl"):
        results = bench.results(vector)
        assert len(results) == sum(op["op"] == "boot" for op in vector["ops"])
        if "crash" in vector["observed"] or "hang" in vector["observed"]:
            assert Outcome.UNDEFINED in {result.outcome for result in results}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_trailer_fields_lie_where_they_were_recorded(name):
    recorded = json.loads((HERE / name / "config.json").read_text())
    board = build(recorded)
    for area in recorded["areas"]:
        flash = board.flashes[area["name"]]
        window, scratch = Area(flash, flash.start, flash.size), area["role"] == "scratch"
        trailer = Trailer(window, board.config.trailer, scratch=scratch)
        found = {
            "magic": trailer.magic_offset,
            "image_ok": trailer.image_ok_offset,
            "copy_done": trailer.copy_done_offset,
            "swap_info": trailer.swap_info_offset,
            "tlv_sizes": trailer.tlv_sizes_offset,
            "swap_size": trailer.swap_size_offset,
        }
        expected = recorded["trailer_offsets_from_area_start"][area["name"]]
        assert {field: found[field] for field in expected} == expected
        assert scratch or trailer.size == recorded["trailer_size"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_flash_layer_refuses_and_reprograms_what_it_did_then(name):
    bench = _bench(name)
    for vector in _lines(HERE / name / "vectors.jsonl"):
        powers = [result.power for result in bench.results(vector)]
        boots = [each for op, each in zip(vector["ops"], vector["expect"], strict=True) if op["op"] == "boot"]
        assert [power.refused for power in powers] == [each.get("bad_accesses", 0) for each in boots], vector["id"]
        assert [power.reprogrammed for power in powers] == [each.get("reprogrammed_bytes", 0) for each in boots]


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("result", "assert"),
        ("image_off", 0),
        ("images", [{"slot": 1}]),
        ("swap_type_initial", ["perm"]),
        ("swap_type_final", ["none"]),
        ("swaps", []),
        ("ops", 1),
        ("sha256", {"primary": "00"}),
        ("sha256", {}),
    ],
)
def test_a_recording_that_says_otherwise_is_a_disagreement(tmp_path, what, value):
    folder = _folder(tmp_path, "move-p256-val")
    vectors = _lines(HERE / folder.name / "vectors.jsonl")
    swapped = (v for v in vectors if v["expect"][0].get("swaps") and v["expect"][0]["result"] == "boot")
    vector = next(v for v in swapped if v["expect"][0]["swap_type_initial"] != ["perm"])
    vector["expect"][0][what] = value
    (folder / "vectors.jsonl").write_text(json.dumps(vector) + "\n")
    found = run(tmp_path)
    assert [(each.step, each.what) for each in found.disagreements] == [(0, what)]
    assert found.total.disagreed == 1


def test_the_content_after_a_power_cut_and_at_the_end_is_compared(tmp_path):
    folder = _folder(tmp_path, "sweep-move")
    vector = next(v for v in _lines(HERE / folder.name / "vectors.jsonl") if "flash" in v["expect"][0])
    vector["expect"][0]["flash"].append({"area": "primary", "off": 100, "hex": "55"})
    vector["final_sha256"]["secondary"] = "00"
    (folder / "vectors.jsonl").write_text(json.dumps(vector) + "\n")
    assert [each.what for each in run(tmp_path).disagreements] == ["flash", "final secondary"]
