"""Keys, where each of them lies, and what it is for."""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source


class KeyKind(Enum):
    """What the value is; private and symmetric values are secrets."""

    PUBLIC = "public"
    HASH = "hash"
    PRIVATE = "private"
    SYMMETRIC = "symmetric"


class Purpose(Enum):
    """What the holder does with the key."""

    VERIFY = "verify"
    SIGN = "sign"
    DECRYPT = "decrypt"


class PushTarget(Enum):
    """Where a KMU slot delivers its value (soc.md 5.1: confidentiality rests on the destination)."""

    ENGINE = "engine"  # a write-only key register of the crypto engine
    RAM = "ram"  # memory that the CPU can read


@dataclass(frozen=True, slots=True, kw_only=True)
class InImage:
    """Part of the bytes of an image; of its release `release` only, or of every release (None).

    `offset` is where the value lies, in bytes from the start of the image's payload. Where the design does not say,
    it is assumed near the start.
    """

    image: str
    release: int | None = None
    offset: int = 0x400
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InKmu:
    """In slots of the key management unit; `readable` when the CPU may read the value back."""

    slots: tuple[int, ...]
    push_to: PushTarget
    readable: bool
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUicr:
    """In one-time programmable words: write-once, readable by secure code (soc.md 1.3)."""

    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InPartition:
    """In a data partition of the map."""

    partition: str
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOnly:
    """Only on the machine that builds or signs."""

    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """In none of the other places: `what` is `service`, `swap-status`, `unread` or `shipped`, `words` what was written.

    `shipped` is a file that leaves the house, whose image or partition nothing tells.
    """

    what: str
    words: str
    source: Source = field(default=NOWHERE, compare=False)


Placement = InImage | InKmu | InUicr | InPartition | HostOnly | Elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a key does, for which image; `image` empty where the image does not matter."""

    purpose: Purpose
    image: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `published` means that everybody has its secret half.

    `fingerprint` is the SHA-256 of the public half (DER SubjectPublicKeyInfo) in hex, empty when it is not known.
    `found` tells in which files of a build the value itself was seen: `factory` what production programs, `update` what
    is handed out, `slot` the part of a factory's file that updates replace, `build` one that stays where
    it was built.
    `empty`: a verifier consults the place, but nothing was put there (nRF54L: a generation of a verification key).
    `revocable`: software may revoke the place it lies in; None: nothing tells. `reusable`: once revoked, it takes
    another value (nRF54L: the policy that rotates; soc.md 5.3). `per_device`: each device has its own.
    """

    name: str
    kind: KeyKind
    placements: tuple[Placement, ...]
    uses: tuple[Use, ...] = ()
    published: bool = False
    fingerprint: str = ""
    revocable: bool | None = None
    reusable: bool = False
    all_words_written: bool | None = None  # no word of the stored value reads as erased
    other_half: str = ""  # the private key that belongs to a public one, where the design names it
    per_device: bool | None = None
    empty: bool = False
    found: tuple[str, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)

    @property
    def secret(self) -> bool:
        """Whether knowing the value lets one sign or decrypt."""
        return self.kind in {KeyKind.PRIVATE, KeyKind.SYMMETRIC}

    @property
    def fillable(self) -> bool:
        """Whether secure code finds a place for a key of its own there, on a device as production leaves it."""
        return self.empty or self.reusable
