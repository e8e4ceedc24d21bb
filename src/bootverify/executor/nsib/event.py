"""What NSIB does and finds, in order: the boot log, and the result of a boot."""

from enum import StrEnum

from bootverify.dataclass import dataclass


class Finding(StrEnum):
    """What NSIB finds out about a slot, and how a trial ends."""

    # How a trial ends without invalidating the slot.
    BOOTED = "booted"
    FAULT = "fault"
    PANIC = "panic"
    POWER_CUT = "powercut"
    NO_FW_INFO = "no-fw-info"
    COUNTER_FULL = "counter-full"
    COUNTER_NOT_INCREASING = "counter-not-increasing"
    COUNTER_ZERO_SLOTS = "counter-zero-slots"
    COUNTER_SLOTS_UNREADABLE = "counter-slots-unreadable"
    STORAGE_PROTECT = "storage-protect"
    EXT_API = "ext-api"

    # Why validation rejects, which invalidates the slot.
    FWINFO_NOT_FIRST = "fwinfo-not-first"
    INVALIDATED = "invalidated"
    COUNTER_UNREADABLE = "counter-unreadable"
    VERSION_BELOW_COUNTER = "version-below-counter"
    SIZE = "size"
    FWINFO_OUTSIDE = "fwinfo-outside"
    BOOT_ADDRESS_OUTSIDE = "boot-address-outside"
    RESET_OUTSIDE = "reset-outside"
    NO_VALIDATION_INFO = "no-validation-info"
    VALIDATION_ADDRESS = "validation-address"
    CRYPTO_INIT = "crypto-init"
    TOO_MANY_KEYS = "too-many-keys"
    KEY_HASH_FFFF = "key-hash-ffff"
    NO_MATCHING_KEY = "no-matching-key"
    SIGNATURE = "signature"
    CRYPTO_ERROR = "crypto-error"

    # What lets the trial go on.
    VERIFIED = "verified"
    ACCEPTED_UNVERIFIED = "accepted-unverified"


class Stop(StrEnum):
    """Why NSIB returned without starting anything."""

    NO_IMAGE = "no-image"
    B0_PROTECT = "b0-protect"
    LIFE_CYCLE = "life-cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """`fprotect_area` was called; `code` is 0 or a negative error number."""

    start: int
    length: int
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStarted:
    """NSIB attempts to boot a slot."""

    slot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WordWritten:
    """A word was programmed with `value`; by the rule of its memory `old` became `new`."""

    address: int
    value: int
    old: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked:
    """A KMU key was destroyed."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBlocked:
    """A KMU key can no longer be pushed until reset."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPurged:
    """The copy of a KMU key in the crypto engine was wiped."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtApiGiven:
    """The image's word at `pointer` was set to the interface `id`; None: no interface fits."""

    pointer: int
    id: int | None


Event = Protected | TrialStarted | WordWritten | KeyRevoked | KeyBlocked | KeyPurged | ExtApiGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One slot that was tried.

    `notes` are findings that did not decide; of a trial that was interrupted, all up to then.
    """

    slot: int
    outcome: Finding
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """Control went to the image in `slot`."""

    slot: int
    vtor: int
    msp: int
    pc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingBooted:
    """NSIB returned."""

    why: Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted:
    """A bus fault at `address`; `kind` is "read" or "write"."""

    kind: str
    address: int


@dataclass(frozen=True, slots=True)
class Panicked:
    """The code stopped itself."""


@dataclass(frozen=True, slots=True)
class PowerCut:
    """The supply went during the boot."""


Ending = Booted | NothingBooted | Faulted | Panicked | PowerCut


@dataclass(frozen=True, slots=True, kw_only=True)
class NsibResult:
    """One run of NSIB from reset."""

    ending: Ending
    trials: tuple[Trial, ...]
    events: tuple[Event, ...]

    @property
    def booted(self) -> Booted | None:
        """The hand-over, if it came to that."""
        return self.ending if isinstance(self.ending, Booted) else None
