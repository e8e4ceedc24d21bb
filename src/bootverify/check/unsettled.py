"""What the input leaves open about the device, and which answers it takes away."""

from dataclasses import replace

from bootverify.check.question import Question, at_least, names_of
from bootverify.check.verdict import Finding, Verdict
from bootverify.design.attacker import Capability
from bootverify.design.design import Design
from bootverify.design.openpoint import (
    APPROTECT_UNKNOWN,
    MAP_CONFLICT,
    SOC_NOT_MODELLED,
    WITH_RULES_OF_THEIR_OWN,
    OpenPoint,
)
from bootverify.machine.action import FeedNetwork
from bootverify.policy.formula import predicates_in
from bootverify.policy.policy import ClaimKind
from bootverify.sources.catalog import names as ours

TRANSFER_LOCK_UNTOLD = "transfer-lock-untold"
# Such a port is taken for closed, and one that is open only gives more: what is violated stays so.
PORT_UNREAD = frozenset({"unread-approtect", "unread-secure_approtect"})


def no_device(design: Design, question: Question) -> OpenPoint | None:
    """The open point that leaves no device of which the question could be asked; None when there is one."""
    if question.ask.claim.kind is ClaimKind.LAYOUT:
        return None
    return _named(design, SOC_NOT_MODELLED) or _named(design, MAP_CONFLICT)


def qualified(design: Design, question: Question, finding: Finding) -> Finding:
    """`finding`, or `undefined` where it was found against an open debug port of which nothing tells.

    An open port only gives the attacker more, so what holds against it stays.
    """
    finding = _patched(design, question, _fed(design, _read(design, question, finding)))
    point = _named(design, APPROTECT_UNKNOWN)
    dynamic = question.ask.claim.kind in {ClaimKind.ALWAYS, ClaimKind.NEVER}
    probing = question.attacker.can(Capability.DEBUG)
    if point is None or not dynamic or not probing or finding.verdict is not Verdict.VIOLATED:
        return finding
    text = f"violated if the debug port is open, but {point.statement}"
    return replace(finding, verdict=Verdict.UNDEFINED, because=text, open_points=(*finding.open_points, point.name))


def _fed(design: Design, finding: Finding) -> Finding:
    """`finding`, or `undefined` where it was found by a command in shared RAM of which nothing tells that it is locked.

    It is taken for writable; a lock only takes commands away, so what is found without one stays.
    """
    untold = any(not each.boots and each.transfer_locked is None for each in design.network)
    steps = finding.trace.steps if finding.trace is not None else ()
    if not untold or not any(isinstance(step.action, FeedNetwork) for step in steps):
        return finding
    text = f"{finding.verdict.value} if the transfer RAM is writable once the application runs, which nothing tells"
    points = (*finding.open_points, TRANSFER_LOCK_UNTOLD)
    return replace(
        finding, verdict=Verdict.UNDEFINED, strength="", because=text, trace=None, replayed=False, open_points=points
    )


def _patched(design: Design, question: Question, finding: Finding) -> Finding:
    """`finding`, or `unknown` where no release came back and the flash patch unit could have had a boot stage err.

    What a patched stage does is not followed: it compares and counts as ever, and on a device need not.
    """
    claim = question.ask.claim
    patches = design.lifecycle.flash_patch and question.attacker.can(Capability.RUN_APPLICATION)
    compares = claim.kind in {ClaimKind.ALWAYS, ClaimKind.NEVER} and "older" in predicates_in(claim.formula)
    if not patches or not compares or finding.verdict is not Verdict.HOLDS:
        return finding
    text = "it holds for boot stages that run as they were checked, and the flash patch unit can have them do otherwise"
    return replace(finding, verdict=Verdict.UNKNOWN, strength="", because=text, certificate=None)


def _read(design: Design, question: Question, finding: Finding) -> Finding:
    """`finding`, or an admission where words of the input that nobody could read may decide it."""
    if finding.verdict not in {Verdict.HOLDS, Verdict.VIOLATED}:
        return finding
    points = [point for point in design.open_points if point.name not in WITH_RULES_OF_THEIR_OWN]
    if not points:
        return finding
    names = names_of(design, question.subject)
    policy = question.policy.id if question.policy.id in ours("policies") else ""
    met = [
        point
        for point in points
        if point.touches(policy, names)
        and (not point.attackers or at_least(design, question.attacker, point.attackers))
        and not (point.name in PORT_UNREAD and finding.verdict is Verdict.VIOLATED)
    ]
    if not met:
        return finding
    verdict = Verdict.UNDEFINED if any(point.contradiction for point in met) else Verdict.UNKNOWN
    text = f"not read or not told, and it could decide: {met[0].statement}"
    return replace(
        finding,
        verdict=verdict,
        strength="",
        because=text,
        trace=None,
        replayed=False,
        certificate=None,
        open_points=(*finding.open_points, *(point.name for point in met)),
    )


def _named(design: Design, name: str) -> OpenPoint | None:
    return next((point for point in design.open_points if point.name == name), None)
