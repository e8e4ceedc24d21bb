"""The network core of a build that we write: its first stage, its application, and who feeds it."""

import bincopy
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.designs.build_dirs import Build, write_build
from tests.made_keys import ec_key

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.cli import run
from bootverify.design.memory import MemoryKind, Role
from bootverify.sources.importers import load

MAP = """app: {address: 0x1008800, end_address: 0x1040000, region: flash_primary, size: 0x37800, span: [radio]}
radio: {address: 0x1008800, end_address: 0x1040000, region: flash_primary, size: 0x37800}
b0n: {address: 0x1000000, end_address: 0x1008580, region: flash_primary, size: 0x8580}
b0n_container: {address: 0x1000000, end_address: 0x1008800, region: flash_primary, size: 0x8800, span: [b0n, provision]}
provision: {address: 0x1008580, end_address: 0x1008800, region: flash_primary, size: 0x280}
sram_primary: {address: 0x21000000, end_address: 0x21010000, region: sram_primary, size: 0x10000}
"""
CORE = 'CONFIG_SOC="nRF5340_CPUNET_QKAA"\nCONFIG_SOC_NRF5340_CPUNET=y\n'
FEEDS = "CONFIG_PCD_APP=y\nCONFIG_MCUBOOT_NETWORK_CORE_IMAGE_NUMBER=1\n"


SECOND = {"mcuboot_secondary_1": {"address": 0xCC000, "size": 0x28000}}


def built(tmp_path, *, nested, feeds=FEEDS, sdk=None, **choices):
    build = write_build(tmp_path / "app" / "build", Build(extra={"mcuboot": feeds}, **choices))
    first = build / "radio" / "b0n" if nested else build / "b0n"
    for folder, lines in ((build / "radio", ""), (first, "CONFIG_IS_SECURE_BOOTLOADER=y\nCONFIG_FPROTECT=y\n")):
        (folder / "zephyr").mkdir(parents=True)
        (folder / "zephyr" / ".config").write_text(CORE + lines)
    (build / "radio" / "partitions_CPUNET.yml" if nested else build / "partitions_CPUNET.yml").write_text(MAP)
    return load(build, sdk, shown="build")


@pytest.mark.parametrize("nested", [True, False])
def test_both_layouts_give_the_programs_of_the_network_core(tmp_path, nested) -> None:
    first, second = built(tmp_path, nested=nested).network
    assert (first.name, first.boots, first.partition) == ("b0n", True, "cpunet:b0n")
    assert (second.name, second.boots, second.partition) == ("radio", False, "cpunet:radio")
    assert (second.verified_by, second.fed_by, second.updatable) == ("mcuboot", "transfer-ram", True)
    assert second.version_read is False


def test_a_build_of_the_network_core_alone_has_its_map_there(tmp_path) -> None:
    (tmp_path / "zephyr").mkdir()
    (tmp_path / "zephyr" / ".config").write_text(CORE)
    (tmp_path / "partitions.yml").write_text(MAP)
    (tmp_path / "regions.yml").write_text("flash_primary: {base_address: 0x1000000, size: 0x40000}\n")
    design = load(tmp_path, shown="build")
    assert design.soc.name == "nrf5340"
    assert {part.memory for part in design.partitions} == {MemoryKind.NETWORK}
    report = api.check(design, policies=["map-inside-memory"])
    assert [finding.verdict for finding in report.findings] == [Verdict.HOLDS]
    assert any("its program is the network core's" in entry.what for entry in design.ledger)


def test_the_first_stage_locks_itself_its_data_and_the_application(tmp_path) -> None:
    first = built(tmp_path, nested=True).network[0]
    assert [(span.range.start, span.range.end) for span in first.locks] == [
        (0, 0x8580), (0x8580, 0x8800), (0x8800, 0x40000)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("choices", "locked"), [({}, True), ({"fprotect": False}, False), ({"tfm": True}, None)]
)  # fmt: skip
def test_the_shared_ram_is_locked_by_fprotect_unless_tfm_has_it(tmp_path, choices, locked) -> None:
    assert built(tmp_path, nested=False, **choices).network[1].transfer_locked is locked


@pytest.mark.parametrize(
    ("choices", "sdk", "locked"),
    [
        ({}, "", True), ({"fprotect": False}, "2.1.0", False),
        ({"tfm": True}, "2.1.0", True), ({"tfm": True}, "2.7.99", None),
        ({"tfm": True}, "3.0.1", None), ({"tfm": True}, "", None),
    ],
)  # fmt: skip
def test_before_mcuboot_counts_the_network_image_it_locks_the_shared_ram_beside_tfm_too(
    tmp_path, choices, sdk, locked
) -> None:
    design = built(tmp_path, nested=False, feeds="CONFIG_PCD_APP=y\n", sdk=sdk, **choices)
    assert design.network[1].transfer_locked is locked


def test_b0n_reads_the_provision_data_of_its_own_flash(tmp_path) -> None:
    design = built(tmp_path, nested=True)
    roles = {part.name: part.role for part in design.partitions if part.memory is MemoryKind.NETWORK}
    assert {name for name, role in roles.items() if role} == {"cpunet:provision"}
    assert roles["cpunet:provision"] is Role.NETWORK_PROVISION


def test_a_build_tells_all_that_updates_of_the_network_core_need(tmp_path, capsys) -> None:
    built(tmp_path, nested=True, map_changes=SECOND)
    asked = [
        "--subject",
        "radio",
        "--policy",
        "authentic-only",
        "--attacker",
        "remote-ota",
        "--attacker",
        "old-signed-image",
    ]
    assert run(["check", str(tmp_path / "app" / "build"), *asked]) == 0
    out = capsys.readouterr().out
    assert "proved for every history" in out
    assert "2 hold" in out


def test_spans_of_the_network_core_are_spans(tmp_path) -> None:
    design = built(tmp_path, nested=True)
    assert design.partition("cpunet:b0n_container").members == ("cpunet:b0n", "cpunet:provision")
    assert design.partition("cpunet:b0n_container").memory is MemoryKind.NETWORK


def test_one_may_ask_what_code_on_the_application_core_feeds_to_the_network_core(tmp_path) -> None:
    design = built(tmp_path, nested=False, fprotect=False)
    asked = {"policies": ["authentic-only"], "subjects": ["radio"], "attackers": ["app-code-secure"]}
    assert [finding.verdict.value for finding in api.check(design, **asked).findings] == ["violated"]


@pytest.mark.parametrize(("place", "travels"), [(0x1009000, True), (0x1001000, False)])
def test_a_key_in_the_network_application_travels_in_its_updates_and_one_in_the_first_stage_does_not(
    tmp_path, place, travels
) -> None:
    built(tmp_path, nested=False)
    key = ec_key(77).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    merged = bincopy.BinFile()
    merged.add_binary(b"\x00\xff" * 300 + key + b"\x00\xff" * 300, address=place)
    build = tmp_path / "app" / "build"
    (build / "merged_CPUNET.hex").write_text(merged.as_ihex())
    design = load(build, shown="build")
    (secret,) = (each.name for each in design.keys if each.secret)
    report = api.check(design, policies=["no-secret-in-updatable"], subjects=[secret])
    assert ("violated" in {each.verdict.value for each in report.findings}) == travels
    told = api.scan([build]).finds[0].standing
    assert (told.image, told.updatable) == (("radio", True) if travels else ("b0n", False))


STATIC = "app: {address: 0x0, size: 0x100000}\n"
OF_DOMAIN = "b0n: {address: 0x1000000, size: 0x8800}\napp: {address: 0x1008800, size: 0x37800}\n"


@pytest.mark.parametrize("name", ["pm_static", "pm_static_our_board"])
def test_the_static_map_of_the_network_core_s_domain_goes_with_the_other(tmp_path, name) -> None:
    (tmp_path / "prj.conf").write_text("")
    (tmp_path / f"{name}.yml").write_text(STATIC)
    assert load(tmp_path).soc.name == "unspecified"
    (tmp_path / f"{name}_CPUNET.yml").write_text(OF_DOMAIN)
    for named in (tmp_path, tmp_path / f"{name}.yml"):
        design = load(named)
        assert design.soc.name == "nrf5340"
        assert [part.name for part in design.partitions] == ["app", "cpunet:b0n", "cpunet:app"]
        assert not any("another static map" in entry.what for entry in design.ledger)
    alone = load(tmp_path / f"{name}_CPUNET.yml")
    assert [part.name for part in alone.partitions] == ["cpunet:b0n", "cpunet:app"]
