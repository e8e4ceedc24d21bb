"""What the input leaves open about the device, and which answers it takes away."""

from dataclasses import replace

from bootverify.check.question import Question
from bootverify.check.verdict import Finding, Verdict
from bootverify.design.attacker import Capability
from bootverify.design.design import Design
from bootverify.design.openpoint import APPROTECT_UNKNOWN, MAP_CONFLICT, OpenPoint
from bootverify.policy.policy import ClaimKind


def no_device(design: Design, question: Question) -> OpenPoint | None:
    """The open point that leaves no device of which the question could be asked; None when there is one."""
    if question.ask.claim.kind in {ClaimKind.LAYOUT, ClaimKind.SUPPORTED}:
        return None
    return _named(design, MAP_CONFLICT)


def qualified(design: Design, question: Question, finding: Finding) -> Finding:
    """`finding`, or `undefined` where it was found against an open debug port of which nothing tells.

    An open port only gives the attacker more, so what holds against it stays.
    """
    point = _named(design, APPROTECT_UNKNOWN)
    dynamic = question.ask.claim.kind in {ClaimKind.ALWAYS, ClaimKind.NEVER}
    probing = question.attacker.can(Capability.DEBUG)
    if point is None or not dynamic or not probing or finding.verdict is not Verdict.VIOLATED:
        return finding
    text = f"violated if the debug port is open, but {point.statement}"
    return replace(finding, verdict=Verdict.UNDEFINED, because=text, open_points=(*finding.open_points, point.name))


def _named(design: Design, name: str) -> OpenPoint | None:
    return next((point for point in design.open_points if point.name == name), None)
