"""Loads the vendor's support statements."""

from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bootverify.design.source import Source
from bootverify.design.support import Support, SupportRow
from bootverify.sources.catalog import find, shown
from bootverify.sources.document import read_written
from bootverify.sources.validate import validated


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)
    first: list[str] | None = None
    starts: list[str] | None = None
    decrypts: list[str] | None = None
    counters: list[str] | None = None
    verifies: list[str] | None = None
    installs: list[str] | None = None
    compares: list[str] | None = None
    encrypts: list[str] | None = None
    radios: list[str] | None = None
    wraps: list[str] | None = None
    pairs: list[str] | None = None
    keeps: list[str] | None = None
    product: Literal["ncs", "mcuboot", "tfm"] = "ncs"
    socs: list[str] = []
    since: str | None = Field(default=None, alias="from")
    until: str | None = None
    statement: str
    document: str
    section: str = ""


class SupportEntry(BaseModel):
    """A file of support rows, as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    topic: str
    rows: list[_Row]


@cache
def load_support() -> tuple[SupportRow, ...]:
    """Every row of models/releases/support.yaml."""
    path = find("models/releases", "support")
    written = read_written(path, shown=shown(path))
    entry = validated(SupportEntry, written)
    rows = []
    for number, row in enumerate(entry.rows):
        kind, programs = next(
            (kind, programs)
            for kind, programs in (
                (Support.FIRST, row.first),
                (Support.STARTS, row.starts),
                (Support.DECRYPTS, row.decrypts),
                (Support.COUNTERS, row.counters),
                (Support.VERIFIES, row.verifies),
                (Support.INSTALLS, row.installs),
                (Support.COMPARES, row.compares),
                (Support.ENCRYPTS, row.encrypts),
                (Support.RADIOS, row.radios),
                (Support.WRAPS, row.wraps),
                (Support.PAIRS, row.pairs),
                (Support.KEEPS, row.keeps),
            )
            if programs
        )
        source: Source = written.source(("rows", number))
        rows.append(
            SupportRow(
                kind=kind,
                programs=tuple(programs),
                since=row.since or "",
                until=row.until or "",
                product=row.product,
                socs=tuple(row.socs),
                statement=row.statement,
                document=f"{row.document}, {row.section}" if row.section else row.document,
                source=source,
            )
        )
    return tuple(rows)
