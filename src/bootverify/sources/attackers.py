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
    attacker: str = Field(min_length=1, max_length=80)
    title: str = Field(min_length=1, max_length=120)
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


def all_attackers() -> tuple[Attacker, ...]:
    """All of ours, by name."""
    return tuple(load_attacker(name) for name in names("models/attackers"))


def _loaded(name_or_path: str) -> tuple[AttackerEntry, Attacker]:
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
