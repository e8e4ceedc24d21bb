"""Keys in the file that a production line provisions a key management unit from (nRF Util, "x-provision-keys").

JSON: `keyslots`, each with `metadata` (the attributes of a PSA key: type and bits, little-endian half-words, then the
rest) and `value`, both in hexadecimal digits.
"""

import json

from bootverify.secrets.keys import PublicKey, public_key
from bootverify.secrets.library import ed25519, unreadable

_TWISTED_EDWARDS = 0x4142  # PSA_KEY_TYPE_ECC_PUBLIC_KEY of that family (PSA Crypto API 1.1, key types)
_BITS = 255
MOST = 64


def provisioned_keys(content: bytes) -> tuple[PublicKey, ...] | None:
    """The Ed25519 public keys of such a file, in its order; None where it is none. Other keys are passed over."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    slots = document.get("keyslots") if isinstance(document, dict) else None
    if not isinstance(slots, list):
        return None
    found = [_key(each) for each in slots[:MOST] if isinstance(each, dict)]
    return tuple(key for key in found if key is not None)


def _key(slot: dict[str, object]) -> PublicKey | None:
    metadata, value = (_bytes(slot.get(name)) for name in ("metadata", "value"))
    kind, bits = int.from_bytes(metadata[:2], "little"), int.from_bytes(metadata[2:4], "little")
    if (kind, bits) != (_TWISTED_EDWARDS, _BITS):
        return None
    try:
        return public_key(ed25519.Ed25519PublicKey.from_public_bytes(value))
    except unreadable():
        return None


def _bytes(told: object) -> bytes:
    """The bytes of hexadecimal digits, with or without 0x; nothing where it is none."""
    try:
        return bytes.fromhex(told.removeprefix("0x")) if isinstance(told, str) else b""
    except ValueError:
        return b""
