"""Which facts of a design no answer depends on, as text and as plain values."""

from collections.abc import Iterator, Sequence
from typing import Any

from bootverify.report.wrapping import wrapped
from bootverify.whatif.coverage import Weighed
from bootverify.whatif.facts import shown

MOST_TRIED = 4


def coverage_text(facts: Sequence[Weighed]) -> str:
    """How many facts decide, and the lines of those on which nothing depends, in 80 columns."""
    idle = [fact for fact in facts if fact.idle]
    fixed = sum(not fact.tried for fact in facts)
    decide = len(facts) - len(idle) - fixed
    counts = f"{len(facts)} facts: with another value {decide} change an answer, {len(idle)} change none"
    rest = f"; {fixed} can have no other." if fixed else "."
    lines = [*wrapped(counts + rest, 0, 2)]
    if idle:
        lines.append("No answer depends on")
        lines += [line for fact in idle for line in _told(fact)]
    return "\n".join(lines) + "\n"


def _told(fact: Weighed) -> Iterator[str]:
    yield from wrapped(f"{fact.source}  {fact.path}: {shown(fact.value)}", 2, 4)
    more = [f"and {len(fact.tried) - MOST_TRIED} more"] if len(fact.tried) > MOST_TRIED else []
    yield from wrapped(f"tried: {', '.join((*fact.tried[:MOST_TRIED], *more))}", 6, 8)


def coverage_record(facts: Sequence[Weighed]) -> list[dict[str, Any]]:
    """Each fact as plain values."""
    return [
        {
            "file": fact.source.file,
            "line": fact.source.line,
            "path": fact.path,
            "value": fact.value,
            "tried": list(fact.tried),
            "decides": fact.decides or None,
        }
        for fact in facts
    ]
