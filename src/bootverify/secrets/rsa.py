"""The numbers of an RSA private key, raw in some bytes: p and q by divisibility, d by its size relative to n.

p: a window of half the modulus's length divides n. Both primes are odd and have their top bit set (else their product
would be shorter than n), and no small factor: this leaves some hundredths of the windows for the division.

d: e * d - 1 = k * (p - 1)(q - 1) / g, so e * d * g / n lies just below a whole number: (p - 1)(q - 1) differs from n
by less than three times its root. One product of the window's leading bytes with a constant tells, for every g that
divides 720720; d modulo the least common multiple (FIPS 186-5, A.1.1) has such a g, hardly ever another.
"""

from collections.abc import Iterator
from math import gcd
from typing import Literal

from bootverify.secrets.keys import PublicKey

_Order = Literal["little", "big"]
_SMALL = 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23
_G = 720720
_LEAD = 12  # bytes of the window that the test for d reads
_SLACK = 40  # bits after the point that must be all ones or all zeros


def primes(data: bytes, key: PublicKey, *, backwards: bool) -> Iterator[int]:
    """The offsets at which `data` hold p or q of the key's modulus, little-endian when `backwards`."""
    size = _half(key)
    if not size or len(data) < size:
        return
    last, first = (0, size - 1) if backwards else (size - 1, 0)
    order: _Order = "little" if backwards else "big"
    n = key.modulus
    highs, lows = data[first : len(data) - size + 1 + first], data[last : len(data) - size + 1 + last]
    for at, (high, low) in enumerate(zip(highs, lows, strict=True)):
        if high & 0x80 and low & 1:
            number = int.from_bytes(data[at : at + size], order)
            if gcd(number % _SMALL, _SMALL) == 1 and n % number == 0:
                yield at


def exponents(data: bytes, key: PublicKey, *, backwards: bool) -> Iterator[int]:
    """The offsets at which `data` hold d of the key at the modulus's length, little-endian when `backwards`."""
    size = (key.modulus.bit_length() + 7) // 8
    if len(data) < size or size < 2 * _LEAD:
        return
    order: _Order = "little" if backwards else "big"
    lead, last = (size - _LEAD, 0) if backwards else (0, size - 1)
    bits = 8 * _LEAD
    # e * G * w / n for w = lead * 2^(8 size - bits), as a fixed-point number with 2 * bits digits after the point
    factor = (key.exponent * _G << (8 * size - bits + 2 * bits)) // key.modulus
    point, ones = 2 * bits - _SLACK, (1 << _SLACK) - 1
    lows = data[last : len(data) - size + 1 + last]
    for at, low in enumerate(lows):
        if low & 1:
            start = at + lead
            digits = int.from_bytes(data[start : start + _LEAD], order) * factor >> point & ones
            if digits in {0, 1, ones, ones - 1} and _inverts(int.from_bytes(data[at : at + size], order), key):
                yield at


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
