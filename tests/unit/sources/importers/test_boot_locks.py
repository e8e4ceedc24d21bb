"""What boot stages of nRF54L lock, read from configuration and UICR, and what follows for the root of trust."""

import json
import struct

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.cli import run
from bootverify.design.boot import Program, SignatureType
from bootverify.ranges import AddressRange
from bootverify.sources.importers import load

OFF = "# {} is not set\n"
RIGHTS = "CONFIG_NCS_MCUBOOT_DISABLE_SELF_RWX=y\n" + OFF.format("CONFIG_FPROTECT")
LOCK = "SB_CONFIG_SECURE_BOOT_BOOTCONF_LOCK_WRITES"
ONE_REGION, FIRST = {"mcuboot": {"size": 0x7C00}}, {"b0": {"size": 0x7800}}
PLACE = {"provision": {"address": 0xFFD500, "size": 0x460}}


def verdicts(capsys, path, subject):
    arguments = ["--policy", "rot-immutable", "--subject", subject, "--attacker", "app-code-secure"]
    run(["check", str(path), *arguments, "--format", "json"])
    return [each["verdict"] for each in json.loads(capsys.readouterr().out)["questions"]]


def record(at, data):
    def line(kind, offset, content):
        body = struct.pack(">BHB", len(content), offset, kind) + content
        return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()

    upper = line(4, 0, struct.pack(">H", at >> 16))
    return "\n".join([upper, line(0, at & 0xFFFF, data), ":00000001FF", ""])


@pytest.mark.parametrize(
    ("size", "lines", "verdict"),
    [(0x7C00, RIGHTS, "holds"), (0x7C00, OFF.format("CONFIG_FPROTECT"), "violated")],
)
def test_a_boot_stage_that_takes_its_own_rights_away_cannot_be_written(tmp_path, capsys, size, lines, verdict) -> None:
    changes = {"mcuboot": {"size": size}}
    build = Build(soc="nrf54l15", fprotect=False, map_changes=changes, extra={"mcuboot": lines})
    path = write_build(tmp_path / "build", build)
    assert verdicts(capsys, path, "mcuboot") == [verdict]


def test_rights_over_more_than_one_region_are_not_drawn(tmp_path) -> None:
    build = Build(soc="nrf54l15", fprotect=False, extra={"mcuboot": RIGHTS})
    design = load(write_build(tmp_path / "build", build))
    assert design.stages == ()
    assert any("is no span that one region covers" in entry.what for entry in design.ledger)


def nsib(tmp_path, sysbuild, word=None, **extra):
    build = Build(soc="nrf54l15", nsib=True, fprotect=False, map_changes={**FIRST, **PLACE}, extra=extra)
    path = write_build(tmp_path / "build", build)
    with (path / "zephyr" / ".config").open("a") as file:
        file.write(sysbuild)
    if word is not None:
        (path / "bootconf.hex").write_text(record(0xFFD080, struct.pack("<I", word)))
    return path


@pytest.mark.parametrize(
    ("sysbuild", "word", "region"),
    [
        (f"{LOCK}=y\n", None, 0x7800),
        (OFF.format(LOCK), None, None),
        ("", 0x001E200D, 0x7800),
        (OFF.format(LOCK), 0x0010200D, 0x4000),
        (f"{LOCK}=y\n", 0x001E000D, None),
    ],
    ids=["option", "option off", "word", "word against option", "word without a lock"],
)
def test_hardware_locks_as_much_of_nsib_as_the_uicr_says(tmp_path, sysbuild, word, region) -> None:
    design = load(nsib(tmp_path, sysbuild, word))
    found = design.lifecycle.boot_region
    assert next(stage.program for stage in design.stages) is Program.NSIB
    assert found == (None if region is None else AddressRange(0, region))


@pytest.mark.parametrize(("sysbuild", "verdict"), [(f"{LOCK}=y\n", "holds"), (OFF.format(LOCK), "violated")])
def test_without_that_lock_nothing_protects_nsib(tmp_path, capsys, sysbuild, verdict) -> None:
    assert verdicts(capsys, nsib(tmp_path, sysbuild), "b0") == [verdict]


@pytest.mark.parametrize(
    ("sysbuild", "word", "extra", "words"),
    [
        ("", None, {}, "nothing tells whether hardware locks the first stage"),
        (f"{LOCK}=y\n", None, {"b0": "CONFIG_SB_DISABLE_NEXT_W=y\n"}, "it locks the slot that it starts"),
        ("", 0x0040200D, {}, "no region has the 0x10000 bytes"),
        ("", 0x0000200D, {}, "no region has the 0x0 bytes"),
    ],
)
def test_what_is_not_told_of_nsib_is_not_guessed(tmp_path, sysbuild, word, extra, words) -> None:
    design = load(nsib(tmp_path, sysbuild, word, **extra))
    assert design.stages == ()
    assert any(words in entry.what for entry in design.ledger)


def test_one_of_the_places_that_nsib_consults_is_the_owner_s_though_no_file_tells_the_key(tmp_path, capsys) -> None:
    path = nsib(tmp_path, f"{LOCK}=y\n", b0="CONFIG_SB_ED25519=y\n")
    assert load(path).image("mcuboot").signature is SignatureType.ED25519
    assert run(["check", str(path), "--policy", "rot-immutable", "--subject", "b0", "--attacker", "power-cut"]) == 0
    assert "holds" in capsys.readouterr().out
