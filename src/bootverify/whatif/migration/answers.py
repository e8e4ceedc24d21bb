"""Plays a release on units of one history, and answers the five questions from what happened there."""

from collections.abc import Callable
from dataclasses import field
from itertools import permutations

from bootverify.check.verdict import Fact, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.life import Behaviour
from bootverify.executor.field.cuts import Plan, Survey, Sweep, silent
from bootverify.executor.field.film import Failure, Film, Scene
from bootverify.executor.field.storage import drawers
from bootverify.executor.field.unit import Snapshot, Unit
from bootverify.executor.layout import home
from bootverify.machine.action import Request
from bootverify.whatif.migration.data import kept
from bootverify.whatif.migration.facts import moved, undelivered, untold
from bootverify.whatif.migration.files import NO_FILES, Files
from bootverify.whatif.migration.fleet import Fleet, mcuboot_counter
from bootverify.whatif.migration.policies import Outcome, held_up
from bootverify.whatif.migration.questions import Answer, Question, UnitKind
from bootverify.whatif.migration.ready import Ready, as_left, deliverable, first_way, found, ready
from bootverify.whatif.migration.result import resulting
from bootverify.whatif.migration.second_core import SecondCore

Check = Callable[[Design], Report]
Order = tuple[str, ...]
NOT_TAKEN = "the update is not taken"
FREEZE = (
    "Freeze what immutable stages know: slots, keys, signature, encryption. Or bring the change in two releases, the "
    "first of which knows both."
)


EVERYWHERE, SAMPLED = Plan(), Plan(first=16, again=3, second=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Where the power is cut: with images of a few sectors, and with images as large as the slots allow."""

    small: Plan = EVERYWHERE
    full: Plan | None = SAMPLED


@dataclass(slots=True)
class Interview:
    """The questions about one history; `outcomes` are those of policies, by what units come out as."""

    fleet: Fleet
    indices: tuple[int, ...]
    check: Check
    outcomes: dict[Design, Outcome]
    effort: Effort = Effort()
    files: Files = NO_FILES
    answers: list[Answer] = field(default_factory=list)
    outer: str = ""
    option: bool = False  # whether MCUboot was built with the option that nothing tells of (`questions.Untold`)

    @property
    def root(self) -> Design:
        """The design that production made them with."""
        return self.fleet.designs[self.indices[0]]

    @property
    def last(self) -> Design:
        """The design of the release that they have taken last."""
        return self.fleet.designs[self.indices[-1]]

    @property
    def new(self) -> Design:
        """The design of the release in question."""
        return self.fleet.designs[-1]

    def kind(self) -> UnitKind:
        """All answers."""
        delivered: Order = ()
        why, facts = next(
            filter(any, (untold(each, self.new, self.fleet.doubts) for each in self._designs())), ("", ())
        )
        if why:
            self._rest(Verdict.UNDEFINED, why, facts)
        else:
            delivered = deliverable(self.last, self.new)
            self._ask(delivered)
        notes = undelivered(self.root, self.new, delivered) if not why else ()
        return UnitKind(
            history=tuple(self.fleet.titles[index] for index in self.indices), answers=tuple(self.answers), notes=notes
        )

    def _designs(self) -> list[Design]:
        return [self.fleet.designs[index] for index in self.indices]

    def _ask(self, delivered: Order) -> None:
        if not delivered:
            why = "units in the field take no update of any image of the release"
            self.answers.append(
                Answer(question=Question.TAKES, verdict=Verdict.VIOLATED, because=why, strength="computed")
            )
            self._rest(Verdict.NOT_APPLICABLE, "no update is taken")
            return
        unit = ready(self.fleet.history(self.indices), option=self.option)
        if isinstance(unit, Failure):
            self._rest(Verdict.NOT_APPLICABLE, f"there are no such units: {unit.why}")
            return
        full = _counter_full(self.last)
        if full is not None:
            self.answers.append(full)
            undefined = full.verdict is Verdict.UNDEFINED
            self._rest(*((Verdict.UNDEFINED, full.because) if undefined else (Verdict.NOT_APPLICABLE, NOT_TAKEN)))
            return
        unit, film, order = self._takes(unit, delivered)
        second = SecondCore(self.root, self.last, self.new, delivered)
        self.answers[-1] = second.taken(self.files.beside(self.answers[-1], self.indices))
        if film is None or self.answers[-1].verdict is not Verdict.HOLDS:
            self._rest(Verdict.NOT_APPLICABLE, NOT_TAKEN)
            return
        after = unit.unit.snapshot()
        self.answers.append(second.taken(self._next(unit, film, order)))
        self.answers.append(
            kept(unit.unit, unit.history, unit.data, after, lambda: _reverted(unit, order, self.last.stages[-1].image))
        )
        self.answers.append(second.survived(self._survives(unit, order)))
        self.answers.append(self._policies(unit, order, after))

    def _rest(self, verdict: Verdict, why: str, facts: tuple[Fact, ...] = ()) -> None:
        """One answer for every question that has none."""
        answered = {answer.question for answer in self.answers}
        for question in Question:
            if question not in answered:
                self.answers.append(Answer(question=question, verdict=verdict, because=why, facts=facts))

    def _moved(self, image: str) -> tuple[Fact, ...]:
        return moved(self.root, self.new, image) or moved(self.last, self.new, image)

    # -- the five questions

    def _takes(self, unit: Ready, delivered: Order) -> tuple[Ready, Film | None, Order]:
        """The film in the first order that works, its unit and that order; None where no order does.

        Which key signs MCUboot's layer around an update of MCUboot is the owner's choice: the old one is tried, too.
        """
        failures: list[tuple[Order, Failure, Film]] = []
        units = [(unit, "")]
        self.outer = self.fleet.older_signer(self.indices)
        if self.outer and len(delivered) > 1:
            older = ready(self.fleet.history(self.indices, outer=self.outer), option=self.option)
            units += [(older, "; its bootloader signed with the key of the field")] if isinstance(older, Ready) else []
        for one, words in units:
            for order in permutations(delivered):
                film = one.film(order)
                failure = film.play(order)
                if failure is None:
                    self.outer = self.outer if words else ""
                    self.answers.append(_taken(film, order, failures, words))
                    return one, film, order
                failures.append((order, failure, film))
        order, failure, film = next((each for each in failures if each[1].alive is not None), failures[0])
        lost = next((each for each in failures if each[1].alive is None), None)
        self.answers.append(
            Answer(
                question=Question.TAKES,
                verdict=Verdict.VIOLATED,
                because=_told(failure, order, len(failures)) + (_lost(*lost[:2]) if lost and failure.alive else ""),
                strength="replayed",
                facts=self._moved(failure.image),
                scenes=tuple(film.scenes),
                to_do=FREEZE,
            )
        )
        return unit, None, ()

    def _next(self, unit: Ready, film: Film, order: Order) -> Answer:
        """A further build of the same design, sent to the unit that has taken this one."""
        design = unit.history.following.design
        data = as_left(unit.unit, design)
        again = Film(
            unit=unit.unit, target=unit.history.following, request=unit.request, data=data, checked=film.checked
        )
        failure = first_way(again, order)
        if failure is not None:
            return Answer(
                question=Question.NEXT,
                verdict=Verdict.VIOLATED,
                because=_told(failure, order, 1),
                strength="replayed",
                facts=tuple(dict.fromkeys(fact for image in order for fact in self._moved(image))),
                scenes=tuple(again.scenes),
                to_do=FREEZE,
            )
        there = set(found(unit.unit, design, data))
        lost = [drawer.name for drawer in drawers(design) if drawer.name in data and drawer.name not in there]
        if lost:
            return Answer(
                question=Question.NEXT,
                verdict=Verdict.VIOLATED,
                because=f"the next update destroys what the application keeps in {', '.join(lost)}",
                strength="replayed",
                facts=_drawn(design, lost),
                scenes=tuple(again.scenes),
                to_do="Draw the partition where no stage writes.",
            )
        why = "a further release comes in the same way"
        return Answer(question=Question.NEXT, verdict=Verdict.HOLDS, because=why, strength="replayed")

    def _survives(self, unit: Ready, order: Order) -> Answer:
        """Cuts at every operation with small images in the real slots, at some with images as large as they may be."""
        surveys: list[tuple[str, Survey]] = []
        small = ready(self.fleet.history(self.indices, small=True, outer=self.outer), option=self.option)
        wanted = ((small, self.effort.small, "small images"), (unit, self.effort.full, "images of full size"))
        for one, plan, words in wanted:
            if isinstance(one, Failure) or plan is None:
                continue
            film = one.film(order)
            if film.play(order) is None:
                names = tuple(found(one.unit, one.history.new.design, one.data))
                surveys.append((words, Sweep(silent(film), order, plan, names).run(one.start)))
        if len(surveys) < sum(plan is not None for _, plan, _ in wanted):
            why = "the film could not be played again with small images"
            return Answer(question=Question.SURVIVES, verdict=Verdict.UNKNOWN, because=why)
        return _surveyed(surveys)

    def _policies(self, unit: Ready, order: Order, after: Snapshot) -> Answer:
        unit.unit.restore(after)
        unit.unit.boot()
        made = resulting(self.root, self.new, order)
        if made not in self.outcomes:
            self.outcomes[made] = held_up(made, self.new, self.check)
        return self.outcomes[made].answer(unit.unit, unit.history)


def _counter_full(design: Design) -> Answer | None:
    """The answer where a counter's use is not told, or MCUboot's is used up; NSIB's is played."""
    for rule in design.life.rules or ():
        if rule.slots is not None and rule.booted is None and (rule.planned or 0) > rule.slots:
            why = f"{rule.planned} releases are planned for {rule.slots} slots of a counter"
            return Answer(
                question=Question.TAKES,
                verdict=Verdict.UNDEFINED,
                because=f"{why}, and nothing tells how many units in the field have booted",
                facts=(Fact(source=rule.source, text="the counter"),),
            )
    counter = mcuboot_counter(design)
    if counter is None or (counter.booted or 0) < (counter.slots or 0) or counter.every_release is False:
        return None
    words = "the hardware counter of MCUboot has no free slot in the field, and the release raises it"
    facts = (Fact(source=counter.source, text="no slot of the counter is left"),)
    ends = {
        Behaviour.COUNTER_FULL_STOPS: "nothing boots then",
        Behaviour.COUNTER_FULL_REFUSES: "the update is refused then",
    }
    end = next((end for behaviour, end in ends.items() if design.life.does(behaviour)), "")
    return Answer(
        question=Question.TAKES,
        verdict=Verdict.VIOLATED if end else Verdict.UNDEFINED,
        because=f"{words}: {end or 'nothing tells what happens then'}",
        strength="computed" if end else "",
        facts=facts,
        to_do="Plan the slots of the counter for all releases." if end else "",
    )


def _taken(film: Film, order: Order, failures: list[tuple[Order, Failure, Film]], more: str) -> Answer:
    words = f"{', then '.join(order)} {'come' if len(order) > 1 else 'comes'} in: staged, booted, confirmed, kept"
    if failures:
        other, failure, _ = failures[0]
        end = "the unit is lost" if failure.alive is None else f"release {failure.alive.number} stays"
        words += f"{more}; only so ({', then '.join(other)}: {failure.why}; {end})"
    return Answer(
        question=Question.TAKES,
        verdict=Verdict.HOLDS,
        because=words,
        strength="replayed",
        scenes=tuple(film.scenes),
    )


def _lost(order: Order, failure: Failure) -> str:
    return f"; {', then '.join(order)}: {failure.why}"


def _told(failure: Failure, order: Order, orders: int) -> str:
    end = "no program runs any more" if failure.alive is None else f"release {failure.alive.number} goes on running"
    way = f" ({', then '.join(order)}; no other order works either)" if orders > 1 else ""
    return f"{failure.why}; {end}{way}"


def _surveyed(surveys: list[tuple[str, Survey]]) -> Answer:
    cuts, nested, states = (
        sum(getattr(survey, name) for _, survey in surveys) for name in ("cuts", "nested", "states")
    )
    told = f"{cuts} cuts ({nested} in the boot after a cut; {states} different contents)"
    stuck = [(words, each) for words, survey in surveys for each in survey.stuck]
    verdict, why = Verdict.HOLDS, f"the release comes in after each of {told}"
    if stuck:
        words, first = stuck[0]
        verdict = Verdict.VIOLATED
        why = f"{first.why}, when the power fails at {first.during} ({words}); so end {len(stuck)} of {told}"
    return Answer(question=Question.SURVIVES, verdict=verdict, because=why, strength="swept")


def _reverted(unit: Ready, order: Order, application: str) -> tuple[Unit, tuple[Scene, ...]] | None:
    """The unit when the new application ran once, was not confirmed, and the old one is back; None if it is not."""
    if unit.request is not Request.TEST or application not in order:
        return None
    film = unit.film(order)
    if film.play(order[: order.index(application)]) is not None or film.stage(application):
        return None
    if not film.power_on() or unit.unit.application is not film.target:
        return None
    film.move_in()
    if not film.power_on() or unit.unit.application is film.target:
        return None
    return unit.unit, tuple(film.scenes)


def _drawn(design: Design, names: list[str]) -> tuple[Fact, ...]:
    return tuple(Fact(source=design.partition(name).source, text=f"{name}: {home(design, name)}") for name in names)
