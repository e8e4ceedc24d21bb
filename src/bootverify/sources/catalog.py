"""Finds models, policies and other data files of ours by name, in the installed package or the checkout."""

from difflib import get_close_matches
from functools import cache
from pathlib import Path

from bootverify.errors import InputError

MOST_LISTED = 25  # names in one message
_PACKAGE = Path(__file__).resolve().parent.parent
_HOMES = (_PACKAGE / "data", _PACKAGE.parent.parent)  # the wheel carries data/, a checkout has them at its top


@cache
def directory(kind: str) -> Path:
    """The directory that holds our files of `kind`: `policies`, `models/socs`, `models/stages`, ..."""
    for home in _HOMES:
        if (home / kind).is_dir():
            return home / kind
    raise InputError.at(kind, 0, "this directory of bootverify is missing; reinstall the package")


@cache
def names(kind: str) -> tuple[str, ...]:
    """The names of all our files of `kind`, sorted."""
    return tuple(sorted(path.stem for path in directory(kind).glob("*.yaml")))


def find(kind: str, name: str, *, asked_in: str = "", line: int = 0) -> Path:
    """The file of `kind` called `name`.

    Raises:
        InputError: there is none; the message tells the nearest name, or all, at the place that asked.
    """
    path = directory(kind) / f"{name}.yaml"
    if name and "/" not in name and path.is_file():
        return path
    what = kind.rsplit("/", maxsplit=1)[-1].rstrip("s").replace("policie", "policy")
    known = names(kind)
    near = get_close_matches(name, known, n=1)
    listed = f"one of: {', '.join(known)}" if len(known) <= MOST_LISTED else f"`bootverify list {kind}` has all"
    hint = f"did you mean `{near[0]}`?" if near else listed
    raise InputError.at(asked_in or f"--{what}", line, f"no {what} is called `{name}`; {hint}")


def shown(path: Path) -> str:
    """The path as a report names it: from our own top directory, or as given."""
    for home in _HOMES:
        if path.is_relative_to(home):
            return path.relative_to(home).as_posix()
    return path.as_posix()
