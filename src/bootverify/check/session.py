"""Many designs that differ little, asked the same questions: what an edit cannot have touched is not asked again.

An answer is reused only for an equal question about an equal design, as far as the question can see it (`relevant`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from bootverify.check.question import Question, questions
from bootverify.check.relevant import DYNAMIC, relevant
from bootverify.check.run import Checker, Options, report_of
from bootverify.check.verdict import Finding, Report
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.design.support import SupportRow
from bootverify.policy.policy import ClaimKind, Policy

MOST_KEPT = 256  # designs whose answers are remembered


class Session:
    """Answers about designs of one family; made for one set of policies and attackers."""

    def __init__(
        self,
        policies: Sequence[Policy],
        attackers: Sequence[Attacker],
        support: Sequence[SupportRow],
        options: Options | None = None,
    ) -> None:
        self.policies = policies
        self.attackers = attackers
        self.support = support
        self.options = options or Options()
        self._checkers: dict[Design, Checker] = {}
        self._answers: dict[tuple[Design, str, str, str, str, Attacker], tuple[Finding, tuple[str, ...]]] = {}

    def report(
        self, design: Design, subjects: Iterable[str] = (), *, only: Callable[[Question], bool] | None = None
    ) -> Report:
        """The report on `design`, as `check_design` gives it; `only` leaves questions out."""
        checker = Checker(design, self.support, self.options)
        asked = [each for each in self._questions(design, subjects) if only is None or only(each)]
        findings = tuple(self._answer(checker, question) for question in asked)
        return report_of(checker, findings)

    def findings(self, design: Design, subjects: Iterable[str] = ()) -> Iterator[Finding]:
        """The same findings one by one, the quickest kinds of claims first: for who stops at the first that matters."""
        checker = Checker(design, self.support, self.options)
        asked = sorted(self._questions(design, subjects), key=lambda question: _effort(question.ask.claim.kind))
        for question in asked:
            yield self._answer(checker, question)

    def question(self, design: Design, finding: Finding) -> Question | None:
        """The question about `design` that `finding` answers; None when it is not asked."""
        wanted = (finding.policy, finding.kind, finding.subject, finding.attacker)
        asked = self._questions(design, ())
        found = ((each.policy.id, each.ask.subject.value, each.about, each.attacker.name) for each in asked)
        return next((each for each, at in zip(asked, found, strict=True) if at == wanted), None)

    def _questions(self, design: Design, subjects: Iterable[str]) -> list[Question]:
        return list(
            questions(design, self.policies, self.attackers, subjects=subjects, any_attacker=self.options.any_attacker)
        )

    def _answer(self, checker: Checker, question: Question) -> Finding:
        kind = question.ask.claim.kind
        if kind not in DYNAMIC or question.ask.told or self.options.certificates:
            return checker.answer(question)
        seen = relevant(checker.design, question)
        at = (seen, question.policy.id, kind.value, question.ask.subject.value, question.about, question.attacker)
        if at not in self._answers:
            if seen not in self._checkers:
                if len(self._checkers) >= MOST_KEPT:
                    self._checkers.clear()
                self._checkers[seen] = Checker(seen, self.support, self.options)
            twin = self._checkers[seen]
            before = len(twin.discrepancies)
            answer = twin.answer(question)
            self._answers[at] = answer, tuple(twin.discrepancies[before:])
        finding, discrepancies = self._answers[at]
        checker.discrepancies += discrepancies
        return _of_file(finding, checker.design)


def _of_file(finding: Finding, design: Design) -> Finding:
    """The finding with the file that a trace of it is run on."""
    if finding.trace is None or not design.files:
        return finding
    return replace(finding, trace=replace(finding.trace, file=design.files[0].file))


def _effort(kind: ClaimKind) -> int:
    order = (ClaimKind.LAYOUT, ClaimKind.SUPPORTED, ClaimKind.TOLD)
    return order.index(kind) if kind in order else len(order)
