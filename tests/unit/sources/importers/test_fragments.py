"""Application directories that we write: which fragments count for a board and a file suffix, and what they tell."""

import pytest

from bootverify import api
from bootverify.sources.importers import load

MAP = "mcuboot: {address: 0x0, size: 0xc000}\nmcuboot_primary: {address: 0xc000, size: 0x70000}\n"
BOARD = "nrf5340dk_nrf5340_cpuapp"


def application(tmp_path, files, chosen=f"pm_static_{BOARD}.yml"):
    for name, text in {"prj.conf": "CONFIG_BOOTLOADER_MCUBOOT=y\n", chosen: MAP, **files}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load(tmp_path / chosen, shown=chosen).settings


def sectors(number):
    return f"CONFIG_BOOT_MAX_IMG_SECTORS={number}\n"


@pytest.mark.parametrize(
    ("files", "chosen", "number"),
    [
        ({}, f"pm_static_{BOARD}.yml", 100),
        ({f"sysbuild/mcuboot/boards/{BOARD}.conf": sectors(200)}, f"pm_static_{BOARD}.yml", 200),
        ({f"sysbuild/mcuboot/boards/{BOARD}.conf": sectors(200)}, f"pm_static_{BOARD}_ns.yml", 200),
        ({"sysbuild/mcuboot/boards/other.conf": sectors(200)}, f"pm_static_{BOARD}.yml", 100),
        ({"sysbuild/mcuboot/boards/other.conf": sectors(200)}, "pm_static.yml", None),
        ({"sysbuild/mcuboot/boards/other.conf": sectors(100)}, "pm_static.yml", 100),
        ({"prj_fota.conf": "", "sysbuild/mcuboot/prj_fota.conf": sectors(300)}, "pm_static_fota.yml", 300),
        ({"prj_fota.conf": "", "sysbuild/mcuboot/prj_fota.conf": sectors(300)}, f"pm_static_{BOARD}.yml", 100),
        ({"sysbuild/mcuboot.conf": sectors(400)}, f"pm_static_{BOARD}.yml", 400),
        ({}, f"configuration/{BOARD}/pm_static.yml", 100),
    ],
)
def test_a_fragment_counts_for_its_board_and_its_suffix(tmp_path, files, chosen, number) -> None:
    told = application(tmp_path, {"sysbuild/mcuboot/prj.conf": sectors(100), **files}, chosen).image_sectors
    assert (told.value if told is not None else None) == number


def test_what_boards_set_differently_has_no_default(tmp_path) -> None:
    files = {"sysbuild/mcuboot/prj.conf": "", "sysbuild/mcuboot/boards/other.conf": "CONFIG_MCUBOOT_SERIAL=y\n"}
    assert application(tmp_path, files, "pm_static.yml").serial_recovery is None
    assert application(tmp_path, files).serial_recovery.value is False


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"sysbuild.conf": "SB_CONFIG_BOOT_SIGNATURE_TYPE_NONE=y\n"}, False),
        ({"sysbuild.conf": "SB_CONFIG_BOOT_SIGNATURE_TYPE_RSA=y\n"}, True),
        ({"child_image/mcuboot.conf": "CONFIG_BOOT_SIGNATURE_TYPE_NONE=y\n"}, False),
        ({"child_image/b0.conf": "CONFIG_SB_VALIDATE_FW_SIGNATURE=n\n"}, False),
        ({"child_image/mcuboot.conf": "CONFIG_BOOT_SIGNATURE_TYPE_ED25519=y\n"}, True),
        (
            {
                "sysbuild.conf": "SB_CONFIG_BOOT_SIGNATURE_TYPE_RSA=y\n",
                "sysbuild/mcuboot.conf": "CONFIG_BOOT_SIGNATURE_TYPE_NONE=y\n",
            },
            True,
        ),
        ({}, None),
    ],
)
def test_the_build_system_s_choice_of_signature_goes_before_the_image_s(tmp_path, files, told) -> None:
    found = application(tmp_path, files).signatures_checked
    assert (found.value if found is not None else None) is told


def test_an_image_that_is_validated_once_is_not_verified_at_every_boot(tmp_path) -> None:
    lines = "CONFIG_BOOT_VALIDATE_SLOT0=y\nCONFIG_BOOT_VALIDATE_SLOT0_ONCE=y\n"
    assert application(tmp_path, {"sysbuild/mcuboot.conf": lines}).primary_verified.value is False


def test_a_slot_with_more_sectors_than_the_boot_loader_was_built_for_is_found(tmp_path) -> None:
    application(tmp_path, {"sysbuild/mcuboot.conf": sectors(64)})
    design = load(tmp_path / f"pm_static_{BOARD}.yml")
    report = api.check(design, policies=["sectors-cover-slots"], attackers=["remote-ota"])
    assert [finding.verdict.value for finding in report.findings] == ["violated"]
    assert "112 sectors" in report.findings[0].because
