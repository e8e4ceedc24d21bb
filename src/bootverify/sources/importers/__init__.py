"""What a project has, as a design: build directories, application directories, maps, devicetrees, images.

Read in this order: `entry`, `project` (what is found), `build_dir`, `app_dir`, `single` (where), then `draw` and
what it calls (what it means). `kconfig`, `partition_manager`, `devicetree`, `hexfile` read one format each.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from bootverify.design.design import Design
from bootverify.sources.search import Search
from bootverify.sources.written import Written

if TYPE_CHECKING:
    from bootverify.secrets.find import ScanResult

CARD = "scenario-card/1"  # the format that a scenario card says it is of
KEY_FILE = "keyfile.json"  # of a build: what `west flash` provisions the KMU of nRF54L from
_SUFFIXES = {".dts", ".dtsi", ".overlay", ".hex", ".bin", ".gz"}
_PARTS = {".conf", ".elf", ".map", ".zip", ".pem", ".cmake"}  # of a project, and refused alone with what to name


def load(path: Path | str, sdk: str | None = None, *, shown: str = "", search: Search | None = None) -> Design:
    """The design that a build, an application, a map, a devicetree or an image tells of; `sdk` is its release if known.

    `search` tells how to look for private keys among its bytes: in written forms alone, where it is not given.

    Raises:
        InputError: nothing that can be read, with the reason and what to name instead.
    """
    from bootverify.sources.importers import entry  # noqa: PLC0415 - a native design needs no importer

    return entry.load(path, sdk, shown=shown, search=search)


def read(path: Path | str, sdk: str | None = None, *, shown: str = "", search: Search | None = None) -> Written:
    """The native document that `load` resolves, to be compared or edited; its entries know their lines.

    Raises:
        InputError: as `load`.
    """
    from bootverify.sources.importers import entry  # noqa: PLC0415

    return entry.read(path, sdk, shown=shown, search=search)


def imported_text(path: Path | str, sdk: str | None = None, *, shown: str = "", search: Search | None = None) -> str:
    """The same as a commented design.yaml, which checks to the same verdicts.

    Raises:
        InputError: as `load`.
    """
    from bootverify.sources.importers import entry  # noqa: PLC0415

    return entry.imported_text(path, sdk, shown=shown, search=search)


def with_standing(path: Path, shown: str, result: "ScanResult") -> "ScanResult":
    """The result of a scan, with what each find in the build directory `path` means there, if it is one.

    Raises:
        InputError: a file that the build rests on cannot be read.
    """
    from bootverify.sources.importers import standing  # noqa: PLC0415

    return standing.with_standing(path, shown, result)


def is_card(plain: object) -> bool:
    """Whether a document says that it is a scenario card."""
    return isinstance(plain, dict) and plain.get("format") == CARD


def importable(path: Path | str) -> bool:
    """Whether `path` is something for an importer rather than a native design file."""
    place = Path(path)
    if place.is_dir():
        return True
    return place.suffix in _SUFFIXES | _PARTS or place.name == ".config" or _is_map(place)


def _is_map(path: Path) -> bool:
    return path.suffix in {".yml", ".yaml"} and path.name.startswith(("pm_static", "partitions", "bak_pm_static"))
