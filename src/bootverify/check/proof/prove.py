"""What can be said of a design in the presence of an attacker, by the theory of the system that the two make.

Attackers who can do the same to a design have the same system, term for term; what is found out about it serves them
all.
"""

from functools import cached_property

from bootverify.check.proof.fixpoint import Lemma
from bootverify.check.proof.invariant import NotProved, Proof
from bootverify.check.proof.search import Exhausted, GaveUp, Path
from bootverify.check.proof.theory import Established, Theories, Theory
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.encoder.boot_system import BootSystem, system_for
from bootverify.encoder.claims.recovery import Recovering, recovering
from bootverify.encoder.concretize import actions as actions_of
from bootverify.encoder.instant import Instants
from bootverify.encoder.logic.terms import Term, and_
from bootverify.machine.action import Action


class Reasoner:
    """What can be said of one design in the presence of one attacker; kept for all questions about the two."""

    def __init__(
        self,
        design: Design,
        attacker: Attacker,
        theories: Theories | None = None,
        *,
        history: bool = False,
        boots: int = 0,
    ) -> None:
        """`history`: the states also tell which releases were kept; `boots`: and a recovery of so many boots."""
        self.history = history
        self.boots = boots
        self.design = design
        self.attacker = attacker
        self._theories = theories or Theories()

    @cached_property
    def boot(self) -> BootSystem:
        """The transition system."""
        boot = system_for(self.design, self.attacker, history=self.history)
        return recovering(boot, self.boots) if self.boots else boot

    @cached_property
    def foreseen(self) -> Instants:
        """Its steps, one by one, for checking those of the executor."""
        return Instants(self.boot)

    @cached_property
    def theory(self) -> Theory:
        """What is known of it."""
        return self._theories.of(self.boot)

    @property
    def gave_up(self) -> str:
        """Why a solver had no answer about it; empty where all had."""
        return self.theory.gave_up

    @property
    def lemmas(self) -> tuple[Lemma, ...]:
        """All lemmas of its invariant."""
        return self.theory.lemmas

    def establish(self, claim: Term) -> Established | None:
        """Why `claim` holds in every reachable state; None when the invariant does not say so."""
        return self.theory.establish(claim)

    def settle(self, claim: Term) -> Established | None:
        """Why `claim` holds, by the invariant or by a search that has met all states."""
        return self.establish(claim) or self.theory.settle(claim)

    def recovers(self, claim: Term) -> Established | None:
        """The same of the claim about a recovery, and that each comes to its end."""
        return self.establish(self.unstuck(claim)) if self.theory.gets_on else None

    @property
    def over(self) -> Term | None:
        """Where no recovery is under way; None where there is none at all."""
        return self.boot.procedure.over if isinstance(self.boot, Recovering) else None

    def recovery(self, wanted: Term) -> Term:
        """The claim that `wanted` is true once a recovery is over."""
        assert isinstance(self.boot, Recovering)
        return self.boot.procedure.claim(wanted)

    def unstuck(self, claim: Term) -> Term:
        """`claim`, and that no recovery is stuck."""
        return and_(claim, self.boot.procedure.moving) if isinstance(self.boot, Recovering) else claim

    def small_proof(self, claim: Term) -> Proof | NotProved:
        """The few lemmas that imply the claim and keep each other; that of a recovery with what lets it end."""
        found = self.establish(self.unstuck(claim))
        if found is None:
            return NotProved(obligation="claim", reason="it does not follow from the lemmas")
        return self.theory.prover.closed(found.numbers)

    def ruled_out(self, bad: Term) -> bool:
        """Whether a search that was made already met no state in which `bad` holds."""
        return self.theory.ruled_out(bad)

    def path_to(self, bad: Term) -> Path | Exhausted | GaveUp:
        """The shortest way to a state in which `bad` holds, as far as the search goes."""
        return self.theory.path_to(bad)

    def doubts(self, bad: Term) -> tuple[str, ...]:
        """What would have to happen for `bad`, and nobody can tell whether it does; () where none is known."""
        return self.theory.doubts(bad)

    def actions(self, path: Path) -> tuple[Action, ...]:
        """The actions that a path stands for."""
        return tuple(actions_of(self.boot, path.steps))
