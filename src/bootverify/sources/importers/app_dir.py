"""An application directory, or one static map in it: sources, where an absent symbol has the SDK's default."""

import hashlib
import re
from pathlib import Path
from posixpath import normpath

from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.build_dir import is_build_dir
from bootverify.sources.importers.devicetree import parse_devicetree
from bootverify.sources.importers.folders import folders_in
from bootverify.sources.importers.fragments import put_fragments, variant_of
from bootverify.sources.importers.includes import includes_beside
from bootverify.sources.importers.kconfig import Kconfig, read_kconfig
from bootverify.sources.importers.partition_manager import read_partitions
from bootverify.sources.importers.project import Named, Project, sdk_in, soc_in, tolerated
from bootverify.sources.importers.single import included_soc, read_tree
from bootverify.sources.input_file import MIB, read_bytes

NETWORK = "CPUNET"  # the domain of the network core, as the build system names its files
# RAM that nRF5340 shares with its network core, and that core's first stage
_OF_NRF5340 = {"pcd_sram", "rpmsg_nrf53_sram", "b0n", "b0n_container"}
_OTHER_CORE = re.compile(r"cpunet|cpurad|cpuflpr|cpuppr")  # boards whose programs have a configuration of their own


def static_maps(path: Path) -> list[Path]:
    """The static maps directly in the folder."""
    found = [*path.glob("pm_static*.yml"), *path.glob("pm_static*.yaml")]
    return sorted(each for each in found if each.is_file())


def is_app_dir(path: Path) -> bool:
    """Whether the folder looks like an application."""
    return any((path / name).is_file() for name in ("prj.conf", "sysbuild.conf")) or bool(static_maps(path))


def read_app_dir(path: Path, shown: str, map_file: Path | None = None) -> Project:
    """The project behind an application directory; `map_file` chooses one of several static maps.

    Raises:
        InputError: there is no map, several and none is the default, or the map is none.
    """
    chosen = map_file or _chosen(path, shown)
    home = path if map_file is None else home_of(map_file)
    project = Project(name=(path if home is None else home).resolve().name, shown=shown, fragments=True)
    if home is not None:
        project.home = home
        project.home_shown = shown if map_file is None else Path(shown).parent.as_posix()
        _fragments(project, home, shown, map_file, chosen)
    for folder in folders_in(path) if map_file is None else ():
        if is_build_dir(folder):
            where = Source(file=_shown(shown, path, folder))
            project.ledger.add(where, "a build of the application; name it to check what was built")
    if chosen is None:
        _overlay(project, path, shown)
        return project
    map_shown = shown if map_file is not None else _shown(shown, path, chosen)
    config = project.image("application")
    project.partitions, digest = read_partitions(chosen, shown=map_shown, ledger=project.ledger, kconfig=config)
    project.inputs.append((map_shown, digest))
    domain = chosen.with_name(f"{chosen.stem}_{NETWORK}{chosen.suffix}")
    if domain.is_file():
        called = str(Path(map_shown).with_name(domain.name))
        project.network_partitions, digest = read_partitions(domain, shown=called, ledger=project.ledger)
        project.inputs.append((called, digest))
    project.soc = _soc(project, chosen, home, map_shown)
    for other in static_maps(chosen.parent):
        if other.name not in {chosen.name, domain.name}:
            project.ledger.add(
                Source(file=str(Path(map_shown).with_name(other.name))),
                "another static map, chosen by board or file suffix; name it to check it",
            )
    return project


def _overlay(project: Project, path: Path, shown: str) -> None:
    """Without a static map: the partitions of the application's overlay, when there is one for all boards, or one."""
    overlays = [path / "app.overlay"] if (path / "app.overlay").is_file() else sorted(path.glob("boards/*.overlay"))
    project.soc = _soc(project, path / "prj.conf", path, shown)
    for overlay in overlays if len(overlays) == 1 else ():
        called = _shown(shown, path, overlay)
        try:
            content = read_bytes(overlay, limit=4 * MIB, shown=called)
            beside = includes_beside(project, overlay, called)
            project.trees["single"] = parse_devicetree(content, called, project.ledger, beside)
        except InputError as error:
            tolerated(project, called, error)
            continue
        project.inputs.append((called, hashlib.sha256(content).hexdigest()))
    if len(overlays) > 1:
        words = f"{len(overlays)} overlays, chosen by board; name one to read its partitions"
        project.ledger.add(Source(file=_shown(shown, path, overlays[0].parent)), words)


def read_app_tree(path: Path, shown: str) -> Project:
    """The project behind one devicetree file, with the configuration of the application that it is for, if any.

    Raises:
        InputError: no such file, or no devicetree.
    """
    project = read_tree(path, shown)
    home = _home_of_tree(path)
    if home is not None and path.suffix == ".overlay" and not _OTHER_CORE.search(path.stem):
        project.home, project.home_shown = home, Path(shown).parent.as_posix()
        _fragments(project, home, shown, path, path if path.parent.name == "boards" else None)
        project.soc = project.soc or _soc(project, path, home, shown)
    return project


def _home_of_tree(path: Path) -> Path | None:
    """The application that an overlay belongs to, its own or one of an image that is built with it."""
    folders = list(path.resolve().parents)[:4]
    image = next((folder for folder in folders if folder.name in {"sysbuild", "child_image"}), None)
    return home_of(path) if image is None else home_of(image)


def home_of(map_file: Path) -> Path | None:
    """The application that a static map belongs to: its folder or one of the two above; None when it stands alone."""
    for folder in list(map_file.resolve().parents)[:3]:
        if (folder / "prj.conf").is_file() or (folder / "sysbuild.conf").is_file():
            return folder
    return None


def _chosen(path: Path, shown: str) -> Path | None:
    maps = [each for each in static_maps(path) if not each.stem.endswith(f"_{NETWORK}")] or static_maps(path)
    plain = [each for each in maps if each.stem == "pm_static"]
    if plain:
        return plain[0]
    if len(maps) == 1:
        return maps[0]
    if not maps:
        return None
    raise InputError.at(shown, 0, f"several static maps: {', '.join(each.name for each in maps)}; name one of them")


def _fragments(project: Project, home: Path, shown: str, map_file: Path | None, chosen: Path | None) -> None:
    base = home.resolve()
    variant = variant_of(chosen, base)
    project.own_defaults = (base / "Kconfig.sysbuild").is_file()
    put_fragments(project, base, variant, lambda name: _read(project, base, name, shown, map_file))
    for config in project.all_kconfigs():
        texts = config.values()
        project.sdk = project.sdk or next((sdk for text in texts if (sdk := sdk_in(text))), "")


def _read(project: Project, home: Path, name: str, shown: str, map_file: Path | None) -> Kconfig | None:
    file = home / name
    if not file.is_file():
        return None
    # as the user would name it: from the folder he named, or from that of the map
    root = Path(shown) if map_file is None else Path(shown).parent
    levels = 0 if map_file is None else len(map_file.resolve().parent.relative_to(home).parts)
    called = normpath((root / Path(*[".."] * levels) / name).as_posix())
    try:
        config = read_kconfig(file, shown=called, ledger=project.ledger)
    except InputError as error:
        tolerated(project, called, error)
        return None
    content = read_bytes(file, limit=16 * MIB, shown=called)
    project.inputs.append((called, hashlib.sha256(content).hexdigest()))
    return config


def _soc(project: Project, chosen: Path, home: Path | None, shown: str) -> Named | None:
    """The SoC, from what is nearest to the map: its own name, its folder, the only board there are files for."""
    source = Source(file=shown, text="named by the file or its folder")
    for text in (
        chosen.stem,
        chosen.resolve().parent.name if home is None or chosen.resolve().parent != home.resolve() else "",
    ):
        if soc_in(text):
            return Named(name=soc_in(text), source=source)
    for config in project.all_kconfigs():
        for name in ("CONFIG_SOC", "CONFIG_BOARD", "SB_CONFIG_BOARD"):
            symbol = config.symbol(name)
            if symbol is not None and soc_in(symbol.value):
                return Named(name=soc_in(symbol.value), source=symbol.source)
    return _by_names(project) or _only_one(project, home, shown)


def _only_one(project: Project, home: Path | None, shown: str) -> Named | None:
    """The only SoC that the application has files for, its own boards' devicetrees among them."""
    if home is None:
        return None
    boards = [
        *home.glob("*.overlay"),
        *home.glob("boards/*.conf"),
        *home.glob("boards/*.overlay"),
        *home.glob("*.conf"),
    ]
    found = {soc_in(each.stem) for each in sorted(boards)[:500]} - {""}
    own = sorted(tree for depth in ("*", "*/*") for tree in home.glob(f"boards/{depth}/*.dts"))[:100]
    for tree in own:
        try:
            told = included_soc(read_bytes(tree, limit=4 * MIB, shown=tree.name), tree.name)
        except InputError as error:
            tolerated(project, tree.name, error)
            continue
        found |= {told.name} if told is not None else set()
    if len(found) == 1:
        return Named(
            name=found.pop(), source=Source(file=shown, text="the only SoC that the application has files for")
        )
    return None


def _by_names(project: Project) -> Named | None:
    """The SoC that alone has such partitions, for its second core (nRF Connect SDK, subsys/pcd, partition_manager)."""
    entries = [*project.network_partitions, *project.partitions]
    found = next((entry for entry in entries if entry.name in _OF_NRF5340), None)
    return None if found is None else Named(name="nrf5340", source=found.source)


def _shown(root: str, path: Path, file: Path) -> str:
    inner = file.relative_to(path).as_posix()
    return f"{root.rstrip('/')}/{inner}" if root not in {"", "."} else inner
