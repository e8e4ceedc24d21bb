"""Claims about the map: both sides evaluate them; they must agree."""

from dataclasses import replace

from bootverify.check.question import Question
from bootverify.check.verdict import Fact, Finding, Verdict
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.design.source import Source
from bootverify.encoder.partition_map.claims import truth
from bootverify.errors import Discrepancy
from bootverify.executor.partition_map.claims import judged, places

MOST_FACTS = 40


def computed(design: Design, question: Question, base: Finding) -> Finding:
    """The finding for a claim of the kind `layout`.

    Raises:
        Discrepancy: executor and encoder do not come to the same value.
    """
    it = question.subject
    assert isinstance(it, Design | Key)
    formula = question.ask.claim.formula
    ours = _agreed(design, question, it)
    found = places(design, formula, it)
    if ours is True and not design.soc.known:
        from bootverify.sources.models import scantiest_soc  # noqa: PLC0415 - reads models, for parts that have none

        other = replace(design, soc=scantiest_soc(design.soc))
        if _agreed(other, question, other if isinstance(it, Design) else it) is not True:
            return _on_no_silicon(design, base)
    if ours is True:
        said = "what is said of it" if isinstance(it, Key) else "the map"
        return replace(base, verdict=Verdict.HOLDS, strength="computed", because=f"both sides computed it from {said}")
    shown = [misfit for misfit in found if bool(misfit.open_point) is (ours is None)] or list(found)
    because = shown[0].text if shown else "the claim is false of the design"
    if len(shown) > 1:
        because += f"; {len(shown) - 1} more of the kind"
    facts = tuple(_fact(source) for misfit in shown for source in misfit.sources)
    facts = tuple(dict.fromkeys(facts))[:MOST_FACTS]
    if ours is None:
        points = tuple(dict.fromkeys(misfit.open_point for misfit in shown if misfit.open_point))
        text = f"{because}; it depends on {', '.join(points)}"
        return replace(
            base, verdict=Verdict.UNDEFINED, strength="computed", because=text, facts=facts, open_points=points
        )
    return replace(base, verdict=Verdict.VIOLATED, strength="computed", because=because, facts=facts)


def _agreed(design: Design, question: Question, it: Design | Key) -> bool | None:
    formula = question.ask.claim.formula
    ours, theirs = judged(design, formula, it), truth(design, formula, it)
    if ours is not theirs:
        what = f"{question.policy.id} of {it.name}"
        raise Discrepancy(f"{what}: the executor says {ours}, the encoder {theirs}")
    return ours


def _on_no_silicon(design: Design, base: Finding) -> Finding:
    """What holds on some parts and not on others, where nothing tells the part or what it is like."""
    point = design.soc.open_points[0]
    text = f"it rests on the part's memory and units, and {point.statement}"
    facts = (_fact(point.source),)
    return replace(
        base, verdict=Verdict.UNDEFINED, strength="computed", because=text, facts=facts, open_points=(point.name,)
    )


def _fact(source: Source) -> Fact:
    return Fact(source=source, text=source.text)
