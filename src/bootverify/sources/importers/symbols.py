"""The symbol around an address, from the ELF file or the linker's map beside an image: enough to find the source line.

ELF: System V ABI, "Object Files" (32-bit, little-endian, as Arm's); map: what GNU ld and lld print with `-Map`.
"""

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from bootverify.errors import InputError
from bootverify.sources.input_file import MIB, read_bytes

LIMIT = 64 * MIB
_SECTION = struct.Struct("<10I")
_SYMBOL = struct.Struct("<IIIBBH")
_SYMTAB = 2
_FUNCTION = 2
_NAMED = {0, 1, _FUNCTION}  # no type, object, function
_MOST_SECTIONS = 4000
# an input section of GNU ld's map; a long name stands on a line of its own
_NUMBER = rb"0x([0-9a-fA-F]{1,16})"
_INPUT = re.compile(
    rb"^ (\.[\w.$]+)(?:[ \t]+|[ \t]*\r?\n[ \t]+)" + _NUMBER + rb"[ \t]+" + _NUMBER + rb"[ \t]+(\S[^\r\n]*)",
    re.MULTILINE,
)
_KINDS = re.compile(r"\.(?:rodata|data|bss|text|noinit)(?:\.str1\.\d+|\.cst\d+)?\.?")


def symbol_at(address: int, files: list[Path]) -> str:
    """The symbol that covers the address, or the section and object file that do; empty where no file tells."""
    for path in files:
        try:
            content = read_bytes(path, limit=LIMIT, shown=path.name)
        except InputError:
            continue
        found = _in_elf(content, address) if content.startswith(b"\x7fELF") else _in_map(content, address)
        if found:
            return found
    return ""


def _in_elf(content: bytes, address: int) -> str:
    """The smallest symbol around the address."""
    around = [(size, name) for name, value, size in _symbols(content) if name and value <= address < value + size]
    return min(around, default=(0, ""))[1]


def _symbols(content: bytes) -> Iterator[tuple[str, int, int]]:
    if len(content) < 52 or content[4:6] != b"\x01\x01":
        return
    (start,) = struct.unpack_from("<I", content, 32)
    entry, count = struct.unpack_from("<HH", content, 46)
    if entry != _SECTION.size or count > _MOST_SECTIONS or start + entry * count > len(content):
        return
    sections = [_SECTION.unpack_from(content, start + entry * index) for index in range(count)]
    for section in sections:
        if section[1] != _SYMTAB or section[6] >= count:
            continue
        names = content[sections[section[6]][4] :][: sections[section[6]][5]]
        table = content[section[4] : section[4] + section[5]]
        for at in range(0, len(table) - _SYMBOL.size + 1, _SYMBOL.size):
            name, value, size, info, _, index = _SYMBOL.unpack_from(table, at)
            if size and index and info & 0xF in _NAMED:
                start = value & ~1 if info & 0xF == _FUNCTION else value  # Arm: bit 0 marks Thumb code
                yield names[name : names.find(b"\x00", name)].decode("ascii", "replace"), start, size


def _in_map(content: bytes, address: int) -> str:
    """The input section around the address: with a section for each object its name is the symbol's."""
    for match in _INPUT.finditer(content):
        start, size = int(match[2], 16), int(match[3], 16)
        if size and start <= address < start + size:
            name = _KINDS.sub("", match[1].decode("ascii"), count=1).lstrip(".") or match[1].decode("ascii")
            file = re.split(r"[/\\]", match[4].decode("ascii", "replace"))[-1].rstrip(")")
            return f"{name} of {re.sub(r'^.*[(]', '', file)[:60]}"
    return ""
