"""All questions about a design, answered: proof, or replay, or an admission. The one place where the two sides meet."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial

from bootverify import __version__
from bootverify.check.advice import advice
from bootverify.check.decide import (
    DYNAMIC,
    Dead,
    Deciders,
    Disagreed,
    NoWay,
    Open,
    Proved,
    Reached,
)
from bootverify.check.facts import facts_about, facts_of_actions, facts_of_lemmas
from bootverify.check.layout import computed
from bootverify.check.proof.fixpoint import Lemma
from bootverify.check.proof.invariant import Proof
from bootverify.check.proof.theory import Theories
from bootverify.check.question import Question, exists, known, questions
from bootverify.check.replays.life import stops
from bootverify.check.replays.worlds import device, untold_generations
from bootverify.check.retired import in_the_field
from bootverify.check.side_by_side import both, one_by_one
from bootverify.check.solver import RLIMIT, available
from bootverify.check.stand_ins import stand_ins
from bootverify.check.support import supported
from bootverify.check.tell import because_of_boots, because_of_none, because_of_path
from bootverify.check.unsettled import no_device, qualified
from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.attacker import PRESENT, Attacker, Capability
from bootverify.design.boot import EncryptionType, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Key
from bootverify.design.life import NOTHING_KNOWN, Behaviour, Recovery
from bootverify.design.network import NetworkStage
from bootverify.design.openpoint import CHAIN_NOT_DRAWN, UNSUPPORTED
from bootverify.design.protection import UnitKind
from bootverify.design.support import SupportRow
from bootverify.errors import Discrepancy
from bootverify.machine.trace import Trace
from bootverify.policy.formula import And, Call, Formula, Not, Or, Quantified
from bootverify.policy.policy import ClaimKind, Policy

IDEAL = "digests, signatures and encryption are ideal; no fault injection, no side channels, no guessing"
NO_WAY = "nothing that can happen to a device of this design bears on it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to check. `solvers` must all agree on every obligation; `certificates` asks for small written proofs.

    `explain` names every fact that such a small proof rests on. `rlimit` bounds the work for one query to a solver,
    in counts that are the same on every machine. `apart`: in two processes at once, with the same report.
    """

    solvers: tuple[str, ...] = ("z3",)
    rlimit: int = RLIMIT
    certificates: bool = False
    any_attacker: bool = False
    explain: bool = False
    apart: bool = False

    def theories(self) -> Theories:
        """What proves things, with nothing known yet."""
        return Theories(self.solvers, self.rlimit)

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
    options: Options = Options(),  # noqa: B008 - frozen
    progress: Callable[[float], None] | None = None,
) -> Report:
    """The report on every question that policies, attackers and subjects select; `progress` is told the share done.

    Raises:
        InputError: a subject that is named is none of the design's.
    """
    named = known(design, subjects)
    asked = list(questions(design, policies, attackers, subjects=named, any_attacker=options.any_attacker))
    halves = [[each for each in asked if _at_device(each.attacker) is at] for at in (False, True)]
    apart = options.apart and all(any(each.ask.claim.kind in DYNAMIC for each in half) for half in halves)
    tell = progress or (lambda _: None)
    tells = (tell if apart else lambda done: tell(done / 2), lambda done: apart or tell((1 + done) / 2))
    tasks = [partial(_answered, Checker(design, support, options), *each) for each in zip(halves, tells, strict=True)]
    afar, near = (both if apart else one_by_one)(*tasks)
    found = {False: iter(afar[0]), True: iter(near[0])}
    findings = tuple(next(found[_at_device(each.attacker)]) for each in asked)
    return report_of(design, options, findings, (*afar[1], *near[1]))


def _answered(
    checker: "Checker", asked: Sequence[Question], tell: Callable[[float], object]
) -> tuple[list[Finding], list[str]]:
    """The findings and the discrepancies; `tell` is told the share done."""
    checker.expect(asked)
    findings = []
    for number, question in enumerate(asked):
        tell(number / len(asked))
        findings.append(checker.answer(question))
    return findings, checker.discrepancies


def _at_device(attacker: Attacker) -> bool:
    """Whether he is where the device is; the others send, or run code on it. Their systems have little in common."""
    return not attacker.capabilities.isdisjoint(PRESENT)


def report_of(
    design: Design, options: Options, findings: tuple[Finding, ...], discrepancies: tuple[str, ...]
) -> Report:
    """The report that collects what was found of `design`."""
    return Report(
        design=design,
        findings=findings,
        solvers=available(options.solvers),
        models={design.soc.name: design.soc.source.file},
        version=__version__,
        ledger=design.ledger,
        assumptions=tuple(dict.fromkeys(each for finding in findings for each in finding.assumptions)) or (IDEAL,),
        discrepancies=discrepancies,
    )


class Checker:
    """Answers questions about one design, and tells the answers by its files and lines."""

    def __init__(
        self, design: Design, support: Sequence[SupportRow], options: Options, deciders: Deciders | None = None
    ) -> None:
        """`deciders` keep what is known of designs that are checked one after the other."""
        self.design = design
        self.support = support
        self.options = options
        self._deciders = deciders or Deciders(options.theories())
        self._devices: tuple[Checker, ...] = ()
        self.discrepancies: list[str] = []

    def expect(self, questions: Iterable[Question]) -> None:
        """Make ready for `questions`; not where certificates are written: those speak of no more than a claim does."""
        if not self.options.certificates:
            self._deciders.expect(questions)

    def answer(self, question: Question) -> Finding:
        """The finding for one question; of each device that fits, where the design leaves a KMU generation untold."""
        slots = untold_generations(self.design)
        if question.ask.claim.kind not in {ClaimKind.ALWAYS, ClaimKind.NEVER} or not slots:
            return self._answer(question)
        if not self._devices:
            self._devices = tuple(
                Checker(device(self.design, slots, empty=empty), self.support, self.options, self._deciders)
                for empty in (True, False)
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
        if not self.design.stages and isinstance(question.subject, NetworkStage) and question.ask.told:
            return qualified(self.design, question, self._told(base, question))
        if not self.design.stages:
            words = "a map alone is drawn: there is no chain whose behaviour could be asked about"
            return replace(base, verdict=Verdict.NOT_APPLICABLE, because=words)
        if not _asks_something(question.ask.claim.formula):
            return replace(base, verdict=Verdict.VACUOUS, because="the claim asks nothing of any state")
        if _by_port(self.design, question) and (told := self._told(base, question)).verdict is Verdict.HOLDS:
            return qualified(self.design, question, told)
        if question.ask.claim.kind is ClaimKind.RECOVERS and not question.attacker.capabilities:
            return qualified(self.design, question, self._as_planned(base, question))
        return qualified(self.design, question, self._decided(base, question))

    def _as_planned(self, base: Finding, question: Question) -> Finding:
        """Against somebody who does nothing: what is planned may break the claim, and so may the boots of the chain."""
        told = self._told(base, question)
        if told.verdict is Verdict.VIOLATED:
            return told
        played = self._decided(base, question)
        if told.verdict is Verdict.HOLDS:
            return told if played.verdict is Verdict.UNKNOWN else played
        # A stage that is said to go on without its lock is played as one that stops.
        as_said = not self.design.life.does(Behaviour.LOCK_FAILURE_PASSES)
        return played if as_said and played.verdict is Verdict.VIOLATED else told

    def _computed(self, base: Finding, question: Question) -> Finding:
        try:
            return computed(self.design, question, base)
        except Discrepancy as ours:
            return self._disagreed(base, str(ours))

    def _supported(self, base: Finding, question: Question) -> Finding:
        assert isinstance(question.subject, Stage | Key | NetworkStage | Design)
        if not self.design.stages:
            return self._without_chain(base, question)
        said = supported(self.design, question.subject, self.support)
        if said.missing:
            return replace(
                base,
                verdict=Verdict.UNDEFINED,
                strength="computed",
                because=said.missing[0].text,
                facts=said.missing,
                open_points=(UNSUPPORTED,),
            )
        return replace(
            base,
            verdict=Verdict.HOLDS,
            strength="computed",
            because="each combination around it has a statement of the vendor",
            facts=said.facts,
        )

    def _without_chain(self, base: Finding, question: Question) -> Finding:
        """Of a map alone nothing is asked; that the chain of a build is not drawn is one open question."""
        why = self.design.why_no_chain
        if why and question.subject is self.design:
            text = f"how the build boots is not known, so nothing is asked of it: {why}"
            return replace(base, verdict=Verdict.UNDEFINED, because=text, open_points=(CHAIN_NOT_DRAWN,))
        words = "a map alone is drawn: there is no chain of which the vendor could say anything"
        return replace(base, verdict=Verdict.NOT_APPLICABLE, because=words)

    def _decided(self, base: Finding, question: Question) -> Finding:
        """A question about behaviour, told of this design."""
        outcome = self._deciders.decide(in_the_field(self.design, question), question)
        match outcome:
            case Proved():
                return self._proved(base, question, outcome)
            case Reached(good=True):
                because = f"shown by a replay of {len(outcome.steps)} actions from reset"
                base = replace(base, verdict=Verdict.HOLDS, because=because, repair="")
                return self._replayed(base, question, outcome)
            case Reached():
                because = (
                    because_of_boots(question, outcome.steps)
                    if question.ask.claim.kind is ClaimKind.RECOVERS
                    else because_of_path(self.design, question, outcome.actions)
                )
                facts = facts_of_actions(self.design, question, outcome.actions)
                base = replace(base, verdict=Verdict.VIOLATED, because=because, facts=facts)
                return self._replayed(base, question, outcome)
            case NoWay():
                because = because_of_none(self.design, question)
                facts = facts_about(self.design, question.subject)
                return replace(base, verdict=Verdict.VIOLATED, strength="proved", because=because, facts=facts)
            case Dead(signs=signs):
                return replace(base, verdict=Verdict.VACUOUS, because=signs.missing, witnesses=signs.seen)
            case Open():
                found = replace(base, verdict=Verdict.UNKNOWN, strength=outcome.strength, because=outcome.because)
                found = self._or_told(base, question, found, outcome)
                return self._by_another(question, found) if outcome.missing else found
            case Disagreed(discrepancy=text):
                return self._disagreed(base, text)

    def _proved(self, base: Finding, question: Question, outcome: Proved) -> Finding:
        lemmas = self._lemmas(outcome)
        by = _by(outcome.lemmas, outcome.reasoner.lemmas) if outcome.lemmas else ""
        return replace(
            base,
            verdict=Verdict.HOLDS,
            strength="proved" if outcome.lemmas else "computed",
            because=f"proved for every history{by}" if outcome.lemmas else NO_WAY,
            facts=facts_of_lemmas(self.design, lemmas, question.subject),
            lemmas=tuple(lemma.text for lemma in lemmas),
            witnesses=outcome.signs.seen,
            certificate=self._certificate(question, outcome) if self.options.certificates else None,
        )

    def _replayed(self, base: Finding, question: Question, outcome: Reached) -> Finding:
        trace = Trace(
            design=self.design.name,
            file=self.design.files[0].file if self.design.files else "",
            attacker=question.attacker.name,
            policy=question.policy.id,
            subject=question.about,
            steps=outcome.steps,
        )
        return replace(base, strength="replayed", trace=trace, replayed=True)

    def _disagreed(self, base: Finding, text: str) -> Finding:
        self.discrepancies.append(text)
        return replace(base, verdict=Verdict.UNKNOWN, because="not answered: a defect of bootverify, told apart")

    def _told(self, base: Finding, question: Question) -> Finding:
        from bootverify.check.told import OF_STAGING, judged  # noqa: PLC0415 - most designs tell nothing of a life

        found = judged(in_the_field(self.design, question), question, base, self.discrepancies)
        boots = (question.ask.told or question.ask.claim.text) in OF_STAGING
        if boots and found.verdict is Verdict.HOLDS and self._stops:  # a device that is dead keeps everything
            return replace(base, verdict=Verdict.VACUOUS, because=self._stops)
        return found

    @cached_property
    def _stops(self) -> str:
        """Why a device of the design halts by itself; empty where it does not, or no chain is drawn."""
        return stops(self.design) if self.design.stages else ""

    def _or_told(self, base: Finding, question: Question, found: Finding, outcome: Open) -> Finding:
        """What is told decides where neither a proof nor a trace was found, unless the search contradicts it."""
        recovers = question.ask.claim.kind is ClaimKind.RECOVERS
        if not question.ask.told or (recovers and self.design.life == NOTHING_KNOWN):
            return found
        told = self._told(base, question)
        if outcome.missing and told.verdict is Verdict.UNKNOWN:
            return replace(told, because=f"{outcome.because}; open beside that: {told.because}")
        fits = Verdict.HOLDS if found.strength == "depth:all" else Verdict.VIOLATED
        return told if outcome.missing or told.verdict is fits else found

    def _by_another(self, question: Question, found: Finding) -> Finding:
        """Where nothing was found out for want of moves: what is found of somebody who can do less, or more."""
        if found.verdict is not Verdict.UNKNOWN:
            return found
        for other, wanted in stand_ins(self.design, question.attacker):
            question_of = replace(question, attacker=other)
            answer = self._decided(self._base(question_of), question_of)
            if answer.verdict is wanted:
                how = "less" if wanted is Verdict.VIOLATED else "more"
                because = f"{answer.because}; {other.name} can do {how} than {question.attacker.name}"
                return replace(answer, attacker=question.attacker.name, because=because)
        return found

    def _lemmas(self, outcome: Proved) -> Sequence[Lemma]:
        """What the claim rests on: the lemmas that give it; to explain it, all that make those inductive."""
        if not (self.options.explain and outcome.lemmas):
            return outcome.lemmas
        small = outcome.reasoner.small_proof(outcome.claim)
        return small.lemmas if isinstance(small, Proof) else outcome.lemmas

    def _certificate(self, question: Question, outcome: Proved) -> str | None:
        from bootverify.check.certificate import write  # noqa: PLC0415 - only when asked for

        return write(self.design, question, outcome.reasoner, outcome.claim)

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
            assumptions=_assumptions(self.design, question.attacker),
            repair=advice(self.design, question),
            references=question.policy.references,
            kind=question.ask.subject.value,
        )


def _by_port(design: Design, question: Question) -> bool:
    """Whether a recovery port could be the way back that is asked for: no boot that nobody disturbs takes it."""
    return question.ask.told == "way_back" and design.life.recovery in {Recovery.OPEN, Recovery.GUARDED}


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
    return f" (from {len(core)} of {len(lemmas)} lemmas)"


def _assumptions(design: Design, attacker: Attacker) -> tuple[str, ...]:
    found = [IDEAL, f"releases 1-{design.releases} of each image"]
    if design.soc.known and design.soc.guard.kind is UnitKind.SPU:
        words = "every reset that restarts the application core clears the SPU's locks"
        found.append(f"{words} (open point spu-reset-sources)")
    encrypted = any(image.encryption is not EncryptionType.NONE for image in design.images)
    if encrypted and not design.life.factory_image:
        found.append("the factory's image has the metadata by which a swap encrypts it")
    if Capability.CUT_POWER in attacker.capabilities and any(image.staging is not None for image in design.images):
        found.append("an update is staged whole before power is lost, or not at all")
    return tuple(found)


__all__ = ["Checker", "Fact", "Options", "check_design"]
