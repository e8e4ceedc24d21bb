"""`pm.config`: the map as the programs of a build were compiled and linked with it, against `partitions.yml`.

One line for each figure: PM_<NAME>_ADDRESS=0x.., PM_<NAME>_SIZE=0x.. (nRF Connect SDK,
scripts/partition_manager_output.py). Both files are written in one go: where they differ, one is of another build.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bootverify.design.source import Source
from bootverify.sources.importers.partition_manager import PmEntry
from bootverify.sources.input_file import MIB, read_bytes

LIMIT = 4 * MIB
_LINE = re.compile(r"PM_([A-Z0-9_]+)_(ADDRESS|SIZE) *= *(0[xX][0-9a-fA-F]{1,8}|\d{1,10})\s*")

Figures = dict[tuple[str, str], tuple[int, Source]]


def read_pm_config(path: Path, *, shown: str) -> Figures:
    """(NAME, ADDRESS or SIZE) -> the figure and its line; other lines are left out.

    Raises:
        InputError: missing or too large.
    """
    text = read_bytes(path, limit=LIMIT, shown=shown).decode("utf-8-sig", "replace")
    found: Figures = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (match := _LINE.fullmatch(line)) is not None:
            source = Source(file=shown, line=number, text=line.strip())
            found[match[1], match[2]] = int(match[3], 16 if match[3][:2] in {"0x", "0X"} else 10), source
    return found


def differing(entries: Sequence[PmEntry], compiled: Figures) -> Iterator[tuple[str, PmEntry, Source]]:
    """What differs, in words, for each partition that both have; a partition that only one has is no contradiction."""
    for entry in entries:
        for kind, value in (("ADDRESS", entry.at), ("SIZE", entry.size)):
            other = compiled.get((entry.name.upper(), kind))
            if other is not None and value is not None and other[0] != value:
                what = "starts at" if kind == "ADDRESS" else "has the size"
                text = f"`{entry.name}` {what} {value:#x} in the map, and {other[0]:#x} in what was compiled"
                yield text, entry, other[1]
                break
