"""A repair as text: the edits, what they were checked to do, what is left, and the patch of the user's files."""

from collections.abc import Iterator

from bootverify.check.verdict import Finding, Verdict
from bootverify.report.wrapping import wrapped
from bootverify.whatif.repair import Repair


def repair_text(repaired: Repair, patch: str, unknown: str = "") -> str:
    """The smallest edit, what is `unknown` still, and the patch that makes the edit."""
    lines = [*_edits(repaired), *_left(repaired)] or ["Nothing is violated."]
    told = "\n".join(lines) + "\n" + unknown
    return f"{told}\n{patch.rstrip()}\n" if patch else told


def _edits(repaired: Repair) -> Iterator[str]:
    if not repaired.edits:
        return
    count, facts = len(repaired.edits), repaired.facts
    edits, changed = f"{count} edit{_s(count)}", f"{facts} fact{_s(facts)}"
    yield f"{edits} of {changed}, checked again from the edited file:"
    for edit in repaired.edits:
        yield from wrapped(f"- {edit.words}", 2, 4)
    still = sum(each.verdict is Verdict.VIOLATED for each in repaired.report.findings)
    if repaired.left:
        yield "Nothing that held is broken by it."
    elif still:
        yield from wrapped(f"What was asked for holds then; {still} other{_s(still)} violated as before.", 0, 2)
    else:
        yield "Nothing is violated then."


def _left(repaired: Repair) -> Iterator[str]:
    if not repaired.left:
        return
    yield "No edit that is known here helps against:"
    told: dict[tuple[str, str, str], list[Finding]] = {}
    for each in repaired.left:
        told.setdefault((each.policy, each.subject, each.repair), []).append(each)
    for (policy, subject, advice), findings in told.items():
        who = ", ".join(dict.fromkeys(each.attacker for each in findings))
        yield from wrapped(f"- {policy} of {subject}, {who}. {advice}", 2, 4)


def _s(count: int) -> str:
    return "" if count == 1 else "s"
