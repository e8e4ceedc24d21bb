"""Files taken apart into stretches of bytes with an address: Intel HEX, signed images, update archives, directories.

Everything is bounded: the size of a file, what an archive or a compressed file unpacks to, how many files a directory
gives. Nothing is written, followed out of the directory, or executed.
"""

import hashlib
import io
import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path

from bootverify.dataclass import dataclass
from bootverify.errors import InputError
from bootverify.secrets.place import Place

MIB = 1 << 20
MOST_BYTES = 64 * MIB  # of one file, packed or unpacked
MOST_MEMBERS = 256
MOST_FILES = 20_000
_HEX = re.compile(rb"\s*:[0-9A-Fa-f]{10,}\s")
_IMAGE = struct.Struct("<IIHHII")
_IMAGE_MAGIC = 0x96F3B83D  # MCUboot docs/design.md, "Image format"
_ENCRYPTED = 0x04 | 0x08
SHA256 = 0x10  # the TLV of the digest
_MOST_TLVS = 64
ENCRYPTED, DECRYPTED = "encrypted payload", "decrypted payload"
_OBJECTS = {".o", ".obj", ".a"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A named range of a piece, such as the payload of a signed image."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Contiguous bytes of one file; `offset` is where they start in it, `address` where the file puts them, if it says.

    For Intel HEX the offset counts the bytes of data in the order of their addresses: one in the text would not help.
    `opened_with` is the fingerprint of the key that opened these bytes, which the file holds encrypted, and `image_key`
    the key of that image: it is shown to nobody.
    """

    file: str
    data: bytes = field(repr=False)
    offset: int = 0
    address: int | None = None
    parts: tuple[Part, ...] = ()
    note: str = ""
    opened_with: str = ""
    image_key: bytes = field(default=b"", repr=False, compare=False)

    def place(self, at: int, size: int) -> Place:
        """Where `size` bytes from `at` on lie, told for a reader."""
        part = next((each.name for each in self.parts if each.start <= at < each.end), "")
        address = None if self.address is None else self.address + at
        return Place(file=self.file, offset=self.offset + at, size=size, address=address, part=part)


def pieces_of(paths: Iterable[Path | str], left_out: list[str]) -> Iterator[Piece]:
    """The pieces of each file, and of every file below each directory, in a fixed order.

    What a directory holds that cannot be taken apart, or that never ships, is told in `left_out`.

    Raises:
        InputError: a file that is named is missing, too large, or not what it says it is.
    """
    for named in paths:
        path = Path(named)
        if not path.is_dir():
            yield from pieces(read(path), str(named))
            continue
        objects = 0
        for file in _below(path):
            if file.suffix in _OBJECTS:
                objects += 1
                continue
            try:
                yield from list(pieces(read(file), str(file)))
            except InputError as error:
                left_out += [str(fault) for fault in error.faults]
        if objects:
            left_out.append(f"{named}: {objects} object files and archives of them, which do not ship")


def pieces(content: bytes, name: str) -> Iterator[Piece]:
    """The pieces of a file's content, which decides what the file is, never its name.

    Raises:
        InputError: damaged, or it unpacks to too much.
    """
    if content.startswith(b"\x1f\x8b\x08"):
        yield from pieces(_inflated(content, name), name)
    elif content.startswith(b"PK\x03\x04"):
        yield from _members(content, name)
    elif _HEX.match(content[:600]):
        yield from _segments(content, name)
    elif content:
        yield stretch(content, name)


def stretch(data: bytes, name: str, *, offset: int = 0, address: int | None = None) -> Piece:
    """Bytes that lie together in a file which the caller took apart; the signed images among them are found."""
    return Piece(file=name, data=data, offset=offset, address=address, parts=_image(data))


def read(path: Path) -> bytes:
    """The bytes of a plain file of bounded size.

    Raises:
        InputError: there is none, it cannot be read, or it is too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError.at(str(path), 0, "this is no plain file; name a file or a directory")
        if status.st_size > MOST_BYTES:
            raise InputError.at(str(path), 0, _too_large(status.st_size))
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise InputError.at(str(path), 0, "there is no such file or directory; check the path") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError.at(str(path), 0, f"it cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise InputError.at(str(path), 0, _too_large(len(content)))
    return content


def _below(directory: Path) -> list[Path]:
    """Every plain file below; links are not followed, so nothing outside is read."""
    files: list[Path] = []
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink() and ".git" not in path.parts:
            files.append(path)
        if len(files) > MOST_FILES:
            message = f"more than {MOST_FILES:,} files lie below; name the directory of one build"
            raise InputError.at(str(directory), 0, message)
    return files


def _inflated(content: bytes, name: str) -> bytes:
    machine = zlib.decompressobj(wbits=31)
    try:
        unpacked = machine.decompress(content, MOST_BYTES + 1)
    except zlib.error:
        raise InputError.at(name, 0, "the compressed file is damaged; unpack it yourself and name the result") from None
    if len(unpacked) > MOST_BYTES:
        raise InputError.at(name, 0, f"it unpacks to more than {MOST_BYTES:,} bytes; name a smaller file")
    if not machine.eof:
        raise InputError.at(name, 0, "the compressed file ends too early; fetch it again")
    return unpacked


def _members(content: bytes, name: str) -> Iterator[Piece]:
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            if len(entries) > MOST_MEMBERS:
                raise InputError.at(name, 0, f"it holds {len(entries):,} files, and at most {MOST_MEMBERS} are read")
            addresses = _addresses(archive, entries)
            for entry in entries:
                with archive.open(entry) as member:
                    unpacked = member.read(left + 1)
                left -= len(unpacked)
                if left < 0:
                    raise InputError.at(name, 0, f"it unpacks to more than {MOST_BYTES:,} bytes; name a smaller file")
                if unpacked and not unpacked.startswith((b"PK\x03\x04", b"\x1f\x8b\x08")):
                    inner = pieces(unpacked, f"{name}!{entry.filename}")
                    yield from (_based(each, addresses.get(entry.filename)) for each in inner)
                elif unpacked:
                    message = f"`{entry.filename}` is an archive in an archive, which is not opened; unpack it"
                    raise InputError.at(name, 0, message)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise InputError.at(name, 0, "the archive is damaged or needs a password; make it again") from None


def _addresses(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> dict[str, int]:
    """The load addresses that an update archive's manifest gives to its files, where it has one."""
    if not any(entry.filename == "manifest.json" and entry.file_size < MIB for entry in entries):
        return {}
    try:
        with archive.open("manifest.json") as member:
            told = json.loads(member.read(MIB))
        files = told["files"] if isinstance(told, dict) else []
        return {str(each["file"]): int(each["load_address"]) for each in files if "load_address" in each}
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}


def _based(piece: Piece, address: int | None) -> Piece:
    if address is None or piece.address is not None:
        return piece
    return Piece(file=piece.file, data=piece.data, address=address, parts=piece.parts)


def _segments(content: bytes, name: str) -> Iterator[Piece]:
    import bincopy  # noqa: PLC0415 - it loads much that only hex files need

    binary = bincopy.BinFile()
    try:
        binary.add_ihex(content.decode("ascii"))
    except (bincopy.Error, ValueError) as error:
        raise InputError.at(name, 0, f"this Intel HEX file is damaged: {error}; make it again") from None
    offset = 0
    for segment in binary.segments:
        data = bytes(segment.data)
        yield stretch(data, name, offset=offset, address=int(segment.address))
        offset += len(data)


def _image(data: bytes) -> tuple[Part, ...]:
    """The parts of the signed images in `data`, found at their headers."""
    parts: list[Part] = []
    at = data.find(_IMAGE_MAGIC.to_bytes(4, "little"))
    while at >= 0 and at + 32 <= len(data):
        _, _, header, protected, size, flags = _IMAGE.unpack_from(data, at)
        if 32 <= header <= 0x10000 and size and at + header + size <= len(data):
            body = at + header
            secret = flags & _ENCRYPTED and not _in_clear(data, at, body + size, protected)
            parts.append(Part(start=at, end=body, name="image header"))
            parts.append(Part(start=body, end=body + size, name=ENCRYPTED if secret else "image payload"))
            tail = _tail(data, body + size, protected)
            parts.append(Part(start=body + size, end=tail, name="image TLVs"))
            at = data.find(_IMAGE_MAGIC.to_bytes(4, "little"), tail)
        else:
            at = data.find(_IMAGE_MAGIC.to_bytes(4, "little"), at + 4)
    return tuple(parts)


def _in_clear(data: bytes, start: int, end: int, protected: int) -> bool:
    """Whether an image is as installed: decrypted, with the flag still set, for the digest is over what was built."""
    digest = dict(tlvs(data, end + protected)).get(SHA256)
    return hashlib.sha256(data[start : end + protected]).digest() == digest


def _tail(data: bytes, at: int, protected: int) -> int:
    end = at + protected
    if end + 4 <= len(data) and data[end : end + 2] == b"\x07\x69":
        end += int.from_bytes(data[end + 2 : end + 4], "little")
    return min(end, len(data))


def tlvs(data: bytes, at: int) -> list[tuple[int, bytes]]:
    """The TLVs of the area that is not protected (MCUboot docs/design.md, "Image format")."""
    if data[at : at + 2] != b"\x07\x69" or at + 4 > len(data):
        return []
    end = min(at + int.from_bytes(data[at + 2 : at + 4], "little"), len(data))
    found: list[tuple[int, bytes]] = []
    at += 4
    while at + 4 <= end and len(found) < _MOST_TLVS:
        kind, length = struct.unpack_from("<HH", data, at)
        found.append((kind, data[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def _too_large(size: int) -> str:
    return f"it has {size:,} bytes, and at most {MOST_BYTES:,} are read; name a smaller file"
