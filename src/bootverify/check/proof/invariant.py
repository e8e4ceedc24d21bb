"""Picks the few lemmas that a proof rests on: those that a claim needs, and those that keep them true."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field

from bootverify.check.proof.fixpoint import Lemma
from bootverify.check.solver import RLIMIT, Answer, Unsat, enough
from bootverify.dataclass import dataclass
from bootverify.encoder.logic.obligations import Obligation, all_preserved, named
from bootverify.encoder.logic.system import System
from bootverify.encoder.logic.terms import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Lemmas that together hold at the start and are kept by every transition."""

    lemmas: tuple[Lemma, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProved:
    """The obligation that was not answered unsat, and what was said."""

    obligation: str
    reason: str


@dataclass(slots=True)
class Prover:
    """Small inductive subsets of lemmas of one system that are inductive all together.

    `rlimit` bounds the work for each query.
    """

    system: System
    candidates: Sequence[Lemma]
    rlimit: int = RLIMIT
    _by_variable: dict[Term, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, lemma in enumerate(self.candidates):
            for variable in lemma.term.free:
                self._by_variable.setdefault(variable, []).append(number)

    def closed(self, numbers: Iterable[int]) -> Proof | NotProved:
        """The lemmas of these numbers and what keeps them true, what keeps that, and so on.

        At each turn none that could be left out.
        """
        chosen, new = set[int](), set(numbers)
        while new:
            chosen |= new
            needed = self._keeping(new, chosen)
            if needed is None:
                return NotProved(obligation="step", reason="not inductive with these lemmas")
            new = needed - chosen
        return Proof(lemmas=tuple(self.candidates[number] for number in sorted(chosen)))

    def _keeping(self, goals: Iterable[int], near: AbstractSet[int]) -> set[int] | None:
        """Lemmas given which every transition keeps `goals`; None when all of them do not suffice.

        Those `near` count as given. Beside them first what speaks of variables that the question mentions is offered,
        then of those that these mention, and so on: where few are offered, fewer are kept.
        """
        terms = [lemma.term for lemma in self.candidates]
        asked = all_preserved(self.system, (), [terms[number] for number in sorted(goals)])
        asked, offered, reach = self._given(asked, near), set[int](), asked.assertions[0][1].free
        while not isinstance(answer := self._enough(asked, offered), Unsat):
            more = {number for each in reach for number in self._by_variable.get(each, ())} - offered - near
            if not more:
                return None
            offered |= more
            reach = reach.union(*(terms[number].free for number in more))
        return named(answer.core) | near

    def _enough(self, asked: Obligation, offered: AbstractSet[int]) -> Answer:
        given = self._given(asked, offered, optional=True)
        return enough(given.guarded, given.optional, rlimit=self.rlimit)

    def _given(self, asked: Obligation, numbers: AbstractSet[int], *, optional: bool = False) -> Obligation:
        """The question with these lemmas, those first whose variables few transitions assign to: they are soon kept."""
        inorder = sorted(numbers, key=lambda each: (self._restless(each), each))
        return asked.given(((each, self.candidates[each].term) for each in inorder), optional=optional)

    def _restless(self, number: int) -> int:
        return sum(len(self.system.writers[each]) for each in self.candidates[number].term.free)
