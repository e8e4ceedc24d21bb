"""Programming files: Intel HEX (also gzipped) and raw binaries, and what of the boot chain lies in them.

Recognised are MCUboot images (header and TLVs: MCUboot, docs/design.md, "Image format"), public keys compiled into a
boot loader, and the published keys among NSIB's provisioned hashes.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from bootverify.dataclass import dataclass
from bootverify.errors import InputError
from bootverify.sources.importers.ihex import parse_ihex
from bootverify.sources.input_file import MIB, read_bytes

LIMIT = 64 * MIB
_ENCRYPTED = 0x4 | 0x8  # header flags: payload encrypted with AES-128, AES-256
_HEADER = struct.Struct("<IIHHIIBBHII")  # magic, load, header size, protected TLVs, image size, flags, version, padding
_MAGIC = struct.pack("<I", 0x96F3B83D)
_TLV_MAGIC, _PROTECTED_MAGIC = 0x6907, 0x6908
_KEYHASH, _PUBKEY = 0x01, 0x02
_DIGESTS = {0x10: "sha256", 0x11: "sha384", 0x12: "sha512"}
_SIGNATURES = {0x20: "rsa-2048", 0x22: "ecdsa-p256", 0x23: "rsa-3072", 0x24: "ed25519"}
_ENCRYPTION = {0x30: "rsa-oaep", 0x31: "aes-kw", 0x32: "ecies-p256", 0x33: "ecies-x25519", 0x34: "ecies-x25519"}
_MOST_TLVS = 64

_RSA_2048 = bytes.fromhex("3082010a0282010100")  # PKCS#1 RSAPublicKey, 270 bytes
_RSA_3072 = bytes.fromhex("3082018a0282018100")  # 398 bytes
_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # SubjectPublicKeyInfo, 91 bytes
_ED25519 = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo, 44 bytes
_KEY_FORMS = (
    ("rsa-2048", _RSA_2048, 270),
    ("rsa-3072", _RSA_3072, 398),
    ("ecdsa-p256", _P256, 91),
    ("ed25519", _ED25519, 44),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Bytes that lie together; `at` is 0 in a file without addresses."""

    at: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareFile:
    """One file; `addressed` is false for a raw binary."""

    file: str
    sha256: str
    addressed: bool
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedImage:
    """An MCUboot image; `size` from the header to the end of its TLVs, `digest_ok` None when it is encrypted."""

    at: int
    size: int
    header: int
    version: str
    signature: str
    keyhash: str
    encryption: str
    digest_ok: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """A public key in DER form, or the hash of one, where it lies."""

    at: int
    kind: str
    digest: str
    value: bytes = field(default=b"", repr=False)


def read_firmware(path: Path, *, shown: str) -> FirmwareFile:
    """The bytes of a .hex, .hex.gz, .bin or .bin.gz file.

    Raises:
        InputError: missing, too large also when unpacked, or no Intel HEX.
    """
    return parse_firmware(read_bytes(path, limit=LIMIT, shown=shown), shown)


def parse_firmware(content: bytes, name: str) -> FirmwareFile:
    """The bytes in `content`; the name's ending says what it is.

    Raises:
        InputError: as `read_firmware`.
    """
    plain = _unpacked(content, name) if name.endswith(".gz") else content
    digest = hashlib.sha256(content).hexdigest()
    if not name.removesuffix(".gz").endswith(".hex"):
        segment = Segment(at=0, data=plain)
        return FirmwareFile(file=name, sha256=digest, addressed=False, segments=(segment,))
    found = tuple(Segment(at=at, data=data) for at, data in parse_ihex(plain, name))
    return FirmwareFile(file=name, sha256=digest, addressed=True, segments=found)


def signed_images(file: FirmwareFile) -> Iterator[SignedImage]:
    """The MCUboot images of the file whose TLV area is whole; each digest is computed."""
    for segment in file.segments:
        at = segment.data.find(_MAGIC)
        while at >= 0:
            image = _image(segment, at)
            if image is not None:
                yield image
                at += image.size
            else:
                at += 4
            at = segment.data.find(_MAGIC, at)


def public_keys(file: FirmwareFile) -> Iterator[FoundKey]:
    """Public keys that are compiled in; `digest` as an image's key hash names them."""
    for segment in file.segments:
        for kind, start, length in _KEY_FORMS:
            at = segment.data.find(start)
            while at >= 0:
                key = segment.data[at : at + length]
                if len(key) == length:
                    digest = hashlib.sha256(key).hexdigest()
                    yield FoundKey(at=segment.at + at, kind=kind, digest=digest, value=key)
                at = segment.data.find(start, at + 1)


def hashes_among(
    file: FirmwareFile, wanted: dict[str, str], within: tuple[int, int] | None = None
) -> Iterator[FoundKey]:
    """Which of the `wanted` 16-byte hashes (hex -> kind) lie in the file, word by word, `within` an address range."""
    for segment in file.segments:
        low, high = (0, len(segment.data)) if within is None else (within[0] - segment.at, within[1] - segment.at)
        for digest, kind in wanted.items():
            at = segment.data.find(bytes.fromhex(digest), max(low, 0), max(high, 0))
            if at >= 0 and at % 4 == 0:
                yield FoundKey(at=segment.at + at, kind=kind, digest=digest)


def fingerprint(kind: str, key_or_digest: bytes) -> str:
    """The SHA-256 of the SubjectPublicKeyInfo of a key given in the form that `public_keys` finds."""
    if kind.startswith("rsa"):
        inner = (
            bytes.fromhex("300d06092a864886f70d010101050003")
            + b"\x82"
            + struct.pack(">H", len(key_or_digest) + 1)
            + b"\0"
        )
        body = inner + key_or_digest
        return hashlib.sha256(b"\x30\x82" + struct.pack(">H", len(body)) + body).hexdigest()
    return hashlib.sha256(key_or_digest).hexdigest()


def word_at(file: FirmwareFile, address: int) -> int | None:
    """The little-endian word at `address`; None when the file does not set it."""
    for segment in file.segments:
        if segment.at <= address and address + 4 <= segment.at + len(segment.data):
            return int(struct.unpack_from("<I", segment.data, address - segment.at)[0])
    return None


def _image(segment: Segment, at: int) -> SignedImage | None:
    """The image whose header starts at `at`; None when header or TLVs are none."""
    data = segment.data
    if at + _HEADER.size > len(data):
        return None
    _, _, header, protected, size, flags, major, minor, revision, build, _ = _HEADER.unpack_from(data, at)
    end = at + header + size
    if not _HEADER.size <= header <= 0x10000 or end + 4 > len(data):
        return None
    tlvs, tail = [], end
    for magic in (_PROTECTED_MAGIC, _TLV_MAGIC) if protected else (_TLV_MAGIC,):
        area = _tlvs(data, tail, magic)
        if area is None:
            return None
        found, tail = area
        tlvs += found
    values = dict(reversed(tlvs))
    encrypted = bool(flags & _ENCRYPTED)
    digest_ok: bool | None = None
    for kind, name in _DIGESTS.items():
        if kind in values and not encrypted:
            digest_ok = hashlib.new(name, data[at : end + protected]).digest() == values[kind]
    key = values.get(_KEYHASH) or (hashlib.sha256(values[_PUBKEY]).digest() if _PUBKEY in values else b"")
    return SignedImage(
        at=segment.at + at,
        size=tail - at,
        header=header,
        version=f"{major}.{minor}.{revision}+{build}",
        signature=next((name for kind, name in _SIGNATURES.items() if kind in values), "none"),
        keyhash=key.hex(),
        encryption=next((name for kind, name in _ENCRYPTION.items() if kind in values), "unknown")
        if encrypted
        else "none",
        digest_ok=digest_ok,
    )


def _tlvs(data: bytes, at: int, magic: int) -> tuple[list[tuple[int, bytes]], int] | None:
    """The TLVs of the area at `at` and its end; None when there is none of that magic, or it is not whole."""
    if at + 4 > len(data):
        return None
    found_magic, total = struct.unpack_from("<HH", data, at)
    end = at + total
    if found_magic != magic or total < 4 or end > len(data):
        return None
    found: list[tuple[int, bytes]] = []
    at += 4
    while at < end:
        if at + 4 > end or len(found) >= _MOST_TLVS:
            return None
        kind, length = struct.unpack_from("<HH", data, at)
        if at + 4 + length > end:
            return None
        found.append((kind, data[at + 4 : at + 4 + length]))
        at += 4 + length
    return found, end


def _unpacked(content: bytes, name: str) -> bytes:
    """The gzipped content, of bounded size."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(content, LIMIT)
    except zlib.error:
        raise InputError.at(name, 0, "this is no gzip file; unpack it, or name another") from None
    if unpacker.unconsumed_tail:
        raise InputError.at(name, 0, f"the file unpacks to more than {LIMIT:,} bytes; name another")
    return plain
