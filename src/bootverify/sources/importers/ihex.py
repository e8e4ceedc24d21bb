"""Intel HEX as build systems write it, by a reader of our own: builds come with some 100,000 lines of it.

Records: Intel, Hexadecimal Object File Format Specification, revision A. The tests compare it with bincopy.
Nearly all records are data of one size, each behind the one before: such a stretch is read column by column, all its
records at once.
"""

from array import array
from sys import byteorder

from bootverify.errors import InputError

MOST_PIECES = 20_000
_FEW, _MANY = 4, 4096  # records of a stretch: fewer are quicker one by one; the next is sought as far as the last went
_LARGEST = 128  # bytes of a record whose sum fits two bytes
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
    base, expected, at, records, most = 0, -1, 0, 0, _MANY
    while at < len(packed):
        alike = _alike(packed, at, most)
        most = min(_MANY, 16 * max(_FEW, alike))
        end = at + max(1, alike) * (packed[at] + 5)
        record = packed[at:end]
        if not alike and (end > len(packed) or sum(record) & 0xFF or not _is_record(record)):
            raise _fault(content, name)
        if record[3] == _DATA:
            place = base + (record[1] << 8 | record[2])
            if place != expected:
                if len(pieces) >= MOST_PIECES:
                    words = f"its bytes lie in more than {MOST_PIECES:,} pieces; name what the build made"
                    raise InputError.at(name, 0, words)
                pieces.append((place, []))
            data = _data(record, packed[at]) if alike else record[4:-1]
            pieces[-1][1].append(data)
            expected = place + len(data)
        elif record[3] in _ADDRESS:
            base = int.from_bytes(record[4:-1]) << _ADDRESS[record[3]]
        records += max(1, alike)
        at = end
    if records != len(lines):
        raise _fault(content, name)
    return _joined([(place, b"".join(parts)) for place, parts in pieces], name)


def _alike(packed: bytes, at: int, most: int) -> int:
    """How many records from `at` on are right, hold data of one size and lie end to end; 0 where too few to matter."""
    size, step = packed[at], packed[at] + 5
    if not 0 < size <= _LARGEST or packed[at : at + _FEW * step : step] != bytes([size]) * _FEW:
        return 0
    address = packed[at + 1] << 8 | packed[at + 2]
    count = min(most, (len(packed) - at) // step, (0x10000 - address) // size)
    block = packed[at : at + count * step]
    places = array("H", range(address, address + count * size, size))
    if byteorder == "little":
        places.byteswap()
    told = places.tobytes()
    wanted = ((0, bytes([size]) * count), (1, told[::2]), (2, told[1::2]), (3, bytes([_DATA]) * count))
    for column, values in wanted:
        count = min(count, _equal(block[column::step], values))
    count = min(count, _equal(_sums(block[: count * step], step), bytes(count)))
    return count if count >= _FEW else 0


def _equal(some: bytes, others: bytes) -> int:
    """How many bytes both begin with."""
    size = min(len(some), len(others))
    unlike = int.from_bytes(some[:size], "little") ^ int.from_bytes(others[:size], "little")
    return ((unlike & -unlike).bit_length() - 1) // 8 if unlike else size


def _sums(block: bytes, step: int) -> bytes:
    """The checksum over each record of `step` bytes, which should be 0: two bytes a record in one long number."""
    total, wide = 0, bytearray(2 * (len(block) // step))
    for column in range(step):
        wide[::2] = block[column::step]
        total += int.from_bytes(wide, "little")
    return total.to_bytes(len(wide), "little")[::2]


def _data(block: bytes, size: int) -> bytes:
    """What records of `size` bytes of data each hold together."""
    step = size + 5
    data = bytearray(len(block) // step * size)
    for column in range(size):
        data[column::size] = block[4 + column :: step]
    return bytes(data)


def _packed(lines: list[bytes]) -> bytes | None:
    """All records as bytes; None when a line is none."""
    joined = b"\n" + b"\n".join(lines)
    if not joined.count(b":") == joined.count(b"\n:") == len(lines):
        return None
    try:
        return bytes.fromhex(joined.translate(None, b"\n:").decode("ascii"))
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
    if not _is_record(raw):
        return f"record of kind {raw[3]:#04x} with {raw[0]} bytes, which Intel HEX does not have"
    return ""


def _is_record(record: bytes) -> bool:
    kind = record[3]
    return kind == _DATA or (kind in _OTHER and (kind not in _ADDRESS or len(record) == 7))


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
