"""A comparison of two designs as a comment on a pull request: the answer first, each new attack once."""

from collections.abc import Iterator, Sequence

from bootverify.report.changes import Names, grouped, how, renames, summary, telling, word
from bootverify.report.log import chapters
from bootverify.whatif.compare import Change, Compared
from bootverify.whatif.facts import ChangedFact

MOST_FACTS = 4


def changes_markdown(questions: Sequence[Compared], facts: Sequence[ChangedFact], names: Names | None = None) -> str:
    """The comparison as one comment."""
    groups = grouped(questions)
    weaker = [group for group in groups if group[0].change is Change.WEAKER]
    lines = ["### bootverify: " + _headline(weaker, groups), "", summary(questions).capitalize(), ""]
    told: set[tuple[str, ...]] = set()
    for group in weaker:
        lines += _weaker(group, told)
    lines += _others([group for group in groups if group[0].change is not Change.WEAKER])
    lines += _facts(facts, names or {})
    return "\n".join(lines).rstrip("\n") + "\n"


def _headline(weaker: Sequence[Sequence[Compared]], groups: Sequence[Sequence[Compared]]) -> str:
    if weaker:
        return "this change makes the design weaker"
    return "this change makes the design stronger" if groups else "nothing that counts has changed"


def _weaker(group: Sequence[Compared], told: set[tuple[str, ...]]) -> Iterator[str]:
    first = group[0]
    who = ", ".join(f"`{name}`" for name in dict.fromkeys(each.attacker for each in group))
    yield f"#### `{first.policy}` of {_subjects(group)}: {word(first.old)} → **{word(first.new)}**{how(first)}"
    yield ""
    yield f"Against {who}."
    finding = telling(first)
    if finding is None:
        return
    yield f"{_plain(finding.because)}"
    yield ""
    yield from (f"- `{fact.source}` {_plain(fact.text)}" for fact in finding.facts[:MOST_FACTS])
    if finding.trace is not None and (ran := chapters(finding.trace)):
        key = tuple(line for chapter in ran for line in chapter)
        if key not in told:
            told.add(key)
            yield from ["", "<details><summary>The attack as it ran, replayed from reset</summary>", "", "```text"]
            for number, chapter in enumerate(ran, start=1):
                yield f"{number:>2}  {chapter[0]}"
                yield from (f"    {line}" for line in chapter[1:])
            yield from ["```", "", "</details>"]
    if finding.repair:
        yield from ["", f"**To do:** {_plain(finding.repair)}"]
    yield ""


def _subjects(group: Sequence[Compared]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(each.subject for each in group))


def _others(groups: Sequence[Sequence[Compared]]) -> Iterator[str]:
    if not groups:
        return
    yield f"<details><summary>{len(groups)} got stronger or cannot be compared</summary>"
    yield from ["", "| policy | subject | attackers | before | now |", "|---|---|---|---|---|"]
    for group in groups:
        first, who = group[0], ", ".join(dict.fromkeys(each.attacker for each in group))
        yield f"| `{first.policy}` | {_plain(_subjects(group))} | {who} | {word(first.old)} | {word(first.new)} |"
    yield from ["", "</details>", ""]


def _facts(facts: Sequence[ChangedFact], names: Names) -> Iterator[str]:
    if not facts and not names:
        return
    count = len(facts)
    yield f"<details><summary>{count} fact{'' if count == 1 else 's'} changed</summary>"
    yield ""
    yield from (f"- {_plain(each)}" for each in renames(names))
    yield from (f"- {f'`{fact.place}` ' if fact.place else ''}{_plain(fact.text)}" for fact in facts)
    yield from ["", "</details>"]


def _plain(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")
