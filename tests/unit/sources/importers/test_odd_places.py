"""Folders and files as they lie about: links in circles, pipes, folders in place of files, huge and empty files."""

import os
from pathlib import Path

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.errors import InputError
from bootverify.sources.importers import load
from bootverify.sources.input_file import read_bytes

INNER = [
    *("merged.hex", "domains.yaml", "regions.yml", "partitions_CPUNET.yml", "zephyr/.config", "build_info.yml"),
    *("dfu_application.zip", "provision.hex", "app/zephyr/zephyr.dts", "nrf/subsys/bootloader/generated/public.pem"),
]


def built(tmp_path) -> Path:
    return write_build(tmp_path / "app" / "build", Build())


def taken(build: Path) -> bool:
    """Whether the build is understood; a refusal names a file and a reason."""
    try:
        return bool(load(build, shown="build").stages)
    except InputError as error:
        refused = error
    assert all(fault.file and fault.message for fault in refused.faults)
    return False


@pytest.mark.parametrize("name", INNER)
def test_a_folder_in_place_of_a_file_is_passed_over(tmp_path, name) -> None:
    build = built(tmp_path)
    (build / name).unlink(missing_ok=True)
    (build / name).mkdir(parents=True)
    assert taken(build)


@pytest.mark.parametrize("name", INNER)
@pytest.mark.parametrize("content", [b"", b"\x00" * 9, b"\xff\xfe:\n", b"&" * 50_000])
def test_a_spoilt_side_file_is_refused_or_passed_over(tmp_path, name, content) -> None:
    build = built(tmp_path)
    (build / name).parent.mkdir(parents=True, exist_ok=True)
    (build / name).write_bytes(content)
    taken(build)


def test_links_in_a_circle_are_not_followed(tmp_path) -> None:
    build = built(tmp_path)
    (build / "again").symlink_to(build)
    (build / "app" / "up").symlink_to("..")
    (build / "loop.hex").symlink_to("loop.hex")
    (build / "partitions_CPUNET.yml").symlink_to("partitions_CPUNET.yml")
    assert taken(build)


def test_a_pipe_is_refused_at_once(tmp_path) -> None:
    os.mkfifo(tmp_path / "merged.hex")
    with pytest.raises(InputError, match="no plain file"):
        read_bytes(tmp_path / "merged.hex", limit=10)
    build = built(tmp_path)
    os.mkfifo(build / "provision.hex")
    assert taken(build)


@pytest.mark.parametrize("name", ["merged.hex", "dfu_application.zip", "app/zephyr/app.signed.bin"])
def test_a_file_of_a_gigabyte_is_not_read(tmp_path, name) -> None:
    build = built(tmp_path)
    with (build / name).open("r+b" if (build / name).exists() else "wb") as file:
        file.truncate(1 << 30)
    assert taken(build)
    ledger = load(build, shown="build").ledger
    assert any(entry.file == f"build/{name}" and "not read" in entry.what for entry in ledger)


def test_a_file_that_may_not_be_read_is_refused_with_the_reason(tmp_path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    build = built(tmp_path)
    (build / "partitions.yml").chmod(0)
    assert not taken(build)


def test_a_folder_that_is_none_names_what_lies_in_it(tmp_path) -> None:
    (tmp_path / "fw" / "app").mkdir(parents=True)
    (tmp_path / "fw" / "app" / "prj.conf").write_text("CONFIG_LOG=y\n")
    with pytest.raises(InputError, match=r"prj.conf or pm_static.yml in it; name fw/app$"):
        load(tmp_path, shown="repository")


@pytest.mark.parametrize("sysbuild", [True, False])
def test_an_application_with_a_build_in_it_is_read_as_sources_and_says_so(tmp_path, sysbuild) -> None:
    build = write_build(tmp_path / "build", Build(sysbuild=sysbuild))
    (tmp_path / "prj.conf").write_text("CONFIG_BOOTLOADER_MCUBOOT=y\n")
    (tmp_path / "pm_static.yml").write_text("mcuboot: {address: 0x0, size: 0xc000}\n")
    design = load(tmp_path, shown="app")
    assert [part.name for part in design.partitions] == ["mcuboot"]
    assert any(entry.file == "app/build" and "a build of the application" in entry.what for entry in design.ledger)
    assert load(build).stages


def test_a_part_of_a_build_says_which_folder_to_name(tmp_path) -> None:
    build = write_build(tmp_path / "build", Build())
    with pytest.raises(InputError, match="name the build around it, one folder up, or two with sysbuild"):
        load(build / "app" / "zephyr")
    design = load(build / "app")
    assert design.stages == ()
    assert any("the build in the folder above" in entry.what for entry in design.ledger)
    assert not any("the build in the folder above" in entry.what for entry in load(build).ledger)
