"""Bytes written as text: base64, hex, and the byte lists of source files; what they decode to, and from where."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

SHORTEST = 32  # decoded bytes below which a run cannot hold a key that is looked for
LONGEST = 1 << 20  # characters of one run that are decoded

_EOL = rb"(?:\r?\n[ \t]*|\\r\\n|\\n|\\r\\\n|\\n\\\n)"
_QUOTED = rb"(?:\"\s*\")"  # adjacent string literals of C
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}(?:(?:" + _EOL + rb"|" + _QUOTED + rb"){1,3}[A-Za-z0-9+/_-]+)*={0,2}")
_HEX = re.compile(rb"[0-9A-Fa-f]{40,}(?:" + _EOL + rb"?" + _QUOTED + rb"?[0-9A-Fa-f]{2,})*")
_PAIRS = re.compile(rb"[0-9A-Fa-f]{2}(?:[ :,-]\s*[0-9A-Fa-f]{2}){31,}")
_LISTED = re.compile(rb"(?:0[xX][0-9A-Fa-f]{1,2}[,\s]+){31,}0[xX][0-9A-Fa-f]{1,2}")
_DECIMAL = re.compile(rb"(?<![0-9.])(?:[0-9]{1,3}[ \t]*,\s*){31,}[0-9]{1,3}(?![0-9.])")
_ESCAPED = re.compile(rb"(?:\\x[0-9A-Fa-f]{2}){32,}")
_DIGITS = (
    *(("hex", _HEX), ("hex", _PAIRS), ("byte list", _LISTED)),
    *(("decimal list", _DECIMAL), ("escaped hex", _ESCAPED)),
)
_NOISE = re.compile(rb"\\r|\\n|[^A-Za-z0-9+/_=-]")
_NO_HEX = re.compile(rb"\\[rn]|[^0-9A-Fa-f]")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text from `offset` on over `size` characters; `decoded` is what it says, in the encoding named."""

    offset: int
    size: int
    encoding: str
    decoded: bytes = field(repr=False)


def runs(data: bytes) -> Iterator[Run]:
    """The runs in `data`, each in every alignment it can be read in."""
    for name, pattern in (
        ("hex", _HEX),
        ("hex", _PAIRS),
        ("byte list", _LISTED),
        ("decimal list", _DECIMAL),
        ("escaped hex", _ESCAPED),
    ):
        for match in pattern.finditer(data):
            yield from _hex(match, name)
    for match in _BASE64.finditer(data):
        yield from _base64(match)


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


def _base64(match: "re.Match[bytes]") -> Iterator[Run]:
    text = match[0][:LONGEST]
    if len(text) * 3 // 4 < SHORTEST:
        return
    letters = _NOISE.sub(b"", text)
    for skipped in range(4):
        decoded = base64_of(letters[skipped:])
        if len(decoded) >= SHORTEST:
            yield Run(match.start(), match.end() - match.start(), "base64", decoded)


def _hex(match: "re.Match[bytes]", name: str) -> Iterator[Run]:
    text = match[0][:LONGEST]
    if name == "byte list":
        decoded = bytes(int(each, 16) for each in re.findall(rb"0[xX]([0-9A-Fa-f]{1,2})", text))
        yield Run(match.start(), match.end() - match.start(), name, decoded)
        return
    if name == "decimal list":
        numbers = [int(each) for each in re.findall(rb"[0-9]+", text)]
        if max(numbers) < 256:
            yield Run(match.start(), match.end() - match.start(), name, bytes(numbers))
        return
    digits = re.sub(rb"\\x", b"", text) if name == "escaped hex" else _NO_HEX.sub(b"", text)
    for skipped in range(2 if name == "hex" else 1):
        piece = digits[skipped:]
        decoded = bytes.fromhex(piece[: len(piece) // 2 * 2].decode("ascii"))
        if len(decoded) >= SHORTEST:
            yield Run(match.start(), match.end() - match.start(), name, decoded)
