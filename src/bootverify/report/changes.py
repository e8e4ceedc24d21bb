"""Comparisons as text and as records: what got weaker, what changed, what to edit, who is the weakest attacker."""

import json
from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from bootverify.check.verdict import Finding, Verdict
from bootverify.design.design import Design
from bootverify.report.records import question
from bootverify.whatif.attackers import Weakest, words
from bootverify.whatif.compare import Change, Compared
from bootverify.whatif.facts import ChangedFact
from bootverify.whatif.repair import Repair

WIDTH = 80
ORDER = (Change.WEAKER, Change.INCOMPARABLE, Change.STRONGER)


def changes_text(questions: Sequence[Compared], facts: Sequence[ChangedFact]) -> str:
    """What became of each question that is not equal, each new attack once, and the facts that changed."""
    lines: list[str] = []
    told: set[tuple[str, ...]] = set()
    for change in ORDER:
        for each in questions:
            if each.change is change:
                head = f"{change.value.ljust(9)} {each.policy.ljust(22)} {each.subject.ljust(13)} {each.attacker}"
                lines += [head, f"          {_word(each.old)} -> {_word(each.new)}"]
                lines += _reason(each, told)
    if facts:
        lines += ["", "Facts that changed:"]
        lines += [line for fact in facts for line in _wrapped(f"{_place(fact)}{fact.text}", 2, 4)]
    counts = {change: sum(each.change is change for each in questions) for change in Change}
    summary = ", ".join(f"{count} {change.value}" for change, count in counts.items() if count)
    return "\n".join([*lines, "-" * WIDTH if lines else "", (summary or "nothing was asked") + "."]).lstrip("\n") + "\n"


def changes_json(questions: Sequence[Compared], facts: Sequence[ChangedFact]) -> str:
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
            {"path": fact.path, "old": fact.old, "new": fact.new, "old_line": fact.old_line, "new_line": fact.new_line}
            for fact in facts
        ],
        "summary": {change.value: sum(each.change is change for each in questions) for change in Change},
    }
    return json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n"


def repair_text(repaired: Repair, patch: str) -> str:
    """The edits, what they were checked to do, what is left, and the patch of the user's file."""
    left = [finding for finding in repaired.report.findings if finding.verdict is Verdict.VIOLATED]
    if not repaired.edits and not left:
        return "Nothing is violated.\n"
    count = len(repaired.edits)
    lines = [f"{count} edit{'s' if count > 1 else ''}, checked again from the edited file:"] if count else []
    lines += [line for edit in repaired.edits for line in _wrapped(f"- {edit.words}", 2, 4)]
    if count:
        lines.append("Nothing got weaker." if left else "Nothing is violated then, and nothing got weaker.")
    if left:
        lines.append("No edit that is known here helps against:")
        lines += [
            line
            for each in left
            for line in _wrapped(f"- {each.policy} of {each.subject}, {each.attacker}. {each.repair}", 2, 4)
        ]
    return "\n".join([*lines, *(["", patch.rstrip("\n")] if patch else [])]) + "\n"


def attackers_text(design: Design, found: Weakest) -> str:
    """The minimal sets of capabilities, each with its attack."""
    lines: list[str] = []
    for each in found.breaking:
        lines.append(words(design, each.capabilities))
        for finding in each.report.findings[:1]:
            lines += _wrapped(finding.because, 2, 2)
            lines += list(_log(finding))
    for chosen in found.open_:
        lines.append(f"not decided: {words(design, chosen)}")
    if not found.breaking:
        lines.append("no set of capabilities breaks it")
    if found.cleared:
        lines += _wrapped(f"Proved against all of: {words(design, found.cleared)}.", 0, 2)
    else:
        lines.append(f"Sets of up to {found.most} capabilities were tried.")
    return "\n".join(lines) + "\n"


def _reason(each: Compared, told: set[tuple[str, ...]]) -> Iterator[str]:
    finding = each.new if each.change is Change.WEAKER else each.old
    if finding is None:
        return
    log = tuple(_log(finding)) if each.change is Change.WEAKER else ()
    yield from _wrapped(finding.because, 10, 10)
    if log and log not in told:
        told.add(log)
        yield from log


def _log(finding: Finding) -> Iterable[str]:
    if finding.trace is None:
        return []
    lines = [line for step in finding.trace.steps for line in step.observation.log]
    return [part for number, line in enumerate(lines, 1) for part in _wrapped(f"{number:>3}  {line}", 4, 9)]


def _word(finding: Finding | None) -> str:
    return finding.verdict.value if finding is not None else "not asked"


def _place(fact: ChangedFact) -> str:
    line = fact.new_line or fact.old_line
    return f"line {line}: " if line else ""


def _wrapped(line: str, indent: int, hanging: int) -> list[str]:
    return wrap(
        line,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
