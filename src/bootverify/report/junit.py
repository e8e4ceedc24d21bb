"""The report as JUnit XML: a test case for each question, so that any CI shows it."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.report.log import chapters


def junit(report: Report) -> str:
    """A suite for each policy; violated is a failure, what is open an error, not applicable and accepted skipped."""
    suites: dict[str, list[Finding]] = {}
    for finding in report.findings:
        suites.setdefault(finding.policy, []).append(finding)
    head = f"<testsuites name={quoteattr(report.design.name)} {_counts(report.findings)}>"
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head]
    for policy, findings in suites.items():
        lines.append(f"  <testsuite name={quoteattr(policy)} {_counts(tuple(findings))}>")
        lines += [line for finding in findings for line in _case(finding)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(findings: tuple[Finding, ...]) -> str:
    kinds = [_kind(finding) for finding in findings]
    return (
        f'tests="{len(kinds)}" failures="{kinds.count("failure")}" errors="{kinds.count("error")}"'
        f' skipped="{kinds.count("skipped")}"'
    )


def _kind(finding: Finding) -> str:
    if finding.accepted:
        return "skipped"
    kinds = {Verdict.HOLDS: "", Verdict.VIOLATED: "failure", Verdict.NOT_APPLICABLE: "skipped"}
    return kinds.get(finding.verdict, "error")


def _case(finding: Finding) -> Iterator[str]:
    name = quoteattr(_clean(f"{finding.subject} against {finding.attacker}"))
    place = next((fact.source for fact in finding.facts if fact.source.line), None)
    where = f' file={quoteattr(place.file)} line="{place.line}"' if place is not None else ""
    head = f"    <testcase classname={quoteattr(finding.policy)} name={name}{where}"
    kind = _kind(finding)
    if not kind:
        yield f"{head}/>"
        return
    said = f"accepted by {finding.accepted}" if finding.accepted else finding.because or finding.verdict.value
    message = quoteattr(_clean(said))
    if kind == "skipped":
        yield f"{head}><skipped message={message}/></testcase>"
        return
    yield f"{head}>"
    word, body = quoteattr(finding.verdict.value), escape(_details(finding))
    yield f"      <{kind} type={word} message={message}>{body}</{kind}>"
    yield "    </testcase>"


def _details(finding: Finding) -> str:
    lines = [finding.because, *(f"  {fact.source}  {fact.text}" for fact in finding.facts)]
    if finding.trace is not None and finding.trace.steps:
        lines.append("As it ran, replayed from reset:")
        for number, chapter in enumerate(chapters(finding.trace), start=1):
            lines += [f"{number:>3}  {chapter[0]}", *(f"     {line}" for line in chapter[1:])]
    if finding.verdict is Verdict.VIOLATED and finding.repair:
        lines.append(f"To do: {' '.join(finding.repair.split())}")
    return _clean("\n".join(lines))


def _clean(words: str) -> str:
    """Without the control characters that XML does not have."""
    return "".join(letter for letter in words if letter >= " " or letter in "\n\t")
