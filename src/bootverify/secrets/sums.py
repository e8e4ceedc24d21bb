"""Every window of some bytes against public points, at one addition a byte instead of one multiplication a window.

The bytes b_0 b_1 ... of a block, read as digits, make running sums: b_k adds its share b_k * 256^(L-1-k) * G and the
offset V_(L-1-k) of its place, a point that does not depend on the bytes. The w bytes from i on are the scalar d, so the
sums before and behind them differ by 256^e * d * G and w offsets, where e = L-w-i. The offsets are chosen such that
each w neighbours add up to -256^e * Q, for one public point Q: its scalar is there iff both sums are equal, which costs
no product at all. Whether they differ by 256^e * (Q' - Q), for another public point Q', two products tell: then the
sum behind, the negated sum before and the negated difference lie on one line.

All blocks advance together, which shares one inversion a step. The sums start at a random point, and the offsets hold
random parts, so that no sum meets an exceptional case of the addition except by chance, and then others are drawn.
Little-endian scalars are the big-endian ones of the reversed bytes.

A hit is only a candidate: who calls derives the public key from the bytes and compares. A miss is impossible: equal
points have equal x, and three points of a curve that add up to the point at infinity are always on a line.
"""

import secrets as randomness
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from operator import eq

from bootverify.dataclass import dataclass
from bootverify.secrets.curves import X25519, Curve, Point, add_all, integer, inverted, powers, times

LONG, SHORT = 384, 96  # digits of a block: long blocks waste fewer bytes on overlap, short ones need smaller tables
LONG_FROM = 96 * 1024
CHUNK = 256 * 1024  # bytes that advance together: bounds the memory, and is what progress counts

Public = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tables:
    """`xs[e][b]` and `ys[e][b]` are those of V_e + b * 256^e * G."""

    xs: list[list[int]]
    ys: list[list[int]]


@lru_cache(maxsize=6)
def tables(curve: Curve, length: int, told: Public | None) -> Tables:
    """What each digit adds at each place of blocks of `length`; `told` is the Q of the offsets, None: infinity."""
    while True:
        try:
            return _tables(curve, length, told)
        except ZeroDivisionError:  # chance, with probability below 2^-200: draw other offsets
            continue


def _tables(curve: Curve, length: int, told: Public | None) -> Tables:
    ones = powers(curve, curve.base, 8, length)
    last = _offsets(curve, length, told)
    xs, ys = [[x] for x, _ in last], [[y] for _, y in last]
    for _ in range(255):
        last = add_all(curve, last, ones)
        for row, column, (x, y) in zip(xs, ys, last, strict=True):
            row.append(x)
            column.append(y)
    return Tables(xs, ys)


def _offsets(curve: Curve, length: int, told: Public | None) -> list[Point]:
    """The V_e: of the first w all but one are random; from each the next but w differs by 256^e * (1 - 256) * Q."""
    width, p = curve.width, curve.p
    start = _random(curve)
    parts = powers(curve, start, 1, width)  # 1, 2, 4 ... times, so the last is one more than the others together
    x, y = add_all(curve, parts[-1:], [(start[0], p - start[1])])[0]
    rest = (x, p - y)
    if told is None:
        offsets = [*parts[:-1], rest]
        return (offsets * (length // width + 1))[:length]
    offsets = [*parts[:-1], *add_all(curve, [rest], [(told[0], p - told[1])])]
    scaled = powers(curve, told, 8, length + 1)
    while len(offsets) < length:
        at = len(offsets) - width
        less = [(x, p - y) for x, y in scaled[at + 1 : at + 1 + width]]
        sums = add_all(curve, offsets[at : at + width], scaled[at : at + width])
        offsets += add_all(curve, sums, less)
    return offsets[:length]


def _random(curve: Curve) -> Point:
    return times(curve, 1 + randomness.randbelow(curve.order - 1), curve.base)


def block_length(size: int) -> int:
    """Digits of a block that suit some bytes of that size."""
    return LONG if size >= LONG_FROM else SHORT


def told_of(curve: Curve, size: int, publics: Sequence[Public]) -> Public | None:
    """The public point that the offsets tell of; None where tables that serve each are cheaper, or clamping forbids."""
    return publics[0] if size >= LONG_FROM and curve != X25519 else None  # not `is`: a process has its own copy


def matches(curve: Curve, data: bytes, publics: Sequence[Public]) -> list[tuple[int, int]]:
    """The pairs (offset, index of the public point) where the bytes, read big-endian, may be its scalar.

    For X25519 the scalar is what clamping makes of the bytes (RFC 7748, section 5), and the point counts up to its
    sign. Meant for at most CHUNK bytes: all blocks are in memory at once.
    """
    if len(data) < curve.width:
        return []
    while True:
        try:
            return list(_Blocks(curve, data, publics).matches())
        except ZeroDivisionError:  # chance, with probability below 2^-200: draw another start
            continue


class _Blocks:
    """The bytes cut into blocks that overlap by a window less one byte; column j holds digit j of every block."""

    def __init__(self, curve: Curve, data: bytes, publics: Sequence[Public]) -> None:
        self.curve, self.data, self.length = curve, data, block_length(len(data))
        self.stride = self.length - curve.width + 1
        self.count = -(-(len(data) - curve.width + 1) // self.stride)
        self.padded = data.ljust((self.count + 2) * self.stride + self.length, b"\x00")
        self.told = told_of(curve, len(data), publics)
        self.tables = tables(curve, self.length, self.told)
        self.others = [which for which, public in enumerate(publics) if public != self.told]
        self.targets = targets_of(curve, [publics[which] for which in self.others], self.stride, self.told)

    def column(self, at: int) -> bytes:
        return self.padded[at :: self.stride][: self.count]

    def matches(self) -> Iterator[tuple[int, int]]:
        width = self.curve.width
        x, y = _random(self.curve)
        xs, ys = [x] * self.count, [y] * self.count
        behind = deque([(xs, ys)], maxlen=width + 1)
        for at in range(self.length):
            xs, ys = self._advanced(xs, ys, at)
            behind.append((xs, ys))
            first = at - width + 1
            if first >= 0:
                for block, which in self._found(first, xs, ys, *behind[0]):
                    offset = block * self.stride + first
                    if offset + width <= len(self.data):
                        yield offset, which

    def _advanced(self, xs: list[int], ys: list[int], at: int) -> tuple[list[int], list[int]]:
        """The next running sums: `add_all`, written out because nearly all the time goes here."""
        p, digits = integer(self.curve.p), self.column(at)
        table_x, table_y = self.tables.xs[self.length - 1 - at], self.tables.ys[self.length - 1 - at]
        added = [table_x[digit] for digit in digits]
        inverses = inverted([more - x for more, x in zip(added, xs, strict=True)], p)
        slopes = [(table_y[digit] - y) * each % p for digit, y, each in zip(digits, ys, inverses, strict=True)]
        new = [(slope * slope - x - more) % p for slope, x, more in zip(slopes, xs, added, strict=True)]
        return new, [(s * (x - x3) - y) % p for s, x, x3, y in zip(slopes, xs, new, ys, strict=True)]

    def _found(self, first: int, *sums: list[int]) -> Iterator[tuple[int, int]]:
        """The blocks whose window from `first` on may be a scalar, and of which public point."""
        xs, _, old_xs, _ = sums
        if self.told and any(map(eq, xs, old_xs)):
            yield from ((block, 0) for block in range(self.count) if xs[block] == old_xs[block])
        for which, variants in zip(self.others, self.targets[self.stride - 1 - first], strict=True):
            yield from ((block, which) for block in self._on_a_line(variants, first, sums))

    def _on_a_line(self, variants: "Variants", first: int, sums: tuple[list[int], ...]) -> list[int]:
        """The blocks whose window from `first` on adds up to the target."""
        xs, ys, old_xs, old_ys = sums
        p = integer(self.curve.p)
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


def targets_of(curve: Curve, publics: Sequence[Public], count: int, told: Public | None = None) -> list[list[Variants]]:
    """For each weight e and public point P, what the window must add up to: 256^e * (P - Q) for the Q that is told.

    For X25519 it is 256^e * P in both signs, less what clamping took away.
    """
    if curve != X25519:
        starts = [point if told is None else _less(curve, point, told) for point in publics]
        scaled = [powers(curve, start, 8, count) for start in starts]
        return [[[[points[weight]]] for points in scaled] for weight in range(count)]
    scaled = [powers(curve, public, 8, count) for public in publics]
    bits = powers(curve, curve.base, 1, 8 * (count + curve.width))
    found: list[list[Variants]] = []
    for weight in range(count):
        offsets, row = _clamped_away(curve, bits, weight), []
        for points in scaled:
            x, y = points[weight]
            signs = [(x, y), (x, curve.p - y)]
            pairs = [(sign, delta) for delta in offsets for sign in signs if delta is not None]
            sums = iter(add_all(curve, [a for a, _ in pairs], [b for _, b in pairs]))
            row.append([signs if delta is None else [next(sums), next(sums)] for delta in offsets])
        found.append(row)
    return found


def _less(curve: Curve, left: Point, right: Point) -> Point:
    """The difference of two points that are not equal, but may be each other's negative."""
    if left[0] == right[0]:
        return powers(curve, left, 1, 2)[1]
    return add_all(curve, [left], [(right[0], curve.p - right[1])])[0]


def _clamped_away(curve: Curve, bits: Sequence[Point], weight: int) -> list[Point | None]:
    """What clamping takes from a scalar, as a point, by its top two bits (times 8) and its low three; None: nothing."""
    low, high = 8 * weight, 8 * (weight + curve.width - 1) + 6
    one, two, four = bits[low : low + 3]
    three, five, six = add_all(curve, [one, one, two], [two, four, four])
    lows = [one, two, three, four, five, six, *add_all(curve, [three], [four])]
    x, y = bits[high]
    tops: list[Point | None] = [(x, curve.p - y), None, bits[high], bits[high + 1]]
    found: list[Point | None] = []
    for top in tops:
        found.append(top)
        found += lows if top is None else add_all(curve, [top] * 7, lows)
    return found
