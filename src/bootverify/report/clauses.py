"""A report by the clauses of standards: what the answers say of each, as text and as plain values."""

from collections.abc import Iterator, Sequence
from typing import Any

from bootverify.check.verdict import GRAVEST_FIRST, Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.policy.policy import Policy
from bootverify.policy.standard import Standard
from bootverify.report.wrapping import wrapped

ACCEPTED, HOLDS, NOT_ASKED, NO_POLICY = "accepted", Verdict.HOLDS.value, "not asked", "no policy"
LEGEND = (
    "What holds is evidence for a clause, never conformity to it. The words are ours: read the clause in the edition"
    f" that you must meet. `{NOT_ASKED}`: of this design, what bears on it was not asked; `{NO_POLICY}`: nothing here"
    " bears on it."
)
ANSWERS = GRAVEST_FIRST[: GRAVEST_FIRST.index(Verdict.NOT_APPLICABLE)]
ORDER = (*(each.value for each in ANSWERS if each is not Verdict.HOLDS), ACCEPTED, HOLDS, NOT_ASKED)
VERDICT = 11  # columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What the answers say of one clause: the gravest of its policies, and what each of them says.

    `said`: a verdict, or that all violations are accepted, or that nothing was asked, or that nothing could be.
    """

    number: str
    words: str
    said: str
    policies: tuple[tuple[str, str], ...]

    @property
    def telling(self) -> tuple[str, ...]:
        """The policies that make it so."""
        return tuple(policy for policy, said in self.policies if said == self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByClause:
    """One standard with what the answers say of each of its clauses."""

    standard: Standard
    clauses: tuple[Clause, ...]

    @property
    def name(self) -> str:
        """As it is cited, with title and edition."""
        edition = f" ({self.standard.edition})" if self.standard.edition else ""
        return f"{self.standard.cited}, {self.standard.title}{edition}"

    @property
    def counts(self) -> str:
        """How many clauses get which answer, the gravest first."""
        said = [each.said for each in self.clauses]
        told = [(said.count(word), word) for word in (*ORDER, NO_POLICY) if word in said]
        return ", ".join(f"{count} {'hold' if word == HOLDS and count > 1 else word}" for count, word in told)


def by_clause(report: Report, standards: Sequence[Standard], policies: Sequence[Policy]) -> tuple[ByClause, ...]:
    """What `report` says of each clause of `standards`; `policies` are those that could be asked."""
    answers: dict[str, list[Finding]] = {}
    for finding in report.findings:
        answers.setdefault(finding.policy, []).append(finding)
    said = {policy.id: _said(answers.get(policy.id, ())) for policy in policies}
    return tuple(
        ByClause(standard=each, clauses=tuple(_clause(each, number, said, policies) for number in each.clauses))
        for each in standards
    )


def _clause(standard: Standard, number: str, said: dict[str, str], policies: Sequence[Policy]) -> Clause:
    bearing = tuple((each.id, said[each.id]) for each in policies if number in standard.clauses_of(each))
    gravest = min((word for _, word in bearing), key=ORDER.index, default=NO_POLICY)
    return Clause(number=number, words=standard.clauses[number], said=gravest, policies=bearing)


def _said(findings: Sequence[Finding]) -> str:
    """What the answers about one policy come to."""
    words = (ACCEPTED if each.accepted else each.verdict.value for each in findings if each.verdict in ANSWERS)
    return min(words, key=ORDER.index, default=NOT_ASKED)


def clauses_text(told: Sequence[ByClause]) -> str:
    """Each standard with a line for each clause and its policies, in 80 columns."""
    lines = [*wrapped(f"By clause. {LEGEND}", 0)]
    for each in told:
        lines += ["", *wrapped(f"{each.name}: {each.counts}", 0)]
        column = 4 + max(len(clause.number) for clause in each.clauses)
        for clause in each.clauses:
            lines += _lines(clause, column)
    return "\n".join(lines) + "\n"


def _lines(clause: Clause, column: int) -> Iterator[str]:
    head = f"  {clause.number}".ljust(column) + clause.said.ljust(VERDICT)
    first, *others = wrapped(clause.words, len(head))
    yield head + first[len(head) :]
    yield from others
    if clause.telling:
        yield from wrapped(", ".join(clause.telling), len(head) + 2)


def clauses_record(told: Sequence[ByClause]) -> list[dict[str, Any]]:
    """Each standard as plain values."""
    return [
        {
            "standard": each.standard.name,
            "title": each.name,
            "clauses": [
                {
                    "clause": clause.number,
                    "asks": clause.words,
                    "said": clause.said,
                    "policies": [{"policy": policy, "said": said} for policy, said in clause.policies],
                }
                for clause in each.clauses
            ],
        }
        for each in told
    ]
