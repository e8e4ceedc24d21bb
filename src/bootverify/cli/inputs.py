"""What a command compares or edits: a file, a directory, standard input, or one of them at a git revision."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bootverify import api
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.machine.trace import Inputs
from bootverify.sources import importers
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from bootverify.sources.written import Written

MOST_BYTES = 16 << 20
MOST_ARCHIVE = 256 << 20


def written_of(source: str) -> Written:
    """The document called `source`: a path, `-`, or REV:PATH of the git repository here.

    Raises:
        InputError: there is no such thing, or it is none that can be read.
    """
    if ":" not in source or Path(source).exists() or source == "-":
        return api.read(source)
    if source.startswith("-"):
        raise InputError.at(source, 0, "this is no revision; write REV:PATH")
    revision, _, path = source.partition(":")
    if _git(source, "cat-file", "-t", source).strip() == b"tree":
        return _unpacked(source, source, ".")
    if importers.importable(Path(path)):
        parent = Path(path).parent.as_posix()
        return _unpacked(source, f"{revision}:{'' if parent == '.' else parent}", Path(path).name)
    return parse_written(_git(source, "show", source)[: MOST_BYTES + 1], source)


def design_named(source: str) -> Design:
    """The design called `source`, as `written_of` takes it; InputError as there."""
    return design_of(written_of(source)) if ":" in source and not Path(source).exists() else api.load(source)


def _unpacked(source: str, tree: str, inner: str) -> Written:
    """What stands in a directory of the repository, read as if it were there."""
    packed = _git(source, "archive", "--format=tar", tree)
    if len(packed) > MOST_ARCHIVE:
        raise InputError.at(source, 0, f"it has {len(packed):,} bytes; at most {MOST_ARCHIVE:,} are read")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        return api.read(Path(folder) / inner, shown=source)


def read_edited(source: str, texts: Mapping[str, str]) -> Written | None:
    """What a directory or file of the user's reads like when some of its files have other texts.

    None when there is too much in it to be copied.
    """
    root = Path(source) if Path(source).is_dir() else Path(source).parent
    if sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) > MOST_ARCHIVE:
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (root.name or "here")
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".git"))
        for file, text in texts.items():
            (copy / Path(file).relative_to(root)).write_text(text, encoding="utf-8")
        return api.read(copy if root == Path(source) else copy / Path(source).name, shown=source)


def _git(source: str, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], capture_output=True, check=False)  # noqa: S603, S607 - no shell
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines() or ["unknown"]
        reason = told[0].removeprefix("fatal: ").partition(" (")[0]
        raise InputError.at(source, 0, f"git does not have it: {reason}; write REV:PATH of the repository here")
    return done.stdout


def text_of(written: Written) -> str:
    """The text of the document's own file."""
    return "\n".join(written.text) + "\n"


def inputs_of(
    sources: Sequence[str],
    *,
    ncs: str | None,
    soc: str,
    map_file: Path | None,
    public_keys: Iterable[Path],
    keys: Iterable[Path],
) -> Inputs:
    """What a device with the bytes of a build is programmed with, as the user said it."""
    return Inputs(
        files=tuple(sources),
        soc=soc,
        map_file=str(map_file or ""),
        sdk=ncs or "",
        public_keys=tuple(map(str, public_keys)),
        keys=tuple(map(str, keys)),
    )
