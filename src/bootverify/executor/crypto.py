"""Signatures, as the crypto libraries of the boot loaders answer; the only file to use them."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
COORDINATE = 32


def verify_p256_raw(public_xy: bytes, message: bytes, signature_rs: bytes) -> bool:
    """Whether `r` then `s` is an ECDSA P-256 signature of SHA-256 over `message`."""
    x, y = _pair(public_xy)
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        signature = utils.encode_dss_signature(*_pair(signature_rs))
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is a pure Ed25519 signature over `message`."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class RawP256Key:
    """A P-256 key that follows from its name; its signatures are deterministic."""

    name: str

    @property
    def public(self) -> bytes:
        """X then Y."""
        numbers = _p256(self.name).public_key().public_numbers()
        return numbers.x.to_bytes(COORDINATE, "big") + numbers.y.to_bytes(COORDINATE, "big")

    def sign(self, message: bytes) -> bytes:
        """`r` then `s` of ECDSA with SHA-256."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = utils.decode_dss_signature(_p256(self.name).sign(message, algorithm))
        return r.to_bytes(COORDINATE, "big") + s.to_bytes(COORDINATE, "big")


@dataclass(frozen=True, slots=True)
class RawEd25519Key:
    """An Ed25519 key that follows from its name."""

    name: str

    @property
    def public(self) -> bytes:
        """The 32 bytes."""
        return _ed25519(self.name).public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The pure signature."""
        return _ed25519(self.name).sign(message)


@cache
def _p256(name: str) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(sha256(name.encode()).digest(), "big") % (P256_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


@cache
def _ed25519(name: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def _pair(raw: bytes) -> tuple[int, int]:
    return int.from_bytes(raw[:COORDINATE], "big"), int.from_bytes(raw[COORDINATE:], "big")
