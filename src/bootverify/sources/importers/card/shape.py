"""The shape of a card's drawing: what is a mapping and what is a list, told before anything is read from it."""

from collections.abc import Iterator
from typing import Any

from bootverify.errors import Fault, InputError
from bootverify.sources.written import Path, Written

MAPPINGS: tuple[Path, ...] = (("partitions",), ("protection",), ("update",), ("partitions", "deployed"))
LISTS: tuple[Path, ...] = (
    ("chain",),
    ("keys",),
    ("partitions", "entries"),
    ("partitions", "deployed", "entries"),
    ("partitions", "proposed", "entries"),
    ("protection", "locks"),
)


def shaped(written: Written, design: dict[str, Any]) -> None:
    """Raises InputError, with every fault, where `design` is not made of the mappings and lists of a card."""
    faults = [
        Fault(file=written.file, line=written.line(("design", *path)), message=f"`{_named(path)}` {text}")
        for path, text in _misshapen(design)
    ]
    if faults:
        raise InputError(faults)


def _misshapen(design: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for path in MAPPINGS:
        if not isinstance(_at(design, path), dict | None):
            yield path, "is no mapping; write `name: value` lines below it"
    for path in LISTS:
        found = _at(design, path)
        if not isinstance(found, list | None):
            yield path, "is no list; write its entries with `- ` in front"
        for i, entry in enumerate(found if isinstance(found, list) else ()):
            if not isinstance(entry, dict):
                yield (*path, i), f"is `{entry}`; write an entry as a mapping, such as `{{name: ...}}`"


def _at(design: dict[str, Any], path: Path) -> object:
    """The value at `path`; None where nothing, or something of another shape, leads there."""
    here: object = design
    for key in path:
        here = here.get(key) if isinstance(here, dict) else None
    return here


def _named(path: Path) -> str:
    return ".".join(map(str, path))
