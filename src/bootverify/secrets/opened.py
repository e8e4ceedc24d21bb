"""Encrypted images, opened with private keys that the scan has: given with it, or found among the bytes.

The image key travels in a TLV, wrapped for the holder of a private key; the payload is encrypted with AES in counter
mode from zero (MCUboot, docs/encrypted_images.md). Values live here and nowhere else, for as long as the scan lasts.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from bootverify.dataclass import dataclass
from bootverify.secrets.curves import P256
from bootverify.secrets.find import Form
from bootverify.secrets.keys import PublicKey, public_key
from bootverify.secrets.library import (
    algorithms,
    ciphers,
    ec,
    exceptions,
    form,
    hashes,
    hkdf,
    hmac,
    keywrap,
    modes,
    padding,
    rsa,
    x25519,
)
from bootverify.secrets.pieces import DECRYPTED, ENCRYPTED, SHA256, Part, Piece, tlvs
from bootverify.secrets.private import private_objects
from bootverify.secrets.raw import REVERSED, Number

if TYPE_CHECKING:
    from bootverify.secrets.library import Private

_X25519 = 0x33
_HEADER = struct.Struct("<IIHHII")
_INFO = b"MCUBoot_ECIES_v1"
_AES_256 = 0x08
_MOST_OPENED = 64
_MOST_WRAPPED = 4
_WRAPPED = 0x31


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """A key that may open images; a value that is neither shown nor compared."""

    fingerprint: str
    secret: "Private | bytes" = field(repr=False, compare=False)

    @property
    def public(self) -> PublicKey | None:
        """The public half; None for a symmetric key."""
        return None if isinstance(self.secret, bytes) else public_key(self.secret.public_key())


def openers_in(contents: Iterable[bytes]) -> list[Opener]:
    """The keys written in some bytes that images can be encrypted for: EC P-256, X25519, RSA; AES as base64 or JWK."""
    found: dict[str, Opener] = {}
    for data in contents:
        for key in private_objects(data):
            opener = opener_of(key)
            if opener is not None:
                found.setdefault(opener.fingerprint, opener)
        for raw in _symmetric(data):
            print_ = hashlib.sha256(raw).hexdigest()
            found.setdefault(print_, Opener(fingerprint=print_, secret=raw))
    return list(found.values())


def opening_keys(data: bytes) -> list[tuple[str, bytes]]:
    """How images are wrapped for each key that `openers_in` finds, and its value as a boot loader uses it."""
    return [_as_used(each.secret) for each in openers_in([data])]


def _as_used(secret: "Private | bytes") -> tuple[str, bytes]:
    """An AES key or a scalar as it is, an RSA key as DER."""
    match secret:
        case bytes():
            return "aes-kw", secret
        case ec.EllipticCurvePrivateKey():
            return "ecies-p256", secret.private_numbers().private_value.to_bytes(-(-secret.key_size // 8), "big")
        case rsa.RSAPrivateKey():
            return "rsa-oaep", secret.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
        case _:
            return "ecies-x25519", secret.private_bytes_raw()


def opener_of(key: "Private") -> Opener | None:
    """The same of one key; None for a kind that opens nothing."""
    public = public_key(key.public_key())
    if public is None or public.type == "Ed25519":
        return None
    return Opener(fingerprint=public.fingerprint, secret=key)


def opened_by_number(number: Number, key: PublicKey | None) -> Opener | None:
    """The same of a raw number that is private to `key`; None for a seed or an exponent."""
    value = number.value[::-1] if number.how == REVERSED else number.value
    if number.form is Form.SYMMETRIC:
        return Opener(fingerprint=number.fingerprint, secret=number.value)
    if key is None:
        return None
    match number.form:
        case Form.SCALAR if key.type == "X25519":
            return opener_of(x25519.X25519PrivateKey.from_private_bytes(value))
        case Form.SCALAR if key.curve == P256:
            return opener_of(ec.derive_private_key(int.from_bytes(value, "big"), ec.SECP256R1()))
        case Form.RSA_PRIME:
            p, e, n = int.from_bytes(value, "big"), key.exponent, key.modulus
            q = n // p
            d = pow(e, -1, (p - 1) * (q - 1))
            parts = (d % (p - 1), d % (q - 1), pow(q, -1, p))
            return opener_of(rsa.RSAPrivateNumbers(p, q, d, *parts, rsa.RSAPublicNumbers(e, n)).private_key())
        case _:
            return None


def holds_encrypted(pieces: Iterable[Piece]) -> bool:
    """Whether there is an encrypted image among them."""
    return any(part.name == ENCRYPTED for piece in pieces for part in piece.parts)


def images_opened(pieces: Sequence[Piece], openers: Sequence[Opener]) -> list[Piece]:
    """In clear, each encrypted image that one of the keys opens and that is not among the pieces in clear already."""
    found: list[Piece] = []
    for piece, start, part in _closed(pieces):
        clear = (_opened(piece, start, part, opener) for opener in openers)
        image = next((each for each in clear if each is not None), None)
        found += [image] if image else []
    return found[:_MOST_OPENED]


def wrapped_keys(pieces: Sequence[Piece]) -> list[bytes]:
    """The image keys of closed images that an AES key wraps, as wrapped: trying tells which bytes are that key."""
    found: dict[bytes, None] = {}
    for piece, start, part in _closed(pieces):
        header = piece.data[start : part.start]
        if len(header) >= _HEADER.size:
            protected = _HEADER.unpack_from(header)[3]
            found |= {value: None for kind, value in tlvs(piece.data, part.end + protected) if kind == _WRAPPED}
    return [value for value in found if len(value) in {24, 40}][:_MOST_WRAPPED]


def image_keys(pieces: Sequence[Piece]) -> list[Number]:
    """The keys of the images that were opened, which may stand somewhere in clear: each opens one image."""
    found = {piece.image_key: piece for piece in pieces if piece.image_key}
    return [
        Number(
            value=value,
            form=Form.SYMMETRIC,
            type=f"AES-{8 * len(value)}",
            fingerprint=hashlib.sha256(value).hexdigest(),
            how=f"that of the encrypted image in {piece.file}",
        )
        for value, piece in found.items()
    ]


def _closed(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, int, Part]]:
    """Each encrypted image that is not in clear already: its piece, where it starts, and its payload."""
    known = {(piece.file, piece.offset) for piece in pieces if piece.opened_with}
    for piece in pieces:
        for part in piece.parts:
            if part.name == ENCRYPTED:
                start = next((each.start for each in piece.parts if each.end == part.start), part.start)
                if (piece.file, piece.offset + start) not in known:
                    yield piece, start, part


def _opened(piece: Piece, start: int, part: Part, opener: Opener) -> Piece | None:
    header, payload = piece.data[start : part.start], piece.data[part.start : part.end]
    if len(header) < _HEADER.size:
        return None
    _, _, _, protected, _, flags = _HEADER.unpack_from(header)
    size = 32 if flags & _AES_256 else 16
    area = tlvs(piece.data, part.end + protected)
    image_key = next((key for kind, value in area if (key := _unwrapped(kind, value, opener.secret, size))), None)
    if image_key is None or len(image_key) != size:
        return None
    plain = _ctr(image_key, payload)
    signed = header + plain + piece.data[part.end : part.end + protected]
    digest = dict(area).get(SHA256, b"")
    differs = digest and hashlib.sha256(signed).digest() != digest
    return Piece(
        file=piece.file,
        data=header + plain,
        offset=piece.offset + start,
        address=None if piece.address is None else piece.address + start,
        parts=(
            Part(start=0, end=len(header), name="image header"),
            Part(start=len(header), end=len(header) + len(plain), name=DECRYPTED),
        ),
        note="what was decrypted has another digest than the image tells" if differs else "",
        opened_with=opener.fingerprint,
        image_key=image_key,
    )


def _ctr(key: bytes, data: bytes) -> bytes:
    decryptor = ciphers.Cipher(algorithms.AES(key), modes.CTR(bytes(16))).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _unwrapped(kind: int, value: bytes, secret: "Private | bytes", size: int) -> bytes | None:
    """The image key in a TLV; None when that is another TLV, or the secret does not open it.

    Types: 0x30 RSA-OAEP, 0x31 AES key wrap, 0x32 ECIES P-256, 0x33 and 0x34 ECIES X25519 with SHA-256 and SHA-512
    (imgtool, image.py, TLV_VALUES).
    """
    match kind, secret:
        case (0x30, rsa.RSAPrivateKey()):
            try:
                return secret.decrypt(value, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
            except ValueError:
                return None
        case (0x31, bytes()):
            try:
                return keywrap.aes_key_unwrap(secret, value)
            except (keywrap.InvalidUnwrap, ValueError):
                return None
        case (0x32, ec.EllipticCurvePrivateKey()) if secret.curve.name == "secp256r1":
            try:
                theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), value[:65])
            except ValueError:
                return None
            return _ecies(secret.exchange(ec.ECDH(), theirs), value[65:], size, hashes.SHA256())
        case (0x33 | 0x34, x25519.X25519PrivateKey()) if len(value) > 32:
            try:
                shared = secret.exchange(x25519.X25519PublicKey.from_public_bytes(value[:32]))
            except ValueError:
                return None
            return _ecies(shared, value[32:], size, hashes.SHA256() if kind == _X25519 else hashes.SHA512())
        case _:
            return None


def _ecies(shared: bytes, wrapped: bytes, size: int, digest: "hashes.SHA256 | hashes.SHA512") -> bytes | None:
    """A tag over the encrypted key, then that key: imgtool, `ecies_hkdf`."""
    derived = hkdf.HKDF(algorithm=digest, length=size + digest.digest_size, salt=None, info=_INFO).derive(shared)
    tag, body = wrapped[: digest.digest_size], wrapped[digest.digest_size :]
    mac = hmac.HMAC(derived[size:], digest)
    mac.update(body)
    try:
        mac.verify(tag)
    except exceptions.InvalidSignature:
        return None
    return _ctr(derived[:size], body)


def _symmetric(data: bytes) -> Iterator[bytes]:
    """The AES key of a file that is one in base64, as imgtool takes it."""
    if len(data) > 100:
        return
    try:
        raw = base64.b64decode(data.strip(), validate=True)
    except (binascii.Error, ValueError):
        return
    if len(raw) in {16, 32}:
        yield raw
