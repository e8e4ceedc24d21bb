"""Which SoC a build is for, and of which release of the SDK it is: what its files say, the surest first.

The release: the header that the SDK generates, else the banner that its programs print, else the folder of the SDK that
a configuration, CMake's cache or build_info.yml names. The SoC: a configuration of an image, sysbuild's, else the board
of build_info.yml or the cache.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from bootverify.design.source import Source
from bootverify.sources.importers.folders import folders_in, noted_input
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.project import Named, Project, sdk_in, shown_path, soc_in
from bootverify.sources.input_file import MIB, read_bytes

_LIMIT = 8 * MIB
_ROLES = ("application", "mcuboot", "nsib", "spm")
_OTHERS = ("other-core", "network", "network-nsib")
_OWN = ("CONFIG_BOARD_TARGET", "CONFIG_BOARD_QUALIFIERS", "CONFIG_SOC", "CONFIG_BOARD")
_SYSBUILD = ("SB_CONFIG_BOARD_QUALIFIERS", "SB_CONFIG_SOC", "SB_CONFIG_BOARD")
# nRF Connect SDK, cmake/version.cmake: the header stands with the other generated ones, later in a folder more
_HEADERS = ("include/generated/ncs_version.h", "include/generated/zephyr/ncs_version.h")
_VERSION = re.compile(r'#define\s+NCS_VERSION_STRING\s+"(\d{1,3}\.\d{1,3}\.\d{1,3})')
# Zephyr, kernel/banner.c, as sdk-nrf sets it: `*** Booting nRF Connect SDK v2.9.0-7787b2649840 ***`; a program with a
# banner of its own says `Using`. Some builds of 2.6 print Zephyr's version there (v3.5.99-ncs1), which tells nothing.
_BANNER = re.compile(rb"\*\*\* (?:Booting|Using) nRF Connect SDK v(\d{1,3}\.\d{1,3}\.\d{1,3})(?: |-(?!ncs))")
# build_info.yml, cmake: board, and the cache variables in which Zephyr keeps what it was called with
_BOARDS = (re.compile(r"\s*qualifiers: *['\"]?([^'\"\s]+)"), re.compile(r"\s*name: *['\"]?([^'\"\s]+)"),
           re.compile(r"(?:CACHED_)?BOARD:STRING=(\S+)"))  # fmt: skip
_FOLDERS = re.compile(r"(?:topdir:|zephyr-base:|(?:ZEPHYR_BASE|Zephyr_DIR|NCS_DIR|Nrf_DIR)(?::[A-Z]+)?=)(.*)")


def put_identity(project: Project, path: Path) -> None:
    """The SoC and the release of the build directory `path`, where something tells them.

    Raises:
        InputError: a file that is there cannot be read.
    """
    project.soc = _configured(project)
    named = next((sdk for config in project.all_kconfigs() if (sdk := _named(config.checkout, config.values()))), "")
    project.sdk = _generated(project, path) or printed_release(project) or named
    if named not in {"", project.sdk}:
        words = f"its programs are of SDK {project.sdk}, and its configuration names the folder of {named}"
        project.ledger.add(Source(file=project.shown), words)
    if project.soc is None or not project.sdk:
        _from_side_files(project, path)


def printed_release(project: Project) -> str:
    """The release that the programs of a project print at their start; empty where they print several or none."""
    parts = [part.data for file in project.firmware for part in file.segments]
    found = sorted({match[1].decode("ascii") for data in parts for match in _BANNER.finditer(data)})
    if len(found) > 1:
        words = f"its programs are of several releases of the SDK: {', '.join(found)}"
        project.ledger.add(Source(file=project.shown), words)
    return found[0] if len(found) == 1 else ""


def parts_of_images(project: Project) -> list[Named]:
    """The SoC that each program of the main core was configured for, where its configuration tells."""
    configs = [config for role in _ROLES if (config := project.image(role)) is not None]
    return [part for config in configs if (part := _first(config, _OWN)) is not None]


def _configured(project: Project) -> Named | None:
    built = next(iter(parts_of_images(project)), None)
    built = built or (_first(project.sysbuild, _SYSBUILD) if project.sysbuild is not None else None)
    others = (config for role in _OTHERS if (config := project.image(role)) is not None)
    return built or next((part for config in others if (part := _first(config, _OWN)) is not None), None)


def _first(config: Kconfig, names: tuple[str, ...]) -> Named | None:
    symbols = (config.symbol(name) for name in names)
    found = next((symbol for symbol in symbols if symbol is not None and soc_in(symbol.value)), None)
    return None if found is None else Named(name=soc_in(found.value), source=found.source)


def _named(checkout: str, values: Iterator[str]) -> str:
    return sdk_in(checkout) or next((sdk for text in values if len(text) > 8 and (sdk := sdk_in(text))), "")


def _generated(project: Project, path: Path) -> str:
    """What the generated header of an image says; all images of a build are of one release."""
    for folder in (path, *folders_in(path)):
        for header in _HEADERS:
            file = folder / "zephyr" / header
            if not file.is_file():
                continue
            shown = shown_path(project.shown, file, path)
            found = _VERSION.search(read_bytes(file, limit=_LIMIT, shown=shown).decode("utf-8", "replace"))
            noted_input(project, file, shown)
            if found is not None:
                return found[1]
    return ""


def _from_side_files(project: Project, path: Path) -> None:
    """What the files beside the configuration say of SoC and release, where that does not."""
    for file in _side_files(path):
        shown = shown_path(project.shown, file, path)
        lines = read_bytes(file, limit=_LIMIT, shown=shown).decode("utf-8", "replace").splitlines()
        soc = _board(lines, shown) if project.soc is None else None
        sdk = next((sdk for line in lines if (found := _FOLDERS.search(line)) and (sdk := sdk_in(found[1]))), "")
        if soc is not None or (sdk and not project.sdk):
            noted_input(project, file, shown)
        project.soc, project.sdk = project.soc or soc, project.sdk or sdk
        if project.soc is not None and project.sdk:
            return


def _board(lines: list[str], shown: str) -> Named | None:
    """The part that the record of the board names: its qualifiers go before its name, which may be of a sibling."""
    for form in _BOARDS:
        for number, line in enumerate(lines, 1):
            match = form.match(line)
            if match is not None and soc_in(match[1]):
                return Named(name=soc_in(match[1]), source=Source(file=shown, line=number, text=line.strip()[:200]))
    return None


def _side_files(path: Path) -> Iterator[Path]:
    for folder in (path, *folders_in(path)):
        for name in ("build_info.yml", "CMakeCache.txt"):
            if (folder / name).is_file():
                yield folder / name
