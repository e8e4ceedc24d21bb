"""Reads a recording: configurations, and vectors one a line. What is damaged is counted and hides nothing else."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bootverify.check.conform.damage import DAMAGE
from bootverify.check.conform.outcome import Conformity, Disagreement, Unsupported

Json = Any  # as read from a file of the recording
DAMAGED = "damaged"
MALFORMED = (Unsupported, *DAMAGE)
"""What building a bench raises on a configuration of a kind or form that is not known."""


def configuration(file: Path) -> Json:
    """The object in a `config.json`; an empty one when the file holds none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def vectors(file: Path) -> Iterator[tuple[str, Json | None]]:
    """The place of each line, as file:line, and its vector; None for a line that holds none.

    Raises:
        OSError: the file is not there.
    """
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"{file}:{number}", _vector(line)


def no_vector(place: str) -> tuple[Disagreement]:
    """What is told of a place that holds no vector."""
    return (Disagreement(vector=place, step=0, what="line", expected="a vector", got="none; fetch the file again"),)


def run_below(directory: Path, bench: Callable[[Json], Callable[[Json], Iterable[Disagreement]]]) -> Conformity:
    """Run every vector below `directory`; `bench` builds, for one configuration, what runs its vectors."""
    outcome = Conformity()
    for folder in sorted(path.parent for path in directory.glob("*/config.json")):
        try:
            work = bench(configuration(folder / "config.json"))
        except MALFORMED:
            work = None
        _run_folder(outcome, folder, work)
    return outcome


def _run_folder(outcome: Conformity, folder: Path, work: Callable[[Json], Iterable[Disagreement]] | None) -> None:
    """Run the vectors of one configuration by `work`, None when the configuration is not modelled."""
    file = folder / "vectors.jsonl"
    if not file.is_file():
        outcome.count(folder.name, DAMAGED, no_vector(str(file)))
        return
    for place, vector in vectors(file):
        if vector is None:
            outcome.count(folder.name, DAMAGED, no_vector(place))
            continue
        category = str(vector.get("category", DAMAGED))
        if work is None:
            outcome.count_unsupported(folder.name, category)
        else:
            outcome.run(folder.name, category, str(vector.get("id", place)), partial(work, vector))


def _vector(line: str) -> Json | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
