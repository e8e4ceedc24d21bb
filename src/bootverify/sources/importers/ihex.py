"""Intel HEX as build systems write it, by a reader of our own: builds come with some 100,000 lines of it.

Records: Intel, Hexadecimal Object File Format Specification, revision A. The tests compare it with bincopy.
"""

from bootverify.errors import InputError

MOST_PIECES = 20_000
_DATA = 0x00
_OTHER = {0x01, 0x02, 0x03, 0x04, 0x05}  # end, extended address (2, 4), where execution begins (3, 5)
_ADDRESS = {0x02: 4, 0x04: 16}  # by how much its two bytes are shifted


def parse_ihex(content: bytes, name: str) -> list[tuple[int, bytes]]:
    """What lies together, by address.

    Raises:
        InputError: no Intel HEX, a wrong checksum, bytes that are set twice, or too many pieces; with the line.
    """
    lines = content.split()
    packed = _packed(lines)
    if packed is None:
        raise _fault(content, name)
    pieces: list[tuple[int, list[bytes]]] = []
    base, expected, at, records = 0, -1, 0, 0
    while at < len(packed):
        end = at + packed[at] + 5
        kind = packed[at + 3] if at + 3 < len(packed) else -1
        record = packed[at:end]
        records += 1
        if sum(record) & 0xFF or end > len(packed) or (kind != _DATA and not _is_other(record)):
            raise _fault(content, name)
        if kind == _DATA:
            place = base + (record[1] << 8 | record[2])
            if place != expected:
                if len(pieces) >= MOST_PIECES:
                    words = f"its bytes lie in more than {MOST_PIECES:,} pieces; name what the build made"
                    raise InputError.at(name, 0, words)
                pieces.append((place, []))
            pieces[-1][1].append(record[4:-1])
            expected = place + len(record) - 5
        elif kind in _ADDRESS:
            base = int.from_bytes(record[4:-1]) << _ADDRESS[kind]
        at = end
    if records != len(lines):
        raise _fault(content, name)
    return _joined([(place, b"".join(parts)) for place, parts in pieces], name)


def _packed(lines: list[bytes]) -> bytes | None:
    """All records as bytes; None when a line is none."""
    joined = b"".join(lines)
    if joined.count(b":") != len(lines) or not all(line.startswith(b":") for line in lines):
        return None
    try:
        return bytes.fromhex(joined.replace(b":", b"").decode("ascii"))
    except ValueError:
        return None


def _fault(content: bytes, name: str) -> InputError:
    """What is wrong with the first record that is none."""
    for number, line in enumerate(content.split(b"\n"), 1):
        for text in line.split():
            if words := _wrong(text):
                return InputError.at(name, number, f"{words}; name a file that the build made")
    return InputError.at(name, 0, "this is no Intel HEX; name a file that the build made")


def _wrong(text: bytes) -> str:
    try:
        raw = bytes.fromhex(text[1:].decode("ascii")) if text.startswith(b":") else b""
    except ValueError:
        raw = b""
    if len(raw) < 5 or len(raw) != raw[0] + 5:
        return f"this is no Intel HEX record (`{text[:20].decode('ascii', 'replace')}`)"
    if sum(raw) & 0xFF:
        return "the checksum of this record is wrong"
    if raw[3] != _DATA and not _is_other(raw):
        return f"record of kind {raw[3]:#04x} with {raw[0]} bytes, which Intel HEX does not have"
    return ""


def _is_other(record: bytes) -> bool:
    return record[3] in _OTHER and (record[3] not in _ADDRESS or len(record) == 7)


def _joined(pieces: list[tuple[int, bytes]], name: str) -> list[tuple[int, bytes]]:
    """Pieces that touch become one."""
    found: list[tuple[int, list[bytes]]] = []
    end = -1
    for at, data in sorted(pieces, key=lambda piece: piece[0]):
        if not data:
            continue
        if found and at < end:
            raise InputError.at(name, 0, f"the byte at {at:#x} is set twice; name a file that the build made")
        if found and at == end:
            found[-1][1].append(data)
        else:
            found.append((at, [data]))
        end = at + len(data)
    return [(at, b"".join(parts)) for at, parts in found]
