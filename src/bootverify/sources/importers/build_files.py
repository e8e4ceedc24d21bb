"""The programming files, update packages and public keys of a build directory."""

import base64
import hashlib
import re
from pathlib import Path

from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.folders import files_in, folders_in, noted_input
from bootverify.sources.importers.hexfile import read_firmware
from bootverify.sources.importers.packages import read_package
from bootverify.sources.importers.project import Named, Project, shown_path, tolerated
from bootverify.sources.input_file import MIB, read_bytes

PROGRAMMED = re.compile(r"(merged.*|.*provision.*|bootconf)\.hex(\.gz)?")
_UPDATES = re.compile(r"(app_update|net_core_app_update|dfu_multi_image|.*\.signed(\..+)?|signed_by_.*)\.bin(\.gz)?")
_PARTS = re.compile(r"(app_signed|signed_by_.*|.*\.signed(\..+)?)\.hex(\.gz)?")
_PACKAGES = re.compile(r"dfu_.*\.zip")
_OWN = {"mcuboot", "b0"}


def put_firmware(project: Project, path: Path) -> None:
    """The programming files that hold everything, else the signed parts; and the packages."""
    found: dict[str, Path] = {}
    parts: dict[str, Path] = {}
    for folder in [path, path / "zephyr", *(each / "zephyr" for each in folders_in(path))]:
        for file in files_in(folder):
            shown = shown_path(project.shown, file, path)
            own = file.name.removesuffix(".gz") == "zephyr.hex" and folder.parent.name in _OWN
            if PROGRAMMED.fullmatch(file.name) or _UPDATES.fullmatch(file.name) or own:
                found[shown] = file
            elif _PARTS.fullmatch(file.name):
                parts[shown] = file
            elif _PACKAGES.fullmatch(file.name) or _is_loose(file):
                _package(project, file, shown)
    if not any(file.name.startswith("merged") for file in found.values()):
        found |= parts
    whole = {shown for shown, file in found.items() if file.name.startswith("merged_domains.hex")}
    for shown, file in sorted(found.items()):
        part_of = shown.replace("merged.hex", "merged_domains.hex")
        parts_of_others = shown not in whole and part_of in whole
        try:
            firmware = read_firmware(file, shown=shown)
        except InputError as error:
            tolerated(project, shown, error)
            continue
        (project.repeated if parts_of_others else project.firmware).append(firmware)
        project.inputs.append((shown, firmware.sha256))
    project.firmware += [image for package in project.packages for image in package.images]


def _is_loose(file: Path) -> bool:
    """A manifest beside its package; the one in the package is read where there is one."""
    packed = file.name.removesuffix("_manifest.json")
    return packed != file.name and packed.endswith(".zip") and not file.with_name(packed).exists()


def _package(project: Project, file: Path, shown: str) -> None:
    try:
        package = read_package(file, shown=shown, ledger=project.ledger)
    except InputError as error:
        tolerated(project, shown, error)
        return
    noted_input(project, file, shown)
    project.packages.append(package)


def put_public_keys(project: Project, path: Path) -> None:
    """The public key that NSIB's data were made from (subsys/bootloader, generated/public.pem)."""
    for folder in [path, *folders_in(path)]:
        for inner in ("nrf/subsys/bootloader/generated", "zephyr/nrf/subsys/bootloader/generated"):
            file = folder / inner / "public.pem"
            if file.is_file():
                shown = shown_path(project.shown, file, path)
                digest = public_pem_digest(read_bytes(file, limit=MIB, shown=shown))
                if digest:
                    project.public_keys.append(Named(name=digest, source=Source(file=shown, line=1)))
                    project.key_files[shown] = file
                    noted_input(project, file, shown)


def public_pem_digest(content: bytes) -> str:
    """The fingerprint of a public key in PEM form; empty when it is none."""
    text = content.decode("ascii", "replace")
    match = re.search(r"-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]{20,8000})-----END PUBLIC KEY-----", text)
    if match is None:
        return ""
    try:
        return hashlib.sha256(base64.b64decode("".join(match[1].split()), validate=True)).hexdigest()
    except ValueError:
        return ""
