"""A build directory of the nRF Connect SDK, sysbuild or child images: which file is what.

Layouts: child images (SDK <= 2.6) have the application in `zephyr/` and each child in a folder of its own; with
sysbuild every image has a folder and `zephyr/.config` holds the build system's own SB_CONFIG symbols.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.document import read_written
from bootverify.sources.importers import KEY_FILE
from bootverify.sources.importers.build_files import PROGRAMMED, put_firmware, put_public_keys
from bootverify.sources.importers.devicetree import parse_devicetree
from bootverify.sources.importers.folders import files_in, folders_in, noted_input
from bootverify.sources.importers.identity import put_identity
from bootverify.sources.importers.kconfig import Kconfig, merged, read_kconfig
from bootverify.sources.importers.partition_manager import read_partitions, read_regions
from bootverify.sources.importers.pm_config import read_pm_config
from bootverify.sources.importers.project import Project, shown_path, tolerated
from bootverify.sources.input_file import MIB, read_bytes

MOST_IMAGES = 40
_DTS_LIMIT = 4 * MIB
_TOP = ("domains.yaml", "partitions.yml", "regions.yml", "pm.config")  # only the top of a build has these
_OTHER_CORES = re.compile(r"cpu(flpr|ppr|rad|sec|sys)")  # of nRF54: coprocessors, and cores with a domain of their own
_DOMAIN = re.compile(r"(partitions|regions)_[A-Za-z0-9]{1,40}\.yml")
_SYMBOLS = [
    *("zephyr/zephyr.elf", "zephyr/zephyr_final.map", "zephyr/zephyr.map"),
    *("tfm/bin/tfm_s.elf", "tfm/bin/tfm_s.map"),
]


def is_build_dir(path: Path) -> bool:
    """Whether the folder looks like the output of a build."""
    if any((path / mark).is_file() for mark in (*_TOP, "zephyr/.config")):
        return True
    if any(PROGRAMMED.fullmatch(each.name) for each in files_in(path)):
        return True
    if (path / "prj.conf").is_file():
        return False  # an application that was built in a folder of its own
    images = [each for each in folders_in(path) if (each / "zephyr" / ".config").is_file()]
    return bool(images) and not any((each / mark).is_file() for each in images for mark in _TOP)


def read_build_dir(path: Path, shown: str) -> Project:
    """The project behind a build directory.

    Raises:
        InputError: a file that the build rests on cannot be read.
    """
    project = Project(name=path.resolve().name, shown=shown)
    _kconfigs(project, path)
    put_firmware(project, path)
    put_identity(project, path)
    _maps(project, path)
    _trees(project, path)
    put_public_keys(project, path)
    _kmu(project, path)
    if any((path.resolve().parent / mark).is_file() for mark in _TOP):
        project.ledger.add(Source(file=shown), "an image of the build in the folder above; name that to check it all")
    _sources(project, path)
    return project


def _kmu(project: Project, path: Path) -> None:
    if (path / KEY_FILE).is_file():
        from bootverify.sources.importers.kmu_file import put_kmu_file  # noqa: PLC0415 - few builds have one

        put_kmu_file(project, path / KEY_FILE, shown_path(project.shown, path / KEY_FILE, path))


def _kconfigs(project: Project, path: Path) -> None:
    default = _default_image(project, path)
    found: list[tuple[str, Kconfig]] = []
    for folder in _image_folders(path):
        if len(found) >= MOST_IMAGES:
            words = f"more than {MOST_IMAGES} images; this one and those after it are not read"
            project.ledger.add(Source(file=shown_path(project.shown, folder, path)), words)
            break
        file = folder / "zephyr" / ".config"
        name = folder.relative_to(path).as_posix()
        config = read_kconfig(file, shown=shown_path(project.shown, file, path), ledger=project.ledger)
        _input(project, path, file)
        if name == "." and config.is_sysbuild():
            project.sysbuild = config
        else:
            found.append((name, config))
    for name, config in found:
        role = _role(name, config, default)
        if role in project.images or role == "variant":
            source = Source(file=config.file)
            project.ledger.add(source, f"image `{name}`: a further {role}, not part of the chain")
        else:
            project.images[role] = config
            folder = path if name == "." else path / name
            project.symbol_files[role] = [folder / each for each in _SYMBOLS]
    if "other-core" in project.images:
        _launcher(project, found)
    elif "application" not in project.images:
        _application_of_others(project, found)


def _image_folders(path: Path) -> Iterator[Path]:
    """The folders of images: the build's own, those in it, and those of the children of a child image (b0n)."""
    for folder in [path, *folders_in(path)]:
        if (folder / "zephyr" / ".config").is_file():
            yield folder
            if folder != path:
                yield from (each for each in folders_in(folder) if (each / "zephyr" / ".config").is_file())


def _launcher(project: Project, found: list[tuple[str, Kconfig]]) -> None:
    """The application core's program that starts one on a coprocessor (Zephyr, drivers/misc/nordic_vpr_launcher)."""
    for name, config in found:
        own = _role(name, config, "") == "further image" and not _OTHER_CORES.search(_target(config))
        if own and (name == "vpr_launcher" or config.on("CONFIG_NORDIC_VPR_LAUNCHER") is not None):
            project.images = {role: each for role, each in project.images.items() if each is not config}
            project.images["application"] = config
            return


def _application_of_others(project: Project, found: list[tuple[str, Kconfig]]) -> None:
    """Without a named default the first image with no other role is the application."""
    for name, config in found:
        if _role(name, config, name) == "application":
            project.images["application"] = config
            return


def _default_image(project: Project, path: Path) -> str:
    """The application's folder: `default` of domains.yaml, or the root in a build with child images."""
    file = path / "domains.yaml"
    if not file.is_file():
        return "."
    _input(project, path, file)
    try:
        plain = read_written(file, shown=shown_path(project.shown, file, path)).plain
    except InputError as error:
        tolerated(project, file.name, error)
        return "."
    default = plain.get("default") if isinstance(plain, dict) else None
    return str(default) if default else "."


def _role(name: str, config: Kconfig, default: str) -> str:
    network = config.on("CONFIG_SOC_NRF5340_CPUNET", "CONFIG_SOC_NRF5340_CPUNET_QKAA") is not None
    target = _target(config)
    network = network or "cpunet" in target
    if name.endswith(("s1_image", "_s1_variant", "_slot1_variant", "mcuboot_secondary_app")):
        return "variant"
    if config.on("CONFIG_IS_SECURE_BOOTLOADER"):
        return "network-nsib" if network else "nsib"
    if network:
        return "network"
    if config.on("CONFIG_MCUBOOT"):
        return "mcuboot"
    if config.on("CONFIG_IS_SPM") or name == "spm":
        return "spm"
    if name != default:
        return "further image"
    return "other-core" if _OTHER_CORES.search(target) else "application"


def _target(config: Kconfig) -> str:
    """What tells for which core an image is."""
    return config.text("CONFIG_BOARD_QUALIFIERS") or config.text("CONFIG_BOARD") or ""


def _maps(project: Project, path: Path) -> None:
    for folder in [path, *folders_in(path)]:
        for file in sorted(files_in(folder)):
            shown = shown_path(project.shown, file, path)
            if file.name == "partitions.yml" and folder == path:
                project.partitions, _ = read_partitions(file, shown=shown, ledger=project.ledger)
            elif file.name == "regions.yml" and folder == path:
                project.regions, _ = read_regions(file, shown=shown, ledger=project.ledger)
            elif file.name == "partitions_CPUNET.yml":
                project.network_partitions, _ = read_partitions(file, shown=shown, ledger=project.ledger)
            elif file.name == "pm.config" and folder == path:
                project.compiled = read_pm_config(file, shown=shown)
            elif file.name == "pm_CPUNET.config":
                project.network_compiled = read_pm_config(file, shown=shown)
            else:
                if _DOMAIN.fullmatch(file.name):
                    project.ledger.add(Source(file=shown), "a map of another domain, which is not modelled")
                continue
            _input(project, path, file)


def _trees(project: Project, path: Path) -> None:
    """The devicetree of the application, and of MCUboot: in builds without the partition manager they are the map."""
    if project.partitions:
        return
    for role, config in project.images.items():
        managed = config.on("CONFIG_PARTITION_MANAGER_ENABLED")
        if managed is not None:
            project.ledger.add(managed.source, "the Partition Manager drew the map, and no partitions.yml is here")
            continue
        file = path / Path(config.file).relative_to(project.shown if project.shown not in {"", "."} else "")
        tree = file.parent / "zephyr.dts"
        if tree.is_file():
            shown = shown_path(project.shown, tree, path)
            content = read_bytes(tree, limit=_DTS_LIMIT, shown=shown)
            project.trees[role] = parse_devicetree(content, shown, project.ledger)
            _input(project, path, tree)


def _sources(project: Project, path: Path) -> None:
    """The application's own files: what the build was meant to be."""
    for folder in (path / "src", path.resolve().parent):
        if not (folder / "prj.conf").is_file():
            continue
        project.home, project.home_shown = folder, shown_path(project.shown, folder, path)
        project.sources = _fragment(project, path, folder / "prj.conf")
        if (folder / "sysbuild.conf").is_file():
            project.sources_sysbuild = _fragment(project, path, folder / "sysbuild.conf")
        static = static_map(folder, project)
        if static is not None:
            shown = shown_path(project.shown, static, path)
            try:
                project.static, _ = read_partitions(static, shown=shown, ledger=project.ledger)
                _input(project, path, static)
            except InputError as error:
                tolerated(project, shown, error)
        return


def _fragment(project: Project, path: Path, file: Path) -> Kconfig:
    config = merged([read_kconfig(file, shown=shown_path(project.shown, file, path), ledger=project.ledger)])
    _input(project, path, file)
    return config


def static_map(folder: Path, project: Project) -> Path | None:
    """The static map of the application that the build system takes for the board, without file suffixes.

    Order: pm_static_<board>_<revision>, shorter forms, pm_static (SDK, cmake/sysbuild/partition_manager.cmake).
    """
    config = project.image("application")
    target = (config.text("CONFIG_BOARD_TARGET") or config.text("CONFIG_BOARD") or "") if config is not None else ""
    board, _, qualifiers = target.partition("/")
    name, _, revision = board.partition("@")
    full = "_".join(part for part in (name, qualifiers.replace("/", "_")) if part)
    forms = [f"{full}_{revision.replace('.', '_')}", full, name] if revision else [full, name]
    for form in [*(f"pm_static_{form}" for form in forms if form), "pm_static"]:
        for ending in (".yml", ".yaml"):
            if (folder / (form + ending)).is_file():
                return folder / (form + ending)
    return None


def _input(project: Project, path: Path, file: Path) -> None:
    noted_input(project, file, shown_path(project.shown, file, path))
