"""Answers about units in the field as text, JSON and Markdown."""

import json
import re
from collections.abc import Iterator, Sequence

from bootverify.check.verdict import Fact, Verdict
from bootverify.executor.field.film import STAGED, Scene
from bootverify.report.wrapping import WIDTH, wrapped
from bootverify.whatif.migration.questions import Answer, Migration, UnitKind

_NUMBER = re.compile(r"\d+")
_TOLD = {Verdict.HOLDS: "hold", Verdict.VIOLATED: "violated", Verdict.NOT_APPLICABLE: "not asked"}


def migration_text(migration: Migration) -> str:
    """All answers, 80 columns wide; the film of each that is violated."""
    lines = [f"migrate to {migration.new}", f"{migration.soc}      {_units(migration)}"]
    told: dict[tuple[str, ...], str] = {}
    for kind in migration.kinds:
        lines += ["", *wrapped(f"Units {kind.title}", 0, 2)]
        for answer in kind.answers:
            before = told.setdefault(_story(answer), kind.title)
            lines += _answer(answer, before if before != kind.title else "")
        if kind.notes:
            lines += ["  Not delivered:", *(line for fact in kind.notes for line in _fact(fact))]
    lines += ["-" * WIDTH, _summary(migration), *wrapped(f"Assumed: {'; '.join(migration.assumptions)}.", 0, 9)]
    return "\n".join(lines) + "\n"


def _story(answer: Answer) -> tuple[str, ...]:
    """What makes two answers one story: all but the numbers of releases."""
    return answer.question.value, answer.verdict.value, _NUMBER.sub("", answer.because)


def _word(verdict: Verdict) -> str:
    return _TOLD[verdict] if verdict is Verdict.NOT_APPLICABLE else verdict.value


def _answer(answer: Answer, before: str) -> Iterator[str]:
    """The lines of an answer; `before` names the units whose film is the same."""
    strength = f" ({answer.strength})" if answer.strength else ""
    yield f"{_word(answer.verdict).ljust(9)} {answer.question.words}{strength}"
    yield from wrapped(answer.because, 2, 2)
    if before and answer.verdict is Verdict.VIOLATED:
        yield from wrapped(f"As told of units {before}.", 2, 2)
        return
    for fact in answer.facts:
        yield from _fact(fact)
    if answer.verdict is Verdict.VIOLATED and answer.scenes:
        yield "  As it ran:"
        for number, scene in enumerate(answer.scenes, 1):
            yield from wrapped(f"{number:>3}  {scene.what}", 4, 9)
            for line in telling(answer.scenes, number - 1):
                yield from wrapped(line, 9, 11)
    if answer.verdict is Verdict.VIOLATED and answer.to_do:
        yield from wrapped(f"To do: {answer.to_do}", 2, 9)


def telling(scenes: Sequence[Scene], number: int) -> list[str]:
    """The lines of a log that tell what happened; what every boot says is left out."""
    usual = ("fprotect", "jump to", ": running", "SPU ", "slot s", "signature good", "digest matches", "SAU from")
    expected = number > 0 and STAGED in scenes[number - 1].what  # a boot that is to find a request says what it found
    left_out = usual if expected else (*usual, "swap type: none")
    return [line for line in scenes[number].log if not any(word in line for word in left_out)]


def migration_json(migration: Migration) -> str:
    """The same as records, with every line of every film."""
    document = {
        "schema": "bootverify-migration/1",
        "new": migration.new,
        "units": [_unit_record(kind) for kind in migration.kinds],
        "assumptions": list(migration.assumptions),
        "summary": {verdict.value: migration.count(verdict) for verdict in Verdict},
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _unit_record(kind: UnitKind) -> dict[str, object]:
    return {
        "history": list(kind.history),
        "questions": [
            {
                "question": answer.question.value,
                "verdict": answer.verdict.value,
                "strength": answer.strength,
                "because": answer.because,
                "facts": [_fact_record(fact) for fact in answer.facts],
                "film": [{"what": each.what, "at": each.at, "log": list(each.log)} for each in answer.scenes],
                "to_do": answer.to_do if answer.verdict is Verdict.VIOLATED else "",
            }
            for answer in kind.answers
        ],
        "not_delivered": [_fact_record(fact) for fact in kind.notes],
    }


def _fact_record(fact: Fact) -> dict[str, object]:
    return {"file": fact.source.file, "line": fact.source.line, "text": fact.text}


def migration_markdown(migration: Migration) -> str:
    """A table of units and questions, and what is violated in full: a comment for a pull request."""
    lines = [f"### bootverify migrate: {_plain(migration.new)}", "", f"{migration.soc}. {_summary(migration)}", ""]
    questions = [answer.question for answer in migration.kinds[0].answers] if migration.kinds else []
    lines += ["| units | " + " | ".join(each.words for each in questions) + " |"]
    lines += ["|---" * (len(questions) + 1) + "|"]
    for kind in migration.kinds:
        cells = [_word(answer.verdict) for answer in kind.answers]
        lines.append(f"| {_plain(kind.title)} | " + " | ".join(cells) + " |")
    for kind in migration.kinds:
        for answer in kind.answers:
            if answer.verdict is not Verdict.HOLDS and answer.verdict is not Verdict.NOT_APPLICABLE:
                lines += ["", f"#### {answer.verdict.value}: units {_plain(kind.title)}: {answer.question.words}", ""]
                lines += [_plain(answer.because), "", *_marked(answer)]
    lines += ["", "Assumed: " + "; ".join(migration.assumptions) + "."]
    return "\n".join(lines) + "\n"


def _marked(answer: Answer) -> Iterator[str]:
    yield from (f"- `{fact.source}` {_plain(fact.text)}" for fact in answer.facts)
    if answer.verdict is Verdict.VIOLATED and answer.scenes:
        yield from ("", "<details><summary>As it ran</summary>", "", "```")
        for number, scene in enumerate(answer.scenes):
            yield scene.what
            yield from (f"    {line}" for line in telling(answer.scenes, number))
        yield from ("```", "", "</details>")
    if answer.verdict is Verdict.VIOLATED and answer.to_do:
        yield from ("", f"To do: {_plain(answer.to_do)}")


def _units(migration: Migration) -> str:
    count = len(migration.kinds)
    return f"{count} kind{'s' if count != 1 else ''} of unit"


def _summary(migration: Migration) -> str:
    words = [
        f"{count} {_TOLD.get(verdict, verdict.value)}" for verdict in Verdict if (count := migration.count(verdict))
    ]
    return ", ".join(words) + "."


def _fact(fact: Fact) -> list[str]:
    return wrapped(f"{fact.source}  {fact.text}", 4, 6)


def _plain(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")
