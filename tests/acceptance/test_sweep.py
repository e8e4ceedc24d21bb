"""`bootverify sweep`: every cut point of every update, as a user asks for it; scenario designs in each upgrade mode."""

import json
from pathlib import Path

import pytest

from bootverify.cli import run
from bootverify.design.memory import Role
from bootverify.executor import update_sweep
from bootverify.executor.every_cut import Brick, Cut, Survey
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.update_sweep import sweep_update, updates
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Request
from bootverify.machine.tear import HALF, Part, Tear
from bootverify.sources.design_file import load_design

TOP = Path(__file__).resolve().parents[2]
TODAY = TOP / "tests/designs/today.yaml"
WISHED = TOP / "tests/designs/wished-for.yaml"
SCENARIOS = sorted((TOP / "tests/scenarios").glob("*.yaml"))


@pytest.fixture
def swept(capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["sweep", *arguments])
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return call


def test_every_cut_point_of_a_real_layout_is_recovered_from(swept):
    code, out, _ = swept(str(TODAY), "--request", "perm")
    assert code == 0
    assert "app 2, perm, swap-move: 450,060 bytes in a slot of 458,752" in out
    assert "nothing cut: 1,989 flash operations, then mcuboot 1, app 2" in out
    assert "3,645 places, 3,645 recovered, 0 stuck" in out
    assert out.endswith("recovered, 0 stuck\n")


def test_an_update_of_mcuboot_behind_nsib_is_cut_in_all_stages(swept):
    code, out, _ = swept(str(WISHED), "--image", "mcuboot", "--request", "test", "--format", "json")
    assert code == 0
    (update,) = json.loads(out)["updates"]
    assert update["uncut"] == "b0 1, mcuboot 2, app 1"
    assert update["places"] > 100
    assert update["stuck"] == update["stuck_places"] == 0


def test_an_update_beside_a_network_core_is_cut_in_what_that_core_writes_too(swept):
    code, out, _ = swept(str(TOP / "tests/scenarios/fed-core.yaml"), "--request", "perm")
    assert code == 0
    assert out.endswith("recovered, 0 stuck\n")


def unbroken(out: str) -> str:
    """What is told, without the ends of its lines."""
    return " ".join(out.split())


def test_the_open_point_of_torn_words_is_named_or_tried(swept, monkeypatch):
    tried = []
    nothing = Survey(
        operations=1, cuts=1, stuck=0, twice=1, contents=1, bricks=0, booted=1, ends={"nothing": 1}, worst=None
    )
    monkeypatch.setattr(update_sweep, "sweep", lambda *_, tears, **__: tried.append(tears) or nothing)
    assumed = "assumes: a write of 4 bytes is done whole or not at all (open point torn-word; try --torn-words)"
    asked = (str(TODAY), "--request", "perm")
    assert assumed in unbroken(swept(*asked)[1])
    assert assumed in unbroken(swept(*asked, "--every-tear", "--seeds", "2")[1])
    assert assumed not in unbroken(swept(*asked, "--torn-words")[1])
    scattered = [Tear(Part.SCATTERED, seed) for seed in (0, 1)]
    assert tried == [(HALF,), (HALF, Tear(Part.BACK), *scattered), (HALF, Tear(Part.BITS))]


def test_what_is_no_update_is_refused_with_those_that_are(swept):
    code, _, err = swept(str(TODAY), "--image", "b0")
    assert code == 2
    assert "no update of `b0` is installed; one of app" in err
    code, _, err = swept(str(TODAY), "--mode", "fly")
    assert code == 2
    assert "overwrite-only" in err


def test_a_history_that_bricks_is_told_and_written_as_a_trace_that_replays(swept, monkeypatch, tmp_path, capsys):
    """No layout here bricks: the history is made up, and what it says must happen."""
    boots = (Cut(None), Cut(17, HALF), Cut(2))
    found = Survey(
        operations=9,
        cuts=9,
        stuck=1,
        twice=9,
        contents=9,
        bricks=1,
        booted=9,
        ends={"nothing": 1},
        worst=Brick(boots=boots, why="nothing runs"),
    )
    monkeypatch.setattr(update_sweep, "sweep", lambda *_, **__: found)
    trace = tmp_path / "brick.json"
    code, out, _ = swept(str(TODAY), "--request", "test", "--trace", str(trace))
    assert code == 1
    told = "a boot that is not cut; power lost after 17 operations and the first half of the next; power lost after 2"
    assert f"the first that bricks: {told} operations; nothing runs" in unbroken(out)
    assert max(map(len, out.splitlines())) <= 80
    assert "8 recovered, 1 stuck" in out
    assert run(["replay", str(trace)]) == 0
    lines = capsys.readouterr().out
    assert "each as recorded" in lines
    assert [lines.count(f"power lost after {count} flash operations") for count in (17, 2)] == [1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("mode", [Mode.OVERWRITE, Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.SWAP_SCRATCH])
@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_scenario_layouts_recover_in_each_upgrade_mode(path, mode):
    """With swap using offset two cuts of a revert can leave a primary image without its end."""
    design = load_design(path)
    images = updates(design)
    if mode is Mode.SWAP_SCRATCH and not any(part.role is Role.SCRATCH for part in design.partitions):
        images = ()
    for image in images:
        if mode is Mode.SWAP_OFFSET and len(image.slots) > 1:
            continue
        for request in (Request.TEST, Request.PERM):
            try:
                found = sweep_update(design, image, request, mode=mode)
            except NotEnabled:
                pytest.skip("a device that refuses to start runs no update client")
            assert found.survey.stuck == 0, found.survey.worst
            cuts = [boot for boot in found.survey.worst.boots if boot.after is not None] if found.survey.worst else []
            assert not cuts or (mode is Mode.SWAP_OFFSET and len(cuts) > 1), found.survey.worst
