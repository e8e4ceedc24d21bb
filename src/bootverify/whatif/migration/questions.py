"""What is asked about a release and the units in the field, and the shape of the answers."""

from dataclasses import dataclass
from enum import Enum

from bootverify.check.verdict import Fact, Verdict
from bootverify.executor.field.film import Scene


class Question(Enum):
    """The five questions of each unit, in the order of a report."""

    TAKES = "takes-update"
    NEXT = "takes-next-update"
    KEEPS = "keeps-data-and-keys"
    SURVIVES = "survives-power-cuts"
    POLICIES = "new-policies-hold"

    @property
    def words(self) -> str:
        """The question in a few words."""
        return _WORDS[self]


_WORDS = {
    Question.TAKES: "can take the update",
    Question.NEXT: "can take the update after it",
    Question.KEEPS: "keeps settings and keys",
    Question.SURVIVES: "survives a power cut at any operation",
    Question.POLICIES: "comes out with the new policies holding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question about one kind of unit; `scenes` are the film that showed it, as it ran.

    `strength` is `replayed`, `swept`, `proved`, `computed`, or empty where there is no verdict.
    """

    question: Question
    verdict: Verdict
    because: str
    strength: str = ""
    facts: tuple[Fact, ...] = ()
    scenes: tuple[Scene, ...] = ()
    to_do: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitKind:
    """Units with one history: made as the first release of `history`, updated with the others in turn."""

    history: tuple[str, ...]
    answers: tuple[Answer, ...]
    notes: tuple[Fact, ...] = ()

    @property
    def title(self) -> str:
        """How reports call them."""
        first, *later = self.history
        return f"made as {first}" + (f", updated to {' and '.join(later)}" if later else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """All answers about one release."""

    new: str
    soc: str
    kinds: tuple[UnitKind, ...]
    assumptions: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """The number of answers with that verdict."""
        return sum(answer.verdict is verdict for kind in self.kinds for answer in kind.answers)

    @property
    def exit_code(self) -> int:
        """0 every question is answered with `holds`; 1 something is violated; 3 something is open."""
        if self.count(Verdict.VIOLATED):
            return 1
        answers = [answer for kind in self.kinds for answer in kind.answers]
        return 0 if answers and all(answer.verdict is Verdict.HOLDS for answer in answers) else 3
