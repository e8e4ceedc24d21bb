"""Many designs that differ little, asked the same questions: what an edit cannot have touched is not asked again.

An answer is reused only for an equal question about an equal design, as far as the question can see it (`relevant`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from bootverify.check.decide import Deciders
from bootverify.check.question import Question, questions
from bootverify.check.relevant import relevant
from bootverify.check.run import Checker, Options, report_of
from bootverify.check.verdict import Finding, Report
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.design.support import SupportRow
from bootverify.policy.policy import ClaimKind, Policy


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
        # A certificate is one of the whole design.
        self._deciders = Deciders(self.options.theories(), None if self.options.certificates else relevant)

    def report(
        self, design: Design, subjects: Iterable[str] = (), *, only: Callable[[Question], bool] | None = None
    ) -> Report:
        """The report on `design`, as `check_design` gives it; `only` leaves questions out."""
        checker = Checker(design, self.support, self.options, self._deciders)
        asked = [each for each in self._questions(design, subjects) if only is None or only(each)]
        checker.expect(asked)
        findings = tuple(checker.answer(question) for question in asked)
        return report_of(design, self.options, findings, tuple(checker.discrepancies))

    def findings(self, design: Design, subjects: Iterable[str] = ()) -> Iterator[Finding]:
        """The same findings one by one, the quickest kinds of claims first: for who stops at the first that matters."""
        checker = Checker(design, self.support, self.options, self._deciders)
        asked = sorted(self._questions(design, subjects), key=lambda question: _effort(question.ask.claim.kind))
        checker.expect(asked)
        for question in asked:
            yield checker.answer(question)

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


def _effort(kind: ClaimKind) -> int:
    order = (ClaimKind.LAYOUT, ClaimKind.SUPPORTED, ClaimKind.TOLD)
    return order.index(kind) if kind in order else len(order)
