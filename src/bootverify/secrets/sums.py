"""Every window of some bytes against public points, at one addition a byte instead of one multiplication a window.

The bytes b_0 b_1 ... of a block, read as digits, make running sums P_j = U + sum over k < j of b_k * 256^(L-1-k) * G.
The w bytes from i on are the scalar d iff P_(i+w) - P_i = 256^(L-w-i) * d * G, so iff P_(i+w), -P_i and the negated
target lie on one line: two products tell. All blocks advance together, which shares one inversion a step; U is random,
so that no sum meets an exceptional case of the addition except by chance, and then another U is drawn. A byte 0 adds
nothing and costs nothing. Little-endian scalars are the big-endian ones of the reversed bytes.

A hit is only a candidate: who calls derives the public key from the bytes and compares. A miss is impossible: three
points of a curve that add up to the point at infinity are always on a line.
"""

import secrets as randomness
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from bootverify.secrets.curves import X25519, Curve, Point, add_all, integer, powers, times

LONG, SHORT = 384, 96  # digits of a block: long blocks waste fewer bytes on overlap, short ones need smaller tables
_LONG_FROM = 96 * 1024
CHUNK = 256 * 1024  # bytes that advance together: bounds the memory, and is what progress counts

Tick = Callable[[int], None]


class Multiples(Protocol):
    """Who has the multiples of the base point by a digit and its weight."""

    def point(self, weight: int, digit: int) -> Point:
        """The point digit * 256^weight * G; `digit` from 1 to 255."""
        ...


@dataclass(frozen=True, slots=True)
class Tables:
    """`rows[e][b]` is b * 256^e * G, split into x and y; index 0 is never used."""

    xs: list[list[int]]
    ys: list[list[int]]

    def point(self, weight: int, digit: int) -> Point:
        """The point digit * 256^weight * G; `digit` from 1 to 255."""
        return self.xs[weight][digit], self.ys[weight][digit]


@lru_cache(maxsize=6)
def tables(curve: Curve, length: int) -> Tables:
    """The multiples of the base point for blocks of `length` digits."""
    ones = powers(curve, curve.base, 8, length)
    x, y = powers(curve, curve.base, 1, 2)[1]
    twos = powers(curve, (int(x), int(y)), 8, length)
    xs = [[0, one[0], two[0]] for one, two in zip(ones, twos, strict=True)]
    ys = [[0, one[1], two[1]] for one, two in zip(ones, twos, strict=True)]
    last = twos
    for _ in range(253):
        last = add_all(curve, last, ones)
        for row, column, (x, y) in zip(xs, ys, last, strict=True):
            row.append(x)
            column.append(y)
    return Tables(xs, ys)


def block_length(size: int) -> int:
    """Digits of a block that suit some bytes of that size."""
    return LONG if size >= _LONG_FROM else SHORT


def matches(curve: Curve, data: bytes, publics: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs (offset, index of the public point) where the bytes, read big-endian, may be its scalar.

    For X25519 the scalar is what clamping makes of the bytes (RFC 7748, section 5), and the point counts up to its
    sign. Meant for at most CHUNK bytes: all blocks are in memory at once.
    """
    if len(data) < curve.width:
        return []
    while True:
        try:
            return list(_Blocks(curve, data, block_length(len(data))).matches(publics))
        except ZeroDivisionError:  # chance, with probability below 2^-200: draw another U
            continue


class _Blocks:
    """The bytes cut into blocks that overlap by a window less one byte; column j holds digit j of every block."""

    def __init__(self, curve: Curve, data: bytes, length: int) -> None:
        self.curve, self.data, self.length = curve, data, length
        self.stride = length - curve.width + 1
        self.count = -(-max(1, len(data) - curve.width + 1) // self.stride)
        self.padded = data.ljust((self.count + 2) * self.stride + length, b"\x00")
        self.tables = tables(curve, length)

    def column(self, at: int) -> bytes:
        return self.padded[at :: self.stride][: self.count]

    def matches(self, publics: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        p, width = integer(self.curve.p), self.curve.width
        x, y = times(self.curve, 1 + randomness.randbelow(self.curve.order - 1), self.curve.base)
        xs, ys = [x] * self.count, [y] * self.count
        behind = deque([(xs, ys)], maxlen=width + 1)
        targets = targets_of(self.curve, self.tables, publics, self.stride)
        for at in range(self.length):
            xs, ys = self._advanced(xs, ys, at)
            behind.append((xs, ys))
            if at < width - 1:
                continue
            first = at - width + 1
            old_xs, old_ys = behind[0]
            for which, variants in enumerate(targets[self.stride - 1 - first]):
                for block in self._on_a_line(variants, first, (xs, ys, old_xs, old_ys), p):
                    offset = block * self.stride + first
                    if offset + width <= len(self.data):
                        yield offset, which

    def _advanced(self, xs: list[int], ys: list[int], at: int) -> tuple[list[int], list[int]]:
        """The next running sums: `add_all`, written out because nearly all the time goes here."""
        p = integer(self.curve.p)
        table_x, table_y = self.tables.xs[self.length - 1 - at], self.tables.ys[self.length - 1 - at]
        active = [(block, digit) for block, digit in enumerate(self.column(at)) if digit]
        gaps, befores, total = [], [], integer(1)
        for block, digit in active:
            gap = table_x[digit] - xs[block]
            befores.append(total)
            gaps.append(gap)
            total = total * gap % p
        if not total:
            raise ZeroDivisionError("a running sum met a multiple of the base point")
        inverse = pow(total, -1, p)
        xs, ys = xs.copy(), ys.copy()
        for (block, digit), gap, before in zip(reversed(active), reversed(gaps), reversed(befores), strict=True):
            x1, y1 = xs[block], ys[block]
            slope = (table_y[digit] - y1) * (inverse * before % p) % p
            inverse = inverse * gap % p
            xs[block] = x3 = (slope * slope - x1 - table_x[digit]) % p
            ys[block] = (slope * (x1 - x3) - y1) % p
        return xs, ys

    def _on_a_line(self, variants: "Variants", first: int, sums: tuple[list[int], ...], p: int) -> list[int]:
        """The blocks whose window from `first` on adds up to the target."""
        xs, ys, old_xs, old_ys = sums
        if len(variants) == 1:
            ((qx, qy),) = variants[0]
            tests = [
                ((y + qy) * (old_x - qx) - (qy - old_y) * (x - qx)) % p
                for x, y, old_x, old_y in zip(xs, ys, old_xs, old_ys, strict=True)
            ]
            return [block for block, test in enumerate(tests) if not test] if 0 in tests else []
        tops, lows = self.column(first), self.column(first + self.curve.width - 1)
        tests = []
        for x, y, old_x, old_y, top, low in zip(xs, ys, old_xs, old_ys, tops, lows, strict=True):
            (qx, qy), (rx, ry) = variants[top >> 6 << 3 | low & 7]
            tests.append(
                ((y + qy) * (old_x - qx) - (qy - old_y) * (x - qx))
                * ((y + ry) * (old_x - rx) - (ry - old_y) * (x - rx))
                % p
            )
        return [block for block, test in enumerate(tests) if not test] if 0 in tests else []


Variants = list[list[Point]]


def targets_of(curve: Curve, made: "Multiples", publics: Sequence[tuple[int, int]], count: int) -> list[list[Variants]]:
    """For each weight e and public point Q, what the window must add up to: 256^e * Q, and what clamping took away."""
    scaled = [powers(curve, public, 8, count) for public in publics]
    if curve != X25519:  # not `is`: another process has its own copy
        return [[[[points[weight]]] for points in scaled] for weight in range(count)]
    offsets = [_clamped_away(curve, made, weight) for weight in range(count)]
    found: list[list[Variants]] = []
    for weight in range(count):
        row: list[Variants] = []
        for points in scaled:
            x, y = points[weight]
            signs = [(x, y), (x, curve.p - y)]
            pairs = [(sign, delta) for delta in offsets[weight] for sign in signs if delta is not None]
            sums = iter(add_all(curve, [a for a, _ in pairs], [b for _, b in pairs]))
            row.append([signs if delta is None else [next(sums), next(sums)] for delta in offsets[weight]])
        found.append(row)
    return found


def _clamped_away(curve: Curve, made: "Multiples", weight: int) -> list[Point | None]:
    """What clamping takes from a scalar, as a point, by its top two bits (times 8) and its low three; None: nothing."""
    high = weight + curve.width - 1
    x, y = made.point(high, 64)
    tops: list[Point | None] = [(x, curve.p - y), None, made.point(high, 64), made.point(high, 128)]
    found: list[Point | None] = []
    for top in tops:
        found.append(top)
        lows = [made.point(weight, low) for low in range(1, 8)]
        found += lows if top is None else add_all(curve, [top] * 7, lows)
    return found
