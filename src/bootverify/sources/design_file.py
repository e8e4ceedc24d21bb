"""Loads a native design file: read, validate, resolve."""

from pathlib import Path

from bootverify.design.design import Design
from bootverify.sources.document import read_written
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.validate import validated


def load_design(path: Path | str, *, shown: str = "") -> Design:
    """The design in the file `path`; `shown` is how reports name the file.

    Raises:
        InputError: the file is missing, no such document, or refers to nothing; every fault with its line.
    """
    written = read_written(path, shown=shown)
    return resolve(validated(DesignEntry, written), written)
