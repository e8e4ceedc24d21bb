"""Runs actions on the executor from production on; only what happens there earns a verdict.

Every step is checked for inclusion on the way, where the encoder's steps are given. The search does not count the
lasting writes of a step, so where a trace has the power cut its position is a suggestion: others are tried too. Nor
does it say as which image the attacker's bytes pose where several are staged in one place: each is tried.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field, replace

from bootverify.check.replays.inclusion import Inclusion
from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.encoder.instant import Instants
from bootverify.executor.run import act, observed
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Action, Deliver, Meanwhile, Overwrite, TakeStep
from bootverify.machine.content import Crafted
from bootverify.machine.trace import Step

MOST_TRIALS = 3000  # ways to let an action happen that one replay may try, all actions of a trace together
MOST_TURNS = 300
UNCUT = 1_000_000  # more lasting writes than any step has


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What a run showed.

    `reached` is the number of actions after which the goal held, None if it never did; `refused` tells which action
    could not happen and why, empty when all did.
    """

    steps: tuple[Step, ...]
    world: World
    reached: int | None
    refused: str = ""


def replay(
    design: Design,
    attacker: Attacker,
    actions: Sequence[Action],
    goal: Callable[[World], bool],
    *,
    foreseen: Instants | None = None,
    exact: bool = False,
    history: bool = False,
) -> Replay:
    """Let `actions` happen to a fresh device until `goal` holds or they are used up.

    With `foreseen`, each step must be among the encoder's. What was booted and kept is remembered where those tell it,
    or with `history`. `exact`: the actions are a recording, nothing else is tried.

    Raises:
        Discrepancy: a step is not.
    """
    world = World.start(design, attacker, history=history or (foreseen is not None and foreseen.boot.frame.history))
    inclusion = None if foreseen is None else Inclusion(foreseen, world)
    if goal(world):
        return Replay(steps=(), world=world, reached=0)
    return _Trials(actions, goal, exact).run(_Run(world=world, inclusion=inclusion))


@dataclass(slots=True, kw_only=True)
class _Run:
    world: World
    inclusion: Inclusion | None
    steps: tuple[Step, ...] = ()

    def copy(self) -> "_Run":
        inclusion = None if self.inclusion is None else self.inclusion.copy()
        return _Run(world=self.world.copy(), inclusion=inclusion, steps=self.steps)

    def does(self, action: Action) -> None:
        """Raises NotEnabled; what has happened then is of no use any more."""
        act(self.world, action)
        if self.inclusion is not None:
            self.inclusion.watch(action, self.world)
        observation = observed(self.world)
        self.steps = (*self.steps, Step(action=action, observation=observation))


@dataclass(slots=True)
class _Trials:
    actions: Sequence[Action]
    goal: Callable[[World], bool]
    exact: bool = False
    left: int = field(default=MOST_TRIALS)

    def run(self, run: _Run) -> Replay:
        """The first way to the goal; where there is none, the first way that was tried."""
        while len(run.steps) < len(self.actions):
            action = self.actions[len(run.steps)]
            match action:
                case _ if self.exact:
                    pass
                case TakeStep(meanwhile=Meanwhile()):
                    return self._tried(run, _turns(action))
                case TakeStep(cut_after=int()):
                    return self._tried(run, _cuts(run.world, action))
                case Deliver() | Overwrite() if len(guises := _guises(run.world, action)) > 1:
                    return self._tried(run, guises)
            if ended := self._does(run, action):
                return ended
        return Replay(steps=run.steps, world=run.world, reached=None)

    def _tried(self, run: _Run, ways: Iterable[Action]) -> Replay:
        first = None
        for way in ways:
            twin = run.copy()
            ended = self._does(twin, way) or self.run(twin)
            if ended.reached is not None:
                return ended
            first = first or ended
            self.left -= 1
            if self.left <= 0:
                break
        assert first is not None, "there is always the suggestion itself"
        return first

    def _does(self, run: _Run, action: Action) -> Replay | None:
        """What ends the run with this action, if anything does."""
        try:
            run.does(action)
        except NotEnabled as error:
            return Replay(steps=run.steps, world=run.world, reached=None, refused=f"{action}: {error}")
        if self.goal(run.world):
            return Replay(steps=run.steps, world=run.world, reached=len(run.steps))
        return None


def _cuts(world: World, action: TakeStep) -> Iterator[TakeStep]:
    """The cut as suggested, at both ends and in the middle, then everywhere else, by lasting writes before it."""
    assert action.cut_after is not None
    twin = world.copy()
    try:
        act(twin, replace(action, cut_after=UNCUT))
    except NotEnabled:
        yield action
        return
    count = twin.spent
    first = [min(action.cut_after, count), count // 2, count, max(count - 1, 0), 1, count // 4, 3 * count // 4]
    yield from (replace(action, cut_after=after) for after in dict.fromkeys([*first, *range(count + 1)]))


def _turns(action: TakeStep) -> Iterator[TakeStep]:
    """The foreign write at every moment of the step, from the first on; where it comes too late nothing happens."""
    assert action.meanwhile is not None
    yield from (replace(action, meanwhile=replace(action.meanwhile, before=before)) for before in range(MOST_TURNS))


def _guises(world: World, action: Deliver | Overwrite) -> tuple[Action, ...]:
    """The attacker's bytes as each image that is staged there; anything else as it is."""
    if action.content != Crafted():
        return (action,)
    return tuple(replace(action, content=guise) for guise in world.factory.guises(action.partition))
