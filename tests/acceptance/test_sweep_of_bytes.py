"""`bootverify sweep BUILD [UPDATE.bin]`: the power lost everywhere on a build's own bytes, with real keys."""

import json

import pytest
from tests.designs.bootable import vectors
from tests.designs.build_dirs import TEST_KEY, Build, write_build

from bootverify import api
from bootverify.cli import run
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image
from bootverify.executor.programmed.byte_sweep import NOBODY
from bootverify.executor.programmed.life import Life
from bootverify.machine.action import Boot, Deliver, Request
from bootverify.machine.content import File
from bootverify.machine.tear import HALF
from bootverify.machine.trace import Inputs


@pytest.fixture
def swept(capsys):
    def call(*arguments) -> tuple[int, str, str]:
        code = run(["sweep", *map(str, arguments)])
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return call


def made(path, mode: str):
    """A build, and an update for it."""
    build = write_build(path / "build", Build(bootable=True, mode=mode, downgrade=False))
    update = path / "update.bin"
    update.write_bytes(make_image(vectors(0xC200, 0x1800), version=Version(1, 4, 0), key=TEST_KEY).shipped)
    return build, update


def test_every_cut_of_an_update_by_file_is_recovered_from(swept, tmp_path):
    code, out, _ = swept(*made(tmp_path, "BOOT_SWAP_USING_MOVE"), "--request", "test", "--format", "json")
    assert code == 0
    (update,) = json.loads(out)["updates"]
    assert update["uncut"] == "app, the new image"
    assert update["stuck"] == 0
    assert update["places"] > 30
    assert set(update["ends"]) == {"app, the old image", "app, the new image"}


def test_what_the_sweep_says_of_single_cuts_happens_when_the_power_is_really_cut(tmp_path):
    build, update = made(tmp_path, "BOOT_UPGRADE_ONLY")
    firmware = api.firmware_of(Inputs(files=(str(build),)))
    for after in range(13):
        life = Life.start(firmware, NOBODY, {}, {"update": update.read_bytes()})
        life.act(Boot())
        life.act(Deliver(partition="mcuboot_secondary", content=File("update"), request=Request.TEST))
        life.act(Boot(cut_after=after, torn=HALF if after % 2 else None))
        life.act(Boot())
        assert "mcuboot: boots image 1.4.0 from 0xc000, 6,144 bytes" in life.log


def test_a_build_without_update_files_is_updated_with_its_own_image(swept, tmp_path):
    code, out, _ = swept(write_build(tmp_path / "build", Build(nsib=True, bootable=True)), "--request", "perm")
    assert code == 0
    assert "app/zephyr/app.signed.bin, perm, overwrite-only" in out
    assert "not told: NSIB: its rollback counter" in out
    assert out.endswith("recovered, 0 stuck\n")


def test_a_history_that_bricks_is_written_as_a_trace_of_those_bytes_that_replays(swept, tmp_path, capsys):
    """Two cuts of a revert with swap using offset (docs/SEMANTICS.md, "Surprises")."""
    trace = tmp_path / "brick.json"
    code, out, _ = swept(*made(tmp_path, "BOOT_SWAP_USING_OFFSET"), "--request", "test", "--trace", trace)
    assert code == 1
    assert "the first that bricks: a boot that is not cut; power lost after" in " ".join(out.split())
    told = json.loads(trace.read_text())
    assert told["programmed"]["files"] == [str(tmp_path / "build")]
    assert run(["replay", str(trace)]) == 0
    lines = capsys.readouterr().out
    assert lines.count("power lost after") == 2
    assert "each as recorded" in lines


def test_what_cannot_be_swept_says_why(swept, tmp_path):
    build, update = made(tmp_path, "BOOT_UPGRADE_ONLY")
    update.write_bytes(b"\0" * 4096)
    code, _, err = swept(build, update)
    assert code == 2
    assert "update.bin: it is no update here" in err
    untold = write_build(tmp_path / "single", Build(bootable=True, mode="SINGLE_APPLICATION_SLOT", downgrade=False))
    code, _, err = swept(untold)
    assert code == 2
    assert "MCUboot installs no update into the primary slot" in err
    code, out, _ = swept(build, "--made", "--request", "perm")
    assert code == 0
    assert "app 2, perm, overwrite-only" in out
