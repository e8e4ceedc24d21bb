"""Loads standards: ours by name, the user's by path; their form is in `rule_files`."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bootverify.policy.standard import Standard
from bootverify.sources.catalog import find, names, shown
from bootverify.sources.document import read_written

KIND = "models/standards"
ALL = "all"


def standards(given: Iterable[str]) -> tuple[Standard, ...]:
    """The standards given by name or by file, each once; `all` are all of ours.

    Raises:
        InputError: there is none, or a file is wrong; each fault with its line.
    """
    found = [name for each in given for name in (names(KIND) if each == ALL else (each,))]
    return tuple(load_standard(each) for each in dict.fromkeys(found))


@cache
def load_standard(name_or_path: str) -> Standard:
    """The standard of that name, or in that file.

    Raises:
        InputError: there is none, or it is wrong; each fault with its line.
    """
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"}:
        from bootverify.sources.rule_files import StandardEntry  # noqa: PLC0415 - ours are held to it by the tests
        from bootverify.sources.validate import validated  # noqa: PLC0415

        entry = validated(StandardEntry, read_written(path, shown=name_or_path)).model_dump()
    else:
        path = find(KIND, name_or_path, asked_in="--standard")
        entry = read_written(path, shown=shown(path)).plain
    return Standard(
        name=entry["standard"],
        cited=entry["cited"],
        title=entry["title"],
        edition=entry["edition"],
        publisher=entry.get("publisher", ""),
        url=entry.get("url", ""),
        clauses=entry["clauses"],
    )
