"""Proves and searches one transition system; one invariant, proved once, serves all claims.

What is found out about one system serves others as far as they are the same.
"""

from collections.abc import Hashable, Sequence
from dataclasses import field
from enum import Enum, auto
from functools import cached_property

from bootverify.check.proof.apart import apart
from bootverify.check.proof.boxes import Boxes, reachable_boxes
from bootverify.check.proof.fixpoint import Lemma, candidate_lemmas
from bootverify.check.proof.invariant import Prover
from bootverify.check.proof.keeping import Keeping
from bootverify.check.proof.search import Exhausted, GaveUp, Path, shortest
from bootverify.check.proof.visited import lemmas_of
from bootverify.check.solver import RLIMIT, Answer, Sat, Unknown, Unsat, enough, solve
from bootverify.dataclass import dataclass
from bootverify.encoder.boot_system import BootSystem
from bootverify.encoder.claims.recovery import Recovering
from bootverify.encoder.logic.obligations import Obligation, all_preserved, all_start, each_preserved, implied, named
from bootverify.encoder.logic.pycode import There
from bootverify.encoder.logic.system import System, identity
from bootverify.encoder.logic.terms import Op, Term, not_
from bootverify.encoder.slots import relations


@dataclass(frozen=True, slots=True, kw_only=True)
class Established:
    """A claim that follows from the invariant; `lemmas` are those that it takes, by `numbers`."""

    lemmas: tuple[Lemma, ...]
    numbers: tuple[int, ...] = ()


class Reach(Enum):
    """What a search lets happen: no writing back of what the attacker was shown; all that may be shown; all of it."""

    PLAIN = auto()
    WHOLE = auto()
    VAGUE = auto()  # what may happen as far as anybody knows, too: no way to it is one that anybody can show


MOST_STATES = 200_000  # that a search visits, with the usual bound on a solver's work; with less, fewer
FEWEST_STATES = 1_000
MOST_THEORIES = 256  # that are remembered


@dataclass(slots=True)
class Known:
    """What was found out about one system or another: searches, by what they were about, and obligations that hold.

    `implied`: the numbers of the lemmas that a claim takes, by the claim and those it may take.
    """

    searched: dict[Hashable, Path | Exhausted | GaveUp] = field(default_factory=dict)
    proved: set[tuple[tuple[str, Term], ...]] = field(default_factory=set)
    implied: dict[tuple[Term, tuple[Term, ...]], tuple[int, ...]] = field(default_factory=dict)
    kept: Keeping = field(default_factory=Keeping)


class Theory:
    """What can be said of one transition system: its invariant, what follows from it, and the ways to bad states."""

    def __init__(
        self,
        boot: BootSystem,
        solvers: tuple[str, ...],
        known: Known,
        living: "Theory | None" = None,
        *,
        rlimit: int = RLIMIT,
    ) -> None:
        """`known` is what others have found out already; `rlimit` bounds each query, and each search.

        `living`: the theory of a device that nobody recovers.
        """
        self.boot = boot
        self.past = _past(boot)
        self.system = boot.system
        self.location = boot.location
        self.mode = _mode(boot)
        self.living = living
        self.solvers = solvers
        self.rlimit = rlimit
        self.gave_up = ""  # why a solver had no answer, the first time
        self._met: tuple[Lemma, ...] = ()
        self._prover: Prover | None = None
        self._established: dict[Term, Established | None] = {}
        self._known = known
        self._slices: dict[tuple[Term, Reach], tuple[Hashable, System, int]] = {}

    @cached_property
    def boxes(self) -> Boxes:
        """What each variable can be at each place, by the fixpoint."""
        if self.living is None and self.boot.frame.second is None:
            return self._wide
        system = self.system.within([each.term for each in self._surviving])
        return reachable_boxes(system, self.location, self.mode)

    @cached_property
    def _wide(self) -> Boxes:
        """The same where nothing is known yet of what relates variables."""
        return reachable_boxes(self.system, self.location, self.mode)

    @property
    def lemmas(self) -> tuple[Lemma, ...]:
        """Those from the fixpoint, by the values of `mode` where there is one; about the past; of searches."""
        return (*self._found, *self._met)

    @cached_property
    def _found(self) -> tuple[Lemma, ...]:
        return (*self._ranges, *self._surviving)

    @cached_property
    def _ranges(self) -> tuple[Lemma, ...]:
        return self._told_by(self.boxes)

    def _told_by(self, known: Boxes) -> tuple[Lemma, ...]:
        boxes = candidate_lemmas(self.system, self.location, self.mode, known)
        if self.past is None:
            return boxes
        living = self.system.limited(known.live)
        told = [
            lemma
            for kept in self.past.kept
            for lemma in candidate_lemmas(apart(living, kept), self.location, kept, about=self.past.about)
        ]
        return tuple({lemma.term: lemma for lemma in (*boxes, *told)}.values())

    @cached_property
    def _surviving(self) -> tuple[Lemma, ...]:
        """What relates variables, where the past, a recovery or a second core is told.

        A recovery does what the living device does, so what relates variables of the one does so of the other.
        """
        if self.living is not None:
            return self.living.related
        alone = self.past is None and self.boot.frame.second is None
        return () if alone else self.related

    @cached_property
    def related(self) -> tuple[Lemma, ...]:
        """The guesses of what relates variables that hold at the start and that all transitions keep with the ranges.

        An assignment that breaks some of them tells which; without those it is asked again. Whichever it is, what is
        left in the end are all that can be kept together.
        """
        guesses = (Lemma(term=term, text=text) for term, text in relations(self.boot.frame))
        left = tuple(each for each in guesses if self._unsat(all_start(self.system, [each.term])))
        ranges = self._told_by(self._wide) if self.boot.frame.second is not None else self._ranges
        while left:
            asked = self._kept(left, ranges)
            answer = self._answer(asked.text, "z3", asked.telling)
            broken = {name for name, value in answer.values if value} if isinstance(answer, Sat) else set()
            if not broken:
                break
            left = tuple(each for each, name in zip(left, asked.telling, strict=True) if name not in broken)
        return left

    def _kept(self, guesses: Sequence[Lemma], ranges: Sequence[Lemma]) -> Obligation:
        """That every transition keeps `guesses`, given them and `ranges`: those about anything that bears on it."""
        terms = [each.term for each in guesses]
        about = frozenset[Term]().union(*(each.free for each in terms))
        steps = [each for each in self.system.transitions if not about.isdisjoint(each.updates)]
        told = [each.updates[target].free for each in steps for target in each.updates if target in about]
        read = about.union(*(each.guard.free for each in steps), *told) - self._places
        near = [each.term for each in ranges if not each.term.free.isdisjoint(read) or each.term.free <= self._places]
        return each_preserved(self.system, [*near, *terms], terms)

    @cached_property
    def inductive(self) -> bool:
        """Whether all lemmas together hold at the start and are kept by every transition of the whole system."""
        terms, ranges = ([lemma.term for lemma in lemmas] for lemmas in (self._found, self._ranges))
        if not (self._unsat(all_start(self.system, terms)) and self._all_keep(terms, ranges)):
            return False
        return not self._surviving or self._unsat(self._kept(self._surviving, self._ranges))

    def _all_keep(self, lemmas: Sequence[Term], goals: Sequence[Term]) -> bool:
        """Whether every transition keeps `goals`, given `lemmas`: those that bear on it, or else all of them."""
        if self._known.kept.keep(self.system, self._places, lemmas, goals, self._unsat):
            return True
        return self._unsat(all_preserved(self.system, lemmas, goals))

    @cached_property
    def _places(self) -> frozenset[Term]:
        """What all lemmas may speak of."""
        return frozenset(each for each in (self.location, self.mode) if each is not None)

    @property
    def prover(self) -> Prover:
        """Finds small invariants, as certificates want them."""
        if self._prover is None:
            rlimit = max(self.rlimit, RLIMIT)  # what is proved gets its certificate
            self._prover = Prover(self.system, self.lemmas, rlimit)
        return self._prover

    def establish(self, claim: Term) -> Established | None:
        """Why `claim` holds in every reachable state; None when the invariant does not say so."""
        if claim not in self._established:
            self._established[claim] = self._follows(claim)
        return self._established[claim]

    def settle(self, claim: Term) -> Established | None:
        """As `establish`, where a search ended without a state that breaks it: with those that it met as lemmas.

        What may happen as far as anybody knows leads further: where that breaks lemmas, they are of all that it meets.
        """
        found = self.path_to(not_(claim))
        if not isinstance(found, Exhausted) or not self.inductive:
            return None
        if not self._learned(found):
            further = self._searched(not_(claim), Reach.VAGUE)
            if isinstance(further, Exhausted) and further is not found:
                self._learned(further)
        self._established.pop(claim, None)
        return self.establish(claim)

    def doubts(self, bad: Term) -> tuple[str, ...]:
        """What would have to happen, and nobody can tell whether it does, on a shortest way to `bad`; () if unknown."""
        way = self._searched(bad, Reach.VAGUE)
        vague = {each.name for each in self.system.transitions if each.vague}
        return tuple(each.transition for each in way.steps if each.transition in vague) if isinstance(way, Path) else ()

    def _learned(self, found: Exhausted) -> bool:
        """Whether the states of a search that ended are those of an invariant, which has them as lemmas now."""
        met = lemmas_of(found.met, [place for place in (self.location, self.mode) if place is not None])
        new = tuple(each for each in met if each not in self._met)
        if not new or not self._keeps(new):
            return False
        self._met, self._prover = (*self._met, *new), None
        return True

    def _keeps(self, lemmas: Sequence[Lemma]) -> bool:
        """Whether `lemmas` hold at the start and stay true: given those about what bears on them, or given all others.

        Systems that differ elsewhere have the first question in common.
        """
        terms, others = [each.term for each in lemmas], [each.term for each in self.lemmas]
        about = frozenset[Term]().union(*(each.free for each in terms))
        near = [each for each in others if each.free <= about]
        kept = (all_preserved(self.system, [*given, *terms], terms) for given in (near, others))
        return self._unsat(all_start(self.system, terms)) and any(map(self._unsat, kept))

    def ruled_out(self, bad: Term) -> bool:
        """Whether a search that was made already, maybe of another system, met no state in which `bad` holds."""
        at, _, _ = self._slice(bad, Reach.WHOLE)
        return isinstance(self._known.searched.get(at), Exhausted)

    def path_to(self, bad: Term) -> Path | Exhausted | GaveUp:
        """The shortest way to a state in which `bad` holds, as far as the search goes.

        First one on which he writes nothing back that he was shown: who reads and writes much has many others.
        """
        plain = self._searched(bad, Reach.PLAIN)
        return plain if isinstance(plain, Path) else self._searched(bad, Reach.WHOLE)

    def _searched(self, bad: Term, reach: "Reach") -> Path | Exhausted | GaveUp:
        at, system, most = self._slice(bad, reach)
        if at not in self._known.searched:
            there = There(location=self.location, names=self.boxes.there)
            self._known.searched[at] = shortest(system, bad, most_states=most, there=there)
        return self._known.searched[at]

    def _slice(self, bad: Term, reach: "Reach") -> tuple[Hashable, System, int]:
        """What a search for `bad` is known by, what it is about, and the most states that it may meet."""
        if (bad, reach) not in self._slices:
            self._slices[bad, reach] = self._sliced(bad, reach)
        return self._slices[bad, reach]

    def _sliced(self, bad: Term, reach: "Reach") -> tuple[Hashable, System, int]:
        # What the fixpoint rules out never happens: without it there is less to try, and less to keep in a state.
        asked = {each.name for each in self.system.transitions if reach is Reach.VAGUE or not each.vague}
        system = self.system.limited(self.boxes.live & asked)
        if reach is Reach.PLAIN:
            system = system.holding(frozenset(self.boot.frame.clear) - bad.free)
        sliced = system.sliced(bad.free)
        # Histories multiply the states; what is longer than this is left to what is told.
        remembers = self.past is not None and not sliced.init.keys().isdisjoint(self.past.kept)
        budget = max(MOST_STATES * self.rlimit // RLIMIT, FEWEST_STATES)
        most = budget // 5 if remembers else budget
        return (identity(sliced), bad, most), sliced, most

    def _follows(self, claim: Term) -> Established | None:
        if claim.op is Op.CONST:
            return Established(lemmas=()) if claim.value is True else None
        if not self.inductive:
            return None
        near = self._about(claim)
        given = tuple(self.lemmas[number].term for number in near)
        if (claim, given) not in self._known.implied:
            asked = implied(claim, given)
            answer = self._noted(enough(asked.guarded, asked.optional, rlimit=self.rlimit), "z3")
            if not isinstance(answer, Unsat):
                return None
            if not all(isinstance(self._answer(asked.text, each), Unsat) for each in self.solvers if each != "z3"):
                return None
            self._known.implied[claim, given] = tuple(sorted(named(answer.core)))
        numbers = tuple(near[number] for number in self._known.implied[claim, given])
        return Established(lemmas=tuple(self.lemmas[number] for number in numbers), numbers=numbers)

    @cached_property
    def gets_on(self) -> bool:
        """Whether every step of a recovery leads to a later boot, or to a later mark of the same."""
        assert isinstance(self.boot, Recovering)
        return self._unsat(implied(not_(self.boot.procedure.idling), ()))

    def _about(self, claim: Term) -> list[int]:
        """The lemmas that speak of the claim's variables, or of places alone that it speaks of."""
        told, places = claim.free - self._places, self._places
        return [
            number
            for number, lemma in enumerate(self.lemmas)
            if not lemma.term.free.isdisjoint(told) or lemma.term.free <= claim.free | places
        ]

    def _unsat(self, obligation: Obligation) -> bool:
        if obligation.assertions in self._known.proved:
            return True
        text, telling = obligation.text, obligation.telling
        if not all(isinstance(self._answer(text, each, telling), Unsat) for each in self.solvers):
            return False
        self._known.proved.add(obligation.assertions)
        return True

    def _answer(self, text: str, solver: str, wanted: tuple[str, ...] = ()) -> Answer:
        return self._noted(solve(text, solver, rlimit=self.rlimit, wanted=wanted), solver)

    def _noted(self, answer: Answer, solver: str) -> Answer:
        if isinstance(answer, Unknown) and not self.gave_up:
            self.gave_up = answer.words(solver)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What states tell of releases that were kept: those variables, and all about releases."""

    kept: tuple[Term, ...]
    about: frozenset[Term]


class Theories:
    """The theories of one check, or of many: one for each system, kept by all that makes it up, names included."""

    def __init__(self, solvers: tuple[str, ...] = ("z3",), rlimit: int = RLIMIT) -> None:
        self.solvers = solvers
        self.rlimit = rlimit
        self._theories: dict[Hashable, Theory] = {}
        self._known = Known()

    def of(self, boot: BootSystem) -> Theory:
        """That of the system of `boot`."""
        at = (identity(boot.system), boot.location)
        if at not in self._theories:
            if len(self._theories) >= MOST_THEORIES:
                self._theories.clear()
                self._known = Known()
            living = self.of(boot.living) if isinstance(boot, Recovering) else None
            self._theories[at] = Theory(boot, self.solvers, self._known, living, rlimit=self.rlimit)
        return self._theories[at]


def _past(boot: BootSystem) -> Past | None:
    frame = boot.frame
    if not frame.kept:
        return None
    return Past(kept=tuple(frame.kept.values()), about=frame.about_releases)


def _mode(boot: BootSystem) -> Term | None:
    """What boxes are kept apart by, beside the place: the boots of a recovery, or whether everything was erased."""
    if isinstance(boot, Recovering):
        return boot.procedure.counter
    erased = boot.frame.erased_all
    return erased if erased.op is Op.VAR else None
