"""Bytes written as text: base64, hex, the byte lists of source files, all in UTF-16 too; what they decode to."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import field

from bootverify.dataclass import dataclass

SHORTEST = 32  # decoded bytes below which a run cannot hold a key that is looked for
LONGEST = 1 << 20  # characters of one run that are decoded

_EOL = rb"(?:\r?\n[ \t]*|\\r\\n|\\n|\\r\\\n|\\n\\\n)"
_QUOTED = rb"(?:\"\s*\")"  # adjacent string literals of C
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}(?:(?:" + _EOL + rb"|" + _QUOTED + rb"){1,3}[A-Za-z0-9+/_-]+)*={0,2}")
_HEX = re.compile(rb"[0-9A-Fa-f]{16,}(?:(?:" + _EOL + rb"|" + _QUOTED + rb"|" + _EOL + _QUOTED + rb")[0-9A-Fa-f]{2,})*")
_GROUPS = re.compile(rb"(?:[0-9A-Fa-f]{2}){1,8}(?:[ :,-]\s*(?:[0-9A-Fa-f]{2}){1,8}){3,}")
_LISTED = re.compile(rb"(?:0[xX][0-9A-Fa-f]{1,2}[,\s]+){31,}0[xX][0-9A-Fa-f]{1,2}")
_DECIMAL = re.compile(rb"(?<![0-9.])(?:[0-9]{1,3}[ \t]*,\s*){31,}[0-9]{1,3}(?![0-9.])")
_ESCAPED = re.compile(rb"(?:\\x[0-9A-Fa-f]{2}){32,}")
_WIDE = re.compile(rb"(?:[\t\n\r\x20-\x7e]\x00){31,}[\t\n\r\x20-\x7e]?")  # UTF-16 in either byte order
_NOISE = re.compile(rb"\\r|\\n|[^A-Za-z0-9+/_=-]")
_NO_HEX = re.compile(rb"\\[rn]|[^0-9A-Fa-f]")
# Bytes by what they can be in a run: 1 a character, 0 what stands between two in UTF-16, 2 neither.
_CLASSES = bytes(1 if byte in b"\t\n\v\f\r" or 0x20 <= byte < 0x7F else 2 if byte else 0 for byte in range(256))
_TEXT = b"\x01" * SHORTEST, re.compile(rb"[^\x01]")  # how a stretch of it begins, and what ends it
_WIDE_TEXT = b"\x01\x00" * (SHORTEST - 1), re.compile(rb"[^\x00\x01]")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text from `offset` on over `size` characters; `decoded` is what it says, in the encoding named."""

    offset: int
    size: int
    encoding: str
    decoded: bytes = field(repr=False)


def runs(data: bytes) -> Iterator[Run]:
    """The runs in `data`, each in every alignment it can be read in."""
    classes = data.translate(_CLASSES)
    narrow, wide = list(_stretches(classes, *_TEXT)), list(_stretches(classes, *_WIDE_TEXT))
    for name, pattern, reading in _READINGS:
        for start, end in wide if pattern is _WIDE else narrow:
            for match in pattern.finditer(data, start, end):
                if match.end() - match.start() < SHORTEST:
                    continue  # no encoding is shorter than what it says
                for decoded in reading(match[0][:LONGEST]):
                    if len(decoded) >= SHORTEST:
                        yield Run(match.start(), match.end() - match.start(), name, decoded)


def _stretches(classes: bytes, begins: bytes, other: "re.Pattern[bytes]") -> Iterator[tuple[int, int]]:
    """Where a run can lie at all: most bytes of a firmware are code, at each of which no pattern need be tried."""
    at = classes.find(begins)
    while at >= 0:
        stop = other.search(classes, at)
        end = stop.start() if stop else len(classes)
        yield at, end
        at = classes.find(begins, end)


def base64_of(text: bytes) -> bytes:
    r"""What some base64 says, whatever line ends, quotes and escapes it is written with; a broken end is left out.

    >>> base64_of(b'MC4C"\n  "AQAw')
    b'0.\x02\x01\x000'
    """
    letters = _NOISE.sub(b"", text).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=").replace(b"=", b"")
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return b""


def _base64(text: bytes) -> Iterator[bytes]:
    letters = _NOISE.sub(b"", text)
    return (base64_of(letters[skipped:]) for skipped in range(4))


def _hex(text: bytes) -> Iterator[bytes]:
    digits = _NO_HEX.sub(b"", text)
    return (_of_digits(digits[skipped:]) for skipped in range(2))


def _escaped(text: bytes) -> Iterator[bytes]:
    yield _of_digits(text.replace(b"\\x", b""))


def _of_digits(digits: bytes) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))


def _listed(text: bytes) -> Iterator[bytes]:
    yield bytes(int(each, 16) for each in re.findall(rb"0[xX]([0-9A-Fa-f]{1,2})", text))


def _decimal(text: bytes) -> Iterator[bytes]:
    """What stands between numbers that are no bytes, such as one that runs into a digit beside the list."""
    decoded = bytearray()
    for each in re.findall(rb"[0-9]+", text):
        if int(each) < 256:
            decoded.append(int(each))
        else:
            yield bytes(decoded)
            decoded.clear()
    yield bytes(decoded)


def _wide(text: bytes) -> Iterator[bytes]:
    yield text[::2]


_READINGS: tuple[tuple[str, "re.Pattern[bytes]", Callable[[bytes], Iterator[bytes]]], ...] = (
    ("hex", _HEX, _hex),
    ("hex", _GROUPS, _hex),
    ("byte list", _LISTED, _listed),
    ("decimal list", _DECIMAL, _decimal),
    ("escaped hex", _ESCAPED, _escaped),
    ("base64", _BASE64, _base64),
    ("UTF-16", _WIDE, _wide),
)
