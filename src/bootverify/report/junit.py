"""The report as JUnit XML: a test case for each question, so that any CI shows it."""

from xml.sax.saxutils import escape, quoteattr

from bootverify.check.verdict import Finding, Report, Verdict


def junit(report: Report) -> str:
    """One suite; violated is a failure, what is open an error, not applicable skipped."""
    cases = [_case(finding) for finding in report.findings]
    opened = sum(report.count(each) for each in (Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS))
    head = (
        f'<testsuite name={quoteattr(report.design.name)} tests="{len(cases)}"'
        f' failures="{report.count(Verdict.VIOLATED)}" errors="{opened}"'
        f' skipped="{report.count(Verdict.NOT_APPLICABLE)}">'
    )
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>", ""])


def _case(finding: Finding) -> str:
    name = quoteattr(f"{finding.subject} against {finding.attacker}")
    head = f"  <testcase classname={quoteattr(finding.policy)} name={name}"
    if finding.verdict is Verdict.HOLDS or finding.accepted:
        return head + "/>"
    element = {Verdict.VIOLATED: "failure", Verdict.NOT_APPLICABLE: "skipped"}.get(finding.verdict, "error")
    body = "" if element == "skipped" else escape(_details(finding))
    return f"{head}><{element} message={quoteattr(_clean(finding.because))}>{body}</{element}></testcase>"


def _details(finding: Finding) -> str:
    lines = [finding.verdict.value, *(f"{fact.source}: {fact.text}" for fact in finding.facts)]
    if finding.trace is not None:
        lines += [line for step in finding.trace.steps for line in step.observation.log]
    return _clean("\n".join(lines))


def _clean(words: str) -> str:
    """Without the control characters that XML does not have."""
    return "".join(letter for letter in words if letter >= " " or letter in "\n\t")
