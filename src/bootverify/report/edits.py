"""A repair as text: the edits, what they were checked to do, what is left, and the patch of the user's files."""

from collections.abc import Iterable, Iterator

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
    if repaired.undefined:
        yield "No edit that is known here stays within the vendor's documents. With this one:"
        for words, findings in _alike(repaired.undefined):
            who = ", ".join(dict.fromkeys(each.subject for each in findings))
            yield from wrapped(f"- {findings[0].policy} of {who} is undefined: {words}", 2, 4)
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


def _alike(findings: Iterable[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """Findings of one policy that give the same reason, with that reason."""
    told: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        told.setdefault((each.policy, each.because), []).append(each)
    yield from ((words, same) for (_, words), same in told.items())


def _s(count: int) -> str:
    return "" if count == 1 else "s"
