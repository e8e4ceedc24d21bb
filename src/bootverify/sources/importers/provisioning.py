"""NSIB's provision data in programming files: where it will look for its slots, and which key hashes it accepts.

Layout: ncs-boot 1.8, after include/bl_storage.h and scripts/bootloader/provision.py of the nRF Connect SDK. Older
releases (seen up to 2.1) have no life cycle in front, and nRF54L has words where the others have halfwords.
"""

import struct
from collections import Counter
from collections.abc import Iterator

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.sources.importers.hexfile import FirmwareFile, word_at

MOST_KEYS = 16  # NSIB's own limit (provision.py)
_MOST_COUNTERS = 8
_KEY, _HASH = 20, 16
_COUNTERS = 1  # type of the counter collection
_ERASED = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """The data at one place: the addresses of both slots, the hashes in their order, and where they end."""

    slots: tuple[int, int]
    hashes: tuple[bytes, ...]
    end: int
    source: Source


def provisioned_in(file: FirmwareFile, start: int, *, words: bool) -> Provisioned | None:
    """What `file` programs at `start`; None when that is nothing, or no provision data. `words`: as on nRF54L."""
    offsets = (0x30 if words else 0x28, 0)  # the first word that is programmed tells the layout
    at = next((start + each for each in offsets if word_at(file, start + each) not in {None, _ERASED}), None)
    head = [word_at(file, at + each) for each in (0, 4, 8)] if at is not None else []
    if at is None or not all(each is not None for each in head):
        return None
    first, second, count = (each or 0 for each in head)
    if not first or not 0 < count <= 1000:
        return None  # a head of zeros belongs to MCUboot's counter alone
    keys = [_bytes(file, at + 12 + _KEY * number + 4, _HASH) for number in range(count)]
    return Provisioned(
        slots=(first, second),
        hashes=tuple(key for key in keys if key),
        end=_end(file, at + 12 + _KEY * count, 4 if words else 2),
        source=Source(file=file.file, text=f"provision data at {start:#x}"),
    )


def faults_of(keys: tuple[bytes, ...]) -> Iterator[str]:
    """What provision.py refuses to write: keys that NSIB would not read, take twice, or leave open to a change."""
    if len(keys) > MOST_KEYS:
        yield f"the provision data hold {len(keys)} keys, and the first stage reads {MOST_KEYS}"
    for key, times in Counter(keys).items():
        if times > 1:
            yield f"the provision data hold the key hash {key.hex()[:16]} {times} times, so it cannot be revoked once"
        if any(key[at : at + 2] == b"\xff\xff" for at in range(0, len(key), 2)):
            yield f"the key hash {key.hex()[:16]} has a halfword that reads as erased and can still be written"


def _end(file: FirmwareFile, at: int, width: int) -> int:
    """Behind the counters, as far as they are there; `width` of one value."""
    head = _bytes(file, at, 4)
    kind, number = struct.unpack("<HH", head) if len(head) == 4 else (0, 0)
    if kind != _COUNTERS or number > _MOST_COUNTERS:
        return at
    at += 4
    for _ in range(number):
        counter = _bytes(file, at, 4)
        if len(counter) < 4:
            break
        at += 4 + width * struct.unpack("<HH", counter)[1]
    return at


def _bytes(file: FirmwareFile, at: int, size: int) -> bytes:
    """The bytes at an address; empty when the file does not set all of them."""
    for part in file.segments:
        if part.at <= at and at + size <= part.at + len(part.data):
            return part.data[at - part.at : at - part.at + size]
    return b""
