"""Claims about what is told of a device's life: both sides judge, and only what both say becomes a verdict."""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.check.forger import forged_code
from bootverify.check.question import Question, Subject, exists
from bootverify.check.verdict import Fact, Finding, Verdict
from bootverify.design.attacker import Attacker
from bootverify.design.boot import Image, Stage
from bootverify.design.design import Design
from bootverify.design.openpoint import NOT_TOLD
from bootverify.encoder.lives import CONDITIONS
from bootverify.executor.lives import ENACTMENTS
from bootverify.machine.judgement import Judgement
from bootverify.sources.attackers import all_attackers

# What these are judged by is a slot that starts and another that stages; where both start, moves alone tell.
OF_STAGING = frozenset(
    {"no_downgrade", "update_taken", "way_back", "starts", "signed_only", "metadata_signed", "bytes_signed"}
)
OF_PLANS = frozenset({"way_back", "starts"})  # against nobody they speak of locks, counters and releases that crash
DECIDED = frozenset({Verdict.HOLDS, Verdict.VIOLATED})


def judged(design: Design, question: Question, base: Finding, discrepancies: list[str]) -> Finding:
    """The finding for a told claim; a disagreement goes to `discrepancies` and leaves the question open.

    Both sides know single abilities and the sets of them that our attackers have. Of any other set, whoever can do
    less tells when he breaks the claim, and whoever can do more when it holds against him.
    """
    own = _judged(design, question, base, discrepancies)
    attacker = question.attacker
    if own.verdict in DECIDED or any(each.capabilities == attacker.capabilities for each in all_attackers()):
        return own
    for other, wanted in _others(design, attacker):
        found = _judged(design, replace(question, attacker=other), base, discrepancies)
        if found.verdict is wanted:
            how = "less" if wanted is Verdict.VIOLATED else "more"
            return replace(found, because=f"{found.because}; {other.name} can do {how} than {attacker.name}")
    return own


def _others(design: Design, attacker: Attacker) -> Iterator[tuple[Attacker, Verdict]]:
    for other in all_attackers():
        if exists(design, other):
            continue
        if other.capabilities and other.capabilities < attacker.capabilities:
            yield other, Verdict.VIOLATED
        elif other.capabilities > attacker.capabilities:
            yield other, Verdict.HOLDS


def _judged(design: Design, question: Question, base: Finding, discrepancies: list[str]) -> Finding:
    name = question.ask.told or question.ask.claim.text
    planned = name in OF_PLANS and not question.attacker.capabilities
    if name in OF_STAGING and not planned and (mode := _in_place(design, question.subject)):
        because = f"what is told of an image that starts in place ({mode}) is not judged"
        return replace(base, verdict=Verdict.UNKNOWN, because=because, open_points=(NOT_TOLD,))
    enacted = ENACTMENTS[name](design, question.subject, question.attacker)
    concluded = CONDITIONS[name](design, question.subject, question.attacker)
    if {enacted.kept, concluded.kept} == {True, False}:
        what = f"{question.policy.id} of {question.about} against {question.attacker.name}"
        discrepancies.append(f"{what}: enacted: {enacted.why}; concluded: {concluded.why}")
        return replace(base, verdict=Verdict.UNKNOWN, because="not answered: a defect of bootverify, told apart")
    open_side = next((each for each in (enacted, concluded) if each.kept is None), None)
    if open_side is not None:
        return replace(base, verdict=Verdict.UNKNOWN, because=open_side.why, open_points=(NOT_TOLD,))
    if enacted.kept and (reason := forged_code(design, _as_ours(question.attacker))):
        return replace(base, verdict=Verdict.UNKNOWN, because=reason, open_points=(NOT_TOLD,))
    return replace(
        base,
        verdict=Verdict.HOLDS if enacted.kept else Verdict.VIOLATED,
        strength="computed",
        because=_because(enacted, concluded),
        facts=tuple(_fact(each) for each in (enacted, concluded) if each.source.line),
    )


def _in_place(design: Design, subject: Subject) -> str:
    """The mode in which MCUboot starts the subject from either of two slots; empty where it does not."""
    name = subject.image if isinstance(subject, Stage) else subject.name if isinstance(subject, Image) else ""
    step = design.started_in_place(design.image(name)) if name else None
    return "" if step is None else step.mode.value


def _as_ours(attacker: Attacker) -> str:
    """The name of ours who can do the same; of a set that none of ours has, that of a sender, who may forge."""
    return next((each.name for each in all_attackers() if each.capabilities == attacker.capabilities), "remote-ota")


def _because(enacted: Judgement, concluded: Judgement) -> str:
    played = enacted.story if enacted.kept else (enacted.why, *enacted.story)
    told = f": {'; '.join(played)}" if played else ""
    return f"{concluded.why}{told} (judged on both sides from what the design tells; not replayed)"


def _fact(judgement: Judgement) -> Fact:
    return Fact(source=judgement.source, text=judgement.why)
