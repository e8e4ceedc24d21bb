"""Private and symmetric keys as JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037)."""

import hashlib
import re
from collections.abc import Iterator

from bootverify.secrets.encoded import base64_of
from bootverify.secrets.find import Form
from bootverify.secrets.keys import PublicKey, public_key
from bootverify.secrets.library import ec, ed25519, rsa, x25519
from bootverify.secrets.material import Material

_LONGEST = 16 * 1024
_BRACE = re.compile(rb"[{}]")
_KTY = re.compile(rb"\\?\"kty\\?\"\s*:\s*\\?\"(EC|OKP|RSA|oct)\\?\"")
_MEMBER = re.compile(rb"\\?\"(kty|crv|d|x|y|n|e|k)\\?\"\s*:\s*\\?\"([A-Za-z0-9_=+/-]*)\\?\"")
_EC = {b"P-256": "SECP256R1", b"P-384": "SECP384R1", b"P-521": "SECP521R1"}


def jwk_keys(data: bytes) -> Iterator[Material]:
    """The private and symmetric JWKs in `data`."""
    behind = 0
    for match in _KTY.finditer(data) if b"kty" in data else ():
        if match.start() < behind:
            continue
        start, stop = _object_around(data, match)
        members = dict(_MEMBER.findall(data[start:stop]))
        raw = base64_of(members.get(b"k", b"")) if match[1] == b"oct" else base64_of(members.get(b"d", b""))
        if not raw:
            continue
        behind, size = stop, stop - start
        if match[1] == b"oct":
            said, digest = f"symmetric, {len(raw) * 8} bits", hashlib.sha256(raw).hexdigest()
            yield Material(offset=start, size=size, form=Form.JWK, type=said, symmetric=digest)
            continue
        public = _public(match[1], members, raw)
        said = public.type if public else match[1].decode("ascii")
        yield Material(offset=start, size=size, form=Form.JWK, type=said, public=public)


def _object_around(data: bytes, within: "re.Match[bytes]") -> tuple[int, int]:
    """Where the object begins and ends in which a member stands, whose braces may be out of reach."""
    before = data[max(0, within.start() - _LONGEST) : within.start()]
    opened: list[int] = []
    for brace in _BRACE.finditer(before):
        if brace[0] == b"{":
            opened.append(brace.start())
        elif opened:
            opened.pop()
    if not opened:  # the brace is lost: all members behind the last object count
        first = _MEMBER.search(before, before.rfind(b"}") + 1)
        opened.append(first.start() if first else len(before))
    start = within.start() - len(before) + opened[-1]
    inner = 0
    for brace in _BRACE.finditer(data, within.end(), within.end() + _LONGEST):
        if brace[0] == b"}" and not inner:
            return start, brace.end()
        inner += 1 if brace[0] == b"{" else -1
    return start, min(within.end() + _LONGEST, len(data))


def _public(kind: bytes, members: dict[bytes, bytes], raw: bytes) -> PublicKey | None:
    curve = members.get(b"crv", b"")
    try:
        if kind == b"EC" and curve in _EC:
            named: type[ec.EllipticCurve] = getattr(ec, _EC[curve])
            return public_key(ec.derive_private_key(int.from_bytes(raw, "big"), named()).public_key())
        if kind == b"OKP" and curve == b"Ed25519":
            return public_key(ed25519.Ed25519PrivateKey.from_private_bytes(raw).public_key())
        if kind == b"OKP" and curve == b"X25519":
            return public_key(x25519.X25519PrivateKey.from_private_bytes(raw).public_key())
        if kind == b"RSA":
            n, e = (int.from_bytes(base64_of(members.get(each, b"")), "big") for each in (b"n", b"e"))
            return public_key(rsa.RSAPublicNumbers(e, n).public_key())
    except ValueError:
        return None
    return None
