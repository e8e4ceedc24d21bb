"""A comparison of two designs as text and as records: what got weaker and how, what is gone, which facts changed."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bootverify.check.verdict import Finding, Verdict
from bootverify.design.source import Source
from bootverify.report.attack import LEGEND, Attacks
from bootverify.report.records import question
from bootverify.report.titles import SEVERITIES, columns, titled
from bootverify.report.wrapping import WIDTH, sentence, wrapped
from bootverify.whatif.compare import Change, Compared
from bootverify.whatif.facts import ChangedFact

ORDER = (Change.WEAKER, Change.INCOMPARABLE, Change.STRONGER)
MOST_FACTS = 4
WIDEST_PLACE, WIDEST_CHANGE = 32, 12  # columns
Names = Mapping[tuple[str, str], str]


def changes_text(questions: Sequence[Compared], facts: Sequence[ChangedFact], names: Names | None = None) -> str:
    """What became of each question that is not equal, each new attack once, and the facts that changed."""
    lines: list[str] = []
    attacks = Attacks()
    groups = grouped(questions)
    widths = columns([_findings(group) for group in groups])
    for group in groups:
        lines += [*_told(group, widths, attacks), ""]
    lines += [*(line for each in renames(names or {}) for line in wrapped(each, 0, 2))]
    if facts:
        lines.append("Facts that changed:")
        lines += [line for fact in facts for line in _fact(fact)]
    return (
        "\n".join(
            [*lines, "-" * WIDTH, *wrapped(summary(questions), 0), *(wrapped(LEGEND, 0) if attacks.folded else [])]
        )
        + "\n"
    )


def changes_json(questions: Sequence[Compared], facts: Sequence[ChangedFact], names: Names | None = None) -> str:
    """The same as records; every question is listed."""
    document = {
        "schema": "bootverify-diff/1",
        "questions": [
            {
                "policy": each.policy,
                "subject": each.subject,
                "attacker": each.attacker,
                "change": each.change.value,
                "old": each.old.verdict.value if each.old else None,
                "new": question(each.new) if each.new else None,
            }
            for each in questions
        ],
        "facts": [
            {
                "path": fact.path,
                "old": fact.old,
                "new": fact.new,
                "old_place": _record(fact.old_source),
                "new_place": _record(fact.new_source),
            }
            for fact in facts
        ],
        "renamed": [{"kind": kind, "old": old, "new": new} for (kind, old), new in (names or {}).items()],
        "summary": {change.value: sum(each.change is change for each in questions) for change in Change},
    }
    return json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n"


def grouped(questions: Sequence[Compared]) -> list[list[Compared]]:
    """What is not equal, weaker first and gravest first; of whom the same is to be told together."""
    found: dict[tuple[object, ...], list[Compared]] = {}
    for each in sorted(questions, key=lambda question: SEVERITIES.index(_findings([question])[0].severity)):
        finding = telling(each)
        key = (each.change, each.policy, word(each.old), word(each.new), how(each), _said(finding) if finding else "")
        found.setdefault(key, []).append(each)
    return [group for change in ORDER for group in found.values() if group[0].change is change]


def _said(finding: Finding) -> str:
    """The sentence that says why; of what was run without subject and attacker, which the title names."""
    if finding.trace is None:
        return finding.because
    about = re.sub(rf"(?<![\w+]){re.escape(finding.subject)}(?![\w+])", "SUBJECT", finding.because)
    return about.replace(finding.attacker, "ATTACKER")


def _findings(group: Sequence[Compared]) -> list[Finding]:
    """One for each question, of either design."""
    return [finding for each in group if (finding := each.new or each.old) is not None]


def telling(each: Compared) -> Finding | None:
    """The finding that says what is new, or what is gone; why nobody knows, where that is so now."""
    unknown = each.new is not None and each.new.verdict is Verdict.UNKNOWN
    return each.new if each.change is Change.WEAKER or unknown else each.old


def word(finding: Finding | None) -> str:
    """The verdict, or that nothing was asked."""
    return finding.verdict.value if finding is not None else "not asked"


def how(each: Compared) -> str:
    """What is said of two attacks, where both designs are broken."""
    return {
        Change.WEAKER: ", by an attack that did not work before",
        Change.STRONGER: ", no longer by the attack that worked before",
        Change.INCOMPARABLE: ", by another attack; neither works on the other design",
        Change.EQUAL: "",
    }[each.attacks]


def summary(questions: Sequence[Compared]) -> str:
    """How many questions became what."""
    counts = {change: sum(each.change is change for each in questions) for change in Change}
    told = ", ".join(f"{count} {change.value}" for change, count in counts.items() if count)
    return (told or "nothing was asked") + "."


def renames(names: Names) -> list[str]:
    """One line for each thing that is only called otherwise."""
    return [f"Renamed: {kind} {old} is {new} now" for (kind, old), new in names.items()]


def _told(group: Sequence[Compared], widths: tuple[int, int], attacks: Attacks) -> Iterator[str]:
    first, about = _shortest(group), _findings(group)
    yield from titled(first.change.value.ljust(WIDEST_CHANGE), WIDEST_CHANGE, about, widths)
    yield f"  {word(first.old)} -> {word(first.new)}{how(first)}"
    finding = telling(first)
    if finding is None:
        return
    yield from wrapped(sentence(finding.because), 2)
    if first.change is not Change.WEAKER:
        return
    facts = tuple(dict.fromkeys(fact for each in group for fact in (each.new.facts if each.new else ())))
    for fact in facts[:MOST_FACTS]:
        if fact.text == finding.because:
            yield f"    {fact.source}"
        else:
            yield from wrapped(f"{fact.source}  {fact.text}", 4, 6)
    if finding.trace and finding.trace.steps:
        of = f" for {finding.subject}" if len({each.subject for each in group}) > 1 else ""
        yield from attacks.told(
            finding.trace, finding.attacker, f"{finding.policy} {finding.subject}", f"As it ran{of}"
        )


def _shortest(group: Sequence[Compared]) -> Compared:
    """The question with the shortest attack."""
    return min(group, key=lambda each: len(found.trace.steps) if (found := telling(each)) and found.trace else 0)


def _fact(fact: ChangedFact) -> list[str]:
    if len(fact.place) > WIDEST_PLACE:
        return [f"  {fact.place}", *wrapped(fact.text, 4, 6)]
    return wrapped(f"{fact.place}  {fact.text}".strip(), 2, 4)


def _record(source: Source | None) -> dict[str, Any] | None:
    return None if source is None else {"file": source.file, "line": source.line}
