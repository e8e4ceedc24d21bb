"""Test keys, the same in each run and of use to nobody: their numbers follow from the seed that is written here."""

import random
from functools import cache
from math import gcd, prod

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519

_SMALL = prod(each for each in range(3, 16_000, 2) if all(each % other for other in range(3, 127, 2) if other < each))


def raw_of(seed, size=32):
    return random.Random(f"test key {seed}").randbytes(size)


def ec_key(seed, curve=None):
    return ec.derive_private_key(int.from_bytes(raw_of(seed, 31), "big"), curve or ec.SECP256R1())


def x25519_key(seed):
    return x25519.X25519PrivateKey.from_private_bytes(raw_of(seed))


def ed25519_key(seed):
    return ed25519.Ed25519PrivateKey.from_private_bytes(raw_of(seed))


def prime(bits, source, shared=1):
    """A (probable) prime with its two top bits set that is 1 modulo `shared`."""
    step = 2 * shared
    while True:
        number = source.getrandbits(bits) | 3 << (bits - 2)
        number -= (number - 1) % step
        if number >> (bits - 2) == 3 and gcd(_SMALL, number) == 1 and pow(2, number - 1, number) == 1:
            return number


def rsa_numbers(seed, bits=2048, shared=1, e=65537):
    """Primes p and q of a test key with gcd(p - 1, q - 1) = 2 * shared, and e prime to both."""
    source = random.Random(f"test key {seed}")
    while True:
        p, q = prime(bits // 2, source, shared), prime(bits // 2, source, shared)
        if gcd(p - 1, q - 1) == 2 * shared and gcd(e, (p - 1) * (q - 1)) == 1:
            return p, q


@cache
def rsa_key(seed, bits=2048, shared=1, e=65537):
    p, q = rsa_numbers(seed, bits, shared, e)
    d = pow(e, -1, (p - 1) * (q - 1) // (2 * shared))
    public = rsa.RSAPublicNumbers(e, p * q)
    more = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return more.private_key()
