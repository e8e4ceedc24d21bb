"""The report as a person reads it: the answer, the deciding lines of the input, the attack as it ran, what to do."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from bootverify.check.verdict import GRAVEST_FIRST, Fact, Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.machine.trace import Trace
from bootverify.report.log import chapters
from bootverify.report.wrapping import WIDTH, wrapped

SEVERITIES = ("critical", "high", "medium", "low")
MOST_FACTS = 6
WIDEST_PLACE = 40
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
    """The report in 80 columns."""
    how = manner or Manner()
    lines = [*_head(report, how), ""]
    for verdict in GRAVEST_FIRST[:-1]:
        findings = sorted(
            (each for each in report.findings if each.verdict is verdict),
            key=lambda each: (SEVERITIES.index(each.severity), each.policy, each.subject),
        )
        for group in _groups([each for each in findings if how.explain or not _plain(each)]):
            lines += [*_told(group, how), ""]
        if sound := [each for each in findings if not how.explain and _plain(each)]:
            lines += [*_sound(sound, how), ""]
    lines += _foot(report, how)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(report: Report, how: Manner) -> Iterator[str]:
    design = report.design
    asked = [each for each in report.findings if each.verdict is not Verdict.NOT_APPLICABLE]
    yield from wrapped(f"{design.name}: {design.title}" if design.title else design.name, 0)
    sdk = f", {design.release}" if design.sdk else ""
    yield f"{design.soc.title}{sdk}      {len(asked)} question{'' if len(asked) == 1 else 's'}"
    if design.stages:
        yield " > ".join(_stage(report, stage.name) for stage in design.stages)
    else:
        why = f": {design.why_no_chain}" if design.why_no_chain else ""
        yield from wrapped(f"(no boot chain, only the map{why})", 0)
    if how.root:
        yield from wrapped(f"places are in {how.root}/", 0)


def _stage(report: Report, name: str) -> str:
    image = report.design.image(report.design.stage(name).image)
    return f"{name} ({'/'.join(image.slots)})" if len(image.slots) > 1 else name


def _groups(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings told as one: the same policy and subject, and nothing to show that differs."""
    for _, same in groupby(findings, key=lambda each: (each.policy, each.subject)):
        kept: dict[tuple[object, ...], list[Finding]] = {}
        for finding in same:
            kept.setdefault(_shown(finding), []).append(finding)
        yield from kept.values()


def _shown(finding: Finding) -> tuple[object, ...]:
    if finding.verdict is Verdict.HOLDS:
        return (finding.strength,)
    if finding.trace is None:
        return (finding.because, finding.facts, finding.accepted)
    steps = tuple(_generic(line, finding.attacker) for step in finding.trace.steps for line in step.observation.log)
    return (_generic(finding.because, finding.attacker), steps, finding.accepted)


def _generic(line: str, attacker: str) -> str:
    return line.replace(attacker, "ATTACKER")


def _plain(finding: Finding) -> bool:
    """Does it say no more than that the map is sound in one way, as others do of other ways?"""
    return finding.verdict is Verdict.HOLDS and finding.kind == "map" and not finding.facts and not finding.trace


def _sound(findings: Sequence[Finding], how: Manner) -> Iterator[str]:
    """The ways in which the map is sound, by severity."""
    names = {each.policy: each.severity for each in findings}
    many = "policies" if len(names) > 1 else "policy"
    yield f"{_word(Verdict.HOLDS, how)} {len(names)} {many} of the {findings[0].subject}, whoever attacks"
    yield from wrapped(findings[0].because, 2)
    for severity in SEVERITIES:
        if same := [name for name, its in names.items() if its == severity]:
            yield from wrapped(f"{severity.ljust(8)}  {', '.join(same)}", 4, 14)


def _word(verdict: Verdict, how: Manner) -> str:
    word = verdict.value.ljust(9)
    return f"\x1b[{COLOURS[verdict]}m{word}\x1b[0m" if how.colour else word


def _told(group: Sequence[Finding], how: Manner) -> Iterator[str]:
    first = group[0]
    word = _word(first.verdict, how)
    who = "any attacker" if first.kind == "map" else ", ".join(dict.fromkeys(each.attacker for each in group))
    head = f" {first.policy.ljust(22)} {first.subject.ljust(13)} "
    lines = wrap(who, WIDTH - 9 - len(head) - 10, break_on_hyphens=False) or [""]
    yield f"{word}{head}{lines[0].ljust(WIDTH - 19 - len(head))} {first.severity.rjust(8)}"
    yield from (" " * (9 + len(head)) + line for line in lines[1:])
    facts = tuple(dict.fromkeys(fact for each in group for fact in each.facts))
    match first.verdict:
        case Verdict.HOLDS:
            yield from _proved(group, facts, how)
        case Verdict.VIOLATED:
            yield from wrapped(first.because, 2)
            yield from _facts(facts, how)
            if first.trace is not None and first.trace.steps:
                yield from _attack(first.trace)
            if first.accepted:
                yield from wrapped(f"Accepted by {first.accepted}", 2, 4)
            elif first.repair:
                yield from wrapped(f"To do: {first.repair}", 2, 9)
        case _:
            yield from wrapped(first.because, 2)
            yield from _facts(facts, how)
            if first.open_points:
                yield from wrapped(f"Open point: {', '.join(first.open_points)}", 2)


def _proved(group: Sequence[Finding], facts: Sequence[Fact], how: Manner) -> Iterator[str]:
    first = group[0]
    yield from wrapped(first.because + (". Held up by" if facts else ""), 2)
    yield from _facts(facts, how)
    if first.trace is not None and first.verdict is Verdict.HOLDS and how.explain:
        yield from _attack(first.trace, "As it was shown")
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


def _facts(facts: Sequence[Fact], how: Manner) -> Iterator[str]:
    shown = facts if how.explain else facts[:MOST_FACTS]
    places = [how.inside(str(fact.source)) for fact in shown]
    width = max((len(place) for place in places if len(place) <= WIDEST_PLACE), default=0)
    for place, fact in zip(places, shown, strict=True):
        if len(place) > WIDEST_PLACE:
            yield f"    {place}"
            yield from wrapped(fact.text, 6)
        else:
            yield from wrapped(f"{place.ljust(width)}  {fact.text}", 4, 4 + width + 2)
    if len(facts) > len(shown):
        yield f"    and {len(facts) - len(shown)} more (--explain)"


def _attack(trace: Trace, title: str = "As it ran") -> Iterator[str]:
    builds = "replayed from reset, with images really built and signed"
    yield f"  {title} ({builds}):"
    for number, lines in enumerate(chapters(trace), start=1):
        first, *rest = lines
        yield from wrapped(f"{number:>3}  {first}", 4, 9)
        for line in rest:
            yield from wrapped(line, 9)


def _foot(report: Report, how: Manner) -> Iterator[str]:
    yield "-" * WIDTH
    counts = [f"{count} {report.named(each, count)}" for each in GRAVEST_FIRST if (count := report.count(each))]
    yield from wrapped(", ".join(counts) + "." if counts else "Nothing was asked.", 0)
    yield from wrapped("Assumed: " + "; ".join(report.assumptions) + ".", 0, 9)
    if report.ledger:
        if how.ledger:
            yield "Met and not modelled:"
            for each in report.ledger:
                place = how.inside(f"{each.file}:{each.line}" if each.line else each.file)
                yield from wrapped(f"{place}  {each.what}", 2, 4)
        else:
            yield f"Met and not modelled: {len(report.ledger)} (--ledger lists them)."
