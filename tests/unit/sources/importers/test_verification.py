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


CLEANS, PURE = "CONFIG_MCUBOOT_CLEANUP_ARM_CORE", "CONFIG_BOOT_SIGNATURE_TYPE_PURE"
ED25519 = "# CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256 is not set\nCONFIG_BOOT_SIGNATURE_TYPE_ED25519=y\n"
DUMMY, SPLIT = "CONFIG_TFM_DUMMY_PROVISIONING", "CONFIG_XIP_SPLIT_IMAGE"
DRIVER, OTHERS = "CONFIG_PM_EXTERNAL_FLASH_HAS_DRIVER", "CONFIG_PM_OVERRIDE_EXTERNAL_DRIVER_CHECK"
LOADS, VERIFIES = "CONFIG_MCUBOOT_CHECK_HEADER_LOAD_ADDRESS", "CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS"
STAGES = "CONFIG_IMG_MANAGER=y\n"
OUTSIDE = {"mcuboot_secondary": {"region": "external_flash"}}


@pytest.mark.parametrize(
    ("policy", "choices", "expected"),
    [
        ("boot-cleans-up", {"extra": {"mcuboot": OFF.format(CLEANS)}}, []),
        ("boot-cleans-up", {"tfm": True, "extra": {"mcuboot": OFF.format(CLEANS)}}, ["violated"]),
        ("boot-cleans-up", {"tfm": True, "extra": {"mcuboot": f"{CLEANS}=y\n"}}, ["holds"]),
        ("test-options-off", {}, []),
        ("test-options-off", {"tfm": True, "extra": {"app": OFF.format(DUMMY)}}, ["holds"]),
        ("test-options-off", {"tfm": True, "extra": {"app": f"{DUMMY}=y\n"}}, ["violated"]),
        ("test-options-off", {"nsib": True, "extra": {"b0": "CONFIG_SB_DEBUG_NO_VERIFY_HASHES=y\n"}}, ["violated"]),
        ("pure-signature-inside", {"extra": {"mcuboot": f"{ED25519}{PURE}=y\n"}}, ["holds"]),
        ("pure-signature-inside", {"map_changes": OUTSIDE, "extra": {"mcuboot": f"{ED25519}{PURE}=y\n"}}, ["violated"]),
        (
            "pure-signature-inside",
            {"map_changes": OUTSIDE, "extra": {"mcuboot": ED25519 + OFF.format(PURE)}},
            ["holds"],
        ),
        ("staging-reachable", {"map_changes": OUTSIDE}, []),
        ("staging-reachable", {"map_changes": OUTSIDE, "extra": {"mcuboot": "CONFIG_SPI_NOR=y\n"}}, ["holds"]),
        ("staging-reachable", {"map_changes": OUTSIDE, "extra": {"mcuboot": OFF.format("CONFIG_SPI_NOR")}}, []),
        ("staging-reachable", {"map_changes": OUTSIDE, "extra": {"mcuboot": OFF.format(OTHERS)}}, ["violated"]),
        ("staging-reachable", {"map_changes": OUTSIDE, "extra": {"mcuboot": f"{OTHERS}=y\n"}}, []),
        ("staging-reachable", {"extra": {"mcuboot": OFF.format(OTHERS)}}, ["holds"]),
        (
            "staging-reachable",
            {"map_changes": OUTSIDE, "extra": {"mcuboot": f"{DRIVER}=y\n", "app": STAGES + OFF.format(OTHERS)}},
            ["violated"],
        ),
        (
            "staging-reachable",
            {"map_changes": OUTSIDE, "extra": dict.fromkeys(("mcuboot", "app"), STAGES + f"{DRIVER}=y\n")},
            ["holds"],
        ),
        ("update-places-checked", {"nsib": True, "extra": {"mcuboot": OFF.format(VERIFIES)}}, []),
        ("update-places-checked", {"extra": {"mcuboot": OFF.format(LOADS)}}, []),
        ("update-places-checked", {"nsib": True, "extra": {"mcuboot": OFF.format(LOADS)}}, ["violated"]),
        ("update-places-checked", {"nsib": True, "extra": {"mcuboot": f"{LOADS}=y\n"}}, ["holds"]),
        (
            "update-places-checked",
            {"nsib": True, "extra": {"mcuboot": OFF.format(LOADS) + "CONFIG_MCUBOOT_UUID_CID=y\n"}},
            ["holds"],
        ),
        ("code-inside", {"extra": {"app": OFF.format(SPLIT)}}, ["holds"]),
        ("code-inside", {"extra": {"app": f"{SPLIT}=y\n"}}, ["violated"]),
    ],
)
def test_an_option_of_any_image_is_judged(tmp_path, capsys, policy, choices, expected) -> None:
    assert [verdict for verdict, _ in verdicts(tmp_path, capsys, policy, **choices)] == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("", "", []), ("LOCK", "USE_UICR", ["holds"]), ("", "LOCK", ["holds"]), ("USE_UICR", "LOCK", ["violated"])],
)
def test_the_network_core_has_a_debug_port_of_its_own(tmp_path, capsys, first, second, expected) -> None:
    path = write_build(tmp_path / "app" / "build", Build())
    for name, word, more in (("b0n", first, "CONFIG_IS_SECURE_BOOTLOADER=y\n"), ("radio", second, "")):
        (path / name / "zephyr").mkdir(parents=True)
        lock = f"CONFIG_NRF_APPROTECT_{word}=y\n" if word else ""
        (path / name / "zephyr" / ".config").write_text(f"CONFIG_SOC_NRF5340_CPUNET=y\n{more}{lock}")
    run(["check", str(path), "--policy", "network-debug-closed", "--format", "json"])
    assert [each["verdict"] for each in json.loads(capsys.readouterr().out)["questions"]] == expected


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
