"""Update packages: the images in a `dfu_*.zip`, and what its manifest says of them.

The manifest is not signed (nRF Connect SDK, scripts/bootloader/generate_zip.py writes it beside the images), so it
tells nothing about an image; that it speaks of another image than the one beside it is worth a word.
"""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.hexfile import FirmwareFile, parse_firmware
from bootverify.sources.input_file import MIB, read_bytes
from bootverify.sources.ledger import Ledger

if TYPE_CHECKING:
    from zipfile import ZipFile

LIMIT = 64 * MIB
MOST_ENTRIES = 50
_MANIFEST_LIMIT = MIB
_UNREADABLE = (zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_METHODS = {0, 8}  # stored, deflated


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One image as a manifest describes it; what it does not say is None or empty."""

    file: str
    size: int | None
    load_address: int | None
    image: int
    version: str
    soc: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The images of a package, and the manifest's words."""

    images: tuple[FirmwareFile, ...]
    described: tuple[Described, ...]


def read_package(path: Path, *, shown: str, ledger: Ledger) -> Package:
    """The package in a .zip file, or the manifest that stands for one.

    Raises:
        InputError: missing, no zip file, or too large also when unpacked.
    """
    content = read_bytes(path, limit=LIMIT, shown=shown)
    if path.name.endswith(".json"):
        return Package(images=(), described=parse_manifest(content, shown, ledger))
    return parse_package(content, shown, ledger)


def parse_package(content: bytes, name: str, ledger: Ledger) -> Package:
    """The package that `content` is; as `read_package`."""
    import zipfile  # noqa: PLC0415 - it loads much that only packages need

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > MOST_ENTRIES:
                raise InputError.at(
                    name, 0, f"{len(archive.infolist()):,} files in it; at most {MOST_ENTRIES} are read"
                )
            parts = list(_unpacked(archive, name, ledger))
    except (zipfile.BadZipFile, *_UNREADABLE) as error:
        reason = str(error).splitlines()[0][:80] if str(error) else "cut short"
        text = f"this is no zip file that can be read ({reason}); build the package anew"
        raise InputError.at(name, 0, text) from None
    manifests = [parse_manifest(data, inner, ledger) for inner, data in parts if inner.endswith(".json")]
    images = (parse_firmware(data, inner) for inner, data in parts if not inner.endswith(".json"))
    return Package(images=tuple(images), described=manifests[0] if manifests else ())


def _unpacked(archive: "ZipFile", name: str, ledger: Ledger) -> Iterator[tuple[str, bytes]]:
    """The images and the manifest, each with the name that it goes by."""
    left = LIMIT
    for entry in archive.infolist():
        inner = f"{name}/{_plain(entry.filename)}"
        if entry.compress_type not in _METHODS or entry.flag_bits & 0x1:
            ledger.add(Source(file=inner), "not read: packed in a way that the build system does not use")
        elif not inner.endswith((".bin", ".hex", "manifest.json")):
            ledger.add(Source(file=inner), "a file of the update package that is no image")
        else:
            with archive.open(entry) as file:
                data = file.read(left + 1)
            left -= len(data)
            if left < 0:
                raise InputError.at(name, 0, f"it unpacks to more than {LIMIT:,} bytes; name another")
            yield inner, data


def parse_manifest(content: bytes, name: str, ledger: Ledger) -> tuple[Described, ...]:
    """What a manifest says of each image; nothing, and a word in the ledger, when it is none."""
    import json  # noqa: PLC0415

    try:
        plain = json.loads(content[:_MANIFEST_LIMIT].decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        ledger.add(Source(file=name), f"no manifest: {str(error).splitlines()[0][:80]}")
        return ()
    files = plain.get("files") if isinstance(plain, dict) else None
    listed = [entry for entry in files if isinstance(entry, dict)] if isinstance(files, list) else []
    if not listed:
        ledger.add(Source(file=name), "a manifest that lists no files")
    return tuple(_described(entry, name) for entry in listed[:MOST_ENTRIES])


def _described(entry: dict[str, Any], name: str) -> Described:
    file = _plain(str(entry.get("file", "")))
    version = entry.get("version_MCUBOOT", entry.get("version_MCUBOOT+XIP", ""))
    return Described(
        file=file,
        size=_number(entry.get("size")),
        load_address=_number(entry.get("load_address")),
        image=_number(entry.get("image_index")) or 0,
        version=str(version)[:40],
        soc=str(entry.get("soc", ""))[:40],
        source=Source(file=name, text=f"the manifest's entry for {file or 'no file'}"),
    )


def _number(value: object) -> int | None:
    """A number, or a text that is one: manifests have both."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 1 << 32 else None
    text = value if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _plain(text: str) -> str:
    """A file name that may stand in a report."""
    return "".join(sign if sign.isprintable() else "_" for sign in text.replace("\\", "/"))[:120]
