"""Loads a design from one file, a native one or a scenario card: read, validate, resolve."""

from pathlib import Path

from bootverify.design.design import Design
from bootverify.sources.document import parse_written, read_written
from bootverify.sources.importers import is_card
from bootverify.sources.mutate import mutated
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.validate import validated
from bootverify.sources.written import Written


def load_design(path: Path | str, *, shown: str = "", sdk: str | None = None) -> Design:
    """The design in the file `path`; `shown` is how reports name the file, `sdk` overrides the release it names.

    Raises:
        InputError: the file is missing, no such document, or refers to nothing; every fault with its line.
    """
    return _design(read_written(path, shown=shown), sdk)


def read_design(path: Path | str, *, shown: str = "") -> Written:
    """The document in `path` as written, to be edited before it is resolved; InputError as `load_design`."""
    return read_written(path, shown=shown)


def design_of(written: Written) -> Design:
    """The design that a document describes; InputError as `load_design`."""
    if is_card(written.plain):
        from bootverify.sources.importers.card import scenario  # noqa: PLC0415 - a native design needs no importer

        return scenario.parse(written)
    return resolve(validated(DesignEntry, written), written)


def parse_design(content: bytes, *, shown: str, sdk: str | None = None) -> Design:
    """The design that `content` describes; as `load_design`."""
    return _design(parse_written(content, shown), sdk)


def _design(written: Written, sdk: str | None) -> Design:
    document = written if sdk is None else mutated(written, {"sdk": sdk})
    return design_of(document)
