"""Regressions of the kinds that reviews miss: a table of faults in base designs, and the policies that they break."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bootverify.sources.patch import edited
from bootverify.sources.written import Written
from tests.gate.bases import base

TABLE = Path(__file__).with_name("seeded.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """An edit of the base design called `base`; `policy` is one of those that got weaker by it."""

    name: str
    base: str
    policy: str
    change: dict[str, Any]
    drop: tuple[str, ...] = ()

    @property
    def old(self) -> Written:
        """The design before."""
        return base(self.base)

    @property
    def new(self) -> Written:
        """The design after."""
        return edited(self.old, self.change, self.drop)


def _seeds(fault: str, breaks: str, bases: Iterable[str] | Mapping[str, dict[str, Any]], **told: Any) -> Iterator[Seed]:
    """The seeds of one row of the table."""
    for name in bases:
        change = bases[name] if isinstance(bases, Mapping) else told.get("by", {})
        drop = tuple(told.get("without", ()))
        yield Seed(name=f"{fault} on {name}", base=name, policy=breaks, change=change, drop=drop)


SEEDS = tuple(seed for row in yaml.safe_load(TABLE.read_text(encoding="utf-8")) for seed in _seeds(**row))
