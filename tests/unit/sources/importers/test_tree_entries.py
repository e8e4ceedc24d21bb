"""Devicetree partitions through the command line: their memories, whose they are, RAM, other cores, several trees."""

import json

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.cli import run
from bootverify.design.memory import MemoryKind
from bootverify.sources.importers import load

HOME = '&flash0 {{ partitions {{ compatible = "fixed-partitions";\n{}\n}}; }};\n'
BOOT = "boot_partition: partition@0 { reg = <0x0 0xc000>; };"
FULL = """/dts-v1/;
/ {{ compatible = "nordic,nrf5340"; chosen {{ nordic,pm-ext-flash = &chip; }}; soc {{
  flash0: flash@0 {{ compatible = "soc-nv-flash"; reg = < 0x0 0x100000 >; partitions {{ compatible = "fixed-partitions";
    boot_partition: partition@0 {{ reg = < 0x0 0xc000 >; }};
    slot0_partition: partition@c000 {{ reg = < 0xc000 {size:#x} >; }}; }}; }};
  spi@a000 {{ other: flash@0 {{ compatible = "jedec,spi-nor"; partitions {{ compatible = "fixed-partitions";
    log_partition: partition@0 {{ reg = < 0x0 0x200000 >; }}; }}; }}; }};
  qspi@2b000 {{ chip: mx25@0 {{ compatible = "nordic,qspi-nor"; partitions {{ compatible = "fixed-partitions";
    slot1_partition: partition@0 {{ reg = < 0x0 0x70000 >; }}; }}; }}; }};
}}; }};
"""
NETWORK = """&flash1 { partitions {
    b0n_partition: partition@0 { reg = <0x0 0x8580>; };
    bl_storage: provision_partition: partition@8580 { reg = <0x8580 %s>; };
    s0_partition: partition@8800 { reg = <0x8800 0x37800>; }; }; };
"""
SIDES = """
&cpuapp_rram { partitions { ranges;
    slot0_s_partition: partition@0 { compatible = "zephyr,mapped-partition"; reg = <0x0 0x80000>; };
    vault: partition@80000 { compatible = "zephyr,mapped-partition"; reg = <0x80000 0x1800>; };
    slot0_ns_partition: partition@82000 { compatible = "zephyr,mapped-partition"; reg = <0x82000 0x80000>; };
    storage_partition: partition@81800 { compatible = "zephyr,mapped-partition"; reg = <0x81800 0x800>; }; }; };
/ { a { compatible = "nordic,tz-secure"; code-partitions = <&slot0_s_partition>; data-partitions = <&vault>; };
    b { compatible = "nordic,tz-nonsecure"; code-partitions = <&slot0_ns_partition>; data-partitions = <&%s>; }; };
"""


def answers(capsys, path, policy):
    """The verdicts and reasons of one policy, through the command line."""
    code = run(["check", str(path), "--policy", policy, "--format", "json"])
    printed = capsys.readouterr()
    assert code in {0, 1, 3}, printed.err
    report = json.loads(printed.out)
    return [(each["verdict"], each["because"]) for each in report["questions"]], report["ledger"]


def tree(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_each_chip_is_a_memory_of_its_own_and_the_chosen_one_is_modelled(tmp_path, capsys) -> None:
    path = tree(tmp_path, "board.dts", FULL.format(size=0x70000))
    found = {part.name: part.memory for part in load(path).partitions}
    assert found["slot1_partition"] is MemoryKind.EXTERNAL
    assert "log_partition" not in found
    verdicts, ledger = answers(capsys, path, "map-no-overlap")
    assert [verdict for verdict, _ in verdicts] == ["holds"]
    assert any("log_partition" in entry["what"] and "second external" in entry["what"] for entry in ledger)


def test_partitions_without_a_memory_around_them_are_asked_what_holds_in_any(tmp_path, capsys) -> None:
    text = 'partitions { compatible = "fixed-partitions";\n a: partition@0 { reg = <0x0 0x400000>; };\n'
    text += " b: partition@%x { reg = <0x%x 0x1b00000>; };\n};\n"
    apart = tree(tmp_path, "nrf9160_external.dtsi", text % (0x400000, 0x400000))
    assert answers(capsys, apart, "map-inside-memory")[0][0][0] == "undefined"
    verdicts, ledger = answers(capsys, apart, "map-no-overlap")
    assert [verdict for verdict, _ in verdicts] == ["holds"]
    assert any("another file says in which memory" in entry["what"] for entry in ledger)
    over = tree(tmp_path, "nrf9160_over.dtsi", text % (0x3F0000, 0x3F0000))
    assert answers(capsys, over, "map-no-overlap")[0][0][0] == "violated"


@pytest.mark.parametrize(("at", "verdict"), [(0x12B200, "holds"), (0x12B400, "violated")])
def test_what_begins_behind_the_header_of_a_slot_is_what_the_slot_holds(tmp_path, capsys, at, verdict) -> None:
    text = f"""&mx25r64 {{ partitions {{ compatible = "fixed-partitions";
    slot4_partition: partition@12b000 {{ reg = <0x12b000 0x21000>; }};
    radio_fw: partition@{at:x} {{ reg = <{at:#x} 0x20000>; }}; }}; }};
"""
    path = tree(tmp_path, "nrf5340dk.overlay", text)
    assert [found for found, _ in answers(capsys, path, "map-no-overlap")[0]] == [verdict]


@pytest.mark.parametrize(("size", "verdict"), [("0x280", "holds"), ("0x200", "violated")])
def test_partitions_of_the_network_core_are_judged_as_that_cores(tmp_path, capsys, size, verdict) -> None:
    path = tree(tmp_path, "nrf5340_cpunet.dtsi", NETWORK % size)
    assert [found for found, _ in answers(capsys, path, "network-areas-whole")[0]] == [verdict]
    assert {found for found, _ in answers(capsys, path, "lock-span-on-granule")[0]} <= {"holds"}


@pytest.mark.parametrize(("other", "verdict"), [(True, "violated"), (False, "holds")])
def test_the_trees_own_word_says_whose_a_partition_is(tmp_path, capsys, other, verdict) -> None:
    path = tree(tmp_path, "nrf54l15_ns.dtsi", SIDES % "storage_partition" if other else _one_side())
    found, _ = answers(capsys, path, "boundary-alignment")
    assert [each for each, _ in found] == [verdict]


def _one_side():
    return SIDES.replace("<&vault>", "<&vault>, <&storage_partition>") % "slot0_ns_partition"


@pytest.mark.parametrize("form", ["&cpuapp_sram", "/ { reserved-memory"])
@pytest.mark.parametrize(("size", "verdict"), [(0x10000, "holds"), (0x10800, "violated")])
def test_the_two_sides_of_ram_meet_on_a_granule(tmp_path, capsys, form, size, verdict) -> None:
    base = 0x20000000 if "reserved" in form else 0
    ram = f"""sram0_s: image_s@{base:x} {{ reg = <{base:#x} {size:#x}>; }};
    sram0_ns: image_ns@{base + size:x} {{ reg = <{base + size:#x} {0x40000 - size:#x}>; }}; }};
"""
    path = tree(tmp_path, "nrf54l15.dtsi", f"{form} {{ {ram}" + ("};" if "reserved" in form else "") + _one_side())
    found, _ = answers(capsys, path, "ram-boundary")
    assert [each for each, _ in found] == [verdict]
    starts = {part.name: part.range.start for part in load(path).partitions}
    assert (starts["sram0_s"], starts["sram0_ns"]) == (0x20000000, 0x20000000 + size)


@pytest.mark.parametrize(("size", "verdict"), [(0x70000, "holds"), (0x6C000, "violated")])
def test_the_trees_of_two_images_are_to_agree_on_the_slots(tmp_path, capsys, size, verdict) -> None:
    build = write_build(tmp_path / "build", Build())
    for name in ("partitions.yml", "regions.yml"):
        (build / name).unlink()
    (build / "app" / "zephyr" / "zephyr.dts").write_text(FULL.format(size=0x70000))
    (build / "mcuboot" / "zephyr" / "zephyr.dts").write_text(FULL.format(size=size))
    found, _ = answers(capsys, build, "static-equals-built")
    assert [each for each, _ in found] == [verdict]
    assert [stage.name for stage in load(build).stages] == ["mcuboot", "app"]


def test_an_overlay_is_asked_what_the_application_around_it_says(tmp_path, capsys) -> None:
    for folder in ("boards", "sysbuild/mcuboot/boards"):
        (tmp_path / folder).mkdir(parents=True)
    tree(tmp_path, "prj.conf", "CONFIG_LOG=y\n")
    tree(tmp_path, "boards/nrf5340dk_nrf5340_cpuapp.conf", "CONFIG_NRF_APPROTECT_LOCK=y\n")
    tree(tmp_path, "boards/nrf52840dk_nrf52840.conf", "CONFIG_NRF_APPROTECT_USE_UICR=y\n")
    tree(tmp_path, "sysbuild/mcuboot/prj.conf", "CONFIG_FPROTECT=n\n")
    for folder in ("boards", "sysbuild/mcuboot/boards"):
        path = tree(tmp_path, f"{folder}/nrf5340dk_nrf5340_cpuapp.overlay", HOME.format(BOOT))
        assert [each for each, _ in answers(capsys, path, "boot-locks-itself")[0]] == ["violated"]
        told = load(path).settings.debug_closed
        assert told is not None
        assert (told.value, told.source.file) == (True, str(tmp_path / "boards/nrf5340dk_nrf5340_cpuapp.conf"))
    other = tree(tmp_path, "boards/nrf5340dk_nrf5340_cpunet.overlay", NETWORK % "0x280")
    assert load(other).settings.protects_itself is None


def test_a_map_of_nrf9160_alone_says_nothing_of_its_debug_port(tmp_path, capsys) -> None:
    path = tree(tmp_path, "nrf9160dk_nrf9160.overlay", HOME.format(BOOT))
    assert answers(capsys, path, "debug-port-closed")[0] == []


CHAINS = {
    "tfm": """
    boot_partition: partition@0 { reg = < 0x0 0xc000 >; };
    slot0_partition: partition@10000 { compatible = "fixed-subpartitions"; reg = < 0x10000 0x70000 >;
      ranges = < 0x0 0x10000 0x70000 >;
      slot0_s_partition: partition@0 { reg = < 0x0 0x10000 >; };
      slot0_ns_partition: partition@10000 { reg = < 0x10000 0x60000 >; }; };
    slot1_partition: partition@80000 { reg = < 0x80000 0x70000 >; };""",
    "nsib": """
    b0_partition: partition@0 { reg = < 0x0 0x8000 >; };
    s0_partition: boot_partition: partition@8000 { reg = < 0x8000 0x14000 >; };
    s1_partition: partition@1c000 { reg = < 0x1c000 0x14000 >; };
    slot0_partition: partition@30000 { reg = < 0x30000 0x68000 >; };
    slot1_partition: partition@98000 { reg = < 0x98000 0x68000 >; };""",
}
HEAD = '/dts-v1/;\n/ { soc { flash0: flash@0 { compatible = "soc-nv-flash"; reg = < 0x0 0x100000 >; partitions {'
HEAD += ' compatible = "fixed-partitions";'


@pytest.mark.parametrize(
    ("kind", "slots"),
    [
        ("tfm", {"mcuboot": ("boot_partition",), "tfm+app": ("slot0_partition",)}),
        ("nsib", {"b0": ("b0_partition",), "mcuboot": ("s0_partition", "s1_partition"), "app": ("slot0_partition",)}),
    ],
)
def test_a_build_without_the_partition_manager_has_its_chain(tmp_path, kind, slots) -> None:
    build = write_build(tmp_path / "build", Build(**{kind: True}))
    for name in ("partitions.yml", "regions.yml"):
        (build / name).unlink()
    for image in ("app", "mcuboot"):
        (build / image / "zephyr" / "zephyr.dts").write_text(f"{HEAD}{CHAINS[kind]}\n}}; }}; }}; }};\n")
    design = load(build)
    assert {image.name: image.slots for image in design.images} == slots
    assert design.images[-1].staging == "slot1_partition"


@pytest.mark.parametrize(("between", "images"), [(0, 1), (0x2000, 0)])
def test_two_images_that_reset_starts_as_one_lie_side_by_side(tmp_path, between, images) -> None:
    build = write_build(tmp_path / "build", Build(tfm=True))
    for name in ("partitions.yml", "regions.yml", "mcuboot/zephyr/.config", "zephyr/.config"):
        (build / name).unlink()
    config = build / "app" / "zephyr" / ".config"
    config.write_text(config.read_text().replace("CONFIG_BOOTLOADER_MCUBOOT=y", ""))
    start = 0x10000 + between
    parts = "slot0_s_partition: partition@0 { reg = < 0x0 0x10000 >; };\n"
    parts += f"slot0_ns_partition: partition@{start:x} {{ reg = < {start:#x} 0x60000 >; }};\n"
    (build / "app" / "zephyr" / "zephyr.dts").write_text(f"{HEAD}{parts}}}; }}; }}; }};\n")
    assert len(load(build).images) == images


@pytest.mark.parametrize(
    ("cells", "reg", "extent"),
    [
        ((2, 2), "0x0 0x8000 0x0 0xc000", (0x8000, 0x14000)),
        ((2, 1), "0x0 0x8000 0xc000", (0x8000, 0x14000)),
        ((1, 2), "0x8000 0x0 0xc000", (0x8000, 0x14000)),
        ((1, 1), "0x8000 0xc000", (0x8000, 0x14000)),
        ((2, 2), "0x1 0x8000 0x0 0xc000", None),
    ],
)
def test_a_partition_begins_where_all_its_cells_say(tmp_path, cells, reg, extent) -> None:
    inner = f"#address-cells = <{cells[0]}>; #size-cells = <{cells[1]}>; a: partition@8000 {{ reg = < {reg} >; }};\n"
    path = tree(
        tmp_path,
        "nrf5340dk_nrf5340_cpuapp.dts",
        f"{HEAD}{inner} b: partition@0 {{ reg = <0x0 0x1000>; }}; }}; }}; }}; }};\n",
    )
    found = {part.name: (part.range.start, part.range.end) for part in load(path).partitions}
    assert found.get("a") == extent


def test_a_map_of_the_partition_manager_is_not_that_of_the_devicetree(tmp_path) -> None:
    build = write_build(tmp_path / "build", Build(extra={"app": "CONFIG_PARTITION_MANAGER_ENABLED=y\n"}))
    for name in ("partitions.yml", "regions.yml"):
        (build / name).unlink()
    (build / "app" / "zephyr" / "zephyr.dts").write_text(FULL.format(size=0x70000))
    design = load(build)
    assert (design.partitions, design.stages) == ((), ())
    assert any("no partitions.yml is here" in entry.what for entry in design.ledger)


def test_an_application_that_nsib_starts_has_the_slots_of_the_devicetree(tmp_path) -> None:
    build = write_build(tmp_path / "build", Build(nsib=True))
    for name in ("partitions.yml", "regions.yml", "mcuboot/zephyr/.config", "zephyr/.config"):
        (build / name).unlink()
    config = build / "app" / "zephyr" / ".config"
    config.write_text(config.read_text().replace("CONFIG_BOOTLOADER_MCUBOOT=y", ""))
    for image in ("app", "b0"):
        (build / image / "zephyr" / "zephyr.dts").write_text(f"{HEAD}{CHAINS['nsib']}\n}}; }}; }}; }};\n")
    design = load(build)
    assert {image.name: image.slots for image in design.images} == {
        "b0": ("b0_partition",),
        "app": ("s0_partition", "s1_partition"),
    }
