"""Images (what is signed and shipped), stages (what runs) and the steps of a stage."""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access, Attribution, Lock, Span
from bootverify.design.source import NOWHERE, Source


class Program(Enum):
    """Which vendor program a stage is."""

    NSIB = "nsib"
    MCUBOOT = "mcuboot"
    TFM = "tfm"
    SPM = "spm"  # the Secure Partition Manager of SDK 1.x, which TF-M replaced
    APPLICATION = "application"


FEW_COUNTER_SLOTS = 32  # with more, no counter is used up by the releases that are looked at
SEPARATORS = frozenset({Program.TFM, Program.SPM})  # what runs on the secure side of an application


class SignatureType(Enum):
    """Signature algorithm of an image."""

    NONE = "none"
    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    ED25519 = "ed25519"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"


class EncryptionType(Enum):
    """How the image key travels with an encrypted image."""

    NONE = "none"
    ECIES_P256 = "ecies-p256"
    ECIES_X25519 = "ecies-x25519"
    AES_KW = "aes-kw"
    RSA_OAEP = "rsa-oaep"


class UpgradeMode(Enum):
    """How MCUboot installs what is staged in the secondary slot."""

    OVERWRITE = "overwrite"
    SWAP_MOVE = "swap-move"
    SWAP_SCRATCH = "swap-scratch"
    SWAP_OFFSET = "swap-offset"
    SINGLE_SLOT = "single-slot"  # nothing is staged: what is to run is written where it runs
    DIRECT_XIP = "direct-xip"  # the newer of two slots runs where it lies
    RAM_LOAD = "ram-load"  # the newer of two slots is copied to RAM, and runs there

    @property
    def swaps(self) -> bool:
        """Whether old and new image change places, so that a test can be taken back."""
        return self in {UpgradeMode.SWAP_MOVE, UpgradeMode.SWAP_SCRATCH, UpgradeMode.SWAP_OFFSET}

    @property
    def in_place(self) -> bool:
        """Whether images start from either of two slots, and updates are put where they are to start from."""
        return self in {UpgradeMode.DIRECT_XIP, UpgradeMode.RAM_LOAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is signed, stored in slots and, if `updatable`, shipped.

    `slots` are the partitions it may be started from: one, or two that NSIB chooses from, or MCUboot in place.
    `staging` is the partition in which an update of it waits; None when there is no update path, or when updates are
    put into the slot that is not in use (MCUboot in place).
    `verified_by` is a stage; None for the first image, which the reset vector starts.
    `decryptor` is the stage that is meant to decrypt an encrypted update. `versions` are those of its releases (major,
    minor, revision, build), oldest first; release n is n.0.0+0 where none are given. `counters` are the security
    counters in their metadata, n where none are given.
    """

    name: str
    slots: tuple[str, ...]
    staging: str | None = None
    verified_by: str | None = None
    signature: SignatureType = SignatureType.NONE
    encryption: EncryptionType = EncryptionType.NONE
    decryptor: str | None = None
    updatable: bool = False
    versions: tuple[tuple[int, int, int, int], ...] = ()
    counters: tuple[int, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)
    update_source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protect:
    """fprotect: make whole granules secure, read and execute only (vendor library, lib/fprotect).

    `spans` are what the design wants locked; the step rounds nothing, a misaligned span makes it fail. What a span
    loses is `deny`; an ACL can deny reading too (`fprotect_area_no_access`), a boot stage on nRF54L can take all access
    from itself at hand-over, other units deny writing alone.
    """

    spans: tuple[Span, ...]
    lock: Lock = Lock.UNTIL_RESET
    deny: frozenset[Access] = frozenset({Access.WRITE})
    counts_entries: bool = False  # ACL: the library of before 2021-06, which begins with entry 0 in every stage
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseSlot:
    """NSIB: find, order, validate and pick one of the slots of `image`; `counter`: monotonic version counter on.

    `provision` is the flash partition that holds NSIB's key hashes and counters; None where they lie in OTP words.
    `counter_slots`: how many values the counter has room for; None: more than there are releases. `full_stops`: a slot
    whose version finds no room is passed over; False: it is started all the same; None: as the SDK's release does.
    """

    image: str
    counter: bool
    provision: str | None = None
    counter_slots: int | None = None
    full_stops: bool | None = None
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BootGo:
    """MCUboot's boot_go on `image`: carry out what the trailers ask for, validate, pick the primary slot.

    `bootloader` names the image of MCUboot itself when an update of it is staged in the same secondary slot
    (MCUboot behind NSIB); None otherwise. `validate`: the primary image is verified at every boot.
    `prevent_downgrade`: a staged image with a lower version is refused; `with_build`: the build number counts, too;
    `test_only`: only of updates for test, as before MCUboot's issue 1708 was closed.
    `counter`: the image's security counter is compared with one that hardware keeps, at every validation, and raises
    it; `counter_slots` is the room of that, None: more than there are releases; `full_refused`: an image that would
    raise it and finds no room is not valid. `scratch` is the partition through which `swap-scratch` moves sectors; None
    in other modes. `revert`, in place: an image that nobody confirmed gets one start, and is then erased.
    """

    image: str
    mode: UpgradeMode
    validate: bool
    revert: bool = False
    prevent_downgrade: bool = False
    with_build: bool = False
    test_only: bool = False
    counter: bool = False
    counter_slots: int | None = None
    full_refused: bool = False
    bootloader: str | None = None
    scratch: str | None = None
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpTrustZone:
    """TF-M or SPM: attribute memory from the map, lock what is secure, open and lock what is non-secure.

    The order and the rounding are code on both sides (soc.md 8.1, 8.2). `locks_first`: the secure code is locked before
    anything is opened, as TF-M does from SDK 2.6 on. A debug build stops at a write to a locked region. At isolation
    level 2 the partitions of the application root of trust are unprivileged (soc.md 8.3).

    `by` SPM: of the ranges only the start of the non-secure image counts. All regions of flash below the one that it
    lies in become secure, that one and all above non-secure, each with all permissions and locked (nRF Connect SDK
    1.5, subsys/spm/spm.c, spm_config_flash).
    """

    secure_code: Span
    non_secure: tuple[Span, ...]  # the non-secure image: read, write, execute
    non_secure_data: tuple[Span, ...]  # secondary slot and non-secure storage: read, write
    locks_first: bool = True
    debug_build: bool = False
    isolation_level: int = 1
    by: Program = Program.TFM
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Hand over to `stage` for this boot."""

    stage: str
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The first instruction of an application: what the boot started is what lies in its slot at this mark."""

    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The application's main loop: serves updates, confirms itself, is where most attackers live."""

    source: Source = field(default=NOWHERE, compare=False)


Step = Protect | ChooseSlot | BootGo | SetUpTrustZone | Launch | Begin | Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One program of the boot flow.

    `code` is the partition that holds its code when the image has several parts (TF-M and application share one
    image); None when the stage is the whole image.
    """

    name: str
    program: Program
    image: str
    attribution: Attribution
    steps: tuple[Step, ...]
    code: str | None = None
    source: Source = field(default=NOWHERE, compare=False)
    attribution_source: Source = field(default=NOWHERE, compare=False)


def operation(step: Step) -> str:
    """The name by which files and reports call a step."""
    match step:
        case Protect():
            return "protect"
        case ChooseSlot():
            return "choose_slot"
        case BootGo():
            return "boot_go"
        case SetUpTrustZone():
            return "set_up_trustzone"
        case Launch():
            return "launch"
        case Begin():
            return "begin"
        case Run():
            return "run"
