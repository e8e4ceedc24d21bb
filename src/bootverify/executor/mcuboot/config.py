"""One build of MCUboot: its upgrade mode, flash map, keys and options."""

import hashlib
from collections.abc import Callable
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.support import product_of, release_window
from bootverify.executor.crypto import EnvelopeScheme, Scheme
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.trailer import TrailerLayout


class Mode(Enum):
    """The upgrade modes (MCUboot docs/design.md, "Image slots" and following)."""

    SWAP_SCRATCH = "swap-scratch"
    SWAP_MOVE = "swap-move"
    SWAP_OFFSET = "swap-offset"
    OVERWRITE = "overwrite-only"
    DIRECT_XIP = "direct-xip"
    RAM_LOAD = "ram-load"
    SINGLE_SLOT = "single-slot"
    FIRMWARE_LOADER = "firmware-loader"

    @property
    def swaps(self) -> bool:
        """Whether old and new image change places."""
        return self in {Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, Mode.SWAP_OFFSET}

    @property
    def upgrades(self) -> bool:
        """Whether images always start from the primary slot."""
        return self.swaps or self is Mode.OVERWRITE


IN_PLACE = frozenset({Mode.DIRECT_XIP, Mode.RAM_LOAD})  # the newest of two slots is started, nothing is moved


class Digest(Enum):
    """The digest over an image, with the type of its TLV (image.h)."""

    SHA256 = ("sha256", 0x10)
    SHA384 = ("sha384", 0x11)
    SHA512 = ("sha512", 0x12)

    def __init__(self, algorithm: str, tlv: int) -> None:
        self.algorithm, self.tlv = algorithm, tlv

    def over(self, data: bytes | memoryview) -> bytes:
        """The digest of `data`."""
        return hashlib.new(self.algorithm, data).digest()


class Downgrade(Enum):
    """MCUBOOT_DOWNGRADE_PREVENTION, and what it compares."""

    OFF = "off"
    VERSION = "version"
    SECURITY_COUNTER = "security-counter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The upstream options, under names of their own. `pure`: the signature is over the image, there is no digest.

    `full_key`: images carry the key that verifies them, and the device keeps its hash alone (MCUBOOT_HW_KEY).
    `loader_instead`: a firmware loader starts where there is no application; `loader_asked`: somebody asks for it now.
    `permanent_unchecked`: in the swap modes versions are compared for tests alone (issue 1708, closed in 2023).
    `last_sector_unknown`: a boot that goes on with a swap-move looks for the headers as if there were no last sector,
    until it has moved something itself (before change 1597, of February 2023).
    `counter_limited`: no image is valid that would raise the stored counter, when that has no room left.
    """

    validate_primary: bool = True
    revert: bool = False
    overwrite_fast: bool = False
    downgrade: Downgrade = Downgrade.OFF
    hw_rollback: bool = False
    counter_limited: bool = False
    bootstrap: bool = False
    tlv_allow_list: bool = False
    version_with_build: bool = False
    permanent_unchecked: bool = False
    last_sector_unknown: bool = False
    check_load_address: bool = False
    pure: bool = False
    full_key: bool = False
    loader_instead: bool = True
    loader_asked: bool = False


def before_change_1597(sdk: str) -> bool:
    """Whether each release that `sdk` names is older than it: those of the nRF Connect SDK up to 2.2 (December 2022).

    >>> before_change_1597("2.2.0"), before_change_1597("nRF Connect SDK 1.5-2.3"), before_change_1597("MCUboot 1.9")
    (True, False, False)
    """
    window = release_window(sdk)
    return window is not None and product_of(sdk) == "ncs" and window[1] < (2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """How image keys are wrapped, and the secret value that opens them.

    `save_tlv`: a swap keeps the wrapped key in the trailer, not the plain one (MCUBOOT_SWAP_SAVE_ENCTLV). `key_size` is
    that of the image keys, for AES-128 or AES-256.
    """

    scheme: EnvelopeScheme
    secret: bytes
    save_tlv: bool = False
    key_size: int = 16

    @property
    def tlv_size(self) -> int:
        """The length of the TLV with the wrapped key."""
        return self.scheme.tlv_size(self.key_size)

    @property
    def saved_size(self) -> int:
        """What a swap keeps of one key, in bytes."""
        return self.tlv_size if self.save_tlv else self.key_size


@dataclass(frozen=True, slots=True)
class Pair:
    """The slots of one image; where there is a single one, both are that."""

    primary: Area
    secondary: Area

    def __getitem__(self, slot: int) -> Area:
        return self.secondary if slot else self.primary


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """RAM in which images may be placed."""

    start: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BootConfig:
    """One build and its map.

    `public_keys` as compiled in, in order; without `signature` the digest alone decides. `encryption` None: the build
    refuses encrypted images. `copied` is told the primary slot once an image was copied there, and says whether all is
    well (boot_copy_region_post_hook).
    """

    mode: Mode
    images: tuple[Pair, ...]
    trailer: TrailerLayout
    signature: Scheme | None
    public_keys: tuple[bytes, ...]
    digest: Digest = Digest.SHA256
    scratch: Area | None = None
    encryption: Encryption | None = None
    ram: Window | None = None
    options: Options = field(default_factory=Options)
    copy_buffer: int = 1024
    copied: Callable[[Area], bool] | None = None
