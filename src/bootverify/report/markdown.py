"""The report as Markdown for a pull request: what is violated first, the rest folded away."""

from collections.abc import Iterator

from bootverify.check.verdict import Finding, Report, Verdict

WORDS = {
    Verdict.VIOLATED: "violated",
    Verdict.UNDEFINED: "undefined",
    Verdict.UNKNOWN: "unknown",
    Verdict.VACUOUS: "vacuous",
    Verdict.HOLDS: "holds",
    Verdict.NOT_APPLICABLE: "not applicable",
}


def markdown(report: Report) -> str:
    """The report as one comment."""
    design = report.design
    counts = ", ".join(f"**{count}** {word}" for verdict, word in WORDS.items() if (count := report.count(verdict)))
    lines = [
        f"### bootverify: {_plain(design.name)}",
        "",
        f"{design.soc.title}, nRF Connect SDK {_plain(design.sdk)}. {counts or 'Nothing was asked.'}",
        "",
    ]
    for verdict in (Verdict.VIOLATED, Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS):
        for finding in report.findings:
            if finding.verdict is verdict:
                lines += _open(finding)
    lines += _table(report)
    lines += ["", "Assumed: " + "; ".join(report.assumptions) + "."]
    return "\n".join(lines) + "\n"


def _open(finding: Finding) -> Iterator[str]:
    yield f"#### {WORDS[finding.verdict]}: `{finding.policy}` of `{finding.subject}` against `{finding.attacker}`"
    yield ""
    yield _plain(finding.because)
    yield ""
    for fact in finding.facts:
        yield f"- `{fact.source}` {_plain(fact.text)}"
    if finding.trace is not None and finding.trace.steps:
        yield ""
        yield "<details><summary>As it ran, replayed from reset</summary>"
        yield ""
        yield "```"
        yield from (line for step in finding.trace.steps for line in step.observation.log)
        yield "```"
        yield ""
        yield "</details>"
    if finding.repair:
        yield ""
        yield f"To do: {_plain(finding.repair)}"
    yield ""


def _table(report: Report) -> Iterator[str]:
    held = [finding for finding in report.findings if finding.verdict is Verdict.HOLDS]
    if not held:
        return
    yield f"<details><summary>{len(held)} hold</summary>"
    yield ""
    yield "| policy | subject | attacker | earned by |"
    yield "|---|---|---|---|"
    for finding in held:
        yield f"| {finding.policy} | {_plain(finding.subject)} | {finding.attacker} | {finding.strength} |"
    yield ""
    yield "</details>"


def _plain(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")
