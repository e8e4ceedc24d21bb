"""The readers of one format each: what they take, what they refuse, and that nothing makes them crash or hang."""

import gzip
import struct
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers import load
from bootverify.sources.importers.devicetree import parse_devicetree
from bootverify.sources.importers.hexfile import parse_firmware, public_keys, signed_images
from bootverify.sources.importers.kconfig import parse_kconfig
from bootverify.sources.importers.partition_manager import parse_partitions
from bootverify.sources.ledger import Ledger


def test_a_symbol_that_is_absent_is_unknown_and_one_not_set_is_off() -> None:
    config = parse_kconfig(b"CONFIG_A=y\n# CONFIG_B is not set\n", ".config", Ledger())
    assert [config.flag(f"CONFIG_{name}") and config.flag(f"CONFIG_{name}").value for name in "ABC"] == [
        True,
        False,
        None,
    ]


def test_a_symbol_knows_its_line_and_the_last_one_counts() -> None:
    config = parse_kconfig(b'CONFIG_A="x"\r\nCONFIG_A="y z"\r\n', "prj.conf", Ledger())
    assert (config.text("CONFIG_A"), config.symbol("CONFIG_A").source.line) == ("y z", 2)


def test_symbols_of_the_boot_chain_that_nobody_asked_for_are_in_the_ledger() -> None:
    ledger = Ledger()
    config = parse_kconfig(b"CONFIG_BOOT_FANCY=y\nCONFIG_LOG=y\nCONFIG_MCUBOOT=y\n", ".config", ledger)
    config.flag("CONFIG_MCUBOOT")
    config.note_rest(ledger)
    assert [entry.what for entry in ledger.listed()] == [
        "1 symbols that do not concern the boot chain", "CONFIG_BOOT_FANCY=y",
    ]  # fmt: skip


def test_partitions_come_with_size_texts_anchors_and_without_region() -> None:
    text = b"a: {address: 0xC000, size: 32k}\nb: &b\n  address: 0x14000\n  size: 0x200\n  region: otp\n"
    text += b"c: {span: [a, gone]}\n"
    ledger = Ledger()
    found = parse_partitions(text, "pm_static.yml", ledger)
    assert [(entry.name, entry.at, entry.size, entry.region) for entry in found] == [
        ("a", 0xC000, 0x8000, "flash_primary"), ("b", 0x14000, 0x200, "otp"), ("c", None, None, "flash_primary"),
    ]  # fmt: skip
    assert (found[2].span, ledger.listed()[0].what) == (("a",), "`c` spans `gone`, which is not in the map")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"partitions: [{name: a}]", "`partitions` is a list"),
        (b"partitions: {a: {address: 0}}", "wants them at the top"),
        (b"", "the map is empty"),
        (b"a: *b", "refers to no anchor"),
    ],
)
def test_what_is_no_map_is_refused_with_the_reason(text, words) -> None:
    with pytest.raises(InputError, match=words):
        parse_partitions(text, "pm_static.yml", Ledger())


OVERLAY = b"""
#include <mem.h>
#define SLOT 0x1000
/delete-node/ &old;
&flash0 {
    partitions {
        compatible = "fixed-partitions";
        boot_partition: partition@0 { label = "mcuboot"; reg = <0x0 DT_SIZE_K(48)>; };
        slot0: partition@c000 { reg = <0xc000 (SLOT * 4 + 0x10)>; read-only; };
    };
};
"""


def test_an_overlay_gives_labels_lines_and_sizes() -> None:
    ledger = Ledger()
    tree = parse_devicetree(OVERLAY, "app.overlay", ledger)
    found = {label: (node.line, tree.cells(node, "reg")) for node in tree.root.walk() for label in node.labels}
    assert found["boot_partition"] == (8, [0, 48 * 1024])
    assert found["slot0"] == (9, [0xC000, 0x4010])
    assert ledger.listed()[0].what == "not followed: #include <mem.h>"


def test_figures_with_a_zero_in_front_count_in_eights() -> None:
    tree = parse_devicetree(b"#define A 010\n#define B 0x10\n/ { a = <A B 020 20>; };", "x.dts", Ledger())
    assert tree.cells(tree.root, "a") == [8, 16, 16, 20]


@pytest.mark.parametrize("text", [b"/ { a { };", b"/ { } } ;", b"/ { a = <1> }", b"\x00", b"{" * 100])
def test_an_unbalanced_tree_is_refused(text) -> None:
    with pytest.raises(InputError):
        parse_devicetree(text, "x.dts", Ledger())


def image(payload=b"\xff" * 64, version=(1, 2, 3, 4), flags=0):
    header = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, len(payload), flags, *version, 0)
    tlvs = struct.pack("<HH", 0x10, 32) + sha256(header + payload).digest() + struct.pack("<HH", 0x01, 32) + bytes(32)
    return header + payload + struct.pack("<HH", 0x6907, 4 + len(tlvs)) + tlvs


def ihex(at, data):
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        record = struct.pack(">BHB", len(part), (at + start) & 0xFFFF, 0) + part
        lines.append(":" + (record + bytes([-sum(record) & 0xFF])).hex().upper())
    return ("\n".join([*lines, ":00000001FF"]) + "\n").encode()


def test_a_signed_image_is_found_with_version_and_key_hash() -> None:
    found = list(signed_images(parse_firmware(ihex(0xC000, image()), "merged.hex")))
    assert [(each.at, each.version, each.digest_ok, each.keyhash) for each in found] == [
        (0xC000, "1.2.3+4", True, "00" * 32)
    ]


def test_a_changed_image_is_found_and_its_digest_is_wrong() -> None:
    data = bytearray(image())
    data[40] ^= 1
    assert [each.digest_ok for each in signed_images(parse_firmware(bytes(data), "app.bin"))] == [False]


def test_gzipped_files_are_unpacked_within_bounds() -> None:
    assert list(signed_images(parse_firmware(gzip.compress(image()), "app.bin.gz")))
    bomb = gzip.compress(bytes(70 << 20), 9)
    with pytest.raises(InputError, match="unpacks to more than"):
        parse_firmware(bomb, "app.bin.gz")


def test_a_public_key_compiled_in_is_found_by_content() -> None:
    key = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
    found = list(public_keys(parse_firmware(b"\xff" * 7 + key + b"\xff", "app.bin")))
    assert [(each.at, each.kind, each.digest) for each in found] == [(7, "ed25519", sha256(key).hexdigest())]


SIGNS = st.text(alphabet='abc01x{}<>;:="&/@#()-+*, \n', max_size=200).map(str.encode)


@given(st.binary(max_size=300) | SIGNS)
def test_no_content_crashes_a_reader(content) -> None:
    parse_kconfig(content, "x", Ledger())
    for reader in (parse_partitions, parse_devicetree):
        try:
            reader(content, "x", Ledger())
        except InputError:
            continue


@given(st.binary(max_size=300) | st.builds(lambda at, cut: image()[at:cut], st.integers(0, 40), st.integers(0, 200)))
def test_no_bytes_crash_the_readers_of_images(content) -> None:
    for name in ("x.bin", "x.hex", "x.hex.gz"):
        try:
            file = parse_firmware(content, name)
        except InputError:
            continue
        assert all(each.size > 0 for each in signed_images(file))
        list(public_keys(file))


def test_the_ledger_is_bounded_and_says_what_it_left_out() -> None:
    ledger = Ledger()
    for line in range(3000):
        ledger.add(Source(file="x", line=line), "thing")
    assert (len(ledger.listed()), ledger.listed()[-1].what) == (2001, "1000 further things")


def scattered(count):
    lines = []
    for number in range(count):
        record = struct.pack(">BHB", 1, number * 3 & 0xFFFF, 0) + b"\x01"
        lines.append(":" + (record + bytes([-sum(record) & 0xFF])).hex())
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("reader", "content", "words"),
    [
        (parse_devicetree, b"/*" * 100_000, "does not end"),
        (parse_devicetree, b"&{" * 100_000, "levels of nodes"),
        (parse_partitions, b"".join(b"a%d: {size: 2}\n" % i for i in range(2000)), "at most 1,000"),
        (lambda content, _, __: parse_firmware(content, "x.hex"), scattered(21_000), "pieces"),
    ],
)
def test_what_would_take_long_is_refused_at_once(reader, content, words) -> None:
    with pytest.raises(InputError, match=words):
        reader(content, "x", Ledger())


def test_long_lines_and_long_expressions_take_no_time() -> None:
    spaces = b"CONFIG_A=" + b" a" * 100_000 + b" " * 400_000 + b"b\n"
    assert len(parse_kconfig(spaces, "x", Ledger()).text("CONFIG_A")) == 600_000
    tree = parse_devicetree(b"/ { a = <(" + b"1<<60<<" * 30_000 + b"1)>; };", "x", Ledger())
    assert tree.cells(tree.root, "a") == [None]


@pytest.mark.parametrize(
    "entry", ["{address: 0x1000, end_address: 0x2000}", "{size: 0x1000}", "{address: 0, size: 4, region: ours}"]
)
def test_a_map_without_a_placed_partition_is_refused_as_that(tmp_path, entry) -> None:
    path = tmp_path / "pm_static.yml"
    path.write_text(f"app: {entry}\n")
    with pytest.raises(InputError, match="no partition of this map has both an address and a size"):
        load(path)
