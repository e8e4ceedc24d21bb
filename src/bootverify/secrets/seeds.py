"""Ed25519 seeds in bytes: SHA-512 stands between seed and key (RFC 8032, 5.1.5), so each window costs a derivation.

A filter leaves out the windows that look like the rest of the file. It scores pairs of bytes by how often they occur,
in two ways: the 16 pairs that begin at the window's first byte, and the 15 that begin at its second. The counts that
score one half of the bytes come from the other half alone, so they do not depend on a key that stands there once; pairs
seen three times or less count as never seen, so a few copies elsewhere do not matter either. For a seed of uniformly
random bytes the pairs of one way are independent, and the sum's distribution is computed exactly: each threshold is set
so that a seed exceeds it with at most half the stated probability. `miss` bounds their union.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from math import log2

from bootverify.dataclass import dataclass
from bootverify.secrets.keys import PublicKey
from bootverify.secrets.library import ed25519

SIZE = 32
MISS = 2.0**-16
_SMALL = 8 * 1024  # windows so few that all are tried
_RARE = 3
_REMEMBERED = 1 << 16
_STEP = 4  # scores are counted in quarters of a bit
_LEAST = -2 * _STEP
_MOST = 8 * _STEP


@dataclass(frozen=True, slots=True)
class Candidates:
    """The offsets that a seed may stand at, in order; a seed is missed with probability `miss` at most."""

    offsets: Sequence[int]
    miss: float


def candidates(data: bytes, *, exhaustive: bool = False) -> Candidates:
    """The windows worth a derivation; all of them when `exhaustive`, or when they are few."""
    count = max(0, len(data) - SIZE + 1)
    if exhaustive or count <= _SMALL:
        return Candidates(range(count), 0.0)
    middle = len(data) // 2
    kept: list[int] = []
    halves = ((0, middle + SIZE // 2), (middle - SIZE // 2, len(data)))
    # a window belongs to the half that holds its centre; its counts come from bytes at least a window away
    for (start, end), others in zip(halves, (data[middle + SIZE :], data[: middle - SIZE]), strict=True):
        kept += (start + at for at in _unlike(data[start:end], others))
    return Candidates(sorted(set(kept)), MISS)


def matching(
    data: bytes, offsets: Sequence[int], keys: Sequence[PublicKey], tick: Callable[[int], None] | None = None
) -> Iterator[tuple[int, str]]:
    """The pairs (offset, fingerprint) where a window is the seed of one of `keys`; `tick` is told how many are done."""
    wanted = {key.raw: key.fingerprint for key in keys if key.type == "Ed25519"}
    seen: dict[bytes, str] = {}
    for number, at in enumerate(offsets):
        if tick and number % 1024 == 1023:
            tick(1024)
        window = data[at : at + SIZE]
        if window not in seen:
            if len(seen) >= _REMEMBERED:
                seen.clear()
            public = ed25519.Ed25519PrivateKey.from_private_bytes(window).public_key().public_bytes_raw()
            seen[window] = wanted.get(public, "")
        if seen[window]:
            yield at, seen[window]


def _unlike(data: bytes, others: bytes) -> Iterator[int]:
    """The offsets of windows of `data` that score no higher than random bytes do by the pairs of `others`."""
    score = _scores(others)
    first_most, second_most = _threshold(score, SIZE // 2), _threshold(score, SIZE // 2 - 1)
    values = [score[high << 8 | low] for high, low in pairwise(data)]
    sums = [[0, *accumulate(values[parity::2])] for parity in (0, 1)]
    for at in range(len(data) - SIZE + 1):
        own, other = sums[at & 1], sums[at & 1 ^ 1]
        index, next_ = at >> 1, (at + 1) >> 1
        if own[index + 16] - own[index] <= first_most and other[next_ + 15] - other[next_] <= second_most:
            yield at


def _scores(others: bytes) -> list[int]:
    """For each pair of bytes, how much more often it occurs than by chance: a logarithm, bounded, in steps."""
    counts = Counter(pairwise(others))
    even = max(1, len(others)) / 65536
    score = [_LEAST] * 65536
    for (high, low), count in counts.items():
        if count > _RARE:
            score[high << 8 | low] = min(_MOST, max(_LEAST, round(_STEP * log2(count / even))))
    return score


def _threshold(score: Sequence[int], pairs: int) -> int:
    """The least bound that the sum over that many random pairs exceeds with probability MISS / 2 at most."""
    single = [0.0] * (_MOST - _LEAST + 1)
    for value, count in Counter(score).items():
        single[value - _LEAST] = count / 65536
    total = [1.0]
    for _ in range(pairs):
        longer = [0.0] * (len(total) + len(single) - 1)
        for at, weight in enumerate(total):
            if weight:
                for more, chance in enumerate(single):
                    longer[at + more] += weight * chance
        total = longer
    above = 0.0
    for at in range(len(total) - 1, -1, -1):
        above += total[at]
        if above > MISS / 2:
            return at + pairs * _LEAST
    return pairs * _LEAST
