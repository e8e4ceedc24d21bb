"""Claims about what is told of a device's life: both sides judge, and only what both say becomes a verdict."""

from dataclasses import replace

from bootverify.check.forger import forged_code
from bootverify.check.question import Question
from bootverify.check.verdict import Fact, Finding, Verdict
from bootverify.design.design import Design
from bootverify.encoder.lives import CONDITIONS
from bootverify.executor.lives import ENACTMENTS
from bootverify.machine.judgement import Judgement

OPEN_POINT = "not-told"


def judged(design: Design, question: Question, base: Finding, discrepancies: list[str]) -> Finding:
    """The finding for a told claim; a disagreement goes to `discrepancies` and leaves the question open."""
    name = question.ask.claim.text
    enacted = ENACTMENTS[name](design, question.subject, question.attacker)
    concluded = CONDITIONS[name](design, question.subject, question.attacker)
    if {enacted.kept, concluded.kept} == {True, False}:
        what = f"{question.policy.id} of {question.about} against {question.attacker.name}"
        discrepancies.append(f"{what}: enacted: {enacted.why}; concluded: {concluded.why}")
        return replace(base, verdict=Verdict.UNKNOWN, because="not answered: a defect of bootverify, told apart")
    open_side = next((each for each in (enacted, concluded) if each.kept is None), None)
    if open_side is not None:
        return replace(base, verdict=Verdict.UNKNOWN, because=open_side.why, open_points=(OPEN_POINT,))
    if enacted.kept and (reason := forged_code(design, question.attacker.name)):
        return replace(base, verdict=Verdict.UNKNOWN, because=reason, open_points=(OPEN_POINT,))
    return replace(
        base,
        verdict=Verdict.HOLDS if enacted.kept else Verdict.VIOLATED,
        strength="computed",
        because=_because(enacted, concluded),
        facts=tuple(_fact(each) for each in (enacted, concluded) if each.source.line),
    )


def _because(enacted: Judgement, concluded: Judgement) -> str:
    told = f": {'; '.join(enacted.story)}" if enacted.story else ""
    return f"{concluded.why}{told} (judged on both sides from what the design tells; not replayed)"


def _fact(judgement: Judgement) -> Fact:
    return Fact(source=judgement.source, text=judgement.why)
