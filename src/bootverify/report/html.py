"""The report as one HTML page that needs nothing else: to be read, printed, and archived beside a release."""

from collections.abc import Iterator, Sequence
from html import escape

from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.design.reference import Reference
from bootverify.report.clauses import LEGEND, ByClause
from bootverify.report.log import chapters
from bootverify.sources.citations import document

STYLE = """:root{--ink:#1d2327;--soft:#5c6670;--line:#dfe3e8;--card:#fff;--page:#f6f7f9;
--bad:#b3261e;--ok:#1e7d4f;--open:#a15c00}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--soft:#9aa4ad;--line:#363d44;--card:#1f2428;--page:#15191c;
--bad:#ff8a80;--ok:#7bd6a5;--open:#ffc069}}
*{box-sizing:border-box}
body{font:16px/1.55 system-ui,sans-serif;background:var(--page);color:var(--ink);margin:0}
main{max-width:64rem;margin:0 auto;padding:2rem 1.2rem 4rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2.2rem 0 .6rem}h3{font-size:1rem;margin:0 0 .3rem}
p{margin:.3rem 0}.soft{color:var(--soft)}
.tally{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0}
.tally div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .9rem;min-width:7rem}
.tally b{display:block;font-size:1.5rem;line-height:1.2}
section{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--soft);border-radius:.5rem;
margin:.8rem 0;padding:.9rem 1.1rem;break-inside:avoid}
.violated{border-left-color:var(--bad)}.holds{border-left-color:var(--ok)}.open{border-left-color:var(--open)}
b.violated{color:var(--bad)}b.holds{color:var(--ok)}b.open{color:var(--open)}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace}code{overflow-wrap:anywhere}
pre{background:var(--page);border-radius:.4rem;padding:.8rem;overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;width:100%;font-size:.93rem}
td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500}td:first-child{white-space:nowrap;width:1%}
summary{cursor:pointer;color:var(--soft);margin-top:.4rem}.todo{margin-top:.6rem}
@media print{body{background:#fff}details>*{display:block}}"""
HEAD = '<meta name="viewport" content="width=device-width,initial-scale=1">'
ORDER = (Verdict.VIOLATED, *(each for each in Verdict if each is not Verdict.VIOLATED))
OPEN = (Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS)


def html(report: Report, clauses: Sequence[ByClause] = ()) -> str:
    """The whole report as one page, violated first; `clauses`: what it says of standards."""
    return "\n".join(_page(report, clauses)) + "\n"


def _page(report: Report, clauses: Sequence[ByClause]) -> Iterator[str]:
    design = report.design
    title = f"<title>bootverify: {escape(design.name)}</title>"
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{title}{HEAD}'
    yield f"<style>{STYLE}</style></head><body><main>"
    yield f"<h1>{escape(design.name)}</h1><p>{escape(design.title)}</p>"
    sdk = f", {escape(design.release)}" if design.sdk else ""
    chain = " &rarr; ".join(f"<code>{escape(stage.name)}</code>" for stage in design.stages)
    yield f'<p class="soft">{escape(design.soc.title)}{sdk}{" &middot; " + chain if chain else ""}</p>'
    yield from _tally(report)
    yield from _part("Violated", [each for each in report.findings if _is_open_violation(each)])
    yield from _part("Accepted", [each for each in report.findings if each.accepted])
    yield from _part("Open", [each for each in report.findings if each.verdict in OPEN])
    yield from _held([each for each in report.findings if each.verdict is Verdict.HOLDS])
    yield from _standards(clauses)
    yield from _rest(report)
    yield "</main></body></html>"


def _is_open_violation(finding: Finding) -> bool:
    return finding.verdict is Verdict.VIOLATED and not finding.accepted


def _tally(report: Report) -> Iterator[str]:
    yield '<div class="tally">'
    for verdict in ORDER:
        if count := report.count(verdict):
            yield f'<div><b class="{_class(verdict)}">{count}</b>{verdict.value}</div>'
    yield "</div>"


def _class(verdict: Verdict) -> str:
    return "open" if verdict in OPEN else verdict.value


def _part(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"<h2>{title}</h2>"
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for each in findings:
        said = each.because.replace(each.attacker, "ATTACKER")
        groups.setdefault((each.policy, each.subject, each.verdict.value, said, each.accepted), []).append(each)
    for group in groups.values():
        yield from _section(group)


def _section(group: Sequence[Finding]) -> Iterator[str]:
    first = group[0]
    word = first.verdict.value
    who = ", ".join(dict.fromkeys(each.attacker for each in group))
    yield f'<section class="{_class(first.verdict)}"><h3>{word}: {escape(first.policy)} of {escape(first.subject)}</h3>'
    yield f'<p class="soft">{escape(first.title)} &middot; {escape(first.severity)} &middot; against {escape(who)}</p>'
    yield f"<p>{escape(first.because)}</p>"
    yield from _facts(tuple(dict.fromkeys(fact for each in group for fact in each.facts)))
    if first.trace is not None and first.trace.steps:
        lines = []
        for number, chapter in enumerate(chapters(first.trace), start=1):
            lines += [f"{number:>2}  {chapter[0]}", *(f"    {line}" for line in chapter[1:])]
        log = escape("\n".join(lines))
        yield f"<details open><summary>As it ran, replayed from reset</summary><pre>{log}</pre></details>"
    if first.accepted:
        yield f'<p class="todo"><b>Accepted</b> by {escape(first.accepted)}</p>'
    elif first.verdict is Verdict.VIOLATED and first.repair:
        yield f'<p class="todo"><b>To do</b> {escape(first.repair)}</p>'
    if first.references:
        yield f'<p class="soft">Rests on {"; ".join(map(_linked, first.references))}.</p>'
    yield "</section>"


def _linked(reference: Reference) -> str:
    cited = document(reference)
    title = escape(cited.title)
    title = f'<a href="{escape(cited.address)}">{title}</a>' if cited.address else title
    return ", ".join(each for each in (title, escape(reference.section)) if each)


def _facts(facts: Sequence[Fact]) -> Iterator[str]:
    if facts:
        yield "<table>"
        yield from (f"<tr><td><code>{escape(str(each.source))}</code><td>{escape(each.text)}" for each in facts)
        yield "</table>"


def _held(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield '<h2>Holds</h2><section class="holds"><table><tr><th>policy<th>subject<th>against<th>earned by'
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for each in findings:
        rows.setdefault((each.policy, each.subject, each.strength, each.because), []).append(each.attacker)
    for (policy, subject, strength, because), who in rows.items():
        told = escape(", ".join(dict.fromkeys(who)))
        yield f'<tr><td>{escape(policy)}<td>{escape(subject)}<td>{told}<td title="{escape(because)}">{escape(strength)}'
    yield "</table></section>"


def _standards(told: Sequence[ByClause]) -> Iterator[str]:
    if not told:
        return
    yield f'<h2>By clause</h2><p class="soft">{escape(LEGEND)}</p>'
    for each in told:
        yield f"<section><h3>{escape(each.name)}</h3><table><tr><th>clause<th>asks for<th>answer<th>by"
        for clause in each.clauses:
            colour = {Verdict.VIOLATED.value: "violated", Verdict.HOLDS.value: "holds"}.get(clause.said, "")
            yield f'<tr><td>{escape(clause.number)}<td>{escape(clause.words)}<td><b class="{colour}">{clause.said}</b>'
            yield f"<td>{escape(', '.join(clause.telling))}"
        yield "</table></section>"


def _rest(report: Report) -> Iterator[str]:
    yield "<h2>Assumed</h2><ul>"
    yield from (f"<li>{escape(each)}</li>" for each in report.assumptions)
    yield "</ul>"
    if report.ledger:
        yield f"<h2>Met and not modelled</h2><details><summary>{len(report.ledger)} entries</summary><table>"
        for entry in report.ledger:
            yield f"<tr><td><code>{escape(entry.file)}:{entry.line}</code><td>{escape(entry.what)}"
        yield "</table></details>"
    yield "<h2>Read</h2><table>"
    yield from (f"<tr><td>{escape(each.file)}<td><code>{each.sha256}</code>" for each in report.design.files)
    yield "</table>"
