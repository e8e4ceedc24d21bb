"""What would break an answer that holds: the other values of the facts that it rests on, each tried.

Of a proof the facts are those that it names; of what is computed from the input alone, every fact is tried.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from bootverify.check.question import Question
from bootverify.check.session import Session
from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.written import Written
from bootverify.whatif.coverage import facts_of, other_values
from bootverify.whatif.facts import shown

Asked = tuple[str, str, str, str]


def with_breaks(
    report: Report,
    written: Written,
    session: Session,
    subjects: Collection[str] = (),
    *,
    progress: Callable[[float], None] | None = None,
) -> Report:
    """The report, in which each finding that holds tells the changes of one fact that would violate it.

    `written` is the document of the report's design; `progress` is told the share done.
    """
    holding = {_asked(each): each for each in report.findings if each.verdict is Verdict.HOLDS}
    broken: dict[Asked, list[Fact]] = {at: [] for at in holding}
    facts = facts_of(written)
    for number, (path, value) in enumerate(facts, start=1):
        source, name = written.source(path), ".".join(map(str, path))
        place = (source.file, source.line)
        asked = {at for at, each in holding.items() if each.strength == "computed" or place in _places(each)}
        for words, edited in other_values(written, name, value) if asked else ():
            try:
                design = design_of(edited)
            except InputError:
                continue
            text = f"{name}: {words} instead of {shown(value)}"
            for at in _violated(session, design, subjects, asked):
                broken[at].append(Fact(source=source, text=text))
        if progress is not None:
            progress(number / len(facts))
    findings = [replace(each, broken_by=tuple(broken.get(_asked(each), ()))) for each in report.findings]
    return replace(report, findings=tuple(findings))


def _violated(session: Session, design: Design, subjects: Collection[str], asked: Collection[Asked]) -> list[Asked]:
    """Those of the questions that are violated in `design`."""
    report = session.report(design, subjects, only=lambda each: _question(each) in asked)
    return [_asked(each) for each in report.findings if each.verdict is Verdict.VIOLATED]


def _places(finding: Finding) -> set[tuple[str, int]]:
    return {(fact.source.file, fact.source.line) for fact in finding.facts}


def _asked(finding: Finding) -> Asked:
    return finding.policy, finding.kind, finding.subject, finding.attacker


def _question(question: Question) -> Asked:
    return question.policy.id, question.ask.subject.value, question.about, question.attacker.name
