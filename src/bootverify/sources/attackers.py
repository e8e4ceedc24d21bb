"""Loads attackers: ours by name, the user's by path."""

from functools import cache
from pathlib import Path
from typing import Any

from bootverify.design.attacker import Attacker, Capability
from bootverify.sources.catalog import find, names, shown
from bootverify.sources.document import read_written
from bootverify.sources.written import Written


@cache
def load_attacker(name_or_path: str) -> Attacker:
    """The attacker of that name, or in that file.

    Raises:
        InputError: there is none, or he is wrong; each fault with its line.
    """
    return _loaded(name_or_path)[1]


@cache
def attacker_story(name_or_path: str) -> str:
    """Who that attacker is in the field; InputError as for `load_attacker`."""
    return " ".join(_loaded(name_or_path)[0].split())


def _together(names_or_paths: str) -> tuple[str, Attacker]:
    """Several attackers who act as one, written with `+` between them: he can what each of them can."""
    parts = [_loaded(part) for part in names_or_paths.split("+")]
    attackers = [attacker for _, attacker in parts]
    together = Attacker(
        name=names_or_paths,
        title="; ".join(attacker.title for attacker in attackers),
        capabilities=frozenset().union(*(attacker.capabilities for attacker in attackers)),
        needs=next((attacker.needs for attacker in attackers if attacker.needs), None),
        needs_tfm=any(attacker.needs_tfm for attacker in attackers),
        source=attackers[0].source,
    )
    return parts[0][0], together


def all_attackers() -> tuple[Attacker, ...]:
    """All of ours, by name."""
    return tuple(load_attacker(name) for name in names("models/attackers"))


def _loaded(name_or_path: str) -> tuple[str, Attacker]:
    """The story of an attacker, and the attacker."""
    if "+" in name_or_path and not Path(name_or_path).exists():
        return _together(name_or_path)
    path = Path(name_or_path)
    ours = path.suffix not in {".yaml", ".yml"}
    if ours:
        path = find("models/attackers", name_or_path)
    written = read_written(path, shown=shown(path) if ours else name_or_path)
    entry: dict[str, Any] = written.plain if ours else _of_form(written)
    attacker = Attacker(
        name=entry["attacker"],
        title=entry["title"],
        capabilities=frozenset(map(Capability, entry["capabilities"])),
        needs=entry.get("needs"),
        needs_tfm=entry.get("needs_tfm", False),
        source=written.source(()),
    )
    return entry.get("story", ""), attacker


def _of_form(written: Written) -> dict[str, Any]:
    """A user's file, which may be of any form."""
    from bootverify.sources.rule_files import AttackerEntry  # noqa: PLC0415 - ours are held to it by the tests
    from bootverify.sources.validate import validated  # noqa: PLC0415

    return validated(AttackerEntry, written).model_dump(exclude_unset=True)
