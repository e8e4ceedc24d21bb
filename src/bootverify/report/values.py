"""Free facts as text: which values keep every policy and what limits them, the largest slot, combinations for holes."""

from collections.abc import Iterator, Sequence

from bootverify.report.wrapping import wrapped
from bootverify.whatif.facts import shown
from bootverify.whatif.free import Span, largest
from bootverify.whatif.holes import Filling
from bootverify.whatif.maximise import Largest
from bootverify.whatif.together import Together

MOST_LIMITS = 6
AGAIN = "Each end was asked again from the edited file: the last value inside, the first one outside."
PROJECTED = (
    "What is left out fits no map, by whole numbers of pages (z3); each end is a map that was asked as a file, all "
    "other values as they stand where they can."
)
EACH = "Each value was asked from the edited file."


def free_text(path: str, spans: Sequence[Span], *, maximise: bool) -> str:
    """The values that keep every policy, each end with what limits it."""
    lines = [f"{path}: values that keep every policy"]
    kept = [span for span in spans if not span.why]
    lines += [line for span in kept for line in _span(span)]
    if not kept:
        lines.append("  none")
    if not kept or not kept[0].step:
        lines += [line for span in spans if span.why for line in wrapped(f"not {_values(span)}: {span.why}", 2, 6)]
    if kept:
        lines += wrapped(AGAIN if kept[0].step else EACH, 0, 2)
    best = largest(spans) if maximise else None
    if best is not None:
        lines.append(f"largest: {shown(best.last)}; every larger value is refused")
    return "\n".join(lines) + "\n"


def fillings_text(paths: Sequence[str], fillings: Sequence[Filling]) -> str:
    """The combinations of values for several holes, those that keep every policy first."""
    kept = [each for each in fillings if not each.why]
    lines = [f"{len(kept)} of {len(fillings)} combinations keep every policy; each was asked from the edited file."]
    for each in [*kept, *(each for each in fillings if each.why)]:
        told = ", ".join(f"{path}={shown(value)}" for path, value in zip(paths, each.values, strict=True))
        lines += wrapped(told if not each.why else f"not {told}: {each.why}", 2, 6)
    return "\n".join(lines) + "\n"


def together_text(found: Together) -> str:
    """What each of several addresses can be, what ties them, and one map that keeps every policy."""
    choice = ", ".join(f"{path}={shown(value)}" for path, value in found.choice.items())
    lines = wrapped(f"With {choice}:", 0, 2) if choice else []
    for path, spans in found.spans.items():
        lines.append(f"{path}: values with which some map keeps every policy")
        lines += [line for span in spans for line in _span(span)] or ["  none"]
        lines += [line for span in spans if span.why for line in wrapped(f"not {_values(span)}: {span.why}", 2, 6)]
    if found.ties:
        lines.append("Not each with each:")
        lines += [line for tie in found.ties[:MOST_LIMITS] for line in wrapped(f"{tie.source}  {tie.text}", 2, 6)]
        lines += [f"  and {len(found.ties) - MOST_LIMITS} more of the kind"] if len(found.ties) > MOST_LIMITS else []
    if found.filling:
        lines += wrapped(PROJECTED, 0, 2)
        told = ", ".join(f"{path}={shown(value)}" for path, value in found.filling.items())
        lines += wrapped(f"For instance {told}", 0, 2)
    if found.uncertain:
        lines += wrapped(f"Not certain to be all: {found.uncertain}.", 0, 2)
    return "\n".join(lines) + "\n"


def largest_text(found: Largest, patch: str) -> str:
    """The largest slot, what excludes a larger one, and the map that has it."""
    return "\n".join([*_largest(found), *(["", patch.rstrip("\n")] if patch else [])]) + "\n"


def _largest(found: Largest) -> Iterator[str]:
    if found.after > found.before:
        yield from wrapped(f"{found.slot}: {found.after:#x} at most; {found.before:#x} now", 0, 2)
        yield "Asked again from the edited file: nothing got weaker."
    else:
        yield from wrapped(f"{found.slot}: {found.before:#x} now, and no larger slot was found", 0, 2)
    if found.refused:
        yield from wrapped(f"Larger ones fit the map, but a check refuses them: {found.refused}", 0, 2)
    if found.unknown:
        yield from wrapped(f"unknown whether a larger one fits: {found.unknown}", 0, 2)
    if found.proved:
        solvers = ", ".join(found.proved)
        words = f"No larger one while the map's order is kept: unsat in whole numbers of pages ({solvers}), because"
        yield from wrapped(words, 0, 2)
        for limit in found.limits[:MOST_LIMITS]:
            yield from wrapped(f"{limit.source}  {limit.text}", 2, 6)
        if len(found.limits) > MOST_LIMITS:
            yield f"  and {len(found.limits) - MOST_LIMITS} more of the kind"


def _span(span: Span) -> Iterator[str]:
    """The values of a span that is kept, and what refuses those next to them."""
    if span.why:
        return
    yield f"  {_values(span)}"
    for word, why in (("below", span.below), ("between", span.between), ("above", span.above)):
        yield from wrapped(f"{word}: {why}", 4, 6 + len(word)) if why else []


def _values(span: Span) -> str:
    if span.first == span.last:
        return shown(span.first)
    return f"{shown(span.first)} to {shown(span.last)} in steps of {shown(span.step)}"
