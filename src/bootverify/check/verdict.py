"""What a question is answered with, and the report that collects the answers (INTERFACE)."""

import re
from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.design import Design, Unmodelled
from bootverify.design.reference import Reference
from bootverify.design.source import Source
from bootverify.machine.trace import Trace


class Verdict(Enum):
    """The three words of a verdict, and three admissions that are none."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNDEFINED = "undefined"
    VACUOUS = "vacuous"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"

    def word(self, count: int) -> str:
        """As it is said of so many answers: 1 holds, 2 hold, 3 not applicable."""
        if self is Verdict.HOLDS and count != 1:
            return "hold"
        return self.value.replace("-", " ")


GRAVEST_FIRST = (
    Verdict.VIOLATED,
    Verdict.UNDEFINED,
    Verdict.UNKNOWN,
    Verdict.VACUOUS,
    Verdict.HOLDS,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of the input that decides, and what it means in a few words."""

    source: Source
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer to one question.

    `kind` is what the subject is: stage, image, key, partition, network or map.
    `strength` is proved, replayed, computed or `depth:N`. `lemmas` are the readable lemmas of a proof;
    `certificate` is the text of one, when it was asked for. `broken_by`: changes of one fact that would violate what
    holds, where those were looked for.
    """

    policy: str
    title: str
    subject: str
    attacker: str
    severity: str
    verdict: Verdict
    strength: str
    because: str
    facts: tuple[Fact, ...] = ()
    broken_by: tuple[Fact, ...] = ()
    trace: Trace | None = None
    replayed: bool = False
    witnesses: tuple[str, ...] = ()
    lemmas: tuple[str, ...] = ()
    certificate: str | None = None
    open_points: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    repair: str = ""
    references: tuple[Reference, ...] = ()
    kind: str = ""
    accepted: str = ""  # who accepts this violation until when and why; empty when nobody does

    @property
    def certificate_file(self) -> str:
        """How the file of its certificate is called; empty without one."""
        if self.certificate is None:
            return ""
        names = (self.policy, self.subject, self.attacker)
        return ".".join(re.sub(r"[^A-Za-z0-9_+-]", "_", name) for name in names) + ".cert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All answers about one design; nothing in it depends on time or place.

    `discrepancies` tell where executor and encoder disagree: our mistakes, never findings about the design.
    """

    design: Design
    findings: tuple[Finding, ...]
    solvers: Mapping[str, str]
    models: Mapping[str, str]
    version: str
    ledger: tuple[Unmodelled, ...] = ()
    assumptions: tuple[str, ...] = field(default=())
    discrepancies: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """The number of findings with that verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)

    def named(self, verdict: Verdict, count: int) -> str:
        """What that many findings of the verdict are called; of violations also how many are accepted."""
        accepted = sum(bool(finding.accepted) for finding in self.findings if finding.verdict is verdict)
        word = verdict.word(count)
        if not accepted:
            return word
        return f"{word} and accepted" if accepted == count else f"{word} ({accepted} accepted)"

    @property
    def asked(self) -> tuple[Finding, ...]:
        """The findings of questions that could be asked of the design."""
        return tuple(each for each in self.findings if each.verdict is not Verdict.NOT_APPLICABLE)

    @property
    def exit_code(self) -> int:
        """0 all holds and something was asked; 1 something is violated; 3 something is open; 4 the two sides disagree.

        Nothing asked at all is open too.
        """
        if self.discrepancies:
            return 4
        if any(finding.verdict is Verdict.VIOLATED and not finding.accepted for finding in self.asked):
            return 1
        if not self.asked or any(each.verdict is not Verdict.HOLDS and not each.accepted for each in self.asked):
            return 3
        return 0
