"""The report as a person reads it: the answer, the deciding lines of the input, the attack as it ran, what to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bootverify.check.verdict import GRAVEST_FIRST, Fact, Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.machine.trace import Trace
from bootverify.report.attack import LEGEND, Attacks, steps
from bootverify.report.open_points import to_do
from bootverify.report.titles import SEVERITIES, columns, subjects, titled
from bootverify.report.wrapping import WIDTH, sentence, wrapped

MOST_FACTS = 6
LEAST_OVERVIEW = 5  # so many things to tell at length are first told in short
WIDEST_PLACE, WIDEST_VERDICT = 40, 9  # columns
EACH = "each of them"
COLOURS = {
    Verdict.VIOLATED: "31;1",
    Verdict.UNDEFINED: "33;1",
    Verdict.UNKNOWN: "33",
    Verdict.VACUOUS: "33",
    Verdict.HOLDS: "32",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to print: with colour, with every lemma and fact, with the whole ledger.

    `root`: a directory that is named once, at the top; places in it are told as seen from there. Empty for none.
    """

    colour: bool = False
    explain: bool = False
    ledger: bool = False
    root: str = ""

    def inside(self, place: str) -> str:
        """The place as seen from the root."""
        return place.removeprefix(f"{self.root}/") if self.root else place


def text(report: Report, manner: Manner | None = None) -> str:
    """The report in 80 columns: where much is to be told, first what, then each at length."""
    how = manner or Manner()
    attacks = Attacks(whole=how.explain)
    told = {verdict: _groups(report, verdict, how) for verdict in GRAVEST_FIRST[:-1]}
    widths = columns([group for groups in told.values() for group in groups])
    lines = [*_head(report, how), "", *_overview(told, widths, how)]
    for verdict, groups in told.items():
        for group in groups:
            lines += [*_told(group, widths, attacks, how), ""]
        plain = [each for each in report.findings if each.verdict is verdict and _plain(each)]
        if plain and not how.explain:
            lines += [*_sound(plain, how), ""]
    lines += _foot(report, attacks, how)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(report: Report, how: Manner) -> Iterator[str]:
    design = report.design
    yield from wrapped(f"{design.name}: {design.title}" if design.title else design.name, 0)
    sdk = f", {design.release}" if design.sdk else ""
    count = f"{len(report.asked)} question{'' if len(report.asked) == 1 else 's'}"
    line = f"{design.soc.title}{sdk}      {count}"
    yield from [line] if len(line) <= WIDTH else [*wrapped(f"{design.soc.title}{sdk}", 0), count]
    if design.stages:
        yield " > ".join(_stage(report, stage.name) for stage in design.stages)
    else:
        why = f": {design.why_no_chain}" if design.why_no_chain else ""
        yield from wrapped(
            f"({'no boot chain, only the map' if design.partitions else 'no map, no boot chain'}{why})", 0
        )
    if how.root:
        yield from wrapped(f"places are in {how.root}/", 0)


def _stage(report: Report, name: str) -> str:
    image = report.design.image(report.design.stage(name).image)
    return f"{name} ({'/'.join(image.slots)})" if len(image.slots) > 1 else name


def _groups(report: Report, verdict: Verdict, how: Manner) -> list[list[Finding]]:
    """The findings of a verdict, gravest first, and as one what differs in the attacker or the subject alone."""
    found = [each for each in report.findings if each.verdict is verdict and (how.explain or not _plain(each))]
    found.sort(key=lambda each: (SEVERITIES.index(each.severity), each.policy, each.subject))
    kept: dict[tuple[object, ...], list[Finding]] = {}
    for finding in found:
        kept.setdefault((finding.policy, *_shown(finding, how)), []).append(finding)
    return list(kept.values())


def _shown(finding: Finding, how: Manner) -> tuple[object, ...]:
    """What findings of one policy have in common that are told as one: all that is told of them."""
    if finding.verdict is Verdict.HOLDS:
        bare = not finding.facts and not how.explain
        return ("", finding.because) if bare else (finding.subject, finding.strength)
    if finding.trace is None and how.explain:
        return (finding.because, finding.facts, finding.accepted)
    if finding.trace is None:
        facts = tuple((fact.source, fact.text.replace(finding.attacker, "ATTACKER")) for fact in finding.facts)
        return (finding.because.replace(finding.attacker, "ATTACKER"), facts, finding.accepted)
    if how.explain:
        because = finding.because.replace(finding.attacker, "ATTACKER")
        return (finding.subject, because, finding.accepted, steps(finding.trace, finding.attacker))
    because = re.sub(rf"(?<![\w+]){re.escape(finding.subject)}(?![\w+])", "SUBJECT", finding.because)
    return (because.replace(finding.attacker, "ATTACKER"), finding.accepted)


def _plain(finding: Finding) -> bool:
    """Does it say no more than that the map is sound in one way, as others do of other ways?"""
    return finding.verdict is Verdict.HOLDS and finding.kind == "map" and not finding.facts and not finding.trace


def _sound(findings: Sequence[Finding], how: Manner) -> Iterator[str]:
    """The ways in which the map is sound, by severity."""
    names = {each.policy: each.severity for each in findings}
    many = "policies" if len(names) > 1 else "policy"
    yield f"{_word(Verdict.HOLDS, how)} {len(names)} {many} of the {findings[0].subject}, whoever attacks"
    yield from wrapped(sentence(findings[0].because), 2)
    for severity in SEVERITIES:
        if same := [name for name, its in names.items() if its == severity]:
            yield from wrapped(f"{severity.ljust(8)}  {', '.join(same)}", 4, 14)


def _word(verdict: Verdict, how: Manner) -> str:
    word = verdict.value.ljust(WIDEST_VERDICT)
    return f"\x1b[{COLOURS[verdict]}m{word}\x1b[0m" if how.colour else word


def _overview(
    told: Mapping[Verdict, Sequence[Sequence[Finding]]], widths: tuple[int, int], how: Manner
) -> Iterator[str]:
    """Of a long report: a line for each policy that does not hold of something."""
    groups = [group for verdict, each in told.items() if verdict is not Verdict.HOLDS for group in each]
    if len(groups) < LEAST_OVERVIEW:
        return
    rows: dict[tuple[Verdict, str, str], list[Finding]] = {}
    for group in groups:
        rows.setdefault((group[0].verdict, group[0].severity, group[0].policy), []).extend(group)
    for (verdict, severity, policy), same in rows.items():
        first, *rest = wrapped(subjects(same), WIDEST_VERDICT + 1 + 8 + 1 + widths[0] + 1)
        yield f"{_word(verdict, how)} {severity.ljust(8)} {policy.ljust(widths[0])} {first.lstrip()}"
        yield from rest
    yield ""


def _told(group: Sequence[Finding], widths: tuple[int, int], attacks: Attacks, how: Manner) -> Iterator[str]:
    first = min(group, key=lambda each: len(each.trace.steps) if each.trace else 0)
    yield from titled(_word(first.verdict, how), WIDEST_VERDICT, group, widths)
    alike = first.trace is None and first.verdict is not Verdict.HOLDS and len({each.attacker for each in group}) > 1
    facts = first.facts if alike else tuple(dict.fromkeys(fact for each in group for fact in each.facts))
    because = first.because
    if alike:  # what is told of one of several attackers is told of all of them
        because = because.replace(first.attacker, EACH)
        facts = tuple(replace(fact, text=fact.text.replace(first.attacker, EACH)) for fact in facts)
    match first.verdict:
        case Verdict.HOLDS:
            yield from _proved(group, facts, attacks, how)
        case Verdict.VIOLATED:
            yield from wrapped(sentence(because), 2)
            yield from _facts(facts, how, said=because)
            if first.trace is not None and first.trace.steps:
                yield from _attack(first, first.trace, group, attacks)
            if first.accepted:
                yield from wrapped(f"Accepted by {first.accepted}", 2, 4)
            elif first.repair:
                yield from wrapped(f"To do: {first.repair}", 2, 9)
        case _:
            yield from wrapped(sentence(because), 2)
            yield from _facts(facts, how, said=because)
            if first.open_points:
                yield from wrapped(f"Open point: {', '.join(first.open_points)}", 2)
                for each in to_do(first.open_points):
                    yield from wrapped(f"To do: {each}", 2, 9)


def _attack(first: Finding, trace: Trace, group: Sequence[Finding], attacks: Attacks) -> Iterator[str]:
    """The shortest run of the group, and whose it is where others run otherwise."""
    runs = {steps(each.trace, each.attacker): each for each in group if each.trace}
    whose = [first.subject] if len({each.subject for each in runs.values()}) > 1 else []
    whose += [first.attacker] if len({each.attacker for each in runs.values()}) > 1 else []
    title = f"As it ran for {' and '.join(whose)}" if whose else "As it ran"
    yield from attacks.told(trace, first.attacker, f"{first.policy} {first.subject}", title)
    if len(runs) > 1:
        yield "  The others come to it in other ways (--explain)."


def _proved(group: Sequence[Finding], facts: Sequence[Fact], attacks: Attacks, how: Manner) -> Iterator[str]:
    first = group[0]
    yield from wrapped(sentence(first.because) + (" Held up by" if facts else ""), 2)
    yield from _facts(facts, how)
    if first.trace is not None and first.verdict is Verdict.HOLDS and how.explain:
        yield from attacks.told(first.trace, first.attacker, f"{first.policy} {first.subject}", "As it was shown")
    if how.explain:
        yield from _broken(group, how)
        lemmas = dict.fromkeys(lemma for each in group for lemma in each.lemmas)
        if lemmas:
            yield "  Every step keeps these lemmas, and it follows from them"
        for lemma in lemmas:
            yield from wrapped(lemma, 4, 6)
        witnesses = dict.fromkeys(seen for each in group for seen in each.witnesses)
        if witnesses:
            yield from wrapped(f"Seen alive: {'; '.join(witnesses)}", 2, 14)


def _broken(group: Sequence[Finding], how: Manner) -> Iterator[str]:
    """What would break an answer that holds."""
    broken = tuple(dict.fromkeys(fact for each in group for fact in each.broken_by))
    if broken:
        yield "  Would be broken by, among others" if len(broken) > MOST_FACTS else "  Would be broken by"
        yield from _facts(broken[:MOST_FACTS], how)
    else:
        yield "  No change of one fact was found that would break it."


def _facts(facts: Sequence[Fact], how: Manner, said: str = "") -> Iterator[str]:
    """Each with its place; by its place alone where the sentence before, `said`, has its words.

    A second fact of one place that says no more than that sentence is left out.
    """
    facts = [
        fact
        for number, fact in enumerate(facts)
        if fact.text not in said or all(each.source != fact.source for each in facts[:number])
    ]
    shown = facts if how.explain else facts[:MOST_FACTS]
    places = [how.inside(str(fact.source)) for fact in shown]
    width = max((len(place) for place in places if len(place) <= WIDEST_PLACE), default=0)
    for place, fact in zip(places, shown, strict=True):
        if fact.text == said:
            yield f"    {place}"
        elif len(place) > WIDEST_PLACE or max(map(len, fact.text.split()), default=0) > WIDTH - 6 - width:
            yield f"    {place}"
            yield from wrapped(fact.text, 6)
        else:
            yield from wrapped(f"{place.ljust(width)}  {fact.text}", 4, 4 + width + 2)
    if len(facts) > len(shown):
        yield f"    and {len(facts) - len(shown)} more (--explain)"


def _foot(report: Report, attacks: Attacks, how: Manner) -> Iterator[str]:
    yield "-" * WIDTH
    counts = [f"{count} {report.named(each, count)}" for each in GRAVEST_FIRST if (count := report.count(each))]
    yield from wrapped(", ".join(counts) + "." if counts else "Nothing was asked.", 0)
    if attacks.folded:
        yield from wrapped(LEGEND, 0)
    yield from wrapped("Assumed: " + "; ".join(report.assumptions) + ".", 0, 9)
    if report.ledger:
        if how.ledger:
            yield "Met and not modelled:"
            for each in report.ledger:
                place = how.inside(f"{each.file}:{each.line}" if each.line else each.file)
                yield from wrapped(f"{place}  {each.what}", 2, 4)
        else:
            yield f"Met and not modelled: {len(report.ledger)} (--ledger lists them)."
