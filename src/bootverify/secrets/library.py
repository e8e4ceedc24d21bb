"""The cryptography library, each module of it loaded when it is first used: most bytes hold no key that needs it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import exceptions, x509
    from cryptography.hazmat.primitives import ciphers, hashes, hmac, keywrap
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
    from cryptography.hazmat.primitives.ciphers import algorithms, modes
    from cryptography.hazmat.primitives.kdf import hkdf

    Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | x25519.X25519PublicKey | rsa.RSAPublicKey
    Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey | rsa.RSAPrivateKey
else:

    class _Later:
        """A module that is loaded with the first name that is asked of it."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
            found = getattr(import_module(f"cryptography.{self._name}"), name)
            setattr(self, name, found)
            return found

    exceptions, x509 = _Later("exceptions"), _Later("x509")
    _CIPHERS = ("ciphers", "ciphers.algorithms", "ciphers.modes")
    ciphers, algorithms, modes = (_Later(f"hazmat.primitives.{name}") for name in _CIPHERS)
    _PRIMITIVES = ("hashes", "hmac", "keywrap", "serialization", "kdf.hkdf")
    hashes, hmac, keywrap, form, hkdf = (_Later(f"hazmat.primitives.{name}") for name in _PRIMITIVES)
    _ASYMMETRIC = ("ec", "ed25519", "padding", "rsa", "x25519")
    ec, ed25519, padding, rsa, x25519 = (_Later(f"hazmat.primitives.asymmetric.{name}") for name in _ASYMMETRIC)

__all__ = [
    "algorithms",
    "ciphers",
    "ec",
    "ed25519",
    "exceptions",
    "form",
    "hashes",
    "hkdf",
    "hmac",
    "keywrap",
    "modes",
    "padding",
    "rsa",
    "unreadable",
    "x509",
    "x25519",
]


def unreadable() -> tuple[type[Exception], ...]:
    """What the library raises of a key that it cannot read."""
    return (ValueError, TypeError, NotImplementedError, exceptions.UnsupportedAlgorithm)
