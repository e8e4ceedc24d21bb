"""The report as one HTML page that needs nothing else: to be read, printed, and archived beside a release."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.reference import Reference
from bootverify.report.clauses import LEGEND, ByClause
from bootverify.report.html_style import STYLE
from bootverify.report.log import chapters
from bootverify.report.markdown import answer
from bootverify.report.titles import SEVERITIES, attackers
from bootverify.sources.citations import document

HEAD = '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
ORDER = (Verdict.VIOLATED, *(each for each in Verdict if each is not Verdict.VIOLATED))
OPEN = (Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS)


def html(report: Report, clauses: Sequence[ByClause] = ()) -> str:
    """The whole report as one page, violated first; `clauses`: what it says of standards."""
    return "\n".join(_page(report, clauses)) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A heading with what is told below it, one group of answers at a time."""

    title: str
    groups: tuple[tuple[Finding, ...], ...]

    @property
    def name(self) -> str:
        return self.title.lower()


def _page(report: Report, clauses: Sequence[ByClause]) -> Iterator[str]:
    design = report.design
    parts = [
        _part("Violated", (each for each in report.findings if _is_open_violation(each))),
        _part("Accepted", (each for each in report.findings if each.accepted)),
        _part("Open", (each for each in report.findings if each.verdict in OPEN and not each.accepted)),
    ]
    parts = [part for part in parts if part.groups]
    held = [each for each in report.findings if each.verdict is Verdict.HOLDS]
    yield f'<!doctype html>\n<html lang="en">\n<head>{HEAD}<title>bootverify: {escape(design.name)}</title>'
    yield f"<style>{STYLE}</style></head>\n<body><main>"
    yield from _header(report)
    yield from _contents(parts, held, clauses, report)
    for part in parts:
        yield f'<h2 id="{part.name}">{part.title}</h2>'
        for number, group in enumerate(part.groups, start=1):
            yield from _section(group, f"{part.name}-{number}")
    yield from _held(held)
    yield from _standards(clauses)
    yield from _rest(report)
    yield "</main></body>\n</html>"


def _header(report: Report) -> Iterator[str]:
    design = report.design
    yield f"<header><h1>{escape(design.name)}</h1>"
    if design.title:
        yield f"<p>{escape(design.title)}</p>"
    sdk = f", {escape(design.release)}" if design.sdk else ""
    chain = " &rarr; ".join(f"<code>{escape(stage.name)}</code>" for stage in design.stages)
    yield f'<p class="soft">{escape(design.soc.title)}{sdk}{" &middot; " + chain if chain else ""}</p>'
    if said := answer(report):
        colour = {0: "holds", 1: "violated"}.get(report.exit_code, "open")
        yield f'<p class="answer {colour}">The design {said}.</p>'
    yield '<ul class="tally">'
    for verdict in ORDER:
        if count := report.count(verdict):
            yield f'<li class="{_class(verdict)}"><b>{count}</b>{report.named(verdict, count)}</li>'
    yield "</ul></header>"


def _contents(
    parts: Sequence[_Part], held: Sequence[Finding], clauses: Sequence[ByClause], report: Report
) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    for part in parts:
        yield f'<li><a href="#{part.name}">{part.title}</a><ul>'
        for number, group in enumerate(part.groups, start=1):
            told = f"{escape(group[0].policy)} of {escape(group[0].subject)}"
            yield f'<li><a href="#{part.name}-{number}">{told}</a></li>'
        yield "</ul></li>"
    for there, name, title in (
        (held, "holds", "Holds"),
        (clauses, "clauses", "By clause"),
        (True, "assumed", "Assumed"),
        (report.ledger, "ledger", "Met and not modelled"),
        (True, "read", "Read"),
    ):
        if there:
            yield f'<li><a href="#{name}">{title}</a></li>'
    yield "</ul></nav>"


def _part(title: str, findings: Iterable[Finding]) -> _Part:
    """The findings told as one where they differ in the attacker alone, the gravest first."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for each in sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)):
        said = each.because.replace(each.attacker, "ATTACKER")
        groups.setdefault((each.policy, each.subject, each.verdict.value, said, each.accepted), []).append(each)
    return _Part(title=title, groups=tuple(map(tuple, groups.values())))


def _is_open_violation(finding: Finding) -> bool:
    return finding.verdict is Verdict.VIOLATED and not finding.accepted


def _class(verdict: Verdict) -> str:
    return "open" if verdict in OPEN else verdict.value


def _section(group: Sequence[Finding], name: str) -> Iterator[str]:
    first = group[0]
    yield f'<section id="{name}" class="{_class(first.verdict)}">'
    yield f"<h3>{first.verdict.value}: {escape(first.policy)} of {escape(first.subject)}</h3>"
    against = f"against {escape(attackers(group))}"
    yield f'<p class="soft">{escape(first.title)} &middot; {escape(first.severity)} &middot; {against}</p>'
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
        cited = "".join(f"<li>{_linked(each)}</li>" for each in first.references)
        yield f"<details><summary>Rests on</summary><ul>{cited}</ul></details>"
    yield "</section>"


def _linked(reference: Reference) -> str:
    cited = document(reference)
    title = escape(cited.title)
    title = f'<a href="{escape(cited.address)}">{title}</a>' if cited.address else title
    return ", ".join(each for each in (title, escape(reference.section)) if each)


def _facts(facts: Sequence[Fact]) -> Iterator[str]:
    if facts:
        yield '<table class="facts">'
        yield from (_row(f"<code>{escape(str(each.source))}</code>", escape(each.text)) for each in facts)
        yield "</table>"


def _row(*cells: str) -> str:
    told = "".join(f"<td>{each}</td>" for each in cells)
    return f"<tr>{told}</tr>"


def _heads(*titles: str) -> str:
    cells = "".join(f'<th scope="col">{each}</th>' for each in titles)
    return f"<tr>{cells}</tr>"


def _held(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield '<h2 id="holds">Holds</h2>'
    yield f'<section class="holds"><table>{_heads("policy", "subject", "against", "earned by")}'
    rows: dict[tuple[str, str, str, str], list[Finding]] = {}
    for each in findings:
        rows.setdefault((each.policy, each.subject, each.strength, each.because), []).append(each)
    for (policy, subject, strength, because), group in rows.items():
        earned = f'{escape(strength)}<br><small class="soft">{escape(because)}</small>'
        yield _row(escape(policy), escape(subject), escape(attackers(group)), earned)
    yield "</table></section>"


def _standards(told: Sequence[ByClause]) -> Iterator[str]:
    if not told:
        return
    yield f'<h2 id="clauses">By clause</h2><p class="soft">{escape(LEGEND)}</p>'
    for each in told:
        yield f"<section><h3>{escape(each.name)}</h3><table>{_heads('clause', 'asks for', 'answer', 'by')}"
        for clause in each.clauses:
            colour = {Verdict.VIOLATED.value: "violated", Verdict.HOLDS.value: "holds"}.get(clause.said, "")
            said = f'<b class="{colour}">{clause.said}</b>' if colour else clause.said
            yield _row(escape(clause.number), escape(clause.words), said, escape(", ".join(clause.telling)))
        yield "</table></section>"


def _rest(report: Report) -> Iterator[str]:
    yield '<h2 id="assumed">Assumed</h2><ul>'
    yield from (f"<li>{escape(each)}</li>" for each in report.assumptions)
    yield "</ul>"
    if report.ledger:
        yield '<h2 id="ledger">Met and not modelled</h2>'
        yield f'<details><summary>{len(report.ledger)} entries</summary><table class="facts">'
        for entry in report.ledger:
            yield _row(f"<code>{escape(entry.file)}:{entry.line}</code>", escape(entry.what))
        yield "</table></details>"
    yield '<h2 id="read">Read</h2><table>'
    yield from (_row(escape(each.file), f"<code>{each.sha256}</code>") for each in report.design.files)
    yield "</table>"
