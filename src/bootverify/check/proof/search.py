"""Breadth-first search for the shortest way to a bad state. What it finds is a suggestion; the executor decides."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from bootverify.check.proof.granted import granted, granting
from bootverify.check.proof.visited import met
from bootverify.dataclass import dataclass
from bootverify.encoder.logic.pycode import Choice, Compiled, State, There, inputs_of
from bootverify.encoder.logic.system import System
from bootverify.encoder.logic.terms import Term, Value, substitute, true

MOST_STATES = 200_000  # that are met before a search gives up
SMALL = 200  # states: a space of no more is searched as it is


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


def shortest(
    system: System, bad: Term, *, most_states: int = MOST_STATES, there: There | None = None
) -> Path | Exhausted | GaveUp:
    """The shortest path to a state in which `bad` holds, over the cone of what `bad` reads.

    A large space is looked at by way of a smaller one, where all that may be done first of all is done: how far a bad
    state is there says which states are too far from any. The path is the same. `there`: what may happen where,
    as far as that is known.
    """
    sliced = system.sliced(bad.free)
    walk = _Walk(sliced, bad, there)
    walk.go_on(min(SMALL, most_states))
    free = () if walk.over else granted(sliced, bad)
    if not free:
        walk.go_on(most_states)
        return walk.outcome()
    chart = _Walk(granting(sliced, free), substitute(bad, dict.fromkeys(free, true())), there, before={})
    chart.go_on(most_states)
    if not chart.bad:
        return chart.outcome()
    ordered = replace(sliced, variables=(*chart.system.variables, *free))
    least = chart.far[chart.bad[0]]
    for most in range(least, least + len(free) + 1):  # doing each of `free` takes one step, once
        chart.go_on(most_states, to=most)
        leads = partial(_in_time, chart.distances(), len(chart.system.variables), most)
        walk = _Walk(ordered, bad, there, leads=leads)
        walk.go_on(most_states)
        if walk.bad:
            return walk.outcome()
    return GaveUp(states=len(chart.far), depth=least)


def _in_time(distances: Mapping[State, int], width: int, most: int, state: State, depth: int) -> bool:
    """Whether a state that is met at `depth` may lead to a bad one in `most` steps.

    `distances`: how far from one those are that have the same `width` first values.
    """
    return depth + distances.get(state[:width], most + 1) <= most


class _Walk:
    """The states of a system, met one after the other by how many steps they are from a start; it can be gone on with.

    `far` are those met, with that number; `bad` those of them in which the term holds.
    """

    def __init__(
        self,
        system: System,
        bad: Term,
        there: There | None,
        *,
        leads: Callable[[State, int], bool] | None = None,
        before: dict[State, list[State]] | None = None,
    ) -> None:
        """`leads` tells which states to look at; `before`, where it is given, gets the states that others follow."""
        self.system = system
        self.far: dict[State, int] = {}
        self.bad: list[State] = []
        self._compiled = Compiled(system, there)
        self._is_bad = self._compiled.predicate(bad)
        self._leads = leads
        self._before = before
        self._came: dict[State, tuple[State, int, Choice]] = {}
        self._pending = deque[State]()
        for state in self._compiled.initial():
            if leads is None or leads(state, 0):
                self._meet(state, 0)

    @property
    def over(self) -> bool:
        """Whether a bad state was met, or there is nothing left to meet."""
        return bool(self.bad) or not self._pending

    def go_on(self, most_states: int, *, to: int = 0) -> None:
        """Until a bad state is met, and all that are no more than `to` steps away; or more states than so many."""
        far, leads, before = self.far, self._leads, self._before
        while self._pending and len(far) <= most_states:
            state = self._pending[0]
            depth = far[state] + 1
            if self.bad and depth > to:
                return
            self._pending.popleft()
            for number, choice, after in self._compiled.successors(state):
                if before is not None:
                    before.setdefault(after, []).append(state)
                if after in far or (leads is not None and not leads(after, depth)):
                    continue
                self._came[after] = (state, number, choice)
                self._meet(after, depth)

    def _meet(self, state: State, depth: int) -> None:
        self.far[state] = depth
        self._pending.append(state)
        if self._is_bad(state):
            self.bad.append(state)

    def distances(self) -> dict[State, int]:
        """How many steps those states that a bad one was met from are from the next, at most as far as was gone."""
        found = dict.fromkeys(self.bad, 0)
        pending = deque(found)
        while pending:
            state = pending.popleft()
            for earlier in (self._before or {}).get(state, ()):
                if earlier not in found:
                    found[earlier] = found[state] + 1
                    pending.append(earlier)
        return found

    def outcome(self) -> Path | Exhausted | GaveUp:
        """What came of it."""
        if self.bad:
            return Path(steps=self._path(self.bad[0]))
        if self._pending:
            return GaveUp(states=len(self.far), depth=self.far[self._pending[0]])
        return Exhausted(states=len(self.far), met=met(self.system.variables, self.far))

    def _path(self, last: State) -> tuple[PathStep, ...]:
        steps: list[PathStep] = []
        while last in self._came:
            last, number, choice = self._came[last]
            transition = self.system.transitions[number]
            steps.append(PathStep(transition=transition.name, inputs=inputs_of(transition, choice)))
        return tuple(reversed(steps))
