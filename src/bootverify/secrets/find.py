"""The nouns of a scan: a find, what was set apart, and what a clean result means. No value of a key is ever kept."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.secrets.pieces import Piece
from bootverify.secrets.place import Place


class Form(Enum):
    """How key material lies in the bytes."""

    PEM = "PEM"
    PEM_CUT = "PEM, cut short"
    PKCS8 = "PKCS#8 DER"
    PKCS8_ENCRYPTED = "PKCS#8 DER under a password"
    SEC1 = "SEC1 DER"
    PKCS1 = "PKCS#1 DER"
    JWK = "JWK"
    OPENSSH = "OpenSSH"
    SCALAR = "private scalar"
    SEED = "Ed25519 seed"
    RSA_PRIME = "RSA prime"
    RSA_EXPONENT = "RSA private exponent"
    SYMMETRIC = "symmetric key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symmetric:
    """A raw key of which the SHA-256 is known, and its first bytes, if any are: `starts`."""

    size: int
    starts: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a find means in the build that it is part of; empty and None where nothing tells.

    `ships` tells what of the build the file is, `readers` who gets to see it, `role` what the key is for in the design.
    """

    ships: str
    readers: str
    role: str = ""
    partition: str = ""
    image: str = ""
    symbol: str = ""
    address: int | None = None
    updatable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Key material; `fingerprint` is the SHA-256 of the public half as DER SubjectPublicKeyInfo, in hex.

    It is that of the raw key for a symmetric one, and empty where the public half cannot be told (a password, a key
    cut short). `name` is what the caller calls that key; `how` tells what surrounds it, such as "base64, reversed".
    """

    form: Form
    type: str
    place: Place
    fingerprint: str = ""
    name: str = ""
    how: str = ""
    standing: Standing | None = None

    def __str__(self) -> str:
        key = f"{self.type} key {self.fingerprint[:16]}" if self.fingerprint else f"{self.type} key"
        named = f" ({self.name})" if self.name else ""
        how = f", {self.how}" if self.how else ""
        return f"{self.place}: {key}{named} as {self.form.value}{how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What looks like a secret and is none, with the reason."""

    what: str
    place: Place
    reason: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An encrypted image that was read in clear; `fingerprint` is that of the key that opens it."""

    place: Place
    fingerprint: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoughtKey:
    """A public key whose private half was looked for at every offset.

    `miss` bounds the probability that a number of `forms` is there and was passed over, `missed` tells which.
    """

    fingerprint: str
    type: str
    name: str
    forms: tuple[str, ...]
    miss: float = 0.0
    missed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """A file that was looked at; `size` counts the bytes of its content, unpacked."""

    file: str
    size: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """All that a scan can say: a result without finds means no more than `sought`, `forms` and `miss` say.

    `known_as` tells, by the fingerprint of a key that was seen, what else verifiers know its public half by.
    `clear` are the encrypted images as they were read: content, so that is for who asks where a find lies, not shown.
    """

    finds: tuple[Find, ...]
    apart: tuple[Apart, ...]
    files: tuple[Scanned, ...]
    sought: tuple[SoughtKey, ...]
    forms: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    opened: tuple[Opened, ...] = ()
    known_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clear: tuple[Piece, ...] = field(default=(), repr=False, compare=False)

    @property
    def miss(self) -> float:
        """The largest probability with which a key that is there, in a form looked for, was passed over."""
        return max((key.miss for key in self.sought), default=0.0)

    @property
    def exit_code(self) -> int:
        """0 clean, 1 something was found (docs/INTERFACE.md)."""
        return 1 if self.finds else 0
