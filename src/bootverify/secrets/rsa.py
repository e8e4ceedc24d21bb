"""The numbers of an RSA private key, raw in some bytes: p and q by divisibility, d by its size relative to n.

p: a window of half the modulus's length divides n. Both primes are odd, above the upper half of n (for each is less
than a power of two that has no more bits than half of n's), and have no small factor: this leaves some hundredths of
the windows for the division.

d: e * d - 1 = k * (p - 1)(q - 1) / g, where g = gcd(p - 1, q - 1) for d modulo the least common multiple (FIPS 186-5,
A.1.1) and 1 for d modulo the product (RFC 8017, 3.2, allows both). So e * d * g / n lies just below a whole number:
(p - 1)(q - 1) differs from n by less than three times its root. g divides n - 1, since p and q are 1 modulo g. Hence
one G serves each d: all of n - 1 that is made of primes up to a limit. One product of the window's leading bytes with
a constant then tells. A miss needs a prime r above the limit that divides p - 1 and q - 1: for primes drawn at random
(each residue but 0 is as likely, Dirichlet) the probability is 1 / (r - 1)^2, and the sum over all such r is less than
MISS. p and q themselves are found all the same.
"""

from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from math import gcd
from typing import Literal

from bootverify.dataclass import dataclass
from bootverify.secrets.keys import PublicKey

_Order = Literal["little", "big"]
_SMALL = 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23
_CHUNK = 512 * 1024
_LIMIT = 1 << 16  # primes up to here are divided out of n - 1
# the sum of 1 / (2j)^2 from j = 2^15 on is less than 1 / (2^17 - 4), and of these r = 2j + 1 a third divide by 3
MISS = 2.0**-17
_SLACK = 40  # bits after the point that must be all ones


@dataclass(frozen=True, slots=True, kw_only=True)
class RsaTask:
    """One stretch to look in, for d or else for p and q, in one byte order; `size` is that of a window."""

    key: PublicKey
    data: bytes = field(repr=False)
    start: int
    size: int
    exponent: bool
    backwards: bool


def rsa_tasks(data: bytes, key: PublicKey) -> Iterator[RsaTask]:
    """The work of looking for p, q and d of a key that `fits`, cut so that several can do it."""
    whole = (key.modulus.bit_length() + 7) // 8
    for exponent, size in ((False, whole // 2), (True, whole)):
        for backwards in (False, True):
            for start in range(0, len(data) - size + 1, _CHUNK):
                piece = data[start : start + _CHUNK + size - 1]
                yield RsaTask(key=key, data=piece, start=start, size=size, exponent=exponent, backwards=backwards)


def windows_of(key: PublicKey, size: int) -> int:
    """How many windows the tasks of a key look at in that many bytes."""
    whole = (key.modulus.bit_length() + 7) // 8
    return sum(2 * max(0, size - window + 1) for window in (whole // 2, whole))


def rsa_found(task: RsaTask) -> list[int]:
    """The offsets that a task finds in its stretch."""
    look = exponents if task.exponent else primes
    return list(look(task.data, task.key, backwards=task.backwards))


def primes(data: bytes, key: PublicKey, *, backwards: bool) -> Iterator[int]:
    """The offsets at which `data` hold p or q of the key's modulus, little-endian when `backwards`."""
    size = _half(key)
    if not size or len(data) < size:
        return
    last, first = (0, size - 1) if backwards else (size - 1, 0)
    order: _Order = "little" if backwards else "big"
    n = key.modulus
    least = n >> 16 * size - 8  # of a prime's leading byte: p = n / q > n / 256^size
    highs, lows = data[first : len(data) - size + 1 + first], data[last : len(data) - size + 1 + last]
    for at, (high, low) in enumerate(zip(highs, lows, strict=True)):
        if low & 1 and high >= least:
            number = int.from_bytes(data[at : at + size], order)
            if gcd(number % _SMALL, _SMALL) == 1 and n % number == 0:
                yield at


def exponents(data: bytes, key: PublicKey, *, backwards: bool) -> Iterator[int]:
    """The offsets at which `data` hold d of the key at the modulus's length, little-endian when `backwards`."""
    size = (key.modulus.bit_length() + 7) // 8
    wide = _lead(key)
    if not wide or len(data) < size:
        return
    order: _Order = "little" if backwards else "big"
    lead, last = (size - wide, 0) if backwards else (0, size - 1)
    bits = 8 * wide
    # e * G * w / n for w = lead * 2^(8 size - bits), as a fixed-point number with 2 * bits digits after the point;
    # what lies before the point makes whole numbers
    point, ones = 2 * bits - _SLACK, (1 << _SLACK) - 1
    factor = ((key.exponent * _common(key) << (8 * size + bits)) // key.modulus) % (1 << 2 * bits)
    lows = data[last : len(data) - size + 1 + last]
    for at, low in enumerate(lows):
        if low & 1:
            start = at + lead
            digits = int.from_bytes(data[start : start + wide], order) * factor >> point & ones
            if digits == ones and _inverts(int.from_bytes(data[at : at + size], order), key):
                yield at


def finds_exponents(key: PublicKey) -> bool:
    """Whether d of the key can be looked for: e is so short that the distance to a whole number tells something."""
    return _lead(key) > 0


def _lead(key: PublicKey) -> int:
    """Bytes of the window that the test for d reads; 0 when no number of them makes it decisive.

    With h bits of a prime, n > 2^(2h - 1) and p + q < 2^(h + 1). So d lies below the whole number by less than
    e * G * 2^(3 - h), and its leading bytes by less than e * G * 2^(1 - bits) more: both are less than 2^-(_SLACK + 2).
    """
    half = _half(key)
    if not half:
        return 0
    longest = key.exponent.bit_length() + _common(key).bit_length() + _SLACK + 5
    return max(12, (longest + 7) // 8) if longest <= 8 * half else 0


@lru_cache(maxsize=64)
def _smooth(number: int) -> int:
    """The product of all prime powers in `number` whose prime is not above the limit."""
    rest = number
    for prime in (2, *range(3, _LIMIT, 2)):  # what is not prime divides nothing that is left
        while rest % prime == 0:
            rest //= prime
    return number // rest


def _common(key: PublicKey) -> int:
    """A multiple of gcd(p - 1, q - 1), if no prime above the limit divides that."""
    return _smooth(key.modulus - 1)


def _inverts(d: int, key: PublicKey) -> bool:
    n, e = key.modulus, key.exponent
    return 1 < d < n and all(pow(pow(base, d, n), e, n) == base for base in (2, 3, 65539))


def fits(key: PublicKey) -> bool:
    """Whether p, q and d of the key can be looked for: two primes of whole bytes, not longer than RSA-8192."""
    return 0 < _half(key) <= 512


def _half(key: PublicKey) -> int:
    """Bytes of a prime; 0 for a modulus that is not of two primes of whole bytes."""
    bits = key.modulus.bit_length()
    return bits // 16 if bits % 16 == 0 else 0
