"""Bytes after an operation in which the power failed: some units of it done, the others as they were."""

from hashlib import shake_128

from bootverify.machine.tear import Part, Tear


def blend(tear: Tear, before: bytes, after: bytes, at: int, unit: int) -> bytes:
    """What stands at index `at` of a memory that is written in `unit` bytes, when `before` was on its way to `after`.

    INVARIANT: both have one length.
    """
    half = halfway(len(after), unit)
    match tear.part:
        case Part.NONE:
            return before
        case Part.FRONT:
            return after[:half] + before[half:]
        case Part.BACK:
            return before[:half] + after[half:]
        case Part.ALL:
            return after
        case Part.SCATTERED:
            drawn = _drawn(tear.seed, at, len(after) // unit // 8 + 1)
            done = [drawn[i // 8] >> i % 8 & 1 for i in range(-(-len(after) // unit))]
            return b"".join((after if each else before)[i * unit : (i + 1) * unit] for i, each in enumerate(done))
        case Part.BITS:
            old, new, mask = (_number(each) for each in (before, after, _drawn(tear.seed, at, len(after))))
            return (old ^ (old ^ new) & mask).to_bytes(len(after), "little")


def halfway(length: int, unit: int) -> int:
    """The first half of so many bytes, in whole units; 0 where there is only one."""
    return length // 2 // unit * unit


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _drawn(seed: int, at: int, count: int) -> bytes:
    """So many bytes that look like chance, and are the same each time."""
    return shake_128(f"{seed}:{at}".encode()).digest(count)
