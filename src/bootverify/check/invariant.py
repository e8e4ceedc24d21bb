"""Picks the few lemmas that a proof rests on: those that a claim needs, and those that keep them true."""

from collections.abc import Iterable, Sequence
from dataclasses import field, replace

from bootverify.check.fixpoint import Lemma
from bootverify.check.solver import RLIMIT, Unsat, solve
from bootverify.dataclass import dataclass
from bootverify.encoder.obligations import Obligation, all_preserved
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

    Every transition keeps lemma n given the lemmas of `_needs[n]`, none of which can be left out. `rlimit` bounds the
    work for each query.
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
        """The lemmas that lemma `number` needs, beside itself, to be kept by every transition.

        Premises grow: none, those over the variables of what is asked, those over theirs, until it is unsat. Then each
        that the core names is left out once, for good where it is unsat without.
        """
        asked = all_preserved(self.system, (), [self.candidates[number].term])
        reach, allowed = asked.assertions[0][1].free, {number}
        while not isinstance(answer := solve(self._given(asked, allowed).text, rlimit=self.rlimit), Unsat):
            more = {i for variable in reach for i in self._by_variable.get(variable, ())} - allowed
            if not more:
                return NotProved(obligation=f"step: lemma {number}", reason="not inductive with these lemmas")
            allowed |= more
            reach = reach.union(*(self.candidates[i].term.free for i in more))
        needed = _named(answer) | {number}
        for each in sorted(needed - {number}):
            fewer = self._given(asked, needed - {each}).plain
            if isinstance(solve(fewer, rlimit=self.rlimit), Unsat):
                needed.remove(each)
        return frozenset(needed - {number})

    def _given(self, asked: Obligation, allowed: Iterable[int]) -> Obligation:
        """`asked`, with these lemmas as its premises."""
        premises = [(f"lemma {i}", self.candidates[i].term) for i in sorted(allowed)]
        return replace(asked, assertions=(*premises, *asked.assertions))


def _named(answer: Unsat) -> set[int]:
    """The lemmas of the core, by number."""
    return {int(name.split()[1]) for name in answer.core if name.startswith("lemma ")}
