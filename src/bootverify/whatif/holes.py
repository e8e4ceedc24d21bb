"""Holes in a design, written `?`: which values, or combinations of values, may stand in them."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from bootverify.check.verdict import Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.written import Path, Written
from bootverify.whatif.domain import CHOICES
from bootverify.whatif.edit import as_edited
from bootverify.whatif.free import Asker, first_new, violated

HOLE = "?"
MOST_COMBINATIONS = 512
ADDRESSES = ("at", "size")
SWITCHES = frozenset(
    {
        "approtect", "secure_approtect", "eraseprotect", "flash_patch", "validate_primary", "counter", "published",
        "readable", "serial_recovery", "open_management", "nsib_key_given", "protects_itself", "downgrade_prevention",
        "updates_encrypted",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Values for all holes at once, in their order; `why` refuses them, empty when they keep every policy."""

    values: tuple[Any, ...]
    why: str


def holes(written: Written) -> tuple[str, ...]:
    """The paths of the holes, in the order of the document."""
    return tuple(".".join(map(str, path)) for path, value in _leaves(written.plain, ()) if value == HOLE)


def plugged(written: Written, path: str) -> Written:
    """The document with a value in its one hole, with which it can at least be read.

    Raises:
        InputError: no value that we know makes a design of it.
    """
    values: Sequence[Any] = (0, 0x1000, 0x4000, 0x8000) if is_address(path) else _values(written, path)
    fault: InputError | None = None
    for value in values:
        try:
            filled = as_edited(written, {path: value})
            design_of(filled)
        except InputError as error:
            fault = error
        else:
            return filled
    assert fault is not None
    raise fault


def fillings(written: Written, paths: Sequence[str], asker: Asker) -> list[Filling]:
    """Every combination of values for holes that are switches or choices, each judged from the edited file.

    A combination is refused for what it violates that the one with which most holds does not.

    Raises:
        InputError: one of the holes is no switch or choice, or there are too many combinations.
    """
    found: list[tuple[tuple[Any, ...], Report]] = []
    refused: list[Filling] = []
    for values in combinations(written, paths):
        try:
            design = design_of(as_edited(written, dict(zip(paths, values, strict=True))))
        except InputError as error:
            refused.append(Filling(values=values, why=error.faults[0].message))
            continue
        found.append((values, asker.report(design)))
    best = max((report for _, report in found), key=lambda report: report.count(Verdict.HOLDS), default=None)
    known = violated(best) if best is not None else frozenset()
    return [*(Filling(values=values, why=first_new(report.findings, known)) for values, report in found), *refused]


def combinations(written: Written, paths: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Every combination of values for those switches and choices.

    Raises:
        InputError: one of them is neither, or there are too many combinations.
    """
    choices = [_values(written, path) for path in paths]
    if prod(map(len, choices)) > MOST_COMBINATIONS:
        raise InputError.at(written.file, 0, f"more than {MOST_COMBINATIONS} combinations; fill some of the holes")
    return product(*choices)


def is_address(path: str) -> bool:
    """Whether the fact at `path` is an address or a size."""
    return path.rsplit(".", 1)[-1] in ADDRESSES or ".span." in path


def _values(written: Written, path: str) -> Sequence[Any]:
    last = path.rsplit(".", 1)[-1]
    if last in SWITCHES:
        return (False, True)
    if last in CHOICES:
        return CHOICES[last]
    words = f"`{path}` is a hole that is not known how to fill; it can be a switch, a choice, an address or a size"
    raise InputError.at(written.file, written.line(tuple(path.split("."))), words)


def _leaves(plain: Any, at: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - plain YAML
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from _leaves(value, (*at, key))
    elif isinstance(plain, list):
        for number, value in enumerate(plain):
            yield from _leaves(value, (*at, number))
    else:
        yield at, plain
