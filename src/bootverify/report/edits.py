"""A repair as text: the edits, what they were checked to do, what is left, and the patch of the user's files."""

from collections.abc import Callable, Iterable, Iterator

from bootverify.check.verdict import Finding, Verdict
from bootverify.report.wrapping import wrapped
from bootverify.whatif.repair import Repair


def repair_text(repaired: Repair, patch: str, unknown: str = "") -> str:
    """The smallest edit, what is `unknown` still, and the patch that makes the edit."""
    nothing = "Nothing is violated." if repaired.report.asked else "Nothing was asked: see `bootverify check`."
    lines = [*_edits(repaired), *_left(repaired)] or [nothing]
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
        for findings in _alike(repaired.undefined, lambda each: (each.policy, each.because)):
            who = ", ".join(dict.fromkeys(each.subject for each in findings))
            yield from wrapped(f"- {findings[0].policy} of {who} is undefined: {findings[0].because}", 2, 4)
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
    for findings in _alike(repaired.left, lambda each: (each.policy, each.subject, each.repair)):
        first = findings[0]
        who = ", ".join(dict.fromkeys(each.attacker for each in findings))
        against = "" if first.kind == "map" else f" against {who}"
        yield from wrapped(f"- {first.policy} of {first.subject}{against}. {first.repair}", 2, 4)


def _alike(findings: Iterable[Finding], by: Callable[[Finding], tuple[str, ...]]) -> Iterable[list[Finding]]:
    """Findings that are told as one, in the order of the first of each."""
    told: dict[tuple[str, ...], list[Finding]] = {}
    for each in findings:
        told.setdefault(by(each), []).append(each)
    return told.values()


def _s(count: int) -> str:
    return "" if count == 1 else "s"
