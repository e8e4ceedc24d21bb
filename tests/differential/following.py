"""A world that the encoder follows: every action is checked for inclusion, every predicate for agreement."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache

from tests.differential.histories import step_of

from bootverify.check.replays.inclusion import Inclusion, hidden
from bootverify.check.replays.replay import act  # not the one that conftest watches: here it is watched already
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants
from bootverify.encoder.logic.terms import Term, Valuation, Value
from bootverify.encoder.moves.second_core import reaches_over
from bootverify.encoder.variables.cells import NotModelled
from bootverify.executor.claims import predicates
from bootverify.executor.network.predicates import of_network
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, TakeStep


@lru_cache(maxsize=256)
def instants_of(design: Design, attacker: Attacker, *, remembers: bool = False) -> Instants:
    """The encoder's steps for the two, built once; `remembers`: with what was kept of releases."""
    return Instants(system_for(design, attacker, history=remembers))


class Followed:
    """A device from production on, with the encoder's instants beside it."""

    def __init__(self, design: Design, attacker: Attacker, *, remembers: bool = False) -> None:
        self.steps = instants_of(design, attacker, remembers=remembers)
        self.world = World.start(design, attacker, history=remembers)
        self.inclusion = Inclusion(self.steps, self.world)
        self.history: list[Action] = []
        self.asked = tuple(_asked(self.steps))

    def tries(self, action: Action) -> bool:
        """Let `action` happen if it can; whether it did. Raises Discrepancy where the encoder does not foresee it."""
        before = self.world.copy()
        try:
            act(self.world, action)
        except NotEnabled:
            self.world = before
            return False
        self.history.append(action)
        self.inclusion.watch(action, self.world)
        return True

    def does(self, *actions: Action) -> dict[str, Value]:
        """Let all of `actions` happen; the facts then."""
        for action in actions:
            assert self.tries(action), f"{action} cannot happen"
        return self.facts

    def next_step(self) -> TakeStep:
        """The step that the device is about to take."""
        step = step_of(self.world)
        assert step is not None, "the device is halted"
        return step

    def runs_on(self) -> dict[str, Value]:
        """Let the device take its steps, up to the application's loop or a halt; the facts then."""
        last = self.steps.boot.frame.run_mark
        while self.facts["at"] not in {"halted", last} and (step := step_of(self.world)) is not None:
            self.does(step)
        return self.facts

    def boots(self) -> dict[str, Value]:
        """As `runs_on`; and then both sides answer alike."""
        facts = self.runs_on()
        assert not self.disagreements()
        return facts

    @property
    def facts(self) -> dict[str, Value]:
        """One instant that explains the device, by names."""
        return {variable.name: value for variable, value in self.inclusion.instants[0].items()}

    def disagreements(self) -> list[str]:
        """The predicates on which executor and encoder differ, where the encoder's are exact."""
        found = []
        instants = [Valuation(each) for each in self.inclusion.instants]
        vague = self._vague()
        for name, here, there in self.asked:
            if not vague.isdisjoint(there.free):
                continue
            told, seen = {bool(each.of(there)) for each in instants}, here(self.world)
            if told != {seen}:
                found.append(f"{name}: {seen} here, {told} there")
        return found

    def _vague(self) -> set[Term]:
        """What is tampered or midway: there the encoder knows only what may be."""
        frame = self.steps.boot.frame
        vague = {
            variable
            for each in self.inclusion.instants
            for region in frame.regions
            if each.get(region.tampered)
            for variable in region.variables
        }
        for each in self.inclusion.instants:
            vague |= hidden(frame, each)
        return vague


def _asked(steps: Instants) -> Iterator[tuple[str, Callable[[World], bool], Term]]:
    """Every predicate of everything: its name, how the executor answers, the encoder's term."""
    design, ask = steps.boot.frame.design, steps.boot.predicates
    second = steps.boot.frame.second
    untold = second is not None and reaches_over(steps.boot.frame, second)  # what code there reaches is not settled
    for stage in design.stages:
        yield f"intact({stage.name})", _answer(predicates.intact, stage), ask.intact(stage)
    for thing in (*design.stages, *design.images):
        with suppress(NotModelled):
            yield f"shown({thing.name})", _answer(predicates.shown, thing), ask.shown(thing)
    for image in design.images:
        for name in ("starting", "running", "authentic", *(() if untold else ("writable",))):
            yield (
                f"{name}({image.name})",
                _answer(getattr(predicates, name), image),
                getattr(ask, name)(image),
            )
    for program in design.network if second is not None and not steps.boot.frame.debugs else ():
        for name in ("running", "intact", "writable", *(("older",) if steps.boot.frame.history else ())):
            here = _answer(of_network, name, program)
            yield f"{name}({program.name})", here, ask.of_network(name, program)
    for key in design.keys:
        for name in ("knows", "shipped", "renewed", *(() if untold else ("usable",))):
            yield f"{name}({key.name})", _answer(getattr(predicates, name), key), getattr(ask, name)(key)
        for image in design.images:
            yield (
                f"carried({key.name}, {image.name})",
                _answer(predicates.carried, key, image),
                ask.carried(key, image),
            )


def _answer(predicate: Callable[..., bool], *things: object) -> Callable[[World], bool]:
    return lambda world: predicate(world, *things)
