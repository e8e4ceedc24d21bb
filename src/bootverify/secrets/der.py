"""Private keys in DER: PKCS#8 (RFC 5958), SEC1 (RFC 5915), PKCS#1 (RFC 8017 A.1.2), also damaged or cut short."""

import re
from collections.abc import Iterator

from bootverify.secrets.find import Form
from bootverify.secrets.keys import PublicKey, der_size, public_key
from bootverify.secrets.library import ec, ed25519, form, rsa, unreadable, x25519
from bootverify.secrets.material import Material

# the header of a SEQUENCE, then what each form begins with: a version and an AlgorithmIdentifier, a version and an
# OCTET STRING of a scalar's length, a version and a modulus; last PBES2 (1.2.840.113549.1.5.13) or an older PBE scheme
_STARTS = re.compile(
    rb"\x30(?:[\x10-\x7f]|\x81.|\x82..)(?:"
    rb"(?P<pkcs8>\x02\x01[\x00\x01]\x30[\x03-\x1f]\x06)"
    rb"|(?P<sec1>\x02\x01\x01\x04[\x10-\x42])"
    rb"|(?P<pkcs1>\x02\x01\x00\x02(?:[\x20-\x7f]|\x81[\x80-\xff]|\x82[\x01-\x04].)\x00?)"
    rb"|(?P<under>\x30(?:[\x10-\x7f]|\x81.)\x06[\x09\x0a]\x2a\x86\x48\x86\xf7\x0d\x01(?:\x05|\x0c\x01)))",
    re.DOTALL,
)
_FORMS = {"pkcs8": Form.PKCS8, "sec1": Form.SEC1, "pkcs1": Form.PKCS1, "under": Form.PKCS8_ENCRYPTED}
_CURVE_BY_WIDTH = {32: "SECP256R1", 48: "SECP384R1", 66: "SECP521R1"}


def private_keys(data: bytes) -> Iterator[Material]:
    """The private keys in `data`, outermost only, in the order of their offsets."""
    behind = 0
    for match in _STARTS.finditer(data):
        if match.start() < behind:
            continue
        key = key_at(data, match.start(), _FORMS[match.lastgroup or ""])
        if key is not None:
            behind = key.offset + key.size
            yield key


def key_at(data: bytes, at: int, kind: Form) -> Material | None:
    """The private key of that form at that offset; None when what stands there is no such key."""
    size = der_size(data, at)
    cut = at + size > len(data)
    der = data[at : at + size]
    if kind is Form.PKCS8_ENCRYPTED:
        return None if cut else Material(offset=at, size=size, form=kind)
    try:
        private = form.load_der_private_key(der, None)
    except unreadable():
        public, kind_of = _by_parts(der, kind)
        if public is None and not (cut and kind_of):
            return None
        if not cut and not _is_sequence(der):  # the first bytes of a key alone, as code that writes keys holds them
            return None
        said = public.type if public else kind_of
        how = "cut short" if cut else ""
        return Material(offset=at, size=len(der), form=kind, type=said, public=public, how=how)
    public = public_key(private.public_key())
    said = public.type if public else type(private).__name__.strip("_").removesuffix("PrivateKey")
    return Material(offset=at, size=size, form=kind, type=said, public=public)


def _by_parts(der: bytes, kind: Form) -> tuple[PublicKey | None, str]:
    """The public half from whatever is there, and the type of the key when the form alone tells it."""
    body = _body(der)
    if kind is Form.PKCS1:
        return _rsa_of(body), "RSA"
    if kind is Form.SEC1:
        return _ec_of(body), "EC"
    _, body = _taken(body)  # the version
    algorithm, body = _taken(body)
    inner, _ = _taken(body, whole=False)
    if b"\x2a\x86\x48\xce\x3d\x02\x01" in algorithm:
        return _ec_of(_body(inner)), "EC"
    if b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" in algorithm:
        return _rsa_of(_body(inner)), "RSA"
    for oid, loader, name in (
        (b"\x2b\x65\x70", ed25519.Ed25519PrivateKey, "Ed25519"),
        (b"\x2b\x65\x6e", x25519.X25519PrivateKey, "X25519"),
    ):
        if oid in algorithm:
            raw = _body(inner)
            return (public_key(loader.from_private_bytes(raw).public_key()) if len(raw) == 32 else None), name
    return None, ""


def scalar_of(der: bytes) -> tuple[bytes, str]:
    """The raw private value of an EC key or X25519 key, and which of both; nothing for other keys. Shown to nobody."""
    _, rest = _taken(_body(der))
    if rest[:1] == b"\x04":  # SEC1
        return _taken(rest)[0], "EC"
    algorithm, rest = _taken(rest)
    inner = _body(_taken(rest)[0])
    if b"\x2a\x86\x48\xce\x3d\x02\x01" in algorithm:
        return _taken(_taken(inner)[1])[0], "EC"
    return (inner, "X25519") if b"\x2b\x65\x6e" in algorithm else (b"", "")


def _ec_of(body: bytes) -> PublicKey | None:
    _, rest = _taken(body)
    scalar, _ = _taken(rest)
    curve = _CURVE_BY_WIDTH.get(len(scalar))
    try:
        value = int.from_bytes(scalar, "big")
        return public_key(ec.derive_private_key(value, getattr(ec, curve)()).public_key()) if curve else None
    except ValueError:
        return None


def _rsa_of(body: bytes) -> PublicKey | None:
    _, rest = _taken(body)
    modulus, rest = _taken(rest)
    exponent, _ = _taken(rest)
    try:
        numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
        return public_key(numbers.public_key()) if 512 <= numbers.n.bit_length() <= 16384 else None
    except ValueError:
        return None


def _is_sequence(der: bytes) -> bool:
    """Whether the content of the element is made of whole elements."""
    rest = _body(der)
    while rest:
        size = der_size(rest, 0)
        if not 0 < size <= len(rest):
            return False
        rest = rest[size:]
    return True


def _body(der: bytes) -> bytes:
    return _taken(der, whole=False)[0]


def _taken(data: bytes, *, whole: bool = True) -> tuple[bytes, bytes]:
    """The content of the first element and what follows; nothing when it is cut short and must be `whole`."""
    size = der_size(data, 0)
    if not size or (whole and size > len(data)):
        return b"", b""
    header = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return data[header:size], data[size:]
