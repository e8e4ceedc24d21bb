"""Public keys: read from key files, found in bytes, and named by their fingerprint."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import field, replace
from typing import TYPE_CHECKING

from bootverify.dataclass import dataclass
from bootverify.errors import InputError
from bootverify.secrets.curves import P256, P384, X25519, Curve, point_of_u
from bootverify.secrets.library import ec, ed25519, form, rsa, unreadable, x509, x25519

if TYPE_CHECKING:
    pass

_NAMED: dict[str, Curve] = {"secp256r1": P256, "secp384r1": P384}
_P256_INFO = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")  # RFC 5480, up to the point
_ED25519_INFO = bytes.fromhex("302a300506032b6570032100")  # RFC 8410
_RSA_INFO = 24  # bytes of a SubjectPublicKeyInfo in front of the RSAPublicKey (RFC 8017 A.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key; `fingerprint` is the SHA-256 of its DER SubjectPublicKeyInfo, `raw` what else is needed of it.

    `curve` and `point` are those of the scalar to look for (an Ed25519 key has none), `modulus` and `exponent` RSA's.
    """

    type: str
    fingerprint: str
    raw: bytes = field(repr=False, compare=False)
    name: str = ""
    curve: Curve | None = None
    point: tuple[int, int] | None = None
    modulus: int = 0
    exponent: int = 0

    @property
    def digests(self) -> tuple[str, ...]:
        """What else verifiers know the key by, in hex: MCUboot's key hash, the 16 bytes of NSIB's provision data.

        MCUboot hashes RSA keys as PKCS#1 DER (imgtool, "KEYHASH"), NSIB the two coordinates (ncs-boot 1.4).
        """
        if self.modulus:
            return (hashlib.sha256(_pkcs1(self.modulus, self.exponent)).hexdigest(),)
        return (hashlib.sha256(self.raw[1:]).hexdigest()[:32],) if self.type == f"EC {P256.name}" else ()

    def named(self, name: str) -> "PublicKey":
        """The same key under that name."""
        return replace(self, name=name)


def public_key(key: object) -> PublicKey | None:
    """What a scan needs of a key of the library; None for kinds that it does not look for."""
    match key:
        case ec.EllipticCurvePublicKey():
            print_ = _print(_info(key))
            numbers = key.public_numbers()
            raw = key.public_bytes(form.Encoding.X962, form.PublicFormat.UncompressedPoint)
            curve = _NAMED.get(key.curve.name)
            kind = f"EC {curve.name if curve else key.curve.name}"
            return PublicKey(type=kind, fingerprint=print_, raw=raw, curve=curve, point=(numbers.x, numbers.y))
        case ed25519.Ed25519PublicKey():
            return PublicKey(type="Ed25519", fingerprint=_print(_info(key)), raw=key.public_bytes_raw())
        case x25519.X25519PublicKey():
            raw = key.public_bytes_raw()
            return PublicKey(
                type="X25519", fingerprint=_print(_info(key)), raw=raw, curve=X25519, point=point_of_u(raw)
            )
        case rsa.RSAPublicKey():
            of, info, kind = key.public_numbers(), _info(key), f"RSA-{key.key_size}"
            return PublicKey(type=kind, fingerprint=_print(info), raw=info, modulus=of.n, exponent=of.e)
        case _:
            return None


def _info(
    key: "ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | x25519.X25519PublicKey | rsa.RSAPublicKey",
) -> bytes:
    return key.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)


def _print(info: bytes) -> str:
    return hashlib.sha256(info).hexdigest()


def read_public_keys(content: bytes, name: str) -> tuple[PublicKey, ...]:
    """The keys of a key file, under its name.

    Raises:
        InputError: it holds no key that can be read; under a password none can.
    """
    found = keys_of(content)
    if not found:
        message = "this holds no public key that is looked for (EC P-256/P-384, RSA, X25519, Ed25519 as PEM or DER)"
        raise InputError.at(name, 0, message + "; give a public key file")
    return tuple(key.named(name) for key in found)


def keys_of(content: bytes) -> tuple[PublicKey, ...]:
    """The public keys (or public halves) of a key file: PEM or DER; a certificate counts for the key it certifies."""
    found = [
        public_key(_public_half(match[0], match[1]))
        for match in re.finditer(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\s*", content, re.DOTALL)
    ]
    if b"-----BEGIN" not in content:
        found = [public_key(_der_public(content))]
    return tuple({key.fingerprint: key for key in found if key}.values())


def compiled_in(key: PublicKey) -> tuple[str, bytes] | None:
    """Kind and bytes of a key as a boot loader holds it: SubjectPublicKeyInfo, of RSA the key alone (imgtool)."""
    kinds = {"Ed25519": "ed25519", "RSA-2048": "rsa-2048", "RSA-3072": "rsa-3072"}
    if key.curve is P256:
        return "ecdsa-p256", _P256_INFO + key.raw
    if key.type == "Ed25519":
        return "ed25519", _ED25519_INFO + key.raw
    return (kinds[key.type], key.raw[_RSA_INFO:]) if key.type in kinds else None


def _public_half(pem: bytes, label: bytes) -> object:
    try:
        if label == b"CERTIFICATE":
            return _certified(pem)
        if label == b"OPENSSH PRIVATE KEY":
            return form.load_ssh_private_key(pem, None).public_key()
        if label.endswith(b"PRIVATE KEY"):
            return form.load_pem_private_key(pem, None).public_key()
        return form.load_pem_public_key(pem)
    except unreadable():
        return None


def _certified(content: bytes) -> object:
    """The key of a certificate in PEM or DER."""
    if content.startswith(b"-----"):
        return x509.load_pem_x509_certificate(content).public_key()
    return x509.load_der_x509_certificate(content).public_key()


def _der_public(content: bytes) -> object:
    for attempt in (
        form.load_der_public_key,
        lambda der: form.load_der_private_key(der, None).public_key(),
        _certified,
    ):
        try:
            return attempt(content)
        except unreadable():
            continue
    return None


# SubjectPublicKeyInfo up to the key (RFC 5480, RFC 8410, RFC 8017 A.1), and RSAPublicKey as MCUboot embeds it
_INFO = re.compile(
    rb"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"
    rb"|\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04"
    rb"|\x30\x2a\x30\x05\x06\x03\x2b\x65[\x6e\x70]\x03\x21\x00"
    rb"|\x30(?:\x81.|\x82..)\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03"
    rb"|\x30(?:\x81.|\x82..)\x02(?:\x81.|\x82..)\x00[\x80-\xff]",
    re.DOTALL,
)
_CERTIFICATE = re.compile(rb"\x30\x82..\x30\x82..\xa0\x03\x02\x01\x02\x02", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seen:
    """Something public in bytes: a key, or a certificate (then `key` is the one it certifies, if of our kinds)."""

    offset: int
    size: int
    key: PublicKey | None
    certificate: bool = False


def public_parts(data: bytes) -> Iterator[Seen]:
    """The certificates and public keys in `data`, in DER, in the order of their offsets; no key of a certificate."""
    found: list[Seen] = []
    for match in _CERTIFICATE.finditer(data):
        end = match.start() + 4 + int.from_bytes(data[match.start() + 2 : match.start() + 4], "big")
        try:
            key = public_key(_certified(data[match.start() : end]))
        except unreadable():
            continue
        found.append(Seen(match.start(), end - match.start(), key, certificate=True))
    inside = list(found)
    for match in _INFO.finditer(data):
        at = match.start()
        if any(each.offset <= at < each.offset + each.size for each in inside):
            continue
        size = der_size(data, at)
        try:
            key = public_key(form.load_der_public_key(data[at : at + size]))
        except unreadable():
            continue
        if key:
            found.append(Seen(at, size, key))
            inside.append(found[-1])
    yield from sorted(found, key=lambda each: each.offset)


def _pkcs1(modulus: int, exponent: int) -> bytes:
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return key.public_bytes(form.Encoding.DER, form.PublicFormat.PKCS1)


def der_size(data: bytes, at: int) -> int:
    """Bytes of the DER element at `at`, header included, as its length field says; 0 when that makes no sense.

    >>> der_size(bytes([0x30, 0x81, 0x90]), 0)
    147
    """
    if at + 1 >= len(data):
        return 0
    first = data[at + 1]
    if first < 0x80:
        return 2 + first
    more = first & 0x7F
    if not 1 <= more <= 3 or at + 2 + more > len(data):
        return 0
    return 2 + more + int.from_bytes(data[at + 2 : at + 2 + more], "big")
