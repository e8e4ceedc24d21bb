"""The report as Markdown for a pull request: the answer, what is violated and how, the rest folded away."""

from collections.abc import Iterator, Sequence

from bootverify.check.verdict import GRAVEST_FIRST, Finding, Report, Verdict
from bootverify.design.reference import Reference
from bootverify.report.clauses import LEGEND, ByClause
from bootverify.report.log import chapters
from bootverify.report.titles import SEVERITIES
from bootverify.sources.citations import document

OPEN = (Verdict.UNDEFINED, Verdict.UNKNOWN, Verdict.VACUOUS)
MOST_FACTS = 6


def markdown(report: Report, clauses: Sequence[ByClause] = ()) -> str:
    """The report as one comment; `clauses`: what it says of standards."""
    design = report.design
    lines = [f"### bootverify: {_plain(design.name)} {answer(report)}", ""]
    chain = " → ".join(f"`{stage.name}`" for stage in design.stages)
    sdk = f", {_plain(design.release)}" if design.sdk else ""
    lines += [f"{design.soc.title}{sdk}{f' · {chain}' if chain else ''}", ""]
    lines += [_counts(report), ""]
    for group in _groups(each for each in report.findings if each.verdict is Verdict.VIOLATED and not each.accepted):
        lines += _violated(group)
    lines += _folded("open", [each for each in report.findings if each.verdict in OPEN])
    lines += _folded("accepted", [each for each in report.findings if each.accepted])
    lines += _held([each for each in report.findings if each.verdict is Verdict.HOLDS])
    lines += [line for each in clauses for line in _standard(each)]
    lines += [f"<sub>{LEGEND}</sub>", ""] if clauses else []
    lines += ["<sub>Assumed: " + _plain("; ".join(report.assumptions)) + ".</sub>"]
    return "\n".join(lines) + "\n"


def answer(report: Report) -> str:
    """What the report says of the design, in a few words; empty where the two sides disagree."""
    accepted = any(finding.accepted for finding in report.findings)
    good = "breaks only what is accepted" if accepted else "keeps every policy"
    return {0: good, 1: "breaks a policy", 3: "leaves questions open"}.get(report.exit_code, "")


def _counts(report: Report) -> str:
    told = [f"**{count}** {report.named(each, count)}" for each in GRAVEST_FIRST if (count := report.count(each))]
    return ", ".join(told) + "." if told else "Nothing was asked."


def _groups(findings: Iterator[Finding]) -> list[list[Finding]]:
    """Violations told as one: they differ in the attacker alone; the gravest first."""
    found: dict[tuple[str, ...], list[Finding]] = {}
    for each in sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)):
        key = (each.policy, each.subject, each.because.replace(each.attacker, "ATTACKER"))
        found.setdefault(key, []).append(each)
    return list(found.values())


def _violated(group: Sequence[Finding]) -> Iterator[str]:
    first = group[0]
    who = ", ".join(f"`{name}`" for name in dict.fromkeys(each.attacker for each in group))
    yield f"#### {first.severity}: `{first.policy}` of `{first.subject}`"
    yield ""
    yield f"Against {who}: {_plain(first.because)}"
    yield ""
    facts = tuple(dict.fromkeys(fact for each in group for fact in each.facts))
    yield from (f"- `{fact.source}` {_plain(fact.text)}" for fact in facts[:MOST_FACTS])
    if first.trace is not None and first.trace.steps:
        yield from ["", "<details><summary>The attack as it ran, replayed from reset</summary>", "", "```text"]
        for number, chapter in enumerate(chapters(first.trace), start=1):
            yield f"{number:>2}  {chapter[0]}"
            yield from (f"    {line}" for line in chapter[1:])
        yield from ["```", "", "</details>"]
    if first.repair:
        yield from ["", f"**To do:** {_plain(' '.join(first.repair.split()))}"]
    if first.references:
        yield from ["", f"<sub>Rests on {'; '.join(map(linked, first.references))}.</sub>"]
    yield ""


def linked(reference: Reference) -> str:
    """The document by its title, a link where its address is known, and the section."""
    cited = document(reference)
    title = _plain(cited.title).replace("[", "\\[").replace("]", "\\]")
    title = f"[{title}]({cited.address})" if cited.address else title
    return ", ".join(each for each in (title, _plain(reference.section)) if each)


def _folded(word: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"<details><summary>{len(findings)} {word}</summary>"
    yield from ["", "| policy | subject | attacker | why |", "|---|---|---|---|"]
    for each in findings:
        why = each.accepted or f"{each.verdict.word(1)}: {each.because}"
        yield f"| `{each.policy}` | `{_plain(each.subject)}` | {each.attacker} | {_plain(why)} |"
    yield from ["", "</details>", ""]


def _held(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f"<details><summary>{len(findings)} {Verdict.HOLDS.word(len(findings))}</summary>"
    yield from ["", "| policy | subject | attackers | earned by |", "|---|---|---|---|"]
    rows: dict[tuple[str, str, str], list[str]] = {}
    for each in findings:
        rows.setdefault((each.policy, each.subject, each.strength), []).append(each.attacker)
    for (policy, subject, strength), who in rows.items():
        yield f"| `{policy}` | `{_plain(subject)}` | {', '.join(dict.fromkeys(who))} | {strength} |"
    yield from ["", "</details>", ""]


def _standard(told: ByClause) -> Iterator[str]:
    yield f"<details><summary>{_plain(told.name)}: {told.counts}</summary>"
    yield from ["", "| clause | asks for | answer | by |", "|---|---|---|---|"]
    for each in told.clauses:
        by = ", ".join(f"`{policy}`" for policy in each.telling)
        yield f"| {_plain(each.number)} | {_plain(each.words)} | {each.said} | {by} |"
    yield from ["", "</details>", ""]


def _plain(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")
