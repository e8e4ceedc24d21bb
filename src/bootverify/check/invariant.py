"""Proves a claim of all reachable states: picks the few lemmas it rests on and has every obligation answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bootverify.check.fixpoint import Lemma
from bootverify.check.solver import Sat, Unknown, Unsat, solve
from bootverify.encoder.obligations import Obligation, initial, preserved
from bootverify.encoder.system import System
from bootverify.encoder.terms import Op, Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An inductive invariant: the claim first, then the lemmas it needs; every obligation was answered unsat."""

    claim: Term
    lemmas: tuple[Lemma, ...]
    obligations: tuple[Obligation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProved:
    """The obligation that was not answered unsat, and what was said."""

    obligation: str
    reason: str


@dataclass(slots=True)
class Prover:
    """Proves claims of one system with one set of candidate lemmas; what was proved once is not asked again.

    Lemma n's own obligations are discharged with the lemmas of `_needs[n]`, which an unsat core named.
    """

    system: System
    candidates: Sequence[Lemma]
    _needs: dict[int, frozenset[int]] = field(default_factory=dict)
    _failed: dict[int, str] = field(default_factory=dict)
    _by_variable: dict[Term, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, lemma in enumerate(self.candidates):
            for variable in lemma.term.free:
                self._by_variable.setdefault(variable, []).append(number)

    def prove(self, claim: Term, text: str) -> Proof | NotProved:
        """A proof that `claim` holds in every reachable state, or why there is none with these lemmas."""
        if claim.op is Op.CONST:
            if claim.value is True:
                return Proof(claim=claim, lemmas=(), obligations=())
            return NotProved(obligation="claim", reason="it is false of every state")
        terms = [lemma.term for lemma in self.candidates]
        goal = len(terms)
        needed, failure = self._discharge(goal, claim, [*terms, claim])
        if failure:
            return NotProved(obligation=failure, reason="not inductive with these lemmas")
        chosen: set[int] = set()
        pending = sorted(needed - {goal})
        while pending:
            number = pending.pop()
            if number in chosen:
                continue
            chosen.add(number)
            if number not in self._needs and number not in self._failed:
                mine, failed = self._discharge(number, terms[number], terms)
                if failed:
                    self._failed[number] = failed
                else:
                    self._needs[number] = frozenset(mine - {number})
            if number in self._failed:
                return NotProved(obligation=self._failed[number], reason="a lemma is not inductive")
            pending += sorted(self._needs[number] - chosen)
        lemmas = [Lemma(term=claim, text=text), *(self.candidates[number] for number in sorted(chosen))]
        kept = [lemma.term for lemma in lemmas]
        obligations = tuple(self._final(kept))
        return Proof(claim=claim, lemmas=tuple(lemmas), obligations=obligations)

    def _final(self, kept: list[Term]) -> list[Obligation]:
        """The obligations of the small invariant, as a certificate states them."""
        found = []
        for number, term in enumerate(kept):
            found.append(initial(self.system, number, term))
            found += preserved(self.system, number, term, kept)
        return found

    def _discharge(self, number: int, term: Term, terms: list[Term]) -> tuple[set[int], str]:
        """The lemmas that the obligations of `terms[number]` need, by unsat cores; and the one that failed, if any."""
        needed: set[int] = set()
        start = initial(self.system, number, term)
        if not isinstance(solve(start.text), Unsat):
            return needed, start.name
        for step in preserved(self.system, number, term, terms, allowed=()):
            core, failed = self._core(step, number, terms)
            if failed:
                return needed, failed
            needed |= core
        return needed, ""

    def _core(self, step: Obligation, number: int, terms: list[Term]) -> tuple[set[int], str]:
        """Premises for `step`, growing: none, then those over its variables, then over theirs, until unsat."""
        reach = set().union(*(premise.free for _, premise in step.assertions))
        allowed: set[int] = {number}
        while True:
            assertions = tuple(
                [(f"lemma {i}", terms[i]) for i in sorted(allowed)]
                + [each for each in step.assertions if not each[0].startswith("lemma ")]
            )
            asked = Obligation(name=step.name, premises=tuple(sorted(allowed)), assertions=assertions)
            match solve(asked.text):
                case Unsat(core=core):
                    return {int(name.split()[1]) for name in core if name.startswith("lemma ")}, ""
                case Sat() | Unknown():
                    more = {i for variable in reach for i in self._by_variable.get(variable, ())} - allowed
                    if not more:
                        return set(), step.name
                    allowed |= more
                    reach = reach.union(*(terms[i].free for i in more))
