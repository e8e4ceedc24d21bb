"""What a team has accepted for now: waivers with an owner and an end, and findings that were there before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.design.source import NOWHERE, Source

Question = tuple[str, str, str]  # policy, subject, attacker


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One question whose violation is accepted until a day, by somebody, for a reason."""

    policy: str
    subject: str
    attacker: str
    owner: str
    reason: str
    expires: date
    source: Source = field(default=NOWHERE, compare=False)

    @property
    def question(self) -> Question:
        """What it is about."""
        return self.policy, self.subject, self.attacker


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The report with accepted violations marked, and what is wrong with the waivers, each with its place."""

    report: Report
    problems: tuple[str, ...]


def accept(report: Report, waivers: Sequence[Waiver], known: Collection[Question], today: date) -> Accepted:
    """Mark the violations that a waiver covers today, or that `known` says were there before.

    A waiver that has expired covers nothing; one whose question is not violated, or not asked, is a problem: it would
    cover what nobody has looked at.
    """
    valid = {waiver.question: waiver for waiver in waivers if today <= waiver.expires}
    problems = [
        f"{waiver.source}: the waiver of {_told(waiver.question)} expired on {waiver.expires}; renew it or repair"
        for waiver in waivers
        if today > waiver.expires
    ]
    violated = {_question(each) for each in report.findings if each.verdict is Verdict.VIOLATED}
    problems += [
        f"{waiver.source}: nothing violates {_told(waiver.question)}; remove the waiver"
        for waiver in waivers
        if waiver.question not in violated
    ]
    findings = tuple(_marked(finding, valid, known) for finding in report.findings)
    return Accepted(report=replace(report, findings=findings), problems=tuple(problems))


def _marked(finding: Finding, valid: dict[Question, Waiver], known: Collection[Question]) -> Finding:
    if finding.verdict is not Verdict.VIOLATED:
        return finding
    waiver = valid.get(_question(finding))
    if waiver is not None:
        return replace(finding, accepted=f"{waiver.owner} until {waiver.expires}: {waiver.reason}")
    return replace(finding, accepted="violated before, by the baseline") if _question(finding) in known else finding


def _question(finding: Finding) -> Question:
    return finding.policy, finding.subject, finding.attacker


def _told(question: Question) -> str:
    policy, subject, attacker = question
    return f"{policy} of {subject} against {attacker}"
