"""The parser of devicetrees against dtlib, on flat files as a build writes them: the same nodes, labels and numbers."""

import pytest
from devicetree.dtlib import DT
from hypothesis import given, settings
from hypothesis import strategies as st

from bootverify.sources.importers.devicetree import parse_devicetree
from bootverify.sources.ledger import Ledger

FLAT = """\
/dts-v1/;
/ {
    #address-cells = <0x1>;
    #size-cells = <0x1>;
    chosen { zephyr,code-partition = &slot0; };
    flash0: flash@0 {
        compatible = "soc-nv-flash";
        reg = <0x0 0x100000>;
        partitions {
            compatible = "fixed-partitions";
            #address-cells = <0x1>;
            #size-cells = <0x1>;
%s        };
    };
};
"""
PARTITIONS = st.lists(
    st.tuples(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.booleans()), min_size=1, max_size=8
)


def _flat(partitions) -> str:
    rows = []
    for number, (start, size, decimal) in enumerate(partitions):
        numbers = f"{start} {size}" if decimal else f"{start:#x} {size:#x}"
        rows.append(
            f'            slot{number}: p{number}@{start:x} {{ label = "image-{number}"; reg = <{numbers}>; }};\n'
        )
    return FLAT % "".join(rows)


@settings(max_examples=60, deadline=None)
@given(PARTITIONS)
def test_labels_numbers_and_texts_are_those_of_dtlib(tmp_path_factory, partitions):
    text = _flat(partitions)
    path = tmp_path_factory.mktemp("dts") / "zephyr.dts"
    path.write_text(text)
    theirs, ours = DT(str(path)), parse_devicetree(text.encode(), "zephyr.dts", Ledger())
    for number, _ in enumerate(partitions):
        node, other = ours.labelled(f"slot{number}"), theirs.label2node[f"slot{number}"]
        assert node is not None
        assert ours.cells(node, "reg") == other.props["reg"].to_nums()
        assert node.texts("label") == [other.props["label"].to_string()]
        assert text.splitlines()[node.line - 1].lstrip().startswith(f"slot{number}:")
    assert ours.chosen()["zephyr,code-partition"] is ours.labelled("slot0")


@pytest.mark.parametrize("expression", ["(1 << 12)", "(0x10 * 4 + 8)", "(0xff & 0xf0)", "((2 | 1) - 1)"])
def test_expressions_have_the_value_that_dtlib_gives(tmp_path, expression):
    text = FLAT % f"            slot0: p@0 {{ reg = <{expression} 0x1000>; }};\n"
    path = tmp_path / "zephyr.dts"
    path.write_text(text)
    ours = parse_devicetree(text.encode(), "zephyr.dts", Ledger())
    node = ours.labelled("slot0")
    assert node is not None
    assert ours.cells(node, "reg") == DT(str(path)).label2node["slot0"].props["reg"].to_nums()
