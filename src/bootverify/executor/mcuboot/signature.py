"""Signatures over an image digest, as the crypto libraries of MCUboot take them apart (image_ecdsa.c, ecdsa.h)."""

from functools import lru_cache

from bootverify.executor import crypto
from bootverify.executor.crypto import Scheme
from bootverify.executor.making.image_format import ECDSA, ED25519, RSA2048_PSS, RSA3072_PSS

ECDSA_BUFFER = 128  # SIG_BUF_SIZE
_SEQUENCE, _INTEGER = 0x30, 0x02
_P256 = 32
SIGNATURE_TLV = {
    Scheme.ECDSA_P256: ECDSA,
    Scheme.ECDSA_P384: ECDSA,
    Scheme.ED25519: ED25519,
    Scheme.RSA_2048: RSA2048_PSS,
    Scheme.RSA_3072: RSA3072_PSS,
}
SIGNATURE_LENGTH = {Scheme.ED25519: 64, Scheme.RSA_2048: 256, Scheme.RSA_3072: 384}


def length_fits(scheme: Scheme, length: int) -> bool:
    """EXPECTED_SIG_LEN, and the size of the buffer."""
    expected = SIGNATURE_LENGTH.get(scheme)
    return length <= ECDSA_BUFFER if expected is None else length == expected


def key_room(scheme: Scheme) -> int:
    """KEY_BUF_SIZE, for builds that take the key from the image: the buffer of a signature, and 24 bytes."""
    return max(SIGNATURE_LENGTH.get(scheme, 0), ECDSA_BUFFER) + 24


@lru_cache(maxsize=256)
def verify(scheme: Scheme, public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` is good for the image `digest` under the public key `public` (bootutil_verify_sig).

    P-384 exists with Mbed TLS and PSA only, which take a signature apart strictly.
    """
    if scheme is Scheme.ECDSA_P256:
        pair = _lax_pair(signature)
        return pair is not None and crypto.verify_p256_digest(public, digest, *pair)
    return crypto.verify(scheme, public, digest, signature)


def _lax_pair(signature: bytes) -> tuple[int, int] | None:
    """R and s, as the small bundled library decodes them.

    It wants a sequence that does not exceed the bytes, then two integers within the bytes; it does not look whether the
    sequence ends with them, takes the last 32 bytes of a longer integer, and ignores what follows.
    """
    sequence = _value(signature, 0, _SEQUENCE)
    if sequence is None:
        return None
    at, numbers = sequence[0], []
    for _ in range(2):
        found = _value(signature, at, _INTEGER)
        if found is None:
            return None
        start, at = found[0], found[0] + found[1]
        numbers.append(int.from_bytes(signature[start:at][-_P256:], "big"))
    return numbers[0], numbers[1]


def _value(data: bytes, at: int, tag: int) -> tuple[int, int] | None:
    """Start and length of the value of the ASN.1 element at `at` (mbedtls_asn1_get_tag); None when malformed."""
    if at + 2 > len(data) or data[at] != tag:
        return None
    length, at = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or at + count > len(data):
            return None
        length, at = int.from_bytes(data[at : at + count], "big"), at + count
    return (at, length) if length <= len(data) - at else None
