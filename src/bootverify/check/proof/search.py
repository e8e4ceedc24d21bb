"""Breadth-first search for the shortest way to a bad state. What it finds is a suggestion; the executor decides."""

from collections.abc import Mapping

from bootverify.check.proof.visited import met
from bootverify.dataclass import dataclass
from bootverify.encoder.logic.pycode import Compiled, State, inputs_of
from bootverify.encoder.logic.system import System
from bootverify.encoder.logic.terms import Term, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One transition taken, with the input values chosen."""

    transition: str
    inputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A shortest sequence of transitions from a start to a bad state."""

    steps: tuple[PathStep, ...]

    def until(self, transition: str) -> "Path":
        """What comes before the first step by that transition."""
        names = [*(step.transition for step in self.steps), transition]
        return Path(steps=self.steps[: names.index(transition)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """No bad state is reachable in the searched system; `states` were seen, all those of which `met` is true."""

    states: int
    met: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """The bound was met at `depth` before an answer."""

    states: int
    depth: int


def shortest(system: System, bad: Term, *, most_states: int = 200_000) -> Path | Exhausted | GaveUp:
    """The shortest path to a state in which `bad` holds, over the cone of what `bad` reads."""
    sliced = system.sliced(bad.free)
    compiled = Compiled(sliced)
    is_bad = compiled.predicate(bad)
    came: dict[State, tuple[State, int, tuple[int, ...]] | None] = {}
    frontier: list[State] = []
    for state in compiled.initial():
        came.setdefault(state, None)
        frontier.append(state)
        if is_bad(state):
            return Path(steps=())
    depth = 0
    while frontier:
        following: list[State] = []
        for state in frontier:
            for number, choice, after in compiled.successors(state):
                if after in came:
                    continue
                came[after] = (state, number, choice)
                if is_bad(after):
                    return Path(steps=_path(sliced, came, after))
                following.append(after)
            if len(came) > most_states:
                return GaveUp(states=len(came), depth=depth)
        frontier = following
        depth += 1
    return Exhausted(states=len(came), met=met(sliced.variables, came))


def _path(
    system: System, came: Mapping[State, tuple[State, int, tuple[int, ...]] | None], last: State
) -> tuple[PathStep, ...]:
    steps: list[PathStep] = []
    at = last
    while (origin := came[at]) is not None:
        before, number, choice = origin
        transition = system.transitions[number]
        steps.append(PathStep(transition=transition.name, inputs=inputs_of(transition, choice)))
        at = before
    return tuple(reversed(steps))
