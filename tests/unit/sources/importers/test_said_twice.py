"""A build that says a thing twice, differently: pm.config and the map, the provision data and the map."""

import re

import bincopy
import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.cli import run
from bootverify.sources.importers import load
from bootverify.sources.importers.hexfile import parse_firmware
from bootverify.sources.importers.pm_config import read_pm_config
from bootverify.sources.importers.provisioning import faults_of, provisioned_in

COMPILED = "PM_APP_ADDRESS=0xc200\nPM_APP_SIZE=0x5fe00\nPM_APP_ID=3\nPM_SETTINGS_STORAGE_SIZE=32768\nPM_NUM=5\n"


def topics(path):
    return [each.topic for each in load(path, shown="build").contradictions]


def test_a_map_that_the_programs_were_compiled_with_agrees(tmp_path) -> None:
    path = write_build(tmp_path / "app" / "build", Build())
    (path / "pm.config").write_text(COMPILED)
    assert topics(path) == []


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_programs_that_were_compiled_with_another_map_are_a_finding(tmp_path, capsys, ending) -> None:
    path = write_build(tmp_path / "app" / "build", Build())
    (path / "pm.config").write_bytes(COMPILED.replace("0x5fe00", "0x6fe00").replace("\n", ending).encode())
    assert run(["check", str(path), "--policy", "static-equals-built"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "`app` has the size 0x5fe00 in the map, and 0x6fe00 in what was compiled" in told
    assert re.search(r"pm\.config:2", told)


def test_programs_for_two_parts_are_no_device(tmp_path, capsys) -> None:
    path = write_build(tmp_path / "app" / "build", Build(nsib=True))
    config = path / "mcuboot" / "zephyr" / ".config"
    config.write_text(config.read_text().replace("nrf5340", "nrf9160"))
    assert topics(path) == ["part"]
    assert run(["check", str(path), "--policy", "rot-immutable", "--attacker", "remote-ota"]) == 3
    told = " ".join(capsys.readouterr().out.split())
    assert "undefined rot-immutable" in told
    assert "one program is built for nrf5340, another for nrf9160" in told


def test_the_first_stage_looks_where_the_map_has_the_slots(tmp_path) -> None:
    path = write_build(tmp_path / "app" / "build", Build(nsib=True, bootable=True))
    assert topics(path) == []
    drawn = (path / "partitions.yml").read_text()
    (path / "partitions.yml").write_text(drawn.replace("s1:\n  address: 0x1c000", "s1:\n  address: 0x1d000"))
    assert topics(path) == ["provisioned-slots"]


def test_provision_data_beyond_their_partition_are_a_finding(tmp_path) -> None:
    path = write_build(tmp_path / "app" / "build", Build(nsib=True, bootable=True))
    drawn = (path / "partitions.yml").read_text()
    found = re.sub(
        r"(provision:\n  address: 0xff8100\n  end_address: )\S+(\n.*\n  size: )\S+", r"\g<1>0xff8140\g<2>0x40", drawn
    )
    (path / "partitions.yml").write_text(found)
    assert topics(path) == ["provisioned-size"]


def data(*words, at=0x8000):
    file = bincopy.BinFile()
    file.add_binary(b"".join(word.to_bytes(4, "little") for word in words), address=at)
    return parse_firmware(file.as_ihex().encode(), "provision.hex")


@pytest.mark.parametrize(("offset", "wide"), [(0x28, False), (0x30, True), (0, False), (0, True)])
def test_each_layout_is_told_by_its_first_word(offset, wide) -> None:
    key = [0xFFFFFFFF, 1, 2, 3, 4]
    found = provisioned_in(
        data(0x9000, 0x15000, 1, *key, 0x00010001, 0x00020001, at=0x8000 + offset), 0x8000, words=wide
    )
    assert found is not None
    assert (found.slots, len(found.hashes)) == ((0x9000, 0x15000), 1)
    assert found.end == 0x8000 + offset + 12 + 20 + 4 + 4 + 2 * (4 if wide else 2)


def test_what_is_no_provision_data_is_none() -> None:
    for words in ((0, 0, 0), (0x9000, 0x9000, 0), (0x9000, 0x9000, 0xFFFFFFFF), (0xFFFFFFFF,) * 3, (0x9000, 0x9000)):
        assert provisioned_in(data(*words), 0x8000, words=False) is None


def test_keys_that_the_vendors_script_refuses_are_told() -> None:
    one, open_end = bytes(range(16)), bytes(14) + b"\xff\xff"
    assert list(faults_of((one, bytes(16)))) == []
    assert len(list(faults_of((one, one)))) == 1
    assert "can still be written" in next(faults_of((open_end,)))
    assert "reads 16" in next(faults_of(tuple(bytes([i] * 16) for i in range(17))))


def test_a_figure_with_a_zero_in_front_stops_no_reader(tmp_path) -> None:
    path = tmp_path / "pm.config"
    path.write_text("PM_APP_SIZE=0200\nPM_APP_ADDRESS=0x0c200\n")
    found = read_pm_config(path, shown="pm.config")
    assert {kind: value for (_, kind), (value, _) in found.items()} == {"SIZE": 200, "ADDRESS": 0xC200}
