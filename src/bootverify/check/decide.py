"""What can happen to a device of one design: each claim about it proved, shown or broken by a replay, or left open.

An outcome says nothing of files and lines: `run` tells it of a design, and every design that is equal as far as the
question can see has the same.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial

from bootverify.check.proof.fixpoint import Lemma
from bootverify.check.proof.prove import Reasoner
from bootverify.check.proof.search import Exhausted, GaveUp, Path
from bootverify.check.proof.theory import Established, Theories
from bootverify.check.question import Question
from bootverify.check.replays.aftermath import continued
from bootverify.check.replays.anew import written_anew
from bootverify.check.replays.comebacks import comeback
from bootverify.check.replays.cuts import cuts_that_brick
from bootverify.check.replays.life import LifeSigns, signs_of_life, stops
from bootverify.check.replays.replay import Replay, replay
from bootverify.check.replays.taken_out import taken_out
from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import Image
from bootverify.design.design import Design
from bootverify.design.life import Behaviour
from bootverify.design.network import NetworkStage
from bootverify.encoder.logic.script import BEGINS
from bootverify.encoder.logic.terms import Term, not_
from bootverify.encoder.variables.cells import NotModelled
from bootverify.errors import Discrepancy
from bootverify.executor.claims.evaluate import holds
from bootverify.executor.claims.recovery import left_alone
from bootverify.executor.making.owner_build import CannotBuild
from bootverify.executor.run import act, observed
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action
from bootverify.machine.trace import Step
from bootverify.policy.formula import predicates_in
from bootverify.policy.policy import Claim, ClaimKind
from bootverify.policy.typecheck import uses_history

MOST_KEPT = 256  # designs whose outcomes are remembered
SEEN = {"knows", "shown", "usable"}  # what he has been shown
DYNAMIC = frozenset({ClaimKind.ALWAYS, ClaimKind.NEVER, ClaimKind.POSSIBLE, ClaimKind.RECOVERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """`claim` holds in every reachable state, by `lemmas`; device and attacker were seen alive."""

    reasoner: Reasoner
    claim: Term
    lemmas: tuple[Lemma, ...]
    signs: LifeSigns


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The steps of a replay that came to what was looked for, and to what follows; `actions` are those that led there.

    `good`: a goal of the owner was looked for, not a state that breaks a claim.
    """

    actions: tuple[Action, ...]
    steps: tuple[Step, ...]
    good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWay:
    """No history leads to the goal: proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A proof that is worth nothing: the device, or the attacker, does not act."""

    signs: LifeSigns


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Neither proof nor replay. `strength` says how far the search went; `missing`: the claim cannot even be put."""

    because: str
    strength: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreed:
    """Executor and encoder disagree: our mistake."""

    discrepancy: str


Outcome = Proved | Reached | NoWay | Dead | Open | Disagreed
Asked = tuple[str, str, Claim, str, Attacker]


def asked(question: Question) -> Asked:
    """What makes the question up, whatever the design."""
    ask = question.ask
    return (question.policy.id, ask.subject.value, ask.claim, question.about, question.attacker)


class Decider:
    """Decides questions about the behaviour of one design; what is known of an attacker serves all of them."""

    def __init__(self, design: Design, theories: Theories, historians: Container[Attacker] = ()) -> None:
        """Of `historians` one system answers all questions: the one that remembers, where that changes nothing else."""
        self.design = design
        self._theories = theories
        self._historians = historians
        self._reasoners: dict[tuple[Attacker, bool, int], Reasoner] = {}
        self._life: dict[Attacker, LifeSigns] = {}
        self._outcomes: dict[Asked, Outcome] = {}

    def decide(self, question: Question) -> Outcome:
        """The outcome for a question whose claim is one of the `DYNAMIC` kinds."""
        at = asked(question)
        if at not in self._outcomes:
            self._outcomes[at] = self._decided(question)
        return self._outcomes[at]

    def reasoner(self, attacker: Attacker, *, history: bool = False, boots: int = 0) -> Reasoner:
        """What is known of `attacker` in this design.

        With `history`, where states tell what has been kept; with `boots`, where so many of them recover the device.
        """
        if not history and not boots and attacker in self._historians:
            shared = self.reasoner(attacker, history=True)
            if not shared.boot.frame.made_later:
                return shared
        key = (attacker, history and not boots, boots)
        if key not in self._reasoners:
            self._reasoners[key] = Reasoner(self.design, attacker, self._theories, history=key[1], boots=boots)
        return self._reasoners[key]

    def life(self, attacker: Attacker) -> LifeSigns:
        """Whether the device lives and the attacker acts, replayed."""
        if attacker not in self._life:
            self._life[attacker] = signs_of_life(self.design, attacker, self.reasoner(attacker).foreseen)
        return self._life[attacker]

    def _decided(self, question: Question) -> Outcome:
        formula, boots = question.ask.claim.formula, question.ask.claim.boots
        try:
            reasoner = self.reasoner(question.attacker, history=uses_history(formula), boots=boots)
            if question.attacker.can(Capability.RUN_NETWORK_CORE) and not isinstance(question.subject, NetworkStage):
                raise NotModelled("`run_network_core` has moves in the network core alone")  # noqa: TRY301
            term = reasoner.boot.term(formula, {"it": question.part})
            match question.ask.claim.kind:
                case ClaimKind.RECOVERS:
                    return self._recovers(question, reasoner, term)
                case ClaimKind.ALWAYS:
                    return self._invariant(question, reasoner, term, wanted=False)
                case ClaimKind.NEVER:
                    return self._invariant(question, reasoner, not_(term), wanted=True)
                case ClaimKind.POSSIBLE:
                    return self._possible(question, reasoner, term)
                case other:
                    return Open(because=f"claims of kind `{other.value}` are not answered yet")
        except (NotModelled, CannotBuild) as missing:
            if question.ask.claim.kind is ClaimKind.RECOVERS and (stopped := self._stops(question)) is not None:
                return stopped
            return Open(because=f"not modelled yet: {missing}", missing=True)
        except Discrepancy as ours:
            return Disagreed(discrepancy=str(ours))

    def _invariant(self, question: Question, reasoner: Reasoner, claim: Term, *, wanted: bool) -> Outcome:
        """A claim of every state: proved, or broken by replay; `wanted` is the formula's value when broken."""
        if (proof := reasoner.establish(claim)) is not None:
            return self._proved(question, reasoner, claim, proof)
        actions = () if reasoner.ruled_out(not_(claim)) else self._guessed(question, wanted=wanted)
        if not actions:
            found = reasoner.path_to(not_(claim))
            if not isinstance(found, Path):
                if proof := reasoner.settle(claim):
                    return self._proved(question, reasoner, claim, proof)
                if (tried := self._tried(question, wanted=wanted)) is not None:
                    return tried
                # No proof: where a move is missing, that is why.
                reasoner.boot.surely(question.ask.claim.formula, {"it": question.part})
                return _unsearched(found, reasoner, not_(claim))
            actions = reasoner.actions(found)
        run = continued(self.design, question, self._replayed(question, actions, wanted=wanted))
        return Reached(actions=actions, steps=run.steps, good=False)

    def _proved(self, question: Question, reasoner: Reasoner, claim: Term, proof: Established) -> Outcome:
        reasoner.boot.surely(question.ask.claim.formula, {"it": question.part})
        signs = self.life(question.attacker)
        if signs.missing:
            return Dead(signs=signs)
        return Proved(reasoner=reasoner, claim=claim, lemmas=proof.lemmas, signs=signs)

    def _possible(self, question: Question, reasoner: Reasoner, goal: Term) -> Outcome:
        """Something that can be done: shown by a replay, refuted by an invariant."""
        proof = reasoner.establish(not_(goal))
        found = None if proof else reasoner.path_to(goal)
        if proof or (isinstance(found, Exhausted) and reasoner.settle(not_(goal))):
            reasoner.boot.surely(question.ask.claim.formula, {"it": question.part})
            signs = self.life(question.attacker)
            return Dead(signs=signs) if signs.missing else NoWay()
        if not isinstance(found, Path):
            why = f" ({reasoner.gave_up})" if reasoner.gave_up else ""
            return Open(because=f"neither a way there nor a proof that there is none{why}")
        actions = reasoner.actions(found)
        run = self._replayed(question, actions, wanted=True)
        return Reached(actions=actions, steps=run.steps, good=True)

    def _recovers(self, question: Question, reasoner: Reasoner, wanted: Term) -> Outcome:
        """Something that some boots bring about, whatever has happened: proved, or a replay after which they do not."""
        claim = reasoner.recovery(wanted)
        if (proof := reasoner.recovers(claim)) is not None:
            return self._proved(question, reasoner, claim, proof)
        doubts = partial(reasoner.boot.surely, question.ask.claim.formula, {"it": question.part})
        found = reasoner.path_to(not_(reasoner.unstuck(claim)))
        if not isinstance(found, Path):
            proof = reasoner.settle(reasoner.unstuck(claim)) if reasoner.theory.gets_on else None
            if proof is not None:
                return self._proved(question, reasoner, claim, proof)
            if (bricked := self._bricked(question)) is not None:
                return bricked
            doubts()
            return _unsearched(found, reasoner, not_(reasoner.unstuck(claim)))
        reached = self._fails(question, reasoner.actions(found.until(BEGINS)))
        if reached is None and (reached := self._bricked(question)) is None:
            doubts()
            return Open(because="a boot may fail as far as the encoder can tell, and none was seen to fail")
        return reached

    def _bricked(self, question: Question) -> Reached | None:
        """Cuts that are guessed, unless the release is told to survive them."""
        if self.design.life.does(Behaviour.SWAP_CUT_SURVIVES):
            return None
        actions = cuts_that_brick(self.design, question.attacker)
        return self._fails(question, actions, exact=True) if actions else None

    def _stops(self, question: Question) -> Reached | None:
        """Where moves are missing: a device that halts, as production leaves it and nobody disturbs it."""
        if not stops(self.design):
            return None
        try:
            run = replay(self.design, question.attacker, (), lambda world: bool(_stuck(question, world)), exact=True)
        except (CannotBuild, NotEnabled):
            return None
        steps = tuple(_told(run.world, action) for action in _stuck(question, run.world))
        return Reached(actions=(), steps=steps, good=False) if steps else None

    def _fails(self, question: Question, actions: Sequence[Action], *, exact: bool = False) -> Reached | None:
        """A replay of `actions` after which boots that nobody disturbs do not help; None where they do."""
        foreseen = self.reasoner(question.attacker).foreseen
        stuck = partial(_stuck, question)
        run = replay(
            self.design, question.attacker, actions, lambda world: bool(stuck(world)), foreseen=foreseen, exact=exact
        )
        if run.reached is None:
            return None
        steps = [*run.steps, *(_told(run.world, action) for action in stuck(run.world))]
        return Reached(actions=tuple(actions), steps=tuple(steps), good=False)

    def _guessed(self, question: Question, *, wanted: bool) -> tuple[Action, ...]:
        """A way that was guessed, where the question is about what has been; searches for those are long."""
        part = question.part
        if not uses_history(question.ask.claim.formula) or not isinstance(part, Image | NetworkStage):
            return ()
        made = self.reasoner(question.attacker, history=True).boot.frame.made_later.get(part.name, ())
        return comeback(self.design, question.attacker, part, _goal(question, wanted=wanted), made)

    def _tried(self, question: Question, *, wanted: bool) -> Reached | None:
        """Ways that no search has: what a replay of one of them comes to."""
        foe, goal = question.attacker, _goal(question, wanted=wanted)
        seen = predicates_in(question.ask.claim.formula) & SEEN
        for actions in taken_out(self.design, foe) if seen else ():
            run = replay(self.design, foe, actions, goal, foreseen=self.reasoner(foe).foreseen)
            if run.reached is not None:
                run = continued(self.design, question, run)
                return Reached(actions=tuple(each.action for each in run.steps), steps=run.steps, good=False)
        return None

    def _replayed(self, question: Question, actions: Sequence[Action], *, wanted: bool) -> Replay:
        foreseen = self.reasoner(question.attacker, history=uses_history(question.ask.claim.formula)).foreseen
        goal = _goal(question, wanted=wanted)
        run = replay(self.design, question.attacker, actions, goal, foreseen=foreseen)
        if run.reached is None and (anew := written_anew(actions)) != tuple(actions):
            run = replay(self.design, question.attacker, anew, goal, foreseen=foreseen)
        if run.reached is None:
            why = run.refused or "every action happened, but the state is not what was predicted"
            what = f"{question.policy.id} of {question.about} against {question.attacker.name}"
            raise Discrepancy(f"{what}: the encoder predicts a trace that the executor does not follow: {why}")
        return run


def _stuck(question: Question, world: World) -> tuple[Action, ...]:
    """The boots after which the device is not what it should be, on a copy of it; none where they help."""
    copy = world.copy()
    try:
        done, ended = left_alone(copy, question.ask.claim.boots)
    except NotEnabled:
        return ()
    return () if ended and _goal(question, wanted=True)(copy) else done


def _told(world: World, action: Action) -> Step:
    """`action` happens; the step that tells of it."""
    act(world, action)
    return Step(action=action, observation=observed(world))


def _goal(question: Question, *, wanted: bool) -> Callable[[World], bool]:
    formula, names = question.ask.claim.formula, {"it": question.part}
    return lambda world: holds(world, formula, names) is wanted


def _unsearched(found: Exhausted | GaveUp, reasoner: Reasoner, bad: Term) -> Open:
    gave_up = reasoner.gave_up
    if isinstance(found, GaveUp):
        why = f" ({gave_up})" if gave_up else ""
        return Open(
            because=f"not proved{why}; the search met its bound after {found.states} states",
            strength=f"depth:{found.depth}",
        )
    if gave_up:
        unproved = f"it is not proved: {gave_up}"
    else:
        doubts = reasoner.doubts(bad)
        unproved = f"nothing rules out: {'; '.join(doubts)}" if doubts else "the lemmas do not prove it"
    return Open(
        because=f"no bad state among all {found.states} that were searched, but {unproved}",
        strength="depth:all",
    )


class Deciders:
    """The deciders of one check, or of many: one for all designs that are equal as far as a question can see."""

    def __init__(self, theories: Theories, seen: Callable[[Design, Question], Design] | None = None) -> None:
        """`seen` is the part of a design that a question depends on; all of it, where none is given."""
        self._theories = theories
        self._seen = seen
        self._known: dict[Design, Decider] = {}
        self._historians: set[Attacker] = set()

    def expect(self, questions: Iterable[Question]) -> None:
        """Make ready for `questions`: of whom one is about what has been, no second system is made for the others."""
        self._historians |= {each.attacker for each in questions if uses_history(each.ask.claim.formula)}

    def decide(self, design: Design, question: Question) -> Outcome:
        """The outcome for a question about `design`."""
        seen = design if self._seen is None else self._seen(design, question)
        if seen not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[seen] = Decider(seen, self._theories, self._historians)
        return self._known[seen].decide(question)
