"""What a configuration says of keys, counters and unsigned fields, where it matters; through the command line."""

import json

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.cli import run

KMU = "CONFIG_BOOT_SIGNATURE_USING_KMU=y\nCONFIG_BOOT_SIGNATURE_KMU_SLOTS={}\n{}\n"
OFF = "# {} is not set\n"
REVOKES, BOUNDED = "CONFIG_BOOT_KEYS_REVOCATION", "CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_LIMITED"
COUNTS = "CONFIG_SB_MONOTONIC_COUNTER=y\n"


def verdicts(tmp_path, capsys, policy, **choices):
    path = write_build(tmp_path / "app" / "build", Build(**choices))
    run(["check", str(path), "--policy", policy, "--attacker", "remote-ota", "--format", "json"])
    return [(each["verdict"], each["because"]) for each in json.loads(capsys.readouterr().out)["questions"]]


@pytest.mark.parametrize(
    ("policy", "mcuboot", "expected"),
    [
        ("keys-revocable", "", []),
        ("keys-revocable", KMU.format(1, OFF.format(REVOKES)), []),
        ("keys-revocable", KMU.format(3, OFF.format(REVOKES)), ["violated"]),
        ("keys-revocable", KMU.format(3, f"{REVOKES}=y"), ["holds"]),
        ("counter-bounded", OFF.format(BOUNDED), []),
        ("counter-bounded", "CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION=y\n" + OFF.format(BOUNDED), ["violated"]),
        ("fields-listed", "", []),
        ("fields-listed", "CONFIG_MCUBOOT_USE_TLV_ALLOW_LIST=y\n", ["holds"]),
        ("fields-listed", OFF.format("CONFIG_MCUBOOT_USE_TLV_ALLOW_LIST"), ["violated"]),
    ],
)
def test_an_option_is_judged_where_it_matters(tmp_path, capsys, policy, mcuboot, expected) -> None:
    found = verdicts(tmp_path, capsys, policy, extra={"mcuboot": mcuboot})
    assert [verdict for verdict, _ in found] == expected


@pytest.mark.parametrize(
    ("memory", "mode", "expected"),
    [
        ("external_flash", "BOOT_SWAP_USING_MOVE", "violated"),
        ("external_flash", "BOOT_UPGRADE_ONLY", "holds"),
        ("flash_primary", "BOOT_SWAP_USING_MOVE", "holds"),
    ],
)
def test_an_image_key_in_clear_matters_where_a_swap_leaves_it_outside(tmp_path, capsys, memory, mode, expected) -> None:
    extra = {"mcuboot": OFF.format("CONFIG_BOOT_SWAP_SAVE_ENCTLV")}
    outside = {"mcuboot_secondary": {"region": memory}}
    found = verdicts(tmp_path, capsys, "swap-keys-wrapped", encrypt=True, mode=mode, map_changes=outside, extra=extra)
    assert [verdict for verdict, _ in found] == [expected]


@pytest.mark.parametrize(("version", "expected"), [("32767", "holds"), ("32768", "violated")])
def test_a_version_must_fit_the_counter_of_the_first_stage(tmp_path, capsys, version, expected) -> None:
    extra = {"b0": COUNTS, "mcuboot": f"CONFIG_FW_INFO_FIRMWARE_VERSION={version}\n"}
    assert [verdict for verdict, _ in verdicts(tmp_path, capsys, "version-countable", nsib=True, extra=extra)] == [
        expected
    ]
    assert verdicts(tmp_path / "no", capsys, "version-countable", nsib=True, extra={"mcuboot": extra["mcuboot"]}) == []


def test_the_network_cores_areas_are_judged_where_the_build_has_them(tmp_path, capsys) -> None:
    assert verdicts(tmp_path / "none", capsys, "network-areas-whole") == []
    path = write_build(tmp_path / "app" / "build", Build())
    drawn = "b0n: {address: 0x1000000, size: 0x8580}\nprovision: {address: 0x1008600, size: 0x200}\n"
    (path / "partitions_CPUNET.yml").write_text(drawn)
    assert run(["check", str(path), "--policy", "network-areas-whole"]) == 1
    assert "`cpunet:provision` does not begin where `cpunet:b0n` ends" in " ".join(capsys.readouterr().out.split())
