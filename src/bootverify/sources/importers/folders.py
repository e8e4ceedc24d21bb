"""What lies in a folder of the user's: bounded, in a fixed order, without links that go in a circle."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from bootverify.sources.importers.project import Project
from bootverify.sources.input_file import MIB, read_bytes

MOST_FOLDERS = 400
MOST_FILES = 2000
_LIMIT = 64 * MIB


def folders_in(path: Path) -> list[Path]:
    """The folders directly below, by name; no links, so that nothing goes in a circle."""
    try:
        return sorted(each for each in path.iterdir() if each.is_dir() and not each.is_symlink())[:MOST_FOLDERS]
    except OSError:
        return []


def files_in(path: Path) -> Iterator[Path]:
    """The plain files directly below, by name."""
    try:
        yield from sorted(each for each in path.iterdir() if each.is_file())[:MOST_FILES]
    except OSError:
        return


def noted_input(project: Project, file: Path, shown: str) -> None:
    """Add the file to what the report names as read.

    Raises:
        InputError: it cannot be read.
    """
    content = read_bytes(file, limit=_LIMIT, shown=shown)
    project.inputs.append((shown, hashlib.sha256(content).hexdigest()))
