"""The private keys that are written in some bytes, as objects that open images; they are never shown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bootverify.secrets.der import private_keys, scalar_of
from bootverify.secrets.encoded import base64_of, runs
from bootverify.secrets.library import ec, ed25519, form, rsa, unreadable, x25519
from bootverify.secrets.pem import bodies

if TYPE_CHECKING:
    from bootverify.secrets.library import Private


_DEPTH = 2  # text inside text: base64 of a PEM file


def private_objects(data: bytes, depth: int = _DEPTH) -> "Iterator[Private]":
    """Every whole private key in DER, PEM, or base64 or hex of these; others cannot be calculated with."""
    for found in private_keys(data):
        key = _loaded(data[found.offset : found.offset + found.size])
        if key is not None:
            yield key
    for body in bodies(data):
        yield from private_objects(base64_of(body), 0)
    for run in runs(data) if depth else ():
        yield from private_objects(run.decoded, depth - 1)


def _loaded(der: bytes) -> "Private | None":
    try:
        key = form.load_der_private_key(der, None)
    except unreadable():
        return _by_scalar(der)
    kinds = (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, x25519.X25519PrivateKey, rsa.RSAPrivateKey)
    return key if isinstance(key, kinds) else None


def _by_scalar(der: bytes) -> "Private | None":
    """The key of a short form that leaves out what the library wants, such as imgtool's `getpriv --minimal`."""
    scalar, curve = scalar_of(der)
    try:
        if curve == "X25519" and len(scalar) == 32:
            return x25519.X25519PrivateKey.from_private_bytes(scalar)
        if curve == "EC" and len(scalar) == 32:
            return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
    except ValueError:
        return None
    return None
