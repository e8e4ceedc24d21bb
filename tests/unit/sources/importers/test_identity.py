"""Which SoC and which release a build is of: the surest of what its files say."""

import re

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.cli import run
from bootverify.sources.importers import load
from bootverify.sources.importers.project import sdk_in

HEADER = '#define NCS_VERSION_NUMBER 0x20601\n#define NCS_VERSION_STRING           "2.6.1"\n'
INFO = """cmake:
  board:
    name: 'nrf5340dk'
    qualifiers: 'nrf5340/cpuapp'
west:
  topdir: '/opt/nordic/ncs/v3.2.4'
"""
GENERATED = "app/zephyr/include/generated/zephyr/ncs_version.h"
CACHE = (
    "CACHED_BOARD:STRING=nrf5340dk_nrf5340_cpuapp_ns\nZephyr_DIR:PATH=C:/ncs/v2.5.2/zephyr/share/zephyr-package/cmake\n"
)


def built(tmp_path, files, **choices):
    path = write_build(tmp_path / "app" / "build", Build(**choices))
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize(
    ("files", "application", "sdk"),
    [
        ({}, b"application ", ""),
        ({GENERATED: HEADER}, b"*** Using nRF Connect SDK v2.7.0-5 ***", "2.6.1"),
        ({"build_info.yml": INFO}, b"*** Booting nRF Connect SDK v2.7.0-5cb85570ca43 ***", "2.7.0"),
        ({"build_info.yml": INFO}, b"*** Booting nRF Connect SDK v3.5.99-ncs1-rc2 ***", "3.2.4"),
        ({"CMakeCache.txt": CACHE}, b"*** Booting nRF Connect SDK 7c3e830729b7 ***", "2.5.2"),
    ],
)  # fmt: skip
def test_the_release_is_told_by_the_surest_file(tmp_path, files, application, sdk) -> None:
    assert load(built(tmp_path, files, application=application.ljust(4000, b"\xff"))).sdk == sdk


def test_a_comment_of_kconfig_names_the_folder_of_the_sdk(tmp_path) -> None:
    for line, sdk in (
        ("# nrf (C:/ncs/v2.5.0/nrf)", "2.5.0"),
        ("# nrf (E:nRFv1.7.1nrf)", "1.7.1"),
        ("# nrf (/a/nrf)", ""),
    ):
        path = built(tmp_path / (sdk or "none"), {}, extra={"app": f"{line}\n"})
        assert load(path).sdk == sdk


def test_a_build_without_configurations_is_known_by_its_record_of_the_board(tmp_path) -> None:
    path = tmp_path / "build"
    path.mkdir()
    (path / "partitions.yml").write_text("app: {address: 0x0, size: 0x1000}\n")
    for name, text in (("build_info.yml", INFO), ("CMakeCache.txt", CACHE)):
        (path / name).write_text(text)
        design = load(path, shown="build")
        assert design.soc.name == "nrf5340"
        assert {file.file for file in design.files} >= {f"build/{name}"}
        (path / name).unlink()


def test_qualifiers_go_before_the_name_of_a_board_that_stands_for_a_sibling(tmp_path) -> None:
    path = tmp_path / "build"
    path.mkdir()
    (path / "partitions.yml").write_text("app: {address: 0x0, size: 0x1000}\n")
    (path / "build_info.yml").write_text(INFO.replace("nrf5340dk", "nrf54l15dk").replace("nrf5340/", "nrf54l10/"))
    assert load(path).soc.name == "nrf54l10"


def test_a_part_without_a_model_is_told_with_the_reason(tmp_path) -> None:
    design = load(built(tmp_path, {}, soc="nrf54h20"))
    assert (design.soc.name, design.soc.known, design.stages) == ("nrf54h20", False, ())
    assert any(
        "no model of nrf54h20: the firmware of its secure domain boots it" in entry.what for entry in design.ledger
    )


def test_a_part_of_another_vendor_is_told_by_its_name(tmp_path) -> None:
    design = load(built(tmp_path, {}, soc="stm32h743xx"))
    assert design.soc.name == "unspecified"
    (told,) = [entry for entry in design.ledger if "no model of `stm32h743xx`" in entry.what]
    assert told.line


def test_programs_of_several_releases_tell_none_and_the_ledger_says_so(tmp_path, capsys) -> None:
    banners = b"*** Booting nRF Connect SDK v2.7.0-5c ***\0*** Using nRF Connect SDK v2.9.0-77 ***"
    path = built(tmp_path, {}, application=banners.ljust(4000, b"\xff"))
    assert load(path).sdk == ""
    run(["check", str(path), "--policy", "map-no-overlap", "--ledger"])
    assert re.search(r"several releases of the SDK: 2\.7\.0, 2\.9\.0", " ".join(capsys.readouterr().out.split()))


@pytest.mark.parametrize(
    "text", ["/home/me/tool-1.2.0/nrf", "/x/v12.3/nrf", "ncs", "/ncs/v3/zephyr", "/opt/2.9.0/other"]
)
def test_other_numbers_in_paths_are_no_release(text) -> None:
    assert sdk_in(text) == ""


PARTITIONS = """&flash0 { partitions { compatible = "fixed-partitions";
  a: partition@0 { reg = <0x0 0x4000>; }; }; };
"""


@pytest.mark.parametrize(
    ("include", "soc"),
    [
        ("#include <nordic/nrf52833_qdaa.dtsi>", "nrf52833"),
        ('#include "nrf54l10_cpuapp_partition.dtsi"', "nrf54l10"),
        ("/* #include <nordic/nrf52833_qdaa.dtsi> */", "unspecified"),
        ("#include <st/l4/stm32l4.dtsi>", "unspecified"),
    ],
)
def test_a_board_of_ones_own_is_of_the_soc_whose_file_it_includes(tmp_path, include, soc) -> None:
    path = tmp_path / "our_board.dts"
    path.write_text(f'/dts-v1/;\n{include}\n/ {{ compatible = "us,our-board"; }};\n{PARTITIONS}')
    assert load(path).soc.name == soc


def test_the_map_of_an_application_is_of_the_only_soc_among_its_boards(tmp_path) -> None:
    board = tmp_path / "boards" / "us" / "our_board"
    board.mkdir(parents=True)
    (tmp_path / "prj.conf").write_text("")
    (tmp_path / "pm_static.yml").write_text("app: {address: 0x0, size: 0x1000}\n")
    assert load(tmp_path).soc.name == "unspecified"
    (board / "our_board.dts").write_text("/dts-v1/;\n#include <nordic/nrf52832_qfaa.dtsi>\n/ { };\n")
    assert load(tmp_path).soc.name == "nrf52832"
    (board / "other.dts").write_text("/dts-v1/;\n#include <nordic/nrf52840_qiaa.dtsi>\n/ { };\n")
    assert load(tmp_path).soc.name == "unspecified"


@pytest.mark.parametrize(("name", "soc"), [("pcd_sram", "nrf5340"), ("other_sram", "unspecified")])
def test_ram_that_two_cores_share_names_the_part_that_has_them(tmp_path, name, soc) -> None:
    path = tmp_path / "pm_static.yml"
    path.write_text(f"{name}: {{address: 0x20000000, size: 0x2000, region: sram_primary}}\n")
    assert load(path).soc.name == soc


def test_a_part_is_known_without_the_letter_of_its_variant(tmp_path) -> None:
    path = tmp_path / "pm_static_nrf54lm20dk_nrf54lm20_cpuapp.yml"
    path.write_text("app: {address: 0x0, size: 0x1000}\n")
    assert load(path).soc.name == "nrf54lm20a"
