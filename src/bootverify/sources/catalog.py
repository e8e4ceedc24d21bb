"""Finds models, policies and other data files of ours by name, in the installed package or the checkout."""

from functools import cache
from pathlib import Path

from bootverify.errors import InputError

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
        InputError: there is none; the message lists what there is, at the place that asked.
    """
    path = directory(kind) / f"{name}.yaml"
    if name and "/" not in name and path.is_file():
        return path
    what = kind.rsplit("/", maxsplit=1)[-1].rstrip("s").replace("policie", "policy")
    known = ", ".join(names(kind))
    raise InputError.at(asked_in or name, line, f"no {what} is called `{name}`; one of: {known}")


def shown(path: Path) -> str:
    """The path as a report names it: from our own top directory, or as given."""
    for home in _HOMES:
        if path.is_relative_to(home):
            return path.relative_to(home).as_posix()
    return path.as_posix()
