"""The image format of MCUboot: header, payload, TLVs, protected or not (MCUboot docs/design.md, "Image format")."""

import struct
from dataclasses import field

from bootverify.dataclass import dataclass

MAGIC = 0x96F3B83D
TLV_INFO_MAGIC, TLV_PROTECTED_MAGIC = 0x6907, 0x6908
HEADER = struct.Struct("<IIHHIIBBHII")
TLV_HEADER = struct.Struct("<HH")

KEYHASH = 0x01
SHA256, SHA384, SHA512 = 0x10, 0x11, 0x12
DEPENDENCY, SEC_CNT = 0x40, 0x50
RSA2048_PSS, ECDSA, RSA3072_PSS, ED25519, SIG_PURE = 0x20, 0x22, 0x23, 0x24, 0x25
ENC_RSA2048, ENC_KW, ENC_EC256, ENC_X25519, ENC_X25519_SHA512 = 0x30, 0x31, 0x32, 0x33, 0x34
FLAG_ENCRYPTED_AES128, FLAG_ENCRYPTED_AES256 = 0x04, 0x08
FLAGS_ENCRYPTED = FLAG_ENCRYPTED_AES128 | FLAG_ENCRYPTED_AES256


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Major, minor, revision, build; compared in that order, the build number left out by default."""

    major: int
    minor: int = 0
    revision: int = 0
    build: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.revision}" + (f"+{self.build}" if self.build else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first 32 bytes of an image; sizes in bytes."""

    load_address: int = 0
    header_size: int
    protected_size: int = 0
    image_size: int
    flags: int = 0
    version: Version

    def pack(self) -> bytes:
        """The header as it is stored, padded to `header_size`."""
        v = self.version
        packed = HEADER.pack(
            MAGIC,
            self.load_address,
            self.header_size,
            self.protected_size,
            self.image_size,
            self.flags,
            v.major,
            v.minor,
            v.revision,
            v.build,
            0,
        )
        return packed.ljust(self.header_size, b"\x00")

    @property
    def encrypted(self) -> bool:
        """Whether the payload is encrypted in transit."""
        return bool(self.flags & FLAGS_ENCRYPTED)


@dataclass(frozen=True, slots=True)
class Tlv:
    """One type-length-value entry."""

    type: int
    value: bytes

    def pack(self) -> bytes:
        """The entry as it is stored."""
        return TLV_HEADER.pack(self.type, len(self.value)) + self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedImage:
    """An image found at the start of some bytes; `end` is the first byte behind it."""

    header: Header
    tlvs: tuple[Tlv, ...]
    signed_end: int
    end: int

    def first(self, kind: int) -> bytes | None:
        """The value of the first entry of that type."""
        return next((tlv.value for tlv in self.tlvs if tlv.type == kind), None)


def parse_header(data: bytes) -> Header | None:
    """The header at the start of `data`; None when there is none."""
    if len(data) < HEADER.size:
        return None
    magic, load, header_size, protected, size, flags, major, minor, revision, build, _ = HEADER.unpack_from(data)
    if magic != MAGIC:
        return None
    return Header(
        load_address=load,
        header_size=header_size,
        protected_size=protected,
        image_size=size,
        flags=flags,
        version=Version(major, minor, revision, build),
    )


def parse(data: bytes) -> ParsedImage | None:
    """The image at the start of `data`; None when a header or a TLV area is missing or leaves the bytes."""
    header = parse_header(data)
    if header is None:
        return None
    at = header.header_size + header.image_size
    tlvs: list[Tlv] = []
    if header.protected_size:
        protected = _area(data, at, TLV_PROTECTED_MAGIC)
        if protected is None or protected[1] - at != header.protected_size:
            return None
        tlvs += protected[0]
        at = protected[1]
    plain = _area(data, at, TLV_INFO_MAGIC)
    if plain is None:
        return None
    return ParsedImage(header=header, tlvs=(*tlvs, *plain[0]), signed_end=at, end=plain[1])


def tlv_area(magic: int, tlvs: list[Tlv]) -> bytes:
    """A TLV area: its info header and the entries."""
    body = b"".join(tlv.pack() for tlv in tlvs)
    return TLV_HEADER.pack(magic, len(body) + TLV_HEADER.size) + body


def _area(data: bytes, at: int, magic: int) -> tuple[list[Tlv], int] | None:
    if at + TLV_HEADER.size > len(data):
        return None
    found, total = TLV_HEADER.unpack_from(data, at)
    end = at + total
    if found != magic or end > len(data):
        return None
    tlvs: list[Tlv] = []
    at += TLV_HEADER.size
    while at < end:
        if at + TLV_HEADER.size > end:
            return None
        kind, length = TLV_HEADER.unpack_from(data, at)
        at += TLV_HEADER.size
        if at + length > end:
            return None
        tlvs.append(Tlv(kind, data[at : at + length]))
        at += length
    return tlvs, end
