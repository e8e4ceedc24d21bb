"""Keys in the file that a production line provisions a key management unit from (nRF Util, "x-provision-keys").

JSON: `keyslots`, each with `metadata` (the attributes of a PSA key) and `value`, in hexadecimal digits. The attributes
are little-endian: type and bits in two bytes each, then in four lifetime, usage, two algorithms, and the identifier. On
nRF54L the lifetime ends in the slot's policy, and the identifier names slot and scheme (nRF Connect SDK,
scripts/generate_psa_key_attributes.py; `west ncs-provision`).
"""

import json
import struct
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.secrets.keys import PublicKey, public_key
from bootverify.secrets.library import ed25519, unreadable

_TWISTED_EDWARDS = 0x4142  # PSA_KEY_TYPE_ECC_PUBLIC_KEY of that family (PSA Crypto API 1.1, key types)
_BITS = 255
_PUBLIC, _PAIR = 0x4000, 0x7000  # the first digit of a type: a public key, a key pair; the rest is symmetric
_LOCATION, _IDENTIFIER = 0x804E4B, 0x7FFF  # what lifetime and identifier of a slot of the KMU begin with
_GENERATED = "TRNG:"  # the value is drawn on the device, and this many bytes long
SLOT_BYTES = 16
MOST = 64


class Policy(Enum):
    """What becomes of a slot whose key is destroyed."""

    ROTATES = 1  # it takes another key
    REVOKES = 2  # it takes none again
    LOCKED = 3  # no key of it is ever destroyed


class Scheme(Enum):
    """Where a push delivers the key."""

    PROTECTED = 0  # RAM of the crypto engine alone
    SEED = 1  # a register of the engine
    ENCRYPTED = 2  # RAM that the CPU reads, opened there
    RAW = 3  # RAM that the CPU reads


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotKey:
    """One key of the file: its first slot, `width` slots in all, and what is known of its value.

    `kind` is public, private or symmetric; `public` the public half of an Ed25519 key; `line` where it stands.
    `slot`, `policy` and `scheme` are None where the key is for another store than a KMU.
    """

    kind: str
    slot: int | None
    width: int
    policy: Policy | None
    scheme: Scheme | None
    public: PublicKey | None = field(default=None)
    generated: bool = False
    line: int = 0


def slot_keys(content: bytes) -> tuple[SlotKey, ...] | None:
    """The keys of such a file, in its order; None where it is none. What has no attributes is passed over."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    slots = document.get("keyslots") if isinstance(document, dict) else None
    if not isinstance(slots, list):
        return None
    found = [_slot_key(each, content) for each in slots[:MOST] if isinstance(each, dict)]
    return tuple(key for key in found if key is not None)


def provisioned_keys(content: bytes) -> tuple[PublicKey, ...] | None:
    """The Ed25519 public keys of such a file, in its order; None where it is none. Other keys are passed over."""
    found = slot_keys(content)
    return None if found is None else tuple(key.public for key in found if key.public is not None)


def _slot_key(slot: dict[str, object], content: bytes) -> SlotKey | None:
    metadata, value = (_bytes(slot.get(name)) for name in ("metadata", "value"))
    if len(metadata) < 28:
        return None
    kind, bits, lifetime, *_, identifier, _ = struct.unpack("<HHIIIIII", metadata[:28])
    in_kmu = lifetime >> 8 == _LOCATION and identifier >> 16 == _IDENTIFIER
    policies, schemes = {each.value: each for each in Policy}, {each.value: each for each in Scheme}
    told = slot.get("value")
    text = str(slot["metadata"]).encode()
    return SlotKey(
        kind={_PUBLIC: "public", _PAIR: "private"}.get(kind & 0xF000, "symmetric"),
        slot=identifier & 0xFF if in_kmu else None,
        width=max(1, -(-(len(value) or -(-bits // 8)) // SLOT_BYTES)),
        policy=policies.get(lifetime & 0xFF) if in_kmu else None,
        scheme=schemes.get(identifier >> 12 & 0xF) if in_kmu else None,
        public=_ed25519(value) if (kind, bits) == (_TWISTED_EDWARDS, _BITS) else None,
        generated=isinstance(told, str) and told.startswith(_GENERATED),
        line=content[: max(content.find(text), 0)].count(b"\n") + 1,
    )


def _ed25519(value: bytes) -> PublicKey | None:
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
