"""A document after an edit, as its file then reads."""

from collections.abc import Iterable, Mapping
from typing import Any

from bootverify.sources.mutate import mutated
from bootverify.sources.patch import edited
from bootverify.sources.written import Written


def as_edited(written: Written, change: Mapping[str, Any], drop: Iterable[str] = ()) -> Written:
    """The document as its edited file reads; of one that was drawn up from several files, the edited document.

    Raises:
        InputError: the edited file is none that can be read.
        KeyError: there is no place in the file for it.
    """
    if written.text and not written.origins:
        return edited(written, change, drop)
    return mutated(written, change, drop)
