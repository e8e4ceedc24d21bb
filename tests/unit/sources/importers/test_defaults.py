"""What a release does where sources say nothing: told only when the release is, and every such fact says so."""

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify import api
from bootverify.cli import run
from bootverify.sources.importers import load

UNEQUAL = """mcuboot: {address: 0x0, size: 0xc000}
mcuboot_primary: {address: 0xc000, size: 0x70000}
mcuboot_secondary: {address: 0x7c000, size: 0x20000}
"""


def application(tmp_path, board="nrf5340dk_nrf5340_cpuapp", **files):
    texts = {"prj.conf": "CONFIG_LOG=y\n", "sysbuild.conf": "SB_CONFIG_BOOTLOADER_MCUBOOT=y\n", **files}
    for name, text in {**texts, f"pm_static_{board}.yml": UNEQUAL}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_mode_comes_from_the_release_that_is_told_and_says_so(tmp_path) -> None:
    path = application(tmp_path)
    assert load(path).settings.update_mode is None
    told = load(path, "2.9.0").settings.update_mode
    assert (told.value, told.source.text) == (
        "swap-move",
        "no word of the update mode: swap-move by default of SDK 2.9.0",
    )


@pytest.mark.parametrize(
    ("sdk", "files"),
    [
        ("2.6.1", {}),
        ("main", {}),
        ("2.9.0", {"Kconfig.sysbuild": "choice MCUBOOT_MODE\n"}),
        ("2.9.0", {"sysbuild.conf": "SB_CONFIG_BOOTLOADER_NONE=y\n"}),
    ],
)
def test_no_mode_is_told_where_another_default_may_count(tmp_path, sdk, files) -> None:
    assert load(application(tmp_path, **files), sdk).settings.update_mode is None


@pytest.mark.parametrize(
    ("board", "sdk", "mode"),
    [
        ("nrf52840dk_nrf52840", "2.4.2", "swap-move"),
        ("nrf9160dk_nrf9160_ns", "1.5.0", "swap-move"),
        ("nrf9160dk_nrf9160_ns", "1.2.1", None),
        ("nrf5340dk_nrf5340_cpuapp", "2.4.2", None),
    ],
)
def test_a_child_image_of_mcuboot_has_the_default_of_its_years(tmp_path, board, sdk, mode) -> None:
    path = application(tmp_path, board, **{"prj.conf": "CONFIG_BOOTLOADER_MCUBOOT=y\n"})
    (path / "sysbuild.conf").unlink()
    told = load(path, sdk).settings.update_mode
    assert (told.value if told is not None else None) == mode


@pytest.mark.parametrize(("release", "code"), [([], 3), (["--ncs", "2.9.0"], 1)])
def test_the_release_decides_what_the_sources_leave_open(tmp_path, release, code) -> None:
    arguments = ["check", str(application(tmp_path)), "--policy", "slot-sizes-equal", *release]
    assert run(arguments) == code


@pytest.mark.parametrize(
    ("board", "sdk", "locks"),
    [
        ("nrf5340dk_nrf5340_cpuapp", "2.9.0", True),
        ("nrf54l15dk_nrf54l15_cpuapp", "2.9.0", None),
        ("nrf54l15dk_nrf54l15_cpuapp", "3.2.0", True),
        ("nrf54lm20dk_nrf54lm20a_cpuapp", "3.2.0", None),
        ("nrf54l15dk_nrf54l15_cpuapp", "3.4.0", False),
    ],
)
def test_who_locks_itself_by_default_depends_on_part_and_release(tmp_path, board, sdk, locks) -> None:
    told = load(application(tmp_path, board), sdk).settings.protects_itself
    assert (told.value if told is not None else None) is locks


def test_a_build_has_no_defaults(tmp_path) -> None:
    build = write_build(tmp_path / "app" / "build", Build(mode="LOG", extra={"app": ""}))
    assert load(build, "2.9.0").settings.update_mode is None


def test_the_flash_patch_unit_is_off_where_an_image_switches_it_off(tmp_path) -> None:
    for lines, patch in (("", True), ("CONFIG_DISABLE_FLASH_PATCH=y\n", False)):
        made = Build(soc="nrf52840", extra={"app": lines})
        assert load(write_build(tmp_path / f"app{patch}" / "build", made)).lifecycle.flash_patch is patch


@pytest.mark.parametrize(("file", "published"), [("enc-ec256-priv.pem", True), ("/home/builder/own.pem", False)])
def test_the_key_that_opens_updates_lies_in_the_boot_loader(tmp_path, file, published) -> None:
    lines = f'CONFIG_BOOT_ENCRYPTION_KEY_FILE="{file}"\n'
    made = Build(nsib=True, encrypt=True, extra={"mcuboot": lines})
    design = load(write_build(tmp_path / "app" / "build", made), "2.6.1")
    key = next(key for key in design.keys if key.name == "image_decryption")
    assert (key.published, key.secret) == (published, True)
    asked = {"policies": ["no-secret-in-updatable"], "subjects": ["image_decryption"], "attackers": ["remote-ota"]}
    assert {finding.verdict.value for finding in api.check(design, **asked).findings} == {"violated"}
