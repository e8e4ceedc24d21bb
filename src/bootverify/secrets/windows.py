"""The distinct bytes that raw numbers are looked for in, as one stream, and the way back to where they lie.

Bytes that repeat are looked at once: a piece that is part of another one, and the inside of a long run of one byte.
No window is lost by it, as what is found once is then looked up in every piece.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.secrets.encoded import Run
from bootverify.secrets.pieces import Piece

WIDEST = 1024  # bytes of the widest window: d of RSA-8192
_CONSTANT = re.compile(rb"(.)\1{" + str(2 * WIDEST).encode() + rb",}", re.DOTALL)
_WORTH = 4096  # bytes of a piece from which on it is worth asking whether another one contains it
_ASKED = 64
_TEXT = re.compile(rb"[\t\n\r\f\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Windows:
    """A stream and its seams: a window that crosses one stands nowhere. Seams are sorted; the last is the end."""

    stream: bytes = field(repr=False)
    seams: tuple[int, ...]


def is_text(data: bytes) -> bool:
    """Whether the bytes are those of a text file, where a raw number cannot be but by chance."""
    return _TEXT.fullmatch(data[: 1 << 16]) is not None and b"\x00" not in data


def windows(pieces: Sequence[Piece], runs: Sequence[Run], *, texts: bool) -> Windows:
    """The distinct stretches of the pieces and of what their encoded runs say; of text files only when `texts`."""
    stretches: list[bytes] = []
    for data in _distinct([piece.data for piece in pieces if texts or not is_text(piece.data)]):
        stretches += _without_inside(data)
    stretches += {run.decoded: None for run in runs}
    seams, at = [], 0
    for stretch in stretches:
        at += len(stretch)
        seams.append(at)
    return Windows(b"".join(stretches), tuple(seams))


def _distinct(contents: Sequence[bytes]) -> list[bytes]:
    kept: list[bytes] = []
    seen: set[bytes] = set()
    for data in sorted(contents, key=len, reverse=True):
        digest = hashlib.sha256(data).digest()
        if digest in seen or (len(data) >= _WORTH and any(data in other for other in kept[:_ASKED])):
            continue
        seen.add(digest)
        kept.append(data)
    return kept


def _without_inside(data: bytes) -> Iterator[bytes]:
    """The stretches around the inside of each long constant run; windows inside one are all alike, and one stays."""
    start = 0
    for match in _CONSTANT.finditer(data) if _may_repeat(data) else ():
        yield data[start : match.start() + WIDEST]
        start = match.end() - WIDEST
    yield data[start:]


def _may_repeat(data: bytes) -> bool:
    """Whether a block of one byte is there, as any long run holds one: to look for runs takes far longer."""
    blocks = (data[at : at + WIDEST] for at in range(0, len(data), WIDEST))
    return any(block.count(block[:1]) == WIDEST for block in blocks)


def places(value: bytes, data: bytes) -> Iterator[int]:
    """Every offset of `value` in `data`, overlapping ones too."""
    at = data.find(value)
    while at >= 0:
        yield at
        at = data.find(value, at + 1)
