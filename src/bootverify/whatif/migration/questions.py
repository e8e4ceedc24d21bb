"""What is asked about a release and the units in the field, and the shape of the answers."""

from dataclasses import replace
from enum import Enum

from bootverify.check.verdict import Fact, Verdict
from bootverify.dataclass import dataclass
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

    @property
    def meaning(self) -> str:
        """When the answer is `holds` (SEMANTICS, "Units in the field")."""
        return _MEANINGS[self]


_WORDS = {
    Question.TAKES: "can take the update",
    Question.NEXT: "can take the update after it",
    Question.KEEPS: "keeps settings and keys",
    Question.SURVIVES: "survives a power cut at any operation",
    Question.POLICIES: "comes out with the new policies holding",
}


_MEANINGS = {
    Question.TAKES: "In some order all images of the release that can be delivered are staged by the client in the "
    "field, booted, confirmed, and still run after a further boot.",
    Question.NEXT: "A further build of the same design, sent by the new client, comes in the same way and destroys no "
    "data.",
    Question.KEEPS: "The new application finds every byte of the old data partitions, and each key in hardware; the "
    "old one has its data still when the new one is not confirmed; no secret is left where non-secure code reads it.",
    Question.SURVIVES: "After a power cut at every operation, half-done ones too and some twice, the unit boots and "
    "the whole release comes in.",
    Question.POLICIES: "What holds of the new design holds of what units come out as: old stages that no update "
    "reaches, new ones, keys and fuses as production left them.",
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


class Untold(Enum):
    """What MCUboot may have been built to do, and no design tells."""

    REVERT = "to revert"  # to take back what nobody confirmed, where it starts images from two slots
    DECRYPT = "to decrypt what is uploaded"


def agreed(without: UnitKind, having: UnitKind, option: Untold) -> UnitKind:
    """What is so of units whose bootloader was built with `option`, and of those whose was not."""
    pairs = zip(without.answers, having.answers, strict=True)
    return replace(without, answers=tuple(_agreed(one, other, option) for one, other in pairs))


def _agreed(one: Answer, other: Answer, option: Untold) -> Answer:
    if one.verdict is other.verdict:
        return one
    words = f"nothing tells whether MCUboot was built {option.value}; without: {one.because}; with: {other.because}"
    return Answer(question=one.question, verdict=Verdict.UNDEFINED, because=words, facts=one.facts or other.facts)


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
        """0 every question that is asked holds, and one is; 1 something is violated; 3 something is open."""
        if self.count(Verdict.VIOLATED):
            return 1
        answers = [answer.verdict for kind in self.kinds for answer in kind.answers]
        asked = [verdict for verdict in answers if verdict is not Verdict.NOT_APPLICABLE]
        return 0 if asked and all(verdict is Verdict.HOLDS for verdict in asked) else 3
