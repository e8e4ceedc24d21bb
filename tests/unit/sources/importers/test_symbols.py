"""Symbols around an address, from ELF files and linker maps that we write ourselves; damaged files tell nothing."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.designs.build_dirs import Build, write_build
from tests.unit.sources.importers.test_found_keys import OWN, around, der

from bootverify import api
from bootverify.sources.importers.symbols import symbol_at

MAP = b"""
 .text          0x0000000000008000      0x100
 .text.main     0x0000000000008000       0x40 app/libapp.a(main.c.obj)
 .rodata.enc_priv_key
                0x000000000000869b       0x8a zephyr/CMakeFiles/app.dir/autogen-enckey.c.obj
                0x000000000000869b                enc_priv_key
 .rodata        0x0000000000009000       0x20 /home/builder/lib.a(tables.c.obj)
"""


def elf(symbols):
    """A 32-bit little-endian ELF file with nothing but a symbol table."""
    names, table = b"\x00", struct.pack("<IIIBBH", 0, 0, 0, 0, 0, 0)
    for name, value, size in symbols:
        table += struct.pack("<IIIBBH", len(names), value, size, 0x12 if name == "main" else 0x11, 0, 1)
        names += name.encode() + b"\x00"
    start = 52 + len(table) + len(names)
    sections = struct.pack("<10I", *[0] * 10)
    sections += struct.pack("<10I", 0, 2, 0, 0, 52, len(table), 2, 0, 4, 16)
    sections += struct.pack("<10I", 0, 3, 0, 0, 52 + len(table), len(names), 0, 0, 1, 0)
    head = (
        b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, 0, 0, start, 0, 52, 0, 0, 40, 3, 2)
    )
    return head + table + names + sections


ELF = elf([("main", 0x8001, 0x40), ("keys", 0x8600, 0x200), ("enc_priv_key", 0x869B, 0x8A)])


@pytest.mark.parametrize(
    ("content", "address", "symbol"),
    [
        (ELF, 0x869B, "enc_priv_key"),
        (ELF, 0x8724, "enc_priv_key"),
        (ELF, 0x8725, "keys"),
        (ELF, 0x8000, "main"),
        (ELF, 0x9000, ""),
        (MAP, 0x869B, "enc_priv_key of autogen-enckey.c.obj"),
        (MAP, 0x8725, ""),
        (MAP, 0x9001, ".rodata of tables.c.obj"),
        (MAP, 0x8010, "main of main.c.obj"),
    ],
)
def test_the_innermost_symbol_around_an_address_is_told(tmp_path, content, address, symbol):
    (tmp_path / "zephyr.elf").write_bytes(content)
    assert symbol_at(address, [tmp_path / "none.elf", tmp_path / "zephyr.elf"]) == symbol


@settings(deadline=None)
@given(st.integers(0, len(ELF)), st.integers(0, len(ELF) - 1), st.integers(0, 255))
def test_a_damaged_file_tells_nothing_or_something_but_never_crashes(tmp_path_factory, cut, at, byte):
    path = tmp_path_factory.getbasetemp() / "damaged.elf"
    path.write_bytes((ELF[:at] + bytes([byte]) + ELF[at + 1 :])[:cut])
    assert isinstance(symbol_at(0x869B, [path]), str)


def test_a_key_in_a_build_is_told_with_its_symbol(tmp_path):
    path = write_build(tmp_path / "build", Build(nsib=True, encrypt=True, boot_loader=around(der(OWN))))
    (path / "mcuboot" / "zephyr" / "zephyr.map").write_bytes(MAP)
    assert "symbol enc_priv_key of autogen-enckey.c.obj" in api.load(path).key("image_decryption").source.text
