"""Do the policies that hold of the new design hold of what units come out as?"""

from collections.abc import Callable
from dataclasses import replace

from bootverify.check.verdict import Fact, Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.boot import ChooseSlot
from bootverify.design.design import Design
from bootverify.design.openpoint import MAP_CONFLICT
from bootverify.executor.field.film import Scene
from bootverify.executor.field.unit import Unit, counter_slots
from bootverify.whatif.compare import Compared, compared
from bootverify.whatif.migration.fleet import History
from bootverify.whatif.migration.questions import Answer, Question

Check = Callable[[Design], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the policies say of the resulting design, beside what they say of the new one.

    `fuses` are questions that are weaker only while debug and erase protection are as production left them.
    """

    design: Design
    new: Design
    weaker: tuple[Compared, ...]
    asked: int
    violated_anyway: int
    fuses: tuple[Compared, ...] = ()
    discrepancies: tuple[str, ...] = ()

    def answer(self, unit: Unit, history: History) -> Answer:
        """The answer for a unit that has taken the release; its own counter is looked at, too."""
        broken = [each.new for each in self.weaker if each.new is not None and each.new.verdict is Verdict.VIOLATED]
        counted = _uncounted(unit, history)
        if counted or broken:
            return _violated(broken, counted)
        conflict = next((point for point in self.design.open_points if point.name == MAP_CONFLICT), None)
        if conflict is not None:
            return _open(Verdict.UNDEFINED, conflict.statement)
        if self.discrepancies:
            return _open(Verdict.UNKNOWN, "not answered: a defect of bootverify, told apart")
        if self.weaker:
            first = self.weaker[0]
            why = f"{first.policy} of {first.subject} against {first.attacker} is not decided of what units come out as"
            return _open(Verdict.UNKNOWN, f"{why}; {len(self.weaker)} in all" if len(self.weaker) > 1 else why)
        if self.fuses:
            first = self.fuses[0]
            why = f"{first.policy} of {first.subject} against {first.attacker} holds if the release closes the port"
            return _open(Verdict.UNDEFINED, f"{why}, or its protection, in units whose production did not; not told")
        if not self.asked:
            own = next((point for point in self.new.open_points if point.name == MAP_CONFLICT), None)
            return _open(Verdict.UNDEFINED, own.statement if own else "of the new design itself no policy holds")
        told = "the one question that holds of the new design holds"
        if self.asked > 1:
            told = f"all {self.asked} questions that hold of the new design hold"
        more = f"; {self.violated_anyway} are violated by the new design itself" if self.violated_anyway else ""
        return Answer(
            question=Question.POLICIES,
            verdict=Verdict.HOLDS,
            because=f"{told} of the unit{more}",
            strength="checked",
        )


def held_up(made: Design, new: Design, check: Check) -> Outcome:
    """Ask all policies of both; `made` is what units come out as."""
    wanted = check(new)
    got = check(made)
    weaker = tuple(each for each in compared(wanted, got) if _worse(each))
    fuses: tuple[Compared, ...] = ()
    if weaker and made.lifecycle != new.lifecycle:
        closed = compared(wanted, check(replace(made, lifecycle=new.lifecycle)))
        still = {(each.policy, each.subject, each.attacker) for each in closed if _worse(each)}
        fuses = tuple(each for each in weaker if (each.policy, each.subject, each.attacker) not in still)
        weaker = tuple(each for each in weaker if each not in fuses)
    asked = [each for each in wanted.findings if each.verdict is Verdict.HOLDS]
    return Outcome(
        design=made,
        new=new,
        weaker=weaker,
        fuses=fuses,
        asked=len(asked),
        violated_anyway=wanted.count(Verdict.VIOLATED),
        discrepancies=(*wanted.discrepancies, *got.discrepancies),
    )


def _worse(each: Compared) -> bool:
    """Held of the new design, or is asked of the unit alone, and does not hold of the unit."""
    if each.new is None or each.new.verdict in {Verdict.HOLDS, Verdict.NOT_APPLICABLE}:
        return False
    if each.old is None:
        return each.new.verdict is Verdict.VIOLATED
    return each.old.verdict in {Verdict.HOLDS, Verdict.NOT_APPLICABLE}


def _violated(broken: list[Finding], counted: tuple[str, Fact] | None) -> Answer:
    first = broken[0] if broken else None
    words = [f"{each.policy} of {each.subject} against {each.attacker}: {each.because}" for each in broken[:1]]
    words += [counted[0]] if counted else []
    words += [f"{len(broken)} questions in all"] if len(broken) > 1 else []
    scenes: tuple[Scene, ...] = ()
    if first is not None and first.trace is not None:
        scenes = tuple(
            Scene(what=step.observation.log[0] if step.observation.log else step.observation.at, at=step.observation.at)
            for step in first.trace.steps
        )
    return Answer(
        question=Question.POLICIES,
        verdict=Verdict.VIOLATED,
        because="; ".join(words),
        strength=first.strength if first is not None else "replayed",
        facts=(first.facts if first is not None else ()) + ((counted[1],) if counted else ()),
        scenes=scenes,
        to_do=first.repair if first is not None else "Plan the slots of the counter for all releases.",
    )


def _open(verdict: Verdict, why: str) -> Answer:
    return Answer(question=Question.POLICIES, verdict=verdict, because=why)


def _uncounted(unit: Unit, history: History) -> tuple[str, Fact] | None:
    """NSIB has started the new release, and its counter does not say so; None where it does, or there is none."""
    root = history.releases[0]
    for stage in root.design.stages:
        for step in stage.steps:
            if not isinstance(step, ChooseSlot) or not step.counter:
                continue
            running = unit.running.get(step.image)
            place = counter_slots(root, step)
            memory = unit.device.uicr if unit.device.uicr.holds(place.start) else unit.device.flash
            size = place.size // root.factory.counter_slots
            stored = [
                int.from_bytes(memory.read(at, size), "little") ^ (1 << 8 * size) - 1
                for at in range(place.start, place.end, size)
            ]
            highest = max(stored, default=0) >> 1
            if running is not None and running.number > highest:
                why = (
                    f"NSIB starts {step.image} {running.number} with a counter that stays at {highest}: no slot is free"
                )
                return why, Fact(source=step.source, text="the counter of versions")
    return None
