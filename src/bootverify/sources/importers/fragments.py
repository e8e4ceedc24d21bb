"""Configuration fragments of an application: those that the build system takes for a board and a file suffix.

Zephyr and sysbuild: `prj.conf`, or `prj_<suffix>.conf` in its place; then `boards/<board>.conf`, for a revision and a
suffix another; then what is laid over an image from outside (`sysbuild/mcuboot.conf`, `child_image/mcuboot.conf`).
Board and suffix are read from the name of the static map that was chosen for them.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.kconfig import Kconfig, merged, read_kconfig
from bootverify.sources.importers.project import Project
from bootverify.sources.ledger import Ledger

MOST_FILES = 500
_TOPS = ("sysbuild", "child_image", "images")
_IMAGES = {"mcuboot": "mcuboot", "nsib": "b0"}

Reader = Callable[[str], Kconfig | None]


@dataclass(frozen=True, slots=True)
class Variant:
    """What a map's name says behind `pm_static`: a board, perhaps with a revision, and a file suffix; or nothing."""

    words: str
    suffix: str

    def picks(self, stem: str) -> bool:
        """Whether a board's file of that name is for this board."""
        return self.words == stem or self.words.startswith(stem + "_")


def variant_of(map_file: Path | None, home: Path) -> Variant:
    """The variant that the map is for; one suffix is known by the files that have it."""
    if map_file is None:
        return Variant("", "")
    words = map_file.stem.removeprefix("bak_").removeprefix("pm_static").strip("_")
    if not words and map_file.resolve().parent != home.resolve():
        words = map_file.resolve().parent.name  # configuration/<board>/pm_static.yml
    suffixes = {each.stem.partition("_")[2] for each in _confs(home) if each.stem.startswith(("prj_", "sysbuild_"))}
    fitting = [each for each in suffixes if each and (words == each or words.endswith("_" + each))]
    return Variant(words, max(fitting, key=len, default=""))


def put_fragments(project: Project, home: Path, variant: Variant, read: Reader) -> None:
    """The configuration of the application, the boot stages and sysbuild, as far as fragments tell it."""
    found = {"application": [*_suffixed(home, "prj", variant), *_boards(home, ("boards", "."), variant)]}
    for role, image in _IMAGES.items():
        names: list[str] = []
        for top in _TOPS:
            names += _suffixed(home, f"{top}/{image}/prj", variant)
            names += _boards(home, (f"{top}/{image}/boards", f"{top}/{image}"), variant)
            names += _suffixed(home, f"{top}/{image}", variant)
        found[role] = names
    for role, names in found.items():
        parts = [part for name in dict.fromkeys(names) if (part := read(name)) is not None]
        if parts:
            project.images[role] = merged(parts)
    project.sysbuild = next((part for name in _suffixed(home, "sysbuild", variant) if (part := read(name))), None)
    for role, config in project.images.items():
        _mark_uncertain(project, home, _IMAGES.get(role, ""), variant, config)


def _suffixed(home: Path, stem: str, variant: Variant) -> Iterator[str]:
    """The file with the suffix, or the one without where there is none."""
    chosen = f"{stem}_{variant.suffix}.conf"
    if variant.suffix and (home / chosen).is_file():
        yield chosen
    elif (home / f"{stem}.conf").is_file():
        yield f"{stem}.conf"


def _boards(home: Path, folders: tuple[str, ...], variant: Variant) -> Iterator[str]:
    for folder in folders:
        stems = [file.stem for file in _confs(home / folder) if not file.stem.startswith("prj") and variant.words]
        picked = sorted((stem for stem in stems if variant.picks(stem)), key=len)
        longest = picked[-1] if picked else ""
        for stem in picked:
            if variant.suffix and longest == f"{stem}_{variant.suffix}":
                continue  # the one with the suffix stands in its place
            yield f"{folder}/{stem}.conf".removeprefix("./")


def _mark_uncertain(project: Project, home: Path, image: str, variant: Variant, config: Kconfig) -> None:
    """Without a board, what boards set differently is not told."""
    folders = [home / "boards"] if not image else [home / top / image / "boards" for top in _TOPS]
    files = [file for folder in folders for file in _confs(folder)]
    if not files or variant.words not in {"", variant.suffix}:
        return
    for file in files:
        for name, value in _settings(file):
            told = config.lines.get(name)
            if name not in config.uncertain and (told is None or told[0] != value):
                config.uncertain.add(name)
    if config.uncertain:
        words = f"{len(config.uncertain)} symbols that files of single boards set, and no board is told"
        project.ledger.add(Source(file=config.file), words)


def _settings(file: Path) -> Iterator[tuple[str, str]]:
    try:
        yield from read_kconfig(file, shown=file.name, ledger=Ledger()).chosen()
    except InputError:
        return


def _confs(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.glob("*.conf") if each.is_file())[:MOST_FILES]
    except OSError:
        return []
