"""The bytes of a build, and of files beside it or alone, with what map and configuration say: what a device is given.

Files of one build repeat each other (merged.hex holds provision.hex, and so on): the fullest is taken first, and one
that says something else at an address is left out, and named. Files that the user named must agree.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bootverify.design.firmware import Firmware, HeldKey, LoaderOptions, NsibOptions, Package, Piece
from bootverify.design.settings import Told
from bootverify.design.soc import Soc
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.algorithms import ENCRYPTS, signature_type
from bootverify.sources.importers.draw import drawn
from bootverify.sources.importers.entry import IMAGES, project_in
from bootverify.sources.importers.hexfile import FirmwareFile, public_keys, read_firmware
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.partition_manager import read_partitions
from bootverify.sources.importers.project import Named, Project, soc_in
from bootverify.sources.importers.settings import update_mode
from bootverify.sources.models import load_soc, second_core
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.search import Search
from bootverify.sources.validate import validated

_FULLEST = ("merged_domains.hex", "merged.hex", "merged_cpunet.hex", "provision.hex", "bootconf.hex", "zephyr.hex")
_FLAGS = {
    "validate": ("CONFIG_BOOT_VALIDATE_SLOT0",),
    "pure": ("CONFIG_BOOT_SIGNATURE_TYPE_PURE",),
    "downgrade": ("CONFIG_MCUBOOT_DOWNGRADE_PREVENTION",),
    "hardware_counter": ("CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION",),
    "full_key": ("CONFIG_BOOT_HW_KEY",),
    "loader_instead": ("CONFIG_BOOT_FIRMWARE_LOADER_NO_APPLICATION",),
    "kmu": ("CONFIG_BOOT_SIGNATURE_USING_KMU",),
    "protects": ("CONFIG_FPROTECT",),
    "drops_rights": ("CONFIG_NCS_MCUBOOT_DISABLE_SELF_RWX",),
}
MOST_KEYS = 64


def read_programmed(
    paths: Sequence[Path], *, soc: str = "", map_file: Path | None = None, sdk: str | None = None
) -> Firmware | None:
    """What is programmed from a build directory, files, or both; None for a directory without programming files.

    `soc` and `map_file` tell what bare files do not.

    Raises:
        InputError: a file cannot be read, files contradict each other, or nothing tells the SoC.
    """
    project = _project(paths)
    _name_soc(project, paths, soc)
    if map_file is not None:
        project.partitions, _ = read_partitions(map_file, shown=str(map_file), ledger=project.ledger)
    if not project.firmware:
        return None
    assert project.soc is not None
    part = load_soc(project.soc.name)
    named = {str(path) for path in paths}
    pieces, left_out = _pieces(project, named)
    unaddressed = {file.file: file for file in project.firmware if not file.addressed}
    packages = {
        name: Package(file=_inner(name, project), data=file.segments[0].data) for name, file in unaddressed.items()
    }
    written = drawn(project, sdk, Search())
    design = resolve(validated(DesignEntry, written), written, project.ledger.listed())
    return Firmware(
        design=design if design.soc.known else replace(design, soc=part),
        network=_network(part, pieces),
        pieces=pieces,
        packages=tuple(package for name, package in packages.items() if name not in named),
        updates=tuple(package for name, package in packages.items() if name in named),
        keys=_keys(project),
        loader=_loader(project),
        nsib=_nsib(project),
        search_skip=_skip(project),
        start_up=_start_up(project),
        left_out=left_out,
    )


def programmable(path: Path) -> bool:
    """Whether `path` is a programming file or a signed image."""
    return path.suffix in IMAGES


def _project(paths: Sequence[Path]) -> Project:
    build, files = paths[0].is_dir(), paths
    if build:
        project, files = project_in(paths[0], str(paths[0])), paths[1:]
    else:
        project = Project(name=paths[0].name, shown=str(paths[0]), fragments=True)
    for path in files:
        if not programmable(path):
            raise InputError.at(str(path), 0, "no programming file (.hex, .bin, .gz); name one build, or such files")
        project.firmware.append(read_firmware(path, shown=str(path)))
        project.inputs.append((str(path), project.firmware[-1].sha256))
    return project


def _name_soc(project: Project, paths: Sequence[Path], soc: str) -> None:
    """The part that the user names; else what the build says; else what the name of a file or folder says."""
    if soc:
        load_soc(soc)
        project.soc = Named(name=soc, source=Source(file="--soc", text=f"--soc {soc}"))
    for path in paths if project.soc is None else ():
        for text in (path.name, path.resolve().parent.name):
            if soc_in(text):
                source = Source(file=str(path), text="named by the file or its folder")
                project.soc = Named(name=soc_in(text), source=source)
                return
    if project.soc is None and project.firmware:
        words = "nothing here tells the SoC; name it with --soc, such as --soc nrf5340"
        raise InputError.at(project.shown, 0, words)


def _pieces(project: Project, named: set[str]) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    taken: list[Piece] = []
    left_out: list[str] = []
    files = [file for file in project.firmware if file.addressed]
    for file in sorted(files, key=_rank):
        name = _inner(file.file, project)
        offered = [Piece(at=segment.at, data=segment.data, file=name) for segment in file.segments]
        clash = _clash(taken, offered)
        if clash is None:
            taken += [new for new in offered if not any(old.at <= new.at and new.end <= old.end for old in taken)]
            continue
        other, at = clash
        words = f"it says other bytes than {other} at {at:#x}"
        if file.file in named:
            raise InputError.at(file.file, 0, f"{words}; name files of one build")
        left_out.append(f"{name}: not programmed: {words}")
    return tuple(sorted(taken, key=lambda piece: piece.at)), tuple(left_out)


def _inner(file: str, project: Project) -> str:
    """The name of a file as the log shows it: below the directory that the user named."""
    return file.removeprefix(f"{project.shown.rstrip('/')}/")


def _rank(file: FirmwareFile) -> tuple[int, str]:
    name = file.file.rsplit("/", 1)[-1].removesuffix(".gz").lower()
    return (_FULLEST.index(name) if name in _FULLEST else len(_FULLEST), file.file)


def _clash(taken: list[Piece], offered: list[Piece]) -> tuple[str, int] | None:
    """The file and the first address at which bytes that are there already differ from those offered."""
    for new in offered:
        for old in taken:
            low, high = max(new.at, old.at), min(new.end, old.end)
            ours, theirs = new.data[low - new.at : high - new.at], old.data[low - old.at : high - old.at]
            if low < high and ours != theirs:
                differ = next(i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
                return old.file, low + differ
    return None


def _keys(project: Project) -> tuple[HeldKey, ...]:
    found: dict[tuple[int, bytes], HeldKey] = {}
    for file in project.firmware:
        for key in public_keys(file) if file.addressed else ():
            held = HeldKey(
                kind=key.kind, value=key.value, digest=key.digest, file=_inner(file.file, project), at=key.at
            )
            found.setdefault((key.at, key.value), held)
            if len(found) > MOST_KEYS:
                words = f"more than {MOST_KEYS} public keys are in its bytes; name what the build made"
                raise InputError.at(file.file, 0, words)
    return tuple(found.values())


def _network(part: Soc, pieces: tuple[Piece, ...]) -> Soc | None:
    """The second core of the part, if something is programmed there."""
    other = second_core(part)
    return other if other is not None and any(piece.at in other.flash for piece in pieces) else None


def _loader(project: Project) -> LoaderOptions:
    config = project.image("mcuboot")
    mode = update_mode(project)
    if config is None:
        return LoaderOptions(mode=mode)
    told = {
        name: next((flag for each in symbols if (flag := config.flag(each))), None) for name, symbols in _FLAGS.items()
    }
    return LoaderOptions(
        mode=mode,
        signature=signature_type(config),
        digest=_digest(config, "CONFIG_BOOT_IMG_HASH_ALG_SHA"),
        hmac=_digest(config, "CONFIG_BOOT_HMAC_SHA"),
        encrypted=_encrypted(config),
        **told,
    )


def _digest(config: Kconfig, choice: str) -> Told | None:
    for bits in ("256", "384", "512"):
        found = config.on(f"{choice}{bits}")
        if found is not None:
            return Told(value=f"sha{bits}", source=found.source)
    return None


def _encrypted(config: Kconfig) -> Told | None:
    found = config.on(*ENCRYPTS)
    if found is not None:
        return Told(value=True, source=found.source)
    return next((flag for name in ENCRYPTS if (flag := config.flag(name))), None)


def _nsib(project: Project) -> NsibOptions:
    config = project.image("nsib")
    if config is None:
        return NsibOptions()
    return NsibOptions(
        counter=config.flag("CONFIG_SB_MONOTONIC_COUNTER"),
        life_cycle=config.flag("CONFIG_SB_LCS_AWARE"),
        signature=config.flag("CONFIG_SB_VALIDATE_FW_SIGNATURE"),
        protects=config.flag("CONFIG_FPROTECT"),
    )


def _start_up(project: Project) -> Told | None:
    """What the first image of the chain that says so does with the debug port (AP-Protect documentation)."""
    for role in ("nsib", "mcuboot", "spm", "application"):
        config = project.image(role)
        for word in ("LOCK", "USER_HANDLING", "USE_UICR", "DISABLE") if config is not None else ():
            found = config.on(f"CONFIG_NRF_APPROTECT_{word}") if config is not None else None
            if found is not None:
                return Told(value=word.lower(), source=found.source)
    return None


def _skip(project: Project) -> int | None:
    """What NSIB adds to a slot's address before it looks for metadata, without a pad partition (ncs-boot 1.1)."""
    config = project.image("nsib")
    return config.number("CONFIG_SB_IMAGE_BOOT_OFFSET") if config is not None else None
