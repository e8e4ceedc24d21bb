"""The key file that a configuration names, where it lies in the application's own folder: its content tells the key.

How a path is meant: MCUboot, boot/zephyr/CMakeLists.txt, and sysbuild: absolute, or from the folder of the
application's or MCUboot's configuration. A path of another machine counts from the folder that is called as the
application's. Nothing outside the application's folder is read, whatever a path says.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.folders import noted_input
from bootverify.sources.importers.kconfig import Symbol
from bootverify.sources.importers.project import Project, shown_path, tolerated
from bootverify.sources.input_file import MIB, read_bytes

MOST_KEYS = 8  # a comma separates several
_VARIABLE = re.compile(r"\\?\$\{[A-Za-z_]+\}/*")
_CONFIGURED = ("sysbuild/mcuboot", "child_image/mcuboot")  # MCUboot's configuration, where a bare name is sought first
_FOLDERS = ("", *_CONFIGURED, "sysbuild", "child_image")


def keys_of(project: Project, symbol: Symbol, *, published: bool) -> list[tuple[str, Source]]:
    """The fingerprint of each key in the files that `symbol` names, with both places; empty where none is found.

    `published`: the SDK's own tree has a file of that name, which only one beside MCUboot's configuration goes before.
    """
    found: list[tuple[str, Source]] = []
    for value in symbol.value.split(",")[:MOST_KEYS]:
        folders = _CONFIGURED if published else _FOLDERS
        file = _found(project.home, value.strip(), folders) if project.home is not None else None
        if file is None or project.home is None:
            continue
        shown = shown_path(project.home_shown, file, project.home)
        try:
            fingerprints = _fingerprints(read_bytes(file, limit=MIB, shown=shown), shown)
            noted_input(project, file, shown)
            project.key_files[shown] = file
        except InputError as error:
            tolerated(project, shown, error)
            continue
        for fingerprint in fingerprints:
            here = Source(file=shown, text="a key file")
            named = Source(file=symbol.source.file, line=symbol.source.line, text=symbol.source.text, also=(here,))
            found.append((fingerprint, named))
    return found


def _fingerprints(content: bytes, shown: str) -> list[str]:
    from bootverify.secrets.keys import read_public_keys  # noqa: PLC0415 - most builds name no file that is there

    return [key.fingerprint for key in read_public_keys(content, shown)]


def _found(home: Path, value: str, folders: Sequence[str]) -> Path | None:
    """The file that is meant, inside `home`."""
    root = home.resolve()
    for inner in _inner(value, root.name):
        for folder in folders:
            file = (root / folder / inner).resolve()
            if inner and file.is_relative_to(root) and file.is_file():
                return home / file.relative_to(root)
    return None


def _inner(value: str, name: str) -> Iterator[str]:
    """What the path says below the application's folder; nothing for an absolute one that does not pass through it."""
    path = re.sub(r"/+", "/", value.replace("\\${", "${").replace("\\", "/"))
    bare = _VARIABLE.sub("", path)
    if bare != path or not (bare.startswith("/") or re.match(r"[A-Za-z]:", bare)):
        yield bare.lstrip("/")
        return
    parts = PurePosixPath(bare).parts
    for number in range(len(parts) - 1, 0, -1):
        if parts[number - 1] == name:
            yield "/".join(parts[number:])
