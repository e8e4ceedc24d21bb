"""Test keys in every form that a key takes in files, and in every way that a file may write that form down."""

import base64
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bootverify.secrets.keys import public_key
from tests.made_keys import ec_key, ed25519_key, rsa_key, x25519_key

NOTHING = form.NoEncryption()
KEYS = {"EC": ec_key(5), "RSA": rsa_key(6), "Ed25519": ed25519_key(7), "X25519": x25519_key(8)}
FINGERPRINTS = {kind: public_key(key.public_key()).fingerprint for kind, key in KEYS.items()}


@dataclass(frozen=True)
class Planted:
    """Bytes that hold a key; `whole` is False where its public half cannot be told."""

    kind: str
    name: str
    data: bytes
    whole: bool = True


def planted() -> list[Planted]:
    """Every key, in every form, written in every way."""
    return [
        Planted(kind, " ".join((kind, name, *ways)), data, whole)
        for kind, key in KEYS.items()
        for name, content in _forms(kind, key).items()
        for *ways, data, whole in _written(name, content)
    ]


def secrets_of(kind: str) -> list[bytes]:
    """The private numbers of a key, as bytes."""
    key = KEYS[kind]
    match key:
        case ec.EllipticCurvePrivateKey():
            return [key.private_numbers().private_value.to_bytes(32, "big")]
        case rsa.RSAPrivateKey():
            numbers = key.private_numbers()
            return [numbers.p.to_bytes(128, "big"), numbers.q.to_bytes(128, "big"), numbers.d.to_bytes(256, "big")]
        case _:
            return [key.private_bytes_raw()]


def spellings(value: bytes) -> list[str]:
    """How some bytes of a key would look in a report that gives them away."""
    inner = [base64.b64encode(value[skipped : skipped + 15]).decode() for skipped in range(3)]
    start = value[:12]
    return [
        start.hex(),
        start.hex().upper(),
        start.hex(" "),
        start.hex(":"),
        repr(start)[2:-1],
        str([*start])[1:-1],
        *inner,
    ]


def _forms(kind, key) -> dict[str, bytes]:
    private = form.PrivateFormat
    forms = {
        "PKCS#8": key.private_bytes(form.Encoding.DER, private.PKCS8, NOTHING),
        "PEM": key.private_bytes(form.Encoding.PEM, private.PKCS8, NOTHING),
    }
    if kind in {"EC", "RSA"}:
        forms["SEC1 or PKCS#1"] = key.private_bytes(form.Encoding.DER, private.TraditionalOpenSSL, NOTHING)
        forms["PEM of that"] = key.private_bytes(form.Encoding.PEM, private.TraditionalOpenSSL, NOTHING)
    if kind != "X25519":
        ssh = key.private_bytes(form.Encoding.PEM, private.OpenSSH, NOTHING)
        forms["PEM of OpenSSH"] = ssh
        forms["OpenSSH"] = base64.b64decode(b"".join(ssh.split(b"\n")[1:-2]))
    members = _jwk(kind, key)
    forms["JWK"] = json.dumps(members).encode()
    forms["JWK, lines"] = json.dumps(dict(reversed(members.items())), indent=1).encode()
    forms["JWK, in a string"] = json.dumps(json.dumps(members)).encode()
    inner = {"ext": {"a": 1}, **members, "more": {"b": {}}, "kid": "1"}
    forms["JWK, in a set"] = json.dumps({"keys": [dict(reversed(inner.items()))]}).encode()
    return forms


def _jwk(kind, key) -> dict[str, str]:
    def letters(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    def number(value: int) -> str:
        return letters(value.to_bytes((value.bit_length() + 7) // 8, "big"))

    if kind == "EC":
        d, public = key.private_numbers().private_value, key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": number(public.x), "y": number(public.y), "d": number(d)}
    if kind == "RSA":
        of = key.private_numbers()
        return {"kty": "RSA", "n": number(of.public_numbers.n), "e": "AQAB", "d": number(of.d), "p": number(of.p)}
    raw = {"x": key.public_key().public_bytes_raw(), "d": key.private_bytes_raw()}
    return {"kty": "OKP", "crv": kind, **{name: letters(value) for name, value in raw.items()}}


def _written(name: str, data: bytes):
    """The ways: each a few words, the bytes, and whether the key is whole."""
    yield data, True
    for way, text in _texts(data):
        yield way, text, True
        yield way, "UTF-16", text.decode().encode("utf-16-le"), True
        yield way, "UTF-16, big-endian", text.decode().encode("utf-16-be"), True
    if not name.startswith("PEM"):
        return
    lines = data.split(b"\n")
    yield "CRLF", data.replace(b"\n", b"\r\n"), True
    yield "CR", data.replace(b"\n", b"\r"), True
    yield "escaped", data.replace(b"\n", b"\\n"), True
    yield "escaped CRLF", data.replace(b"\n", b"\\r\\n"), True
    yield "strings of C", b"\n".join(b'"' + line + b'\\n"' for line in lines), True
    yield "continued strings of C", b"".join(b'"' + line + b'\\n" \\\r\n    ' for line in lines), True
    yield "one line", data.replace(b"\n", b""), True
    yield "set in", data.replace(b"\n", b"\n    "), True
    yield "bare base64", b"\n".join(line for line in lines if b"-----" not in line), True
    yield "cut short", data[: len(data) * 2 // 3], False
    yield "without its beginning", data[40:], False


def _texts(data: bytes):
    pairs = [f"{each:02x}" for each in data]
    rows = range(0, len(data), 16)
    yield "base64", base64.b64encode(data)
    yield "base64url", base64.urlsafe_b64encode(data)
    yield "lines of base64", base64.encodebytes(data)
    yield "hex", data.hex().encode()
    yield "upper hex", data.hex().upper().encode()
    yield "spaced hex", data.hex(" ").encode()
    yield "hex in fours", data.hex(" ", 2).encode()
    yield "hex with colons", data.hex(":").encode()
    yield "lines of hex", b"\n".join(data[at : at + 16].hex().encode() for at in rows)
    yield "byte list", ", ".join(f"0x{each}" for each in pairs).encode()
    yield (
        "lines of a byte list",
        ",\n".join(", ".join(f"0x{each}" for each in pairs[at : at + 16]) for at in rows).encode(),
    )
    yield "decimal list", ",".join(map(str, data)).encode()
    yield "escaped hex", "".join(f"\\x{each}" for each in pairs).encode()
    if data.isascii():
        yield "plain", data
