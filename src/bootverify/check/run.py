"""All questions about a design, answered: proof, or replay, or an admission. The one place where the two sides meet."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bootverify import __version__
from bootverify.check.aftermath import continued
from bootverify.check.comebacks import comeback
from bootverify.check.fixpoint import Lemma
from bootverify.check.invariant import Proof
from bootverify.check.layout import computed
from bootverify.check.life import LifeSigns, signs_of_life
from bootverify.check.prove import Reasoner, Theories
from bootverify.check.question import Question, exists, questions
from bootverify.check.replay import Replay, replay
from bootverify.check.search import Exhausted, GaveUp, Path
from bootverify.check.solver import available
from bootverify.check.support import OPEN_POINT, supported
from bootverify.check.tell import because_of_path, facts_of_actions, facts_of_lemmas
from bootverify.check.unsettled import no_device, qualified
from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.check.worlds import device, untold_generations
from bootverify.design.attacker import Attacker
from bootverify.design.boot import EncryptionType, Image, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.design.support import SupportRow
from bootverify.encoder.cells import NotModelled
from bootverify.encoder.terms import Term, not_
from bootverify.errors import Discrepancy
from bootverify.executor.evaluate import holds
from bootverify.executor.owner_build import CannotBuild
from bootverify.executor.world import World
from bootverify.machine.action import Action
from bootverify.machine.trace import Trace
from bootverify.policy.formula import And, Call, Formula, Not, Or, Quantified
from bootverify.policy.policy import ClaimKind, Policy
from bootverify.policy.typecheck import uses_history

IDEAL = "digests, signatures and encryption are ideal; no fault injection, no side channels, no guessing"
NO_WAY = "nothing that can happen to a device of this design bears on it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to check. `solvers` must all agree on every obligation; `certificates` asks for small written proofs.

    `explain` names every fact that such a small proof rests on.
    """

    solvers: tuple[str, ...] = ("z3",)
    certificates: bool = False
    any_attacker: bool = False
    explain: bool = False

    def widened(self) -> "Options":
        """The same, asking each policy of every attacker that is given."""
        return replace(self, any_attacker=True)


def check_design(
    design: Design,
    policies: Sequence[Policy],
    attackers: Sequence[Attacker],
    support: Sequence[SupportRow],
    *,
    subjects: Iterable[str] = (),
    options: Options = Options(),
    progress: Callable[[float], None] | None = None,
) -> Report:
    """The report on every question that policies, attackers and subjects select; `progress` is told the share done."""
    checker = Checker(design, support, options)
    asked = list(questions(design, policies, attackers, subjects=subjects, any_attacker=options.any_attacker))
    findings = []
    for number, question in enumerate(asked):
        if progress is not None:
            progress(number / len(asked))
        findings.append(checker.answer(question))
    return report_of(checker, tuple(findings))


def report_of(checker: "Checker", findings: tuple[Finding, ...]) -> Report:
    """The report that collects what `checker` answered."""
    design = checker.design
    return Report(
        design=design,
        findings=findings,
        solvers={name: version for name, version in available().items() if name in checker.options.solvers},
        models={design.soc.name: design.soc.source.file},
        version=__version__,
        ledger=design.ledger,
        assumptions=_assumptions(design),
        discrepancies=tuple(checker.discrepancies),
    )


class Checker:
    """Answers questions about one design; what is known of an attacker serves all questions about him."""

    def __init__(self, design: Design, support: Sequence[SupportRow], options: Options) -> None:
        self.design = design
        self.support = support
        self.options = options
        self._theories = Theories(options.solvers)
        self._reasoners: dict[tuple[Attacker, bool], Reasoner] = {}
        self._life: dict[Attacker, LifeSigns] = {}
        self._devices: tuple[Checker, ...] = ()
        self.discrepancies: list[str] = []

    def answer(self, question: Question) -> Finding:
        """The finding for one question; of each device that fits, where the design leaves a KMU generation untold."""
        slots = untold_generations(self.design)
        if question.ask.claim.kind not in {ClaimKind.ALWAYS, ClaimKind.NEVER} or not slots:
            return self._answer(question)
        if not self._devices:
            self._devices = tuple(
                Checker(device(self.design, slots, empty=empty), self.support, self.options) for empty in (True, False)
            )
        weak, strong = (checker.answer(question) for checker in self._devices)
        self.discrepancies.extend(each for checker in self._devices for each in checker.discrepancies)
        if weak.verdict is strong.verdict:
            return strong
        filled = f"{strong.verdict.value} where the owner filled KMU slot {slots[0]}, which NSIB consults"
        text = f"{filled}; else: {weak.because}"
        return replace(self._base(question), verdict=Verdict.UNKNOWN, because=text)

    def _answer(self, question: Question) -> Finding:
        base = self._base(question)
        absent = exists(self.design, question.attacker)
        if absent:
            return replace(base, verdict=Verdict.NOT_APPLICABLE, because=f"no such attacker here: {absent}")
        if question.ask.claim.kind is ClaimKind.SUPPORTED:
            if (gap := no_device(self.design, question)) is not None:
                return replace(base, verdict=Verdict.UNDEFINED, because=gap.statement, open_points=(gap.name,))
            return qualified(self.design, question, self._supported(base, question))
        if question.ask.claim.kind is ClaimKind.LAYOUT:
            return self._computed(base, question)
        if (gap := no_device(self.design, question)) is not None:
            return replace(base, verdict=Verdict.UNDEFINED, because=gap.statement, open_points=(gap.name,))
        if question.ask.claim.kind is ClaimKind.TOLD:
            return qualified(self.design, question, self._told(base, question))
        if not self.design.stages:
            words = "a map alone is drawn: there is no chain whose behaviour could be asked about"
            return replace(base, verdict=Verdict.NOT_APPLICABLE, because=words)
        if not _asks_something(question.ask.claim.formula):
            return replace(base, verdict=Verdict.VACUOUS, because="the claim asks nothing of any state")
        try:
            return qualified(self.design, question, self._decided(base, question))
        except (NotModelled, CannotBuild) as missing:
            if question.ask.told:
                return qualified(self.design, question, self._told(base, question))
            text = f"not modelled yet: {missing}"
            return replace(base, verdict=Verdict.UNKNOWN, because=text)
        except Discrepancy as ours:
            self.discrepancies.append(str(ours))
            return replace(base, verdict=Verdict.UNKNOWN, because="not answered: a defect of bootverify, told apart")

    def reasoner(self, attacker: Attacker, *, history: bool = False) -> Reasoner:
        """What is known of `attacker` in this design; with `history`, where states tell what has been kept."""
        key = (attacker, history)
        if key not in self._reasoners:
            self._reasoners[key] = Reasoner(self.design, attacker, self._theories, history=history)
        return self._reasoners[key]

    def life(self, attacker: Attacker) -> LifeSigns:
        """Whether the device lives and the attacker acts, replayed."""
        if attacker not in self._life:
            self._life[attacker] = signs_of_life(self.design, attacker, self.reasoner(attacker).foreseen)
        return self._life[attacker]

    # -- by kind of claim

    def _computed(self, base: Finding, question: Question) -> Finding:
        try:
            return computed(self.design, question, base)
        except Discrepancy as ours:
            self.discrepancies.append(str(ours))
            return replace(base, verdict=Verdict.UNKNOWN, because="not answered: a defect of bootverify, told apart")

    def _supported(self, base: Finding, question: Question) -> Finding:
        assert isinstance(question.subject, Stage | Key | Design)
        if not self.design.stages:
            words = "a map alone is drawn: there is no chain of which the vendor could say anything"
            return replace(base, verdict=Verdict.NOT_APPLICABLE, because=words)
        said = supported(self.design, question.subject, self.support)
        if said.missing:
            return replace(
                base,
                verdict=Verdict.UNDEFINED,
                strength="computed",
                because=said.missing[0].text,
                facts=said.missing,
                open_points=(OPEN_POINT,),
            )
        return replace(
            base,
            verdict=Verdict.HOLDS,
            strength="computed",
            because="each combination around it has a statement of the vendor",
            facts=said.facts,
        )

    def _decided(self, base: Finding, question: Question) -> Finding:
        names = {"it": question.part}
        formula = question.ask.claim.formula
        reasoner = self.reasoner(question.attacker, history=uses_history(formula))
        term = reasoner.boot.term(formula, names)
        match question.ask.claim.kind:
            case ClaimKind.ALWAYS:
                return self._invariant(base, question, reasoner, term, wanted=False)
            case ClaimKind.NEVER:
                return self._invariant(base, question, reasoner, not_(term), wanted=True)
            case ClaimKind.POSSIBLE:
                return self._possible(base, question, reasoner, term)
            case other:
                return replace(
                    base, verdict=Verdict.UNKNOWN, because=f"claims of kind `{other.value}` are not answered yet"
                )

    def _invariant(
        self, base: Finding, question: Question, reasoner: Reasoner, claim: Term, *, wanted: bool
    ) -> Finding:
        """A claim of every state: proved, or broken by replay; `wanted` is the formula's value when broken."""
        proof = reasoner.establish(claim)
        if proof is not None:
            reasoner.boot.surely(question.ask.claim.formula, {"it": question.part})
            signs = self.life(question.attacker)
            if signs.missing:
                return replace(base, verdict=Verdict.VACUOUS, because=signs.missing, witnesses=signs.seen)
            certificate = self._certificate(question, reasoner, claim) if self.options.certificates else None
            lemmas = self._lemmas(reasoner, claim, proof.lemmas)
            facts = facts_of_lemmas(self.design, lemmas, question.subject)
            return replace(
                base,
                verdict=Verdict.HOLDS,
                strength="proved" if proof.lemmas else "computed",
                because=f"proved for every history{_by(proof.lemmas, reasoner.lemmas)}" if proof.lemmas else NO_WAY,
                facts=facts,
                lemmas=tuple(lemma.text for lemma in lemmas),
                witnesses=signs.seen,
                certificate=certificate,
            )
        return self._or_told(base, question, self._broken(base, question, reasoner, not_(claim), wanted=wanted))

    def _told(self, base: Finding, question: Question) -> Finding:
        from bootverify.check.told import judged  # noqa: PLC0415 - most designs tell nothing of a life

        return judged(self.design, question, base, self.discrepancies)

    def _or_told(self, base: Finding, question: Question, found: Finding) -> Finding:
        """What is told decides where neither a proof nor a trace was found, unless the search contradicts it."""
        if found.verdict is not Verdict.UNKNOWN or not question.ask.told:
            return found
        told = self._told(base, question)
        fits = Verdict.HOLDS if found.strength == "depth:all" else Verdict.VIOLATED
        return told if told.verdict is fits else found

    def _lemmas(self, reasoner: Reasoner, claim: Term, core: Sequence[Lemma]) -> Sequence[Lemma]:
        """What the claim rests on: the lemmas that give it; to explain it, all that make those inductive."""
        if not (self.options.explain and core):
            return core
        small = reasoner.small_proof(claim)
        return small.lemmas if isinstance(small, Proof) else core

    def _broken(self, base: Finding, question: Question, reasoner: Reasoner, bad: Term, *, wanted: bool) -> Finding:
        if guessed := self._guessed(question, wanted=wanted):
            return self._violated(base, question, guessed, wanted=wanted)
        found = reasoner.path_to(bad)
        match found:
            case Path():
                return self._violated(base, question, reasoner.actions(found), wanted=wanted)
            case GaveUp():
                return replace(
                    base,
                    verdict=Verdict.UNKNOWN,
                    strength=f"depth:{found.depth}",
                    because=f"not proved; the search met its bound after {found.states} states",
                )
            case Exhausted():
                return replace(
                    base,
                    verdict=Verdict.UNKNOWN,
                    strength="depth:all",
                    because=f"no bad state among all {found.states} that were searched, but the lemmas do not prove it",
                )

    def _violated(self, base: Finding, question: Question, actions: Sequence[Action], *, wanted: bool) -> Finding:
        run = self._replayed(question, actions, wanted=wanted)
        return replace(
            base,
            verdict=Verdict.VIOLATED,
            strength="replayed",
            because=because_of_path(self.design, question, actions),
            facts=facts_of_actions(self.design, question, actions),
            trace=self._trace(question, continued(self.design, question, run)),
            replayed=True,
        )

    def _guessed(self, question: Question, *, wanted: bool) -> tuple[Action, ...]:
        """A way that was guessed, where the question is about what has been; searches for those are long."""
        formula, part = question.ask.claim.formula, question.part
        if not uses_history(formula) or not isinstance(part, Image):
            return ()
        names = {"it": part}
        return comeback(self.design, question.attacker, part, lambda world: holds(world, formula, names) is wanted)

    def _possible(self, base: Finding, question: Question, reasoner: Reasoner, goal: Term) -> Finding:
        """Something that can be done: shown by a replay, refuted by an invariant."""
        if reasoner.establish(not_(goal)) is not None:
            signs = self.life(question.attacker)
            if signs.missing:
                return replace(base, verdict=Verdict.VACUOUS, because=signs.missing, witnesses=signs.seen)
            return replace(
                base,
                verdict=Verdict.VIOLATED,
                strength="proved",
                because="proved: no history leads there",
                replayed=False,
            )
        found = reasoner.path_to(goal)
        if not isinstance(found, Path):
            return replace(base, verdict=Verdict.UNKNOWN, because="neither a way there nor a proof that there is none")
        run = self._replayed(question, reasoner.actions(found), wanted=True)
        return replace(
            base,
            verdict=Verdict.HOLDS,
            strength="replayed",
            because=f"shown by a replay of {len(run.steps)} actions from reset",
            trace=self._trace(question, run),
            replayed=True,
            repair="",
        )

    # -- pieces

    def _replayed(self, question: Question, actions: Sequence[Action], *, wanted: bool) -> Replay:
        names = {"it": question.part}
        formula = question.ask.claim.formula

        def goal(world: World) -> bool:
            return holds(world, formula, names) is wanted

        history = uses_history(formula)
        foreseen = self.reasoner(question.attacker, history=history).foreseen
        run = replay(self.design, question.attacker, actions, goal, foreseen=foreseen, history=history)
        if run.reached is None:
            why = run.refused or "every action happened, but the state is not what was predicted"
            what = f"{question.policy.id} of {question.about} against {question.attacker.name}"
            raise Discrepancy(f"{what}: the encoder predicts a trace that the executor does not follow: {why}")
        return run

    def _trace(self, question: Question, run: Replay) -> Trace:
        return Trace(
            design=self.design.name,
            file=self.design.files[0].file if self.design.files else "",
            attacker=question.attacker.name,
            policy=question.policy.id,
            subject=question.about,
            steps=run.steps,
        )

    def _certificate(self, question: Question, reasoner: Reasoner, claim: Term) -> str | None:
        from bootverify.check.certificate import write  # noqa: PLC0415 - only when asked for

        return write(self.design, question, reasoner, claim)

    def _base(self, question: Question) -> Finding:
        return Finding(
            policy=question.policy.id,
            title=question.policy.title,
            subject=question.about,
            attacker=question.attacker.name,
            severity=question.policy.severity.value,
            verdict=Verdict.UNKNOWN,
            strength="",
            because="",
            assumptions=_assumptions(self.design),
            repair=question.policy.repair,
            kind=question.ask.subject.value,
        )


def _asks_something(formula: Formula) -> bool:
    """Whether a predicate of the state occurs in it."""
    match formula:
        case Call():
            return True
        case Not(operand):
            return _asks_something(operand)
        case And(operands) | Or(operands):
            return any(_asks_something(operand) for operand in operands)
        case Quantified():
            return _asks_something(formula.body)
        case _:
            return False


def _by(core: Sequence[object], lemmas: Sequence[object]) -> str:
    return f" ({len(core)} of {len(lemmas)} lemmas decide)"


def _assumptions(design: Design) -> tuple[str, ...]:
    found = [IDEAL, f"releases 1-{design.releases} of each image"]
    found.append("every reset that restarts the application core clears the SPU's locks (soc.md 10.1)")
    if any(image.encryption is not EncryptionType.NONE for image in design.images):
        found.append("an image that is swapped out to the staging slot is encrypted again")
    return tuple(found)


__all__ = ["Checker", "Fact", "Options", "check_design"]
