"""Picks the few lemmas that a proof rests on: those that a claim needs, and those that keep them true."""

from collections.abc import Iterable, Sequence
from dataclasses import field

from bootverify.check.fixpoint import Lemma
from bootverify.check.solver import RLIMIT, Unsat, solve
from bootverify.dataclass import dataclass
from bootverify.encoder.obligations import Obligation, all_preserved, preserved
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
    """Small inductive subsets of lemmas of one system that are inductive all together; each lemma is asked about once.

    Lemma n's own obligations are discharged with the lemmas of `_needs[n]`, which unsat cores named. `rlimit` bounds
    the work for each query.
    """

    system: System
    candidates: Sequence[Lemma]
    rlimit: int = RLIMIT
    _needs: dict[int, frozenset[int]] = field(default_factory=dict)
    _by_variable: dict[Term, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, lemma in enumerate(self.candidates):
            for variable in lemma.term.free:
                self._by_variable.setdefault(variable, []).append(number)

    def closed(self, numbers: Iterable[int]) -> Proof | NotProved:
        """The lemmas of these numbers and what their own proofs need, or the obligation that fails."""
        chosen: set[int] = set()
        pending = sorted(numbers)
        while pending:
            number = pending.pop()
            if number in chosen:
                continue
            chosen.add(number)
            if number not in self._needs:
                needs = self._discharged(number)
                if isinstance(needs, NotProved):
                    return needs
                self._needs[number] = needs
            pending += sorted(self._needs[number] - chosen)
        return Proof(lemmas=tuple(self.candidates[number] for number in sorted(chosen)))

    def closed_together(self, numbers: Iterable[int]) -> Proof | NotProved:
        """As `closed`, asking about all lemmas at once: quicker where many depend on many, but keeps more of them."""
        terms = [lemma.term for lemma in self.candidates]
        chosen, needed = set[int](), set(numbers)
        while needed - chosen:
            chosen |= needed
            asked = all_preserved(self.system, terms, [terms[number] for number in sorted(chosen)])
            answer = solve(asked.text, rlimit=self.rlimit)
            if not isinstance(answer, Unsat):
                return NotProved(obligation=asked.name, reason="not inductive with these lemmas")
            needed = _named(answer)
        return Proof(lemmas=tuple(self.candidates[number] for number in sorted(chosen)))

    def _discharged(self, number: int) -> frozenset[int] | NotProved:
        """The lemmas that the steps of lemma `number` need."""
        terms = [lemma.term for lemma in self.candidates]
        needed: frozenset[int] = frozenset()
        for step in preserved(self.system, number, terms[number], terms, allowed=()):
            core = self._core(step, number, terms)
            if core is None:
                return NotProved(obligation=step.name, reason="not inductive with these lemmas")
            needed |= core
        return needed

    def _core(self, step: Obligation, number: int, terms: Sequence[Term]) -> frozenset[int] | None:
        """Premises that suffice for `step`, growing: none, those over its variables, those over theirs, until unsat."""
        reach = frozenset().union(*(premise.free for _, premise in step.assertions))
        allowed: set[int] = {number}
        bare = [each for each in step.assertions if not each[0].startswith("lemma ")]
        while True:
            premises = [(f"lemma {i}", terms[i]) for i in sorted(allowed)]
            asked = Obligation(name=step.name, premises=tuple(sorted(allowed)), assertions=(*premises, *bare))
            answer = solve(asked.text, rlimit=self.rlimit)
            if isinstance(answer, Unsat):
                return frozenset(_named(answer)) - {number}
            more = {i for variable in reach for i in self._by_variable.get(variable, ())} - allowed
            if not more:
                return None
            allowed |= more
            reach = reach.union(*(terms[i].free for i in more))


def _named(answer: Unsat) -> set[int]:
    """The lemmas of the core, by number."""
    return {int(name.split()[1]) for name in answer.core if name.startswith("lemma ")}
