"""Which lemmas the steps of a system keep: each step is asked about once, given the lemmas that bear on it.

A step bears on few variables, so an edit of a design, or another attacker, leaves most of what was asked as it was.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import field
from itertools import chain

from bootverify.dataclass import dataclass
from bootverify.encoder.obligations import Obligation, Shared, unbroken
from bootverify.encoder.system import System, Transition
from bootverify.encoder.terms import Term

Variables = frozenset[Term]
Group = tuple[Term, ...]  # lemmas about the same variables
Holds = Callable[[Obligation], bool]


@dataclass(slots=True)
class Keeping:
    """What is known of steps: by a step and the lemmas that it was taken with, the groups that it keeps.

    What was compared once is told by its number from then on.
    """

    known: dict[Hashable, set[int]] = field(default_factory=dict)
    numbers: dict[Hashable, int] = field(default_factory=dict)

    def keep(
        self, system: System, places: Variables, lemmas: Iterable[Term], goals: Iterable[Term], holds: Holds
    ) -> bool:
        """Whether every step keeps `goals`, given those of `lemmas` that bear on it; what is new `holds` is asked.

        `places` are the variables that all lemmas may speak of: the location, and the mode.
        """
        given = _Given(_groups(lemmas, places))
        wanted = {about: given.shared(about, group) for about, group in _groups(goals, places).items()}
        numbers = {self._number(each): (about, each) for about, each in wanted.items()}
        found, ways = [], []
        for step in system.transitions:
            bears = given.bearing(step)
            with_ = tuple([self._number(each) for each in bears])
            known = self.known.setdefault((step.guard, tuple(step.updates.items()), with_), set())
            if new := numbers.keys() - known:
                found.append((known, new))
                anywhere = not places.isdisjoint(step.updates)
                asked = [numbers[each] for each in sorted(new)]
                touched = [each for about, each in asked if anywhere or not about.isdisjoint(step.updates)]
                if touched:
                    ways.append((step, tuple(chain.from_iterable(bears)), touched))
        if ways and not holds(unbroken(ways, places)):
            return False
        for known, new in found:
            known.update(new)
        return True

    def _number(self, each: Hashable) -> int:
        return self.numbers.setdefault(each, len(self.numbers))


class _Given:
    """Lemmas by what they are about."""

    def __init__(self, groups: Mapping[Variables, Group]) -> None:
        self.groups = groups
        self.wide = [about for about in groups if len(about) > 1]
        self.order = list(groups.values())
        self.at: dict[Term, list[int]] = {}
        for number, about in enumerate(groups):
            for variable in about:
                self.at.setdefault(variable, []).append(number)

    def shared(self, about: Variables, goals: Group) -> Shared:
        """The goals with the lemmas about no other variables."""
        within = [each for each in self.wide if each <= about] if len(about) > 1 else ()
        near = (frozenset[Term](), *(frozenset((each,)) for each in sorted(about, key=_name)), *within)
        return goals, tuple(each for there in near for each in self.groups.get(there, ()))

    def bearing(self, step: Transition) -> list[Group]:
        """The lemmas about what the step reads, and about what those relate to its guard."""
        read = step.guard.free.union(*(value.free for value in step.updates.values()))
        read = read.union(*(about for about in self.wide if not about.isdisjoint(step.guard.free)))
        there = {number for each in read for number in self.at.get(each, ())}
        return [self.order[number] for number in sorted(there)]


def _groups(lemmas: Iterable[Term], places: Variables) -> dict[Variables, Group]:
    found: dict[Variables, list[Term]] = {}
    for lemma in lemmas:
        found.setdefault(lemma.free - places, []).append(lemma)
    return {about: tuple(group) for about, group in found.items()}


def _name(variable: Term) -> str:
    return variable.name
