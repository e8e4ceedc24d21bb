"""The report as one HTML page that needs nothing else: to be archived beside a release."""

from collections.abc import Iterator
from html import escape

from bootverify.check.verdict import Finding, Report, Verdict

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}
h1{font-size:1.4em}section{border-left:4px solid #bbb;margin:1em 0;padding:.2em 1em}
.violated{border-color:#b00020}.holds{border-color:#2e7d32}.undefined,.unknown,.vacuous{border-color:#b26a00}
code,pre{font:13px/1.45 ui-monospace,monospace;background:#f4f4f4}pre{padding:.6em;overflow-x:auto}
table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}"""
ORDER = (Verdict.VIOLATED, Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS, Verdict.HOLDS)


def html(report: Report) -> str:
    """The whole report as one page, violated first."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    design = report.design
    title = escape(f"bootverify: {design.name}")
    yield f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    yield f"<h1>{title}</h1><p>{escape(design.title)}</p>"
    counts = ", ".join(f"{count} {verdict.value}" for verdict in Verdict if (count := report.count(verdict)))
    yield f"<p>{escape(design.soc.title)}, nRF Connect SDK {escape(design.sdk or 'unknown')}. {counts}.</p>"
    for verdict in ORDER:
        for finding in report.findings:
            if finding.verdict is verdict:
                yield from _section(finding)
    yield "<h2>Assumed</h2><ul>"
    yield from (f"<li>{escape(each)}</li>" for each in report.assumptions)
    yield "</ul>"
    if report.ledger:
        yield "<h2>Met and not modelled</h2><table>"
        for entry in report.ledger:
            yield f"<tr><td><code>{escape(entry.file)}:{entry.line}</code><td>{escape(entry.what)}"
        yield "</table>"
    yield "<h2>Read</h2><table>"
    yield from (f"<tr><td>{escape(each.file)}<td><code>{each.sha256}</code>" for each in design.files)
    yield "</table></html>"


def _section(finding: Finding) -> Iterator[str]:
    word = finding.verdict.value
    head = f"{finding.policy} of {finding.subject} against {finding.attacker}"
    yield f'<section class="{word}"><h3>{word}: {escape(head)}</h3><p>{escape(finding.because)}</p>'
    if finding.facts:
        yield "<table>"
        for fact in finding.facts:
            yield f"<tr><td><code>{escape(str(fact.source))}</code><td>{escape(fact.text)}"
        yield "</table>"
    if finding.trace is not None and finding.trace.steps:
        log = "\n".join(line for step in finding.trace.steps for line in step.observation.log)
        yield f"<details><summary>As it ran, replayed from reset</summary><pre>{escape(log)}</pre></details>"
    if finding.lemmas:
        yield f"<details><summary>Lemmas</summary><pre>{escape(chr(10).join(finding.lemmas))}</pre></details>"
    if finding.accepted:
        yield f"<p>Accepted: {escape(finding.accepted)}</p>"
    if finding.verdict is Verdict.VIOLATED and finding.repair:
        yield f"<p>To do: {escape(finding.repair)}</p>"
    yield "</section>"
