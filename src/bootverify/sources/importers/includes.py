"""Devicetree files that another one includes by a name in quotes: those in its folder or below it, and no others."""

import hashlib
from pathlib import Path

from bootverify.errors import InputError
from bootverify.sources.importers.devicetree import Include
from bootverify.sources.importers.project import Project, shown_path, tolerated
from bootverify.sources.input_file import MIB, read_bytes

LIMIT = 4 * MIB


def includes_beside(project: Project, path: Path, shown: str) -> Include:
    """What the file at `path`, which reports call `shown`, may include; each file that is read is told as read.

    A path counts from the file that names it, as for the C preprocessor, which knows more folders than a project has.
    """
    root = path.resolve().parent
    top = Path(shown).parent.as_posix()
    places = {shown: root / path.name}

    def include(wanted: str, by: str) -> tuple[str, bytes] | None:
        file = (places[by].parent / wanted).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return None
        called = shown_path(top, file, root)
        try:
            content = read_bytes(file, limit=LIMIT, shown=called)
        except InputError as error:
            tolerated(project, called, error)
            return None
        if called not in places:
            project.inputs.append((called, hashlib.sha256(content).hexdigest()))
        places[called] = file
        return called, content

    return include
