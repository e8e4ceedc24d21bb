"""Questions that nobody could answer, in a few words: an edit is not judged by them."""

from collections.abc import Iterable

from bootverify.check.verdict import Finding, Verdict
from bootverify.report.wrapping import wrapped


def unanswered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those whose verdict is `unknown`."""
    return tuple(each for each in findings if each.verdict is Verdict.UNKNOWN)


def unanswered_text(findings: Iterable[Finding]) -> str:
    """How many are unknown, and why the first of them is; empty when none is."""
    found = unanswered(findings)
    if not found:
        return ""
    first = found[0]
    count = "1 question is" if len(found) == 1 else f"{len(found)} questions are"
    words = f"Unknown still: {count} not answered, so nothing is said of what becomes of "
    words += "it: " if len(found) == 1 else "them. The first: "
    words += f"{first.policy} of {first.subject} against {first.attacker}: {first.because}."
    return "\n".join(wrapped(words, 0, 2)) + "\n"
