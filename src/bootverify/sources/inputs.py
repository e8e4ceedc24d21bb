"""A design or its document from whatever a user names: a file, a directory, standard input."""

import sys
from collections.abc import Callable
from pathlib import Path

from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources import importers
from bootverify.sources.design_file import load_design, parse_design, read_design
from bootverify.sources.document import parse_written
from bootverify.sources.search import Search
from bootverify.sources.written import Written

STDIN = "-"


def load(
    source: Path | str,
    *,
    sdk: str | None = None,
    raw_keys: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Design:
    """The design in `source`: a design file, a build or application directory, a map, an image, or `-` for stdin.

    `sdk` overrides the release that it names. In the images of a build private keys are looked for; without `raw_keys`
    in written forms alone, which is faster. `progress` is told the share of that search.

    Raises:
        InputError: it is no such thing, or wrong; every fault with its line.
    """
    if str(source) == STDIN:
        return parse_design(sys.stdin.buffer.read(), shown="(standard input)", sdk=sdk)
    path = Path(source)
    if not path.exists():
        raise InputError.at(str(source), 0, "there is no such file or directory; check the path")
    if importers.importable(path):
        return importers.load(path, sdk, shown=str(source), search=Search(raw=raw_keys, progress=progress))
    return load_design(path, shown=str(source), sdk=sdk)


def read(source: Path | str, *, shown: str = "") -> Written:
    """The design document in `source` as it is written, to be compared or edited; as `load` otherwise.

    `shown` is how reports name it.
    """
    if str(source) == STDIN:
        return parse_written(sys.stdin.buffer.read(), "(standard input)")
    if importers.importable(source):
        return importers.read(source, shown=shown or str(source), search=Search(raw=True))
    return read_design(source, shown=shown or str(source))
