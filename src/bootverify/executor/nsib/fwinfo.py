"""The metadata of an image: fw_info in it, validation_info behind it; read and built.

Document: ncs-boot 1.6, after include/fw_info_bare.h and bl_validation.c.
"""

import struct

from bootverify.dataclass import dataclass
from bootverify.executor.memory import ADDRESSES, Memory
from bootverify.executor.nsib.config import INVALID, VALID, Magics, NsibConfig, Signature
from bootverify.executor.nsib.run import Run

FW_INFO = 60  # bytes without the interface lists
REQUEST = 40
VALID_AT = 32
VALIDATION_REACH = 4  # validation_info may start this many bytes late
PUBLIC_KEY = 64
SIGNATURE = 64
HASH = 32


VERSION = 20  # offset of the version in fw_info


@dataclass(frozen=True, slots=True)
class FwInfo:
    """The fw_info at `at`; every field is read when asked for, as C does through a pointer."""

    memory: Memory
    at: int

    def field(self, offset: int) -> int:
        """The word at `offset`."""
        return self.memory.word(self.at + offset)

    @property
    def total_size(self) -> int:
        """Bytes of fw_info with its lists."""
        return self.field(12)

    @property
    def size(self) -> int:
        """Bytes of the image from `address`."""
        return self.field(16)

    @property
    def version(self) -> int:
        """The number that the rollback counter records."""
        return self.field(VERSION)

    @property
    def address(self) -> int:
        """Where the image starts."""
        return self.field(24)

    @property
    def boot_address(self) -> int:
        """Where its vector table is."""
        return self.field(28)

    @property
    def valid(self) -> int:
        """The word that invalidation changes."""
        return self.field(VALID_AT)

    @property
    def ext_api_count(self) -> int:
        """Interfaces that the image offers."""
        return self.field(52)

    @property
    def request_count(self) -> int:
        """Interfaces that the image asks for; they follow those it offers."""
        return self.field(56)


def find_fw_info(run: Run, address: int) -> FwInfo | None:
    """The first place behind `address` where the magic stands."""
    for offset in run.config.release.search_offsets:
        at = (address + offset) % ADDRESSES
        if run.memory.equals(at, run.config.magics.fw_info):
            return FwInfo(run.memory, at)
    return None


def invalidate(run: Run, info: FwInfo) -> None:
    """Take the image out of use until its slot is written again; once only."""
    if info.valid == run.config.valid_value:
        run.program(info.at + VALID_AT, INVALID)


@dataclass(frozen=True, slots=True)
class ValidationInfo:
    """The validation_info at `at`."""

    memory: Memory
    at: int
    signature_kind: Signature

    @property
    def address(self) -> int:
        """The image it belongs to."""
        return self.memory.word(self.at + 12)

    @property
    def public_key(self) -> bytes:
        """X and Y; with ECDSA only."""
        return self.memory.read(self.at + 16 + HASH, PUBLIC_KEY)

    @property
    def signature(self) -> bytes:
        """64 bytes, with ECDSA r and s."""
        ahead = HASH + PUBLIC_KEY if self.signature_kind is Signature.ECDSA_P256 else 0
        return self.memory.read(self.at + 16 + ahead, SIGNATURE)


def find_validation_info(run: Run, end: int) -> ValidationInfo | None:
    """The validation_info at `end` or up to four bytes behind, whatever the alignment."""
    for late in range(VALIDATION_REACH + 1):
        at = (end + late) % ADDRESSES
        if run.memory.equals(at, run.config.magics.validation_info):
            return ValidationInfo(run.memory, at, run.config.signature)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An interface that an image asks for; `pointer` is the RAM word to receive its address."""

    id: int
    pointer: int
    flags: int = 0
    version: int = 1
    max_version: int = 0xFF
    required: bool = False


def build_fw_info(
    magics: Magics,
    *,
    size: int,
    version: int,
    address: int,
    boot_address: int,
    requests: tuple[Request, ...] = (),
    valid_value: int = VALID,
) -> bytes:
    """The bytes of a fw_info that offers nothing.

    >>> len(build_fw_info(Magics.of_hardware(53), size=1, version=1, address=0, boot_address=0))
    60
    """
    asked = b"".join(_build_request(magics, request) for request in requests)
    total = FW_INFO + len(asked)
    fields = struct.pack("<6I", total, size, version, address, boot_address, valid_value)
    return magics.fw_info + fields + bytes(16) + struct.pack("<II", 0, len(requests)) + asked


def _build_request(magics: Magics, request: Request) -> bytes:
    fields = (REQUEST, request.id, request.flags, request.version)
    ends = (request.max_version, int(request.required), request.pointer)
    return magics.ext_api + struct.pack("<7I", *fields, *ends)


def build_validation_info(
    config: NsibConfig, *, address: int, digest: bytes, public_key: bytes, signature: bytes
) -> bytes:
    """The bytes of a validation_info; with Ed25519 it carries neither digest nor key."""
    head = config.magics.validation_info + struct.pack("<I", address)
    match config.signature:
        case Signature.ECDSA_P256:
            return head + digest + public_key + signature
        case Signature.ED25519:
            return head + signature
