"""Devicetrees of several files: what stands beside a file is followed, with lines of its own; addresses in ranges."""

import pytest

from bootverify.cli import run
from bootverify.sources.importers import load

BOARD = """/dts-v1/;
#include <nordic/nrf5340_cpuapp_qkaa.dtsi>
#include "parts.dtsi"
/ { compatible = "acme,board", "nordic,nrf5340-cpuapp"; };
/delete-node/ &scratch_partition;
"""
PARTS = """&flash0 { partitions { compatible = "fixed-partitions";
    boot_partition: partition@0 { reg = <0x0 0xc000>; };
    slot0_partition: partition@c000 { reg = <0xc000 0x70000>; };
    slot1_partition: partition@7c000 { reg = <0x7c000 0x70000>; };
    scratch_partition: partition@ec000 { reg = <0xec000 0x8000>; };
}; };
"""


def tree(tmp_path, **files):
    (tmp_path / "board").mkdir()
    for name, text in files.items():
        path = tmp_path / "board" / name.replace("_", ".").replace("..", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path / "board" / "board.dts"


def test_what_a_board_includes_from_beside_itself_is_its_map(tmp_path) -> None:
    path = tree(tmp_path, board_dts=BOARD, parts_dtsi=PARTS)
    design = load(path, shown="board/board.dts")
    assert [part.name for part in design.partitions] == ["boot_partition", "slot0_partition", "slot1_partition"]
    assert {(part.source.file, part.source.line) for part in design.partitions} == {
        ("board/parts.dtsi", line) for line in (2, 3, 4)
    }
    assert [file.file for file in design.files] == ["board/board.dts", "board/parts.dtsi"]
    assert any("nrf5340_cpuapp_qkaa" in entry.what for entry in design.ledger)


def test_a_fault_in_an_included_file_is_told_there(tmp_path, capsys) -> None:
    path = tree(tmp_path, board_dts=BOARD, parts_dtsi="&flash0 {\n  x = <1>\n  }\n")
    assert run(["check", str(path)]) == 2
    assert "parts.dtsi:3: this is no devicetree" in capsys.readouterr().err


def test_a_tree_without_partitions_is_refused_in_those_words(tmp_path, capsys) -> None:
    path = tree(tmp_path, board_dts="/ { chosen { }; };\n")
    assert run(["check", str(path)]) == 2
    assert "this devicetree draws no partition; name a build" in capsys.readouterr().err


def test_files_that_include_each_other_end(tmp_path) -> None:
    path = tree(tmp_path, board_dts=BOARD, parts_dtsi='#include "board.dts"\n#include "parts.dtsi"\n' + PARTS)
    assert len(load(path).partitions) == 3


@pytest.mark.parametrize("name", ["../parts.dtsi", "/etc/passwd", "none.dtsi", ".", "", "a\0b"])
def test_what_lies_elsewhere_is_not_followed(tmp_path, name) -> None:
    (tmp_path / "parts.dtsi").write_text(PARTS)
    path = tree(tmp_path, board_dts=PARTS + f'#include "{name}"\n')
    design = load(path)
    assert [file.file for file in design.files] == [str(path)]
    assert len(design.partitions) == 4


@pytest.mark.parametrize(
    ("ranges", "start"), [("", 0x40800), ("ranges = <0x0 0x40000 0x80000>;", 0x40800), ("ranges;", 0x800)]
)
def test_addresses_inside_a_partition_count_from_what_its_ranges_say(tmp_path, ranges, start) -> None:
    text = f"""/ {{ compatible = "nordic,nrf5340"; }};
&flash0 {{ partitions {{ slot0_partition: partition@40000 {{ compatible = "zephyr,mapped-partition";
    reg = <0x40000 0x80000>; {ranges}
    inner_partition: partition@800 {{ compatible = "zephyr,mapped-partition"; reg = <0x800 0x1000>; }};
}}; }}; }};
"""
    design = load(tree(tmp_path, board_dts=text))
    assert {part.name: part.range.start for part in design.partitions}["inner_partition"] == start
