"""Loads attackers: ours by name, the user's by path."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bootverify.design.attacker import Attacker, Capability
from bootverify.sources.catalog import find, names, shown
from bootverify.sources.document import read_written
from bootverify.sources.validate import validated


class AttackerEntry(BaseModel):
    """A file of models/attackers/."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    attacker: str = Field(min_length=1, max_length=80, description="the name of the file")
    title: str = Field(min_length=1, max_length=120, description="who that is, in one line")
    capabilities: list[Capability] = Field(description="what he can do beside reading every update ever published")
    needs: Literal["secure", "non_secure", "no_trustzone"] | None = Field(
        default=None, description="exists only where the application runs in this state, or on a core without the two"
    )
    needs_tfm: bool = Field(default=False, description="exists only where TF-M is present")
    story: str = Field(default="", description="who that is in the field")


@cache
def load_attacker(name_or_path: str) -> Attacker:
    """The attacker of that name, or in that file.

    Raises:
        InputError: there is none, or he is wrong; each fault with its line.
    """
    entry, attacker = _loaded(name_or_path)
    del entry
    return attacker


@cache
def attacker_story(name_or_path: str) -> str:
    """Who that attacker is in the field; InputError as for `load_attacker`."""
    entry, _ = _loaded(name_or_path)
    return " ".join(entry.story.split())


def _together(names_or_paths: str) -> tuple[AttackerEntry, Attacker]:
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


def _loaded(name_or_path: str) -> tuple[AttackerEntry, Attacker]:
    if "+" in name_or_path and not Path(name_or_path).exists():
        return _together(name_or_path)
    path = Path(name_or_path)
    ours = path.suffix not in {".yaml", ".yml"}
    if ours:
        path = find("models/attackers", name_or_path)
    written = read_written(path, shown=shown(path) if ours else name_or_path)
    entry = validated(AttackerEntry, written)
    attacker = Attacker(
        name=entry.attacker,
        title=entry.title,
        capabilities=frozenset(entry.capabilities),
        needs=entry.needs,
        needs_tfm=entry.needs_tfm,
        source=written.source(()),
    )
    return entry, attacker
