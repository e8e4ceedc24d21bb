"""A design and an attacker as one transition system, with the way back to actions."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from bootverify.dataclass import dataclass
from bootverify.design.attacker import TOLD_ONLY, Attacker, Capability
from bootverify.design.boot import (
    Begin,
    BootGo,
    ChooseSlot,
    Image,
    Launch,
    Program,
    Protect,
    Run,
    SetUpTrustZone,
    Stage,
    Step,
)
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InPartition
from bootverify.encoder.claims.compile import Things, compiled
from bootverify.encoder.claims.predicates import Predicates
from bootverify.encoder.logic.system import System
from bootverify.encoder.logic.terms import Term, and_, not_
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.attack import attack
from bootverify.encoder.moves.environment import content_of, environment
from bootverify.encoder.moves.fault import fault, nothing_lies
from bootverify.encoder.moves.in_place import in_place
from bootverify.encoder.moves.move import Choices, Move, choice, chosen
from bootverify.encoder.moves.scratch import scratch
from bootverify.encoder.moves.second_core import network_moves
from bootverify.encoder.stages.mcuboot import boot_go
from bootverify.encoder.stages.network_core import fed
from bootverify.encoder.stages.nsib import choose_slot
from bootverify.encoder.stages.outcome import FOREIGN, Outcome, possible
from bootverify.encoder.stages.protect import protect
from bootverify.encoder.stages.simple import goes_on
from bootverify.encoder.stages.trustzone import set_up_trustzone
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.contents import CRAFTED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED
from bootverify.encoder.variables.second_core import untold
from bootverify.machine.action import Action, Meanwhile, TakeStep
from bootverify.policy.formula import Formula, predicates_in
from bootverify.policy.typecheck import uses_history

PLAYED_THERE = frozenset({Capability.RUN_NETWORK_CORE})  # of the network core alone there are moves


@dataclass(frozen=True, kw_only=True)
class BootSystem:
    """What a device of the design can do in the presence of the attacker.

    `moves` tell which actions each transition stands for.
    """

    frame: Frame
    predicates: Predicates
    system: System
    moves: Mapping[str, Move]

    @property
    def location(self) -> Term:
        """The variable that tells where the program is."""
        return self.frame.at

    def term(self, formula: Formula, things: Things) -> Term:
        """The claim's formula over the variables of one instant, its names bound by `things`.

        Raises:
            NotModelled: it is about what has been, and these instants do not tell that; or a predicate has no terms.
        """
        term = compiled(self.predicates, formula, things)
        if uses_history(formula) and not self.frame.history:
            raise NotModelled("what has been kept, once a recovery is over")
        return term

    def surely(self, formula: Formula, things: Things) -> None:
        """Raises NotModelled where a move is missing that could break what is proved of the formula."""
        thing = things.get("it")
        if uses_history(formula) and isinstance(thing, Image):
            self.frame.all_told(thing)
        if isinstance(thing, Image | Stage) and "shown" in predicates_in(formula):
            self.predicates.surely_hidden(thing)
        self.frame.all_of_port()


def system_for(design: Design, attacker: Attacker, *, history: bool = False) -> BootSystem:
    """The system of `design` and `attacker`, from the factory state at the first mark.

    `history`: it remembers which releases were kept.

    Raises:
        NotModelled: something in the design has no terms.
    """
    beyond = sorted(each.value for each in attacker.capabilities & TOLD_ONLY - PLAYED_THERE)
    if beyond:
        raise NotModelled(f"`{beyond[0]}` has no moves in the boot system")
    if attacker.can(Capability.RUN_SECURE_PARTITION) and design.isolation_level > 1:
        tfm = {stage.image for stage in design.stages if stage.program is Program.TFM}
        for key in design.keys:
            if any(isinstance(place, InImage) and place.image in tfm for place in key.placements):
                raise NotModelled(f"whether an unprivileged partition reads `{key.name}` in TF-M's own image")
    for image in _never_started(design):
        by = f"`{image.verified_by}` starts one image and verifies `{image.name}` beside it"
        raise NotModelled(f"{by}: what a second image does there has no moves")
    for secret, where, owner in _covered(design):
        what = f"`{where}` holds `{secret}` and lies inside a slot of `{owner}`"
        raise NotModelled(f"{what}: whether what its signature covers, or an update, leaves it alone is not told")
    frame = Frame(design, attacker, history=history)
    if attacker.capabilities & PLAYED_THERE and frame.second is None:
        raise NotModelled(untold(design))
    reach = Reach(frame)
    around = (*environment(frame, reach), *in_place(frame, reach))
    told = [*_steps(frame), *fault(frame), *around, *attack(frame, reach), *scratch(frame, reach)]
    if frame.second is not None:
        told += network_moves(frame, frame.second, reach)
    moves = [each.followed(frame) for each in told]
    return BootSystem(
        frame=frame,
        predicates=Predicates(frame, reach),
        system=System(
            variables=frame.variables,
            init=frame.init,
            transitions=tuple(each.transition for each in moves),
        ),
        moves={each.name: each for each in moves},
    )


def _never_started(design: Design) -> list[Image]:
    """The images that a stage verifies and does not start, though it starts one: of several, that is the first."""
    launches = {step.stage: stage.name for stage in design.stages for step in stage.steps if isinstance(step, Launch)}
    waiting = (design.image(stage.image) for stage in design.stages[1:] if stage.name not in launches)
    return [image for image in waiting if image.verified_by in launches.values()]


def _covered(design: Design) -> Iterator[tuple[str, str, str]]:
    """Secrets in a slot of an image that is verified, or where its updates wait: key, partition, image."""
    homes = [
        (design.partition(name), image.name)
        for image in design.images
        if image.verified_by is not None
        for name in (*image.slots, *([image.staging] if image.staging else []))
    ]
    for key in design.keys:
        names = [place.partition for place in key.placements if isinstance(place, InPartition) and key.secret]
        for area, (slot, image) in product(map(design.partition, names), homes):
            apart = area.range.end <= slot.range.start or slot.range.end <= area.range.start
            if area.memory is slot.memory and not apart:
                yield key.name, area.name, image


def _steps(frame: Frame) -> Iterator[Move]:
    """Every outcome of every step of every stage."""
    for stage in frame.design.stages:
        marks = frame.marks[stage.name]
        for i, (step, mark) in enumerate(zip(stage.steps, marks, strict=True)):
            following = marks[i + 1] if i + 1 < len(marks) else HALTED
            for outcome in possible(_outcomes(frame, stage, step, mark, following)):
                yield _taken(frame, stage, i, mark, outcome)


def _outcomes(frame: Frame, stage: Stage, step: Step, mark: str, following: str) -> list[Outcome]:
    match step:
        case Protect():
            return protect(frame, step, following)
        case ChooseSlot():
            return choose_slot(frame, step, following, mark)
        case BootGo():
            outcomes = boot_go(frame, step, following, mark)
            second = frame.second
            return outcomes if second is None or second.fed.step is not step else fed(frame, second, mark, outcomes)
        case SetUpTrustZone():
            return set_up_trustzone(frame, step, following)
        case Launch():
            return goes_on(frame, stage, frame.marks[step.stage][0])
        case Begin():
            return goes_on(frame, stage, following)
        case Run():
            return []  # it stays where it is


def _taken(frame: Frame, stage: Stage, i: int, mark: str, outcome: Outcome) -> Move:
    step = TakeStep(stage=stage.name, step=i, cut_after=outcome.after if outcome.cut else None)

    def tells(choices: Choices) -> Action:
        if not outcome.foreign:
            return step
        content = content_of(frame, str(choices.get(FOREIGN, CRAFTED)))
        return replace(step, meanwhile=Meanwhile(partition=outcome.foreign, content=content))

    name = f"{mark}: {outcome.name}"
    guard = and_(frame.at_mark(mark), not_(nothing_lies(frame, stage)), outcome.guard)
    foreign = choice(name, FOREIGN, frame.content_sort)
    return chosen(
        name,
        guard,
        outcome.assignments(frame),
        outcome.inputs,
        tells,
        by=(foreign,) if foreign in outcome.inputs else (),
        vague=outcome.vague,
        undisturbed=not (outcome.cut or outcome.foreign),
    )
