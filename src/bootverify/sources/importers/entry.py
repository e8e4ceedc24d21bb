"""The four things one asks of importers, with every format at hand; `importers` loads this when one is asked for."""

from pathlib import Path

from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.importers.app_dir import is_app_dir, read_app_dir, read_app_tree
from bootverify.sources.importers.build_dir import is_build_dir, read_build_dir
from bootverify.sources.importers.draw import drawn
from bootverify.sources.importers.folders import folders_in
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.single import read_image
from bootverify.sources.importers.text import as_text
from bootverify.sources.search import Search
from bootverify.sources.written import Written

TREES = {".dts", ".dtsi", ".overlay"}
MOST_LOOKED_AT = 40
IMAGES = {".hex", ".bin", ".gz"}


def load(path: Path | str, sdk: str | None = None, *, shown: str = "", search: Search | None = None) -> Design:
    """The design that a build, an application, a map, a devicetree or an image tells of; `sdk` is its release if known.

    `search` tells how to look for private keys among its bytes.

    Raises:
        InputError: nothing that can be read, with the reason and what to name instead.
    """
    from bootverify.sources.resolve import resolve  # noqa: PLC0415 - what is written out alone needs no design
    from bootverify.sources.schema import DesignEntry  # noqa: PLC0415
    from bootverify.sources.validate import validated  # noqa: PLC0415

    project = project_in(Path(path), shown or str(path))
    written = drawn(project, sdk, search or Search())
    return resolve(validated(DesignEntry, written), written, project.ledger.listed())


def read(path: Path | str, sdk: str | None = None, *, shown: str = "", search: Search | None = None) -> Written:
    """The native document that `load` resolves, to be compared or edited; its entries know their lines.

    Raises:
        InputError: as `load`.
    """
    return drawn(project_in(Path(path), shown or str(path)), sdk, search or Search())


def imported_text(path: Path | str, sdk: str | None = None, *, shown: str = "", search: Search | None = None) -> str:
    """The same as a commented design.yaml, which checks to the same verdicts.

    Raises:
        InputError: as `load`.
    """
    project = project_in(Path(path), shown or str(path))
    return as_text(drawn(project, sdk, search or Search()), project.ledger.listed())


def project_in(path: Path, shown: str) -> Project:
    """The files behind `path`, before anything is concluded from them.

    Raises:
        InputError: as `load`.
    """
    if path.is_dir():
        if is_build_dir(path):
            return read_build_dir(path, shown)
        if is_app_dir(path):
            return read_app_dir(path, shown)
        raise InputError.at(shown, 0, _neither(path))
    if path.suffix in TREES:
        return read_app_tree(path, shown)
    if path.suffix in IMAGES:
        return read_image(path, shown)
    if path.suffix in {".yml", ".yaml"}:
        return read_app_dir(path.parent, shown, map_file=path)
    if not path.exists():
        raise InputError.at(shown, 0, "there is no such file or directory; check the path")
    raise InputError.at(shown, 0, "no file that is read alone; name the directory of its build or application")


def _neither(path: Path) -> str:
    """Why a folder is not read, and which ones below it, or above, would be."""
    if (path / ".config").is_file() and path.resolve().name == "zephyr":
        return "the output of one image's configuration; name the build around it, one folder up, or two with sysbuild"
    words = "neither a build nor an application: no .config, partitions.yml, hex file, prj.conf or pm_static.yml in it"
    below = [each for folder in folders_in(path)[:MOST_LOOKED_AT] for each in (folder, *folders_in(folder)[:20])]
    fitting = [each.relative_to(path).as_posix() for each in below if is_build_dir(each) or is_app_dir(each)]
    return f"{words}; name {' or '.join(fitting[:5])}" if fitting else f"{words}, nor in a folder below; check the path"
