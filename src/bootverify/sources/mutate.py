"""Applies an edit to a design document: entries set to values, or removed.

A path names keys from the top, joined by dots: `chain.mcuboot.protects`, `keys.kek.placement`. A key
that itself has dots is found by the longest match; an item of a list is addressed by its number.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from difflib import get_close_matches
from functools import reduce
from operator import getitem
from typing import Any

from bootverify.errors import Fault, InputError
from bootverify.sources.validate import no_lines
from bootverify.sources.written import Path, Written


def mutated(written: Written, change: Mapping[str, Any] | None = None, drop: Iterable[str] = ()) -> Written:
    """`written` with the entries of `change` set and those of `drop` removed; lines stay.

    Raises:
        InputError: a path leads nowhere, or there are no entries.
    """
    if not isinstance(written.plain, dict):
        raise InputError([no_lines(written)])
    plain = deepcopy(written.plain)
    faults = []
    for path in drop:
        faults += _edited(written, plain, path, None, remove=True)
    for path, value in (change or {}).items():
        faults += _edited(written, plain, path, value, remove=False)
    if faults:
        raise InputError(faults)
    return replace(written, plain=plain)


def keys_of(plain: Any, path: str) -> tuple[Path, bool]:  # noqa: ANN401 - plain YAML
    """The keys that a dotted path names in `plain`, and whether the entry is there; what is not stands part by part."""
    keys: list[str | int] = []
    here, rest = plain, path
    while rest:
        key, after = _first_key(here, rest) if isinstance(here, dict | list) else (None, "")
        if key is None:
            return (*keys, *rest.split(".")), False
        keys.append(key)
        here, rest = here[key], after
    return tuple(keys), True


def entry(written: Written, path: str) -> Any:  # noqa: ANN401 - plain YAML
    """What stands at `path`; InputError with the nearest path where nothing does."""
    keys, there = keys_of(written.plain, path)
    if not there:
        raise InputError([_nowhere(written, path, written.plain)])
    return reduce(getitem, keys, written.plain)


def _edited(written: Written, plain: Any, path: str, value: Any, *, remove: bool) -> list[Fault]:  # noqa: ANN401
    """Edit `plain` in place; the fault when `path` leads nowhere."""
    here, rest = plain, path
    while True:
        key, after = _first_key(here, rest)
        if not after:
            break
        if key is None or not isinstance(here[key], dict | list):
            return [_nowhere(written, path, here)]
        here, rest = here[key], after
    if remove or isinstance(here, list):
        if key is None:
            return [_nowhere(written, path, here)]
        if remove:
            del here[key]
        else:
            here[key] = deepcopy(value)
        return []
    here[rest] = deepcopy(value)
    return []


def _first_key(here: Any, path: str) -> tuple[Any, str]:  # noqa: ANN401 - plain YAML
    """The key of `here` that `path` begins with, None if it is not there; and what is left."""
    if isinstance(here, list):
        first, _, rest = path.partition(".")
        index = int(first) if first.isdigit() else -1
        return (index if 0 <= index < len(here) else None), rest
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        key = ".".join(parts[:length])
        if key in here:
            return key, ".".join(parts[length:])
    return None, ".".join(parts[1:])


def _nowhere(written: Written, path: str, here: Any) -> Fault:  # noqa: ANN401 - plain YAML
    near = get_close_matches(path, [*_paths(written.plain)], n=1)
    known = ", ".join(map(str, here)) if isinstance(here, dict) else f"{len(here)} items"
    hint = f"did you mean `{near[0]}`?" if near else f"there is: {known}"
    return Fault(file=written.file, line=0, message=f"`{path}` leads nowhere; {hint}")


def _paths(plain: Any, before: str = "") -> Iterator[str]:  # noqa: ANN401 - plain YAML
    """The path of every entry of `plain`."""
    entries = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, inner in entries:
        yield f"{before}{key}"
        yield from _paths(inner, f"{before}{key}.")
