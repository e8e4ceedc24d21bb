"""The smallest edit that turns what is violated into what holds, without weakening anything else.

Edits are tried singly and in pairs, cheapest first; the edited document is checked as if the user had written it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from bootverify.check.verdict import Report, Verdict
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.written import Written
from bootverify.whatif.candidates import Edit, candidates
from bootverify.whatif.compare import Change, compared
from bootverify.whatif.edit import as_edited

MOST_EDITS = 3
Check = Callable[[Design], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The edits, the report on the edited design, and what is violated still: no edit that we know helps there."""

    edits: tuple[Edit, ...]
    report: Report
    left: int

    @property
    def change(self) -> dict[str, object]:
        """All entries that are set."""
        return {path: value for edit in self.edits for path, value in edit.change.items()}


def repair(written: Written, check: Check) -> Repair:
    """The smallest set of edits with the fewest violated questions left.

    Raises:
        InputError: the document itself is wrong.
    """
    before = check(design_of(written))
    best = Repair(edits=(), report=before, left=before.count(Verdict.VIOLATED))
    if not best.left:
        return best
    tried = [(edit, _tried(written, (edit,), before, check)) for edit in candidates(before.design, written.plain)]
    helping = [edit for edit, result in tried if result is not None and result.left < best.left]
    for edit, result in tried:
        if result is not None and (result.left, edit.cost) < (best.left, _cost(best)):
            best = result
    for size in range(2, MOST_EDITS + 1):
        if not best.left or len(helping) < size:
            break
        sets = sorted(combinations(helping, size), key=lambda edits: sum(edit.cost for edit in edits))
        for edits in sets:
            result = _tried(written, edits, before, check)
            if result is not None and result.left < best.left:
                best = result
                break
    return best


def _cost(repaired: Repair) -> int:
    return sum(edit.cost for edit in repaired.edits)


def _tried(written: Written, edits: tuple[Edit, ...], before: Report, check: Check) -> Repair | None:
    """The repair that `edits` are; None where they do not fit the design or weaken something."""
    change = {path: value for edit in edits for path, value in edit.change.items()}
    if len(change) < sum(len(edit.change) for edit in edits):
        return None  # two edits of one fact
    try:
        after = check(design_of(as_edited(written, change)))
    except (InputError, KeyError):
        return None
    if after.discrepancies or any(each.change is Change.WEAKER for each in compared(before, after)):
        return None
    return Repair(edits=edits, report=after, left=after.count(Verdict.VIOLATED))
