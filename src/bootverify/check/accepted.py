"""What a team has accepted for now: waivers with an owner and an end, and findings that were there before."""

from collections.abc import Collection, Sequence
from dataclasses import field, replace
from datetime import date

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source

Question = tuple[str, str, str]  # policy, subject, attacker


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One question whose violation is accepted until a day, by somebody, for a reason.

    Its scope is that question; `design` and `because`, where they are given, narrow it to a design and to one way of
    breaking the policy. What has widened since is not covered.
    """

    policy: str
    subject: str
    attacker: str
    owner: str
    reason: str
    expires: date
    design: str = ""
    because: str = ""
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
    found = {_question(each): each for each in report.findings if each.verdict is Verdict.VIOLATED}
    widened = [each for each in waivers if each.question in found and _beyond(each, report, found[each.question])]
    valid = {each.question: each for each in waivers if today <= each.expires and each not in widened}
    problems = [
        f"{waiver.source}: the waiver of {_told(waiver.question)} expired on {waiver.expires}; renew it or repair"
        for waiver in waivers
        if today > waiver.expires
    ]
    problems += [
        f"{each.source}: the waiver of {_told(each.question)} does not cover that"
        f" {_beyond(each, report, found[each.question])}; look at it anew"
        for each in widened
    ]
    problems += [
        f"{waiver.source}: nothing violates {_told(waiver.question)}; remove the waiver"
        for waiver in waivers
        if waiver.question not in found
    ]
    findings = tuple(_marked(finding, valid, known) for finding in report.findings)
    return Accepted(report=replace(report, findings=findings), problems=tuple(problems))


def _beyond(waiver: Waiver, report: Report, finding: Finding) -> str:
    """What of a violation lies outside the scope of its waiver; empty when nothing does."""
    if waiver.design and waiver.design != report.design.name:
        return f"the design is {report.design.name}"
    if waiver.because and " ".join(waiver.because.split()) != " ".join(finding.because.split()):
        return finding.because.rstrip(".")
    return ""


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
