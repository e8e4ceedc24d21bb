"""The curves whose private scalars a scan recognises, all as y^2 = x^3 + ax + b over a prime field.

Curve25519 is taken in this shape too (x = u + A/3), so that one rule of addition serves all: RFC 7748, section 4.1
for the curve, SEC 2 version 2 for the others.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

from bootverify.dataclass import dataclass

integer: Callable[[int], int] = int  # the integers to calculate with: faster ones where they are installed
if find_spec("gmpy2"):
    integer = import_module("gmpy2").mpz

Point = tuple[int, int]  # affine; never the point at infinity


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A curve with its base point; `width` is the number of bytes of a private scalar, `order` that of the base."""

    name: str
    p: int
    a: int
    b: int
    order: int
    base: tuple[int, int]
    width: int

    def holds(self, x: int, y: int) -> bool:
        """Whether the point lies on the curve.

        >>> P256.holds(*P256.base)
        True
        """
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * x * x - self.a * x - self.b) % self.p == 0


P256 = Curve(
    name="P-256",
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    a=-3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    order=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    base=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    width=32,
)
P384 = Curve(
    name="P-384",
    p=2**384 - 2**128 - 2**96 + 2**32 - 1,
    a=-3,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    order=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    base=(
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
    width=48,
)

_P25519 = 2**255 - 19
_A = 486662
_THIRD = _A * pow(3, -1, _P25519) % _P25519
_A25519 = (3 - _A * _A) * pow(3, -1, _P25519) % _P25519
_B25519 = (2 * _A**3 - 9 * _A) * pow(27, -1, _P25519) % _P25519


def _root(square: int) -> int | None:
    """A square root modulo 2^255 - 19, or None."""
    root = pow(square, (_P25519 + 3) // 8, _P25519)
    if root * root % _P25519 != square % _P25519:
        root = root * pow(2, (_P25519 - 1) // 4, _P25519) % _P25519
    return root if root * root % _P25519 == square % _P25519 else None


def _lifted(u: int) -> tuple[int, int] | None:
    x = (u + _THIRD) % _P25519
    y = _root((x * x * x + _A25519 * x + _B25519) % _P25519)
    return None if y is None else (x, y)


_base = _lifted(9)
assert _base is not None
X25519 = Curve(
    name="X25519",
    p=_P25519,
    a=_A25519,
    b=_B25519,
    order=2**252 + 27742317777372353535851937790883648493,
    base=_base,
    width=32,
)


def point_of_u(public: bytes) -> tuple[int, int] | None:
    """One of the two points with the u-coordinate of an X25519 public key; None when it lies on the twist."""
    return _lifted(int.from_bytes(public, "little") % 2**255 % _P25519)


def add_all(curve: Curve, left: Sequence[Point], right: Sequence[Point]) -> list[Point]:
    """The sums of pairs of points, with one inversion for all of them.

    Raises:
        ZeroDivisionError: some pair has equal x, which the rule of addition cannot treat.
    """
    p = integer(curve.p)
    inverses = inverted([x2 - x1 for (x1, _), (x2, _) in zip(left, right, strict=True)], p)
    sums: list[Point] = []
    for (x1, y1), (x2, y2), inverse in zip(left, right, inverses, strict=True):
        slope = (y2 - y1) * inverse % p
        x3 = (slope * slope - x1 - x2) % p
        sums.append((x3, (slope * (x1 - x3) - y1) % p))
    return sums


def inverted(numbers: Sequence[int], p: int) -> list[int]:
    """The inverses modulo p: one inversion of the product of all, which a tree of products of two makes and shares out.

    Raises:
        ZeroDivisionError: one of them is a multiple of p.
    """
    if not numbers:
        return []
    rows = [list(numbers)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        if len(row) % 2:
            row.append(integer(1))
        half = len(row) // 2
        rows.append([a * b % p for a, b in zip(row[:half], row[half:], strict=True)])
    product = rows.pop()[0] % p
    if not product:
        raise ZeroDivisionError("a number has no inverse")
    inverses = [pow(product, -1, p)]
    for row in reversed(rows):
        half = len(row) // 2
        left = [inverse * b % p for inverse, b in zip(inverses, row[half:], strict=False)]
        inverses = left + [inverse * a % p for inverse, a in zip(inverses, row[:half], strict=False)]
    return inverses[: len(numbers)]


def powers(curve: Curve, start: tuple[int, int], doublings: int, count: int) -> list[Point]:
    """The points start, 2^doublings * start, 2^(2 doublings) * start, ..., `count` of them."""
    p, a = integer(curve.p), integer(curve.a)
    x, y, z = integer(start[0]), integer(start[1]), integer(1)
    jacobian = [(x, y, z)]
    for _ in range(count - 1):
        for _ in range(doublings):
            x, y, z = _doubled(x, y, z, a, p)
        jacobian.append((x, y, z))
    return _affine(jacobian, p)


def times(curve: Curve, scalar: int, point: tuple[int, int]) -> Point:
    """`scalar` times the point, which must not be the point at infinity.

    >>> times(P256, P256.order - 1, P256.base)[0] == P256.base[0]
    True
    """
    total: Point | None = None
    bits = powers(curve, point, 1, max(1, scalar.bit_length()))
    for at, addend in enumerate(bits):
        if scalar >> at & 1:
            total = addend if total is None else add_all(curve, [total], [addend])[0]
    assert total is not None
    return total


def _doubled(x: int, y: int, z: int, a: int, p: int) -> tuple[int, int, int]:
    square = y * y % p
    middle = 4 * x * square % p
    z2 = z * z % p
    slope = (3 * x * x + a * z2 * z2) % p
    x3 = (slope * slope - 2 * middle) % p
    return x3, (slope * (middle - x3) - 8 * square * square) % p, 2 * y * z % p


def _affine(points: Sequence[tuple[int, int, int]], p: int) -> list[Point]:
    found: list[Point] = []
    for (x, y, _), inverse in zip(points, inverted([z for _, _, z in points], p), strict=True):
        square = inverse * inverse % p
        found.append((x * square % p, y * square * inverse % p))
    return found
