"""Loads the vendor's support statements; their form is in `rule_files`."""

from functools import cache
from typing import Any

from bootverify.design.reference import Reference
from bootverify.design.source import Source
from bootverify.design.support import Support, SupportRow
from bootverify.sources.catalog import find, shown
from bootverify.sources.citations import titled
from bootverify.sources.document import read_written


@cache
def load_support() -> tuple[SupportRow, ...]:
    """Every row of models/releases/support.yaml."""
    path = find("models/releases", "support")
    written = read_written(path, shown=shown(path))
    entry: dict[str, Any] = written.plain
    return tuple(_row(row, written.source(("rows", number))) for number, row in enumerate(entry["rows"]))


def _row(row: dict[str, Any], source: Source) -> SupportRow:
    kind = next(each for each in Support if row.get(each.value))
    return SupportRow(
        kind=kind,
        programs=tuple(row[kind.value]),
        since=row.get("from", ""),
        until=row.get("until", ""),
        product=row.get("product", "ncs"),
        socs=tuple(row.get("socs", ())),
        most=row.get("most"),
        excluded=row.get("excluded", False),
        statement=row["statement"],
        document=titled(Reference(document=row["document"], section=row.get("section", ""))),
        source=source,
    )
