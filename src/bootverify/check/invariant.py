"""Picks the few lemmas that a proof rests on: those that a claim needs, and those that keep them true."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field

from bootverify.check.fixpoint import Lemma
from bootverify.check.solver import RLIMIT, Unsat, solve
from bootverify.dataclass import dataclass
from bootverify.encoder.obligations import Obligation, all_preserved, named
from bootverify.encoder.system import System
from bootverify.encoder.terms import Term


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

    def closed(self, numbers: Iterable[int], *, fewest: bool = False) -> Proof | NotProved:
        """The lemmas of these numbers and what keeps them true, what keeps that, and so on.

        `fewest`: at each turn none that could be left out; that takes several times as long.
        """
        chosen, new = set[int](), set(numbers)
        while new:
            chosen |= new
            needed = self._keeping(new, chosen, fewest=fewest)
            if needed is None:
                return NotProved(obligation="step", reason="not inductive with these lemmas")
            new = needed - chosen
        return Proof(lemmas=tuple(self.candidates[number] for number in sorted(chosen)))

    def _keeping(self, goals: Iterable[int], near: AbstractSet[int], *, fewest: bool) -> set[int] | None:
        """Lemmas given which every transition keeps `goals`; None when all of them do not suffice.

        The fewer are offered, the fewer a core names: first those `near`, then what speaks of variables that the
        question mentions, then of those that these mention, and so on. With `fewest`, each that is named and not near
        is left out once, for good where that suffices, too.
        """
        terms = [lemma.term for lemma in self.candidates]
        asked = all_preserved(self.system, (), [terms[number] for number in sorted(goals)])
        offered, reach = set(near), asked.assertions[0][1].free
        while not isinstance(answer := solve(self._given(asked, offered).text, rlimit=self.rlimit), Unsat):
            more = {number for each in reach for number in self._by_variable.get(each, ())} - offered
            if not more:
                return None
            offered |= more
            reach = reach.union(*(terms[number].free for number in more))
        needed = named(answer.core) | near
        for each in sorted(needed - near) if fewest else ():
            if isinstance(solve(self._given(asked, needed - {each}).plain, rlimit=self.rlimit), Unsat):
                needed.remove(each)
        return needed

    def _given(self, asked: Obligation, offered: AbstractSet[int]) -> Obligation:
        return asked.given((number, self.candidates[number].term) for number in sorted(offered))
