"""What a build of NSIB fixes: addresses, formats, options."""

from collections.abc import Iterable
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.executor.nsib.provision import StorageLayout
from bootverify.executor.nsib.release import RELEASE_MAIN, NsibRelease
from bootverify.ranges import AddressRange

MAGIC_COMMON = 0x281EE6DE
MAGIC_FW_INFO = 0x8FCEBB4C
MAGIC_EXT_API = 0xB845ACEA
MAGIC_VALIDATION = 0x86518483
FORMAT_VERSION = 2
CRYPTO_ID = 1
VALID = 0x9102FFFF  # CONFIG_FW_INFO_VALID_VAL
INVALID = 0xFFFF0000  # what invalidation writes there, and over a key's token


class Signature(Enum):
    """How images are signed."""

    ECDSA_P256 = "ecdsa-p256"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class Magics:
    """The three 12-byte marks of one SoC family (ncs-boot 1.6)."""

    fw_info: bytes
    ext_api: bytes
    validation_info: bytes

    @classmethod
    def of_hardware(cls, hardware: int) -> "Magics":
        """The marks of the family with this number: 52, 53, 54 or 91.

        >>> Magics.of_hardware(53).fw_info.hex()
        'dee61e284cbbce8f02350000'
        """
        family = FORMAT_VERSION | hardware << 8
        return cls(
            fw_info=_words(MAGIC_COMMON, MAGIC_FW_INFO, family),
            ext_api=_words(MAGIC_COMMON, MAGIC_EXT_API, family),
            validation_info=_words(MAGIC_COMMON, MAGIC_VALIDATION, family | CRYPTO_ID << 16),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtApi:
    """An interface that NSIB offers to images; `address` is where its header lies in NSIB."""

    id: int
    flags: int
    version: int
    address: int


STANDARD = ((0x1001, 2, 1), (0x1002, 0, 1), (0x1003, 1, 1), (0x1101, 3, 1), (0x1200, 0, 1))
"""Identity, flags and version of the five interfaces that NSIB offers (ncs-boot 1.6; none on nRF54L)."""


def ext_apis(bootloader: int, offered: Iterable[tuple[int, int, int]] = STANDARD) -> tuple[ExtApi, ...]:
    """The interfaces of a boot loader at `bootloader`.

    The distance of their headers is ours: no image looks at it.
    """
    first = bootloader + 0x23C
    return tuple(
        ExtApi(id=identity, flags=flags, version=version, address=first + 0x40 * i)
        for i, (identity, flags, version) in enumerate(offered)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NsibConfig:
    """One build of NSIB.

    The slots' addresses are not part of it: NSIB reads them from the provision data at `storage`.
    `search_skip` is added to them before the search for metadata: the pad, or the image header.
    `signed_header_skip` is the image header, which the signature leaves out. `protected_storage` is
    None where storage is not protected at hand-over.
    """

    release: NsibRelease = RELEASE_MAIN
    magics: Magics
    bootloader: AddressRange
    slot_size: int
    storage: int
    storage_layout: StorageLayout = StorageLayout.HALFWORDS
    protected_storage: AddressRange | None = None
    search_skip: int = 0
    signed_header_skip: int = 0
    valid_value: int = VALID
    signature: Signature = Signature.ECDSA_P256
    fprotect: bool = True
    counter: bool = True
    life_cycle_aware: bool = False
    size_check: bool = True
    kmu_revocation: bool = True
    ext_apis: tuple[ExtApi, ...] = ()


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)
