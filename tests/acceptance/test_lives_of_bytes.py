"""`bootverify boot BUILD --actions`: the life of a device that holds a build's own bytes; each trace replays."""

import json

import bincopy
import pytest
from tests.designs.bootable import vectors
from tests.designs.build_dirs import TEST_KEY, Build, write_build

from bootverify.cli import run
from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image

STRANGER = PrivateKey(Scheme.ECDSA_P256, "test key of somebody else")
UPDATE = "- {do: deliver, partition: mcuboot_secondary, content: {is: file, file: %s}, request: %s}\n"
NEW = UPDATE % ("new.bin", "test")


def image(version: Version, key: PrivateKey = TEST_KEY) -> bytes:
    return make_image(vectors(0xC200, 0x3000), version=version, key=key).shipped


@pytest.fixture
def build(tmp_path):
    """MCUboot with swap-move and an application, and signed images beside the script."""
    found = write_build(tmp_path / "build", Build(bootable=True, mode="BOOT_SWAP_USING_MOVE", downgrade=False))
    (tmp_path / "new.bin").write_bytes(image(Version(1, 4, 0)))
    (tmp_path / "strange.bin").write_bytes(image(Version(1, 5, 0), STRANGER))
    return found


@pytest.fixture
def lived(lived_by, build):
    """The same of this build, unless another source is named."""
    return lambda script, *attackers, source=build: lived_by(source, script, *attackers)


def last_map(out: str) -> dict[str, str]:
    """The last flash map, by partition."""
    rows = [line.removeprefix("  | ").split(None, 2) for line in out.splitlines() if line.startswith("  | ")]
    return {row[1]: " ".join(row[2].split()) for row in rows}


def test_an_update_by_file_is_tried_and_confirmed(lived):
    code, out, _ = lived(NEW + "- reset\n- confirm\n- reset\n")
    assert code == 0
    assert ": the bytes of the build ***" in out
    assert "image 1.4.0 of new.bin (asked: test)" in out
    assert "mcuboot: boots image 1.4.0 from 0xc000" in out
    assert last_map(out)["mcuboot_primary"] == "image 1.4.0 of new.bin writable"
    assert last_map(out)["mcuboot"] == "as programmed locked"


def test_an_update_that_is_not_confirmed_is_taken_back(lived):
    code, out, _ = lived(NEW + "- reset\n- reset\n")
    assert code == 0
    assert last_map(out)["mcuboot_primary"].startswith("image 1.2.3")


def test_an_update_for_good_stays(lived):
    _, out, _ = lived(UPDATE % ("new.bin", "perm") + "- reset\n- reset\n")
    assert last_map(out)["mcuboot_primary"].startswith("image 1.4.0")


def test_a_strangers_update_is_refused_by_real_cryptography(lived):
    code, out, _ = lived(UPDATE % ("strange.bin", "test") + "- reset\n")
    assert code == 0
    assert "mcuboot: secondary: no signature by a known key" in out
    assert "boots image 1.5.0" not in out


@pytest.mark.parametrize(
    "tear", ["none", "front", "back", "all", "{part: scattered, seed: 5}", "{part: bits, seed: 1}"]
)
def test_power_cuts_torn_in_any_way_are_recovered_from(lived, tear):
    cuts = f"- {{do: boot, cut_after: 9, torn: {tear}}}\n- {{do: boot, cut_after: 2, torn: {tear}}}\n"
    code, out, _ = lived(NEW + cuts, "power-cut")
    assert code == 0
    assert [f"power lost after {count} flash operations" in out for count in (9, 2)] == [True, True]
    assert last_map(out)["mcuboot_primary"].startswith("image 1.4.0 of new.bin")


def test_a_cut_shows_half_of_a_swap_and_one_too_late_is_refused(lived):
    code, out, _ = lived(NEW + "- {do: boot, cut_after: 9}\n", "power-cut")
    assert code == 0
    assert "of no file whole" in out
    code, _, err = lived(NEW + "- {do: boot, cut_after: 9999}\n", "power-cut")
    assert code == 2
    assert "action 2 cannot happen: the boot has " in err


def test_hostile_code_writes_what_no_lock_keeps(lived):
    write = "- {do: overwrite, partition: %s, content: {is: crafted}}\n- reset\n"
    code, out, _ = lived(write % "mcuboot_primary", "app-code-secure")
    assert code == 1
    assert "the device stops: mcuboot: unable to find a bootable image" in out
    code, _, err = lived(write % "mcuboot", "app-code-secure")
    assert code == 2
    assert "no byte of mcuboot can be written" in err


def test_a_file_of_the_attackers_lands_where_he_can_write(lived):
    write = "- {do: overwrite, partition: mcuboot_primary, content: {is: file, file: strange.bin}}\n- reset\n"
    code, out, _ = lived(write, "app-code-secure")
    assert code == 1
    assert "image 1.5.0 of strange.bin" in out


def test_a_probe_finds_the_port_closed_until_it_erases_everything(lived):
    code, _, err = lived("- {do: probe, partition: mcuboot}\n", "debug-port")
    assert code == 2
    assert "the debug port is closed" in err
    code, out, _ = lived("- erase_all\n- {do: probe, partition: mcuboot}\n", "debug-port")
    assert code == 1
    assert set(last_map(out).values()) == {"erased"}


def test_an_erased_device_boots_nothing(lived):
    code, out, _ = lived("- erase_all\n- reset\n", "debug-port")
    assert code == 3
    assert "nothing is programmed at the reset vector" in out


def test_a_changed_file_is_no_replay_of_the_recorded_one(lived, tmp_path, capsys):
    lived(NEW + "- reset\n")
    (tmp_path / "new.bin").write_bytes(image(Version(1, 4, 1)))
    assert run(["replay", str(tmp_path / "trace.json")]) == 2
    assert "its SHA-256 is another" in capsys.readouterr().err


def test_a_changed_build_differs_from_the_recorded_one(lived, tmp_path, build, capsys):
    lived(NEW + "- reset\n")
    file = bincopy.BinFile(str(build / "merged.hex"))
    file.add_binary(b"\x00\x11", address=0xC800, overwrite=True)
    (build / "merged.hex").write_text(file.as_ihex())
    assert run(["replay", str(tmp_path / "trace.json")]) == 1
    assert "differs: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (UPDATE % ("none.bin", "test"), "none.bin: there is no such file here, beside the script, or in the build"),
        (NEW.replace("mcuboot_secondary", "mcuboot"), "no update waits in mcuboot; where one does: mcuboot_secondary"),
        (NEW.replace("{is: file, file: new.bin}", "{is: erased}"), "an update here is a file"),
        ("- {do: publish, image: app, release: 2}\n", "is for images made for a design (`--made`)"),
        ("- confirm\n", "no swap waits to be confirmed"),
        ("- {do: boot, cut_after: 1}\n", "nobody here cuts the power"),
        ("- {do: read_out, partition: nowhere}\n", "has no partition nowhere"),
        ("- erase_all\n", "he has no probe"),
    ],
)
def test_what_cannot_happen_says_why(lived, script, words):
    code, _, err = lived(script)
    assert code == 2
    assert words in err


def test_behind_tfm_non_secure_code_writes_its_own_part_alone(lived, tmp_path):
    build = write_build(tmp_path / "whole", Build(nsib=True, tfm=True, bootable=True))
    write = "- {do: overwrite, partition: %s, content: {is: crafted}}\n- reset\n"
    for kept in ("tfm", "s0", "b0"):
        code, _, err = lived(write % kept, "app-code-ns", source=build)
        assert code == 2
        assert f"no byte of {kept} can be written" in err
    code, out, _ = lived(write % "app", "app-code-ns", source=build)
    assert code == 1
    assert "the device stops: mcuboot: unable to find a bootable image" in out


def test_a_cut_in_nsib_counts_with_those_of_mcuboot(lived, tmp_path):
    """NSIB invalidates a slot that does not verify: its write is the first of the boot, and can be lost."""
    build = write_build(tmp_path / "whole", Build(nsib=True, tfm=True, bootable=True))
    file = bincopy.BinFile(str(build / "merged.hex"))
    file.add_binary(b"\x00\x11", address=0x9000, overwrite=True)
    (build / "merged.hex").write_text(file.as_ihex())
    code, out, _ = lived("- {do: boot, cut_after: 0}\n", "power-cut", source=build)
    assert code == 1
    assert out.index("power lost after 0 flash operations") < out.index("b0: writes 0xffff0000")


def test_the_trace_tells_files_options_and_digests(lived, tmp_path, build):
    lived(NEW + "- reset\n")
    told = json.loads((tmp_path / "trace.json").read_text())
    assert told["programmed"]["files"] == [str(build)]
    (delivered,) = [step["action"] for step in told["steps"] if step["action"]["do"] == "deliver"]
    assert len(delivered["content"]["sha256"]) == 64
