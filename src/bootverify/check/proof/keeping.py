"""Which lemmas the steps of a system keep: each step is asked about once, given the lemmas that bear on it.

A step bears on few variables, so an edit of a design, or another attacker, leaves most of what was asked as it was.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import field
from itertools import chain

from bootverify.dataclass import dataclass
from bootverify.encoder.logic.obligations import Obligation, Shared, Told, broken, lost, told_after, told_of, unbroken
from bootverify.encoder.logic.system import System, Transition
from bootverify.encoder.logic.terms import Term, false

Variables = frozenset[Term]
Group = tuple[Term, ...]  # lemmas about the same variables
Holds = Callable[[Obligation], bool]


@dataclass(slots=True)
class Keeping:
    """What is known of steps: by a step and the lemmas that it was taken with, the groups that it keeps.

    What was compared once is told by its number from then on. `moved`: by where steps are and lead to, which groups
    were looked at, and how those break of which something is left, where a step does nothing else.
    """

    known: dict[Hashable, set[int]] = field(default_factory=dict)
    numbers: dict[Hashable, int] = field(default_factory=dict)
    moved: dict[Hashable, tuple[set[int], dict[int, Term]]] = field(default_factory=dict)

    def keep(
        self, system: System, places: Variables, lemmas: Iterable[Term], goals: Iterable[Term], holds: Holds
    ) -> bool:
        """Whether every step keeps `goals`, given those of `lemmas` that bear on it; what is new `holds` is asked.

        `places` are the variables that all lemmas may speak of: the location, and the mode.
        """
        given = _Given(_groups(lemmas, places))
        wanted, speaks = dict[int, tuple[Variables, Shared]](), dict[Term, set[int]]()
        for about, group in _groups(goals, places).items():
            number = self._number(shared := given.shared(about, group))
            wanted[number] = about, shared
            for variable in about:
                speaks.setdefault(variable, set()).add(number)
        found, ways = [], []
        for step in system.transitions:
            bears = given.bearing(step)
            with_ = tuple([self._number(each) for each in bears])
            known = self.known.setdefault((step.guard, tuple(step.updates.items()), with_), set())
            if new := wanted.keys() - known:
                found.append((known, new))
                here = told_of(places, step)
                leads = tuple([(place, value) for place, value in step.updates.items() if place in places])
                assigned = new & set[int]().union(*(speaks.get(each, ()) for each in step.updates))
                breaks = self._moves(leads, here, new - assigned, wanted) if leads else []
                for about, shared in (wanted[each] for each in sorted(assigned)):
                    sets = [(each, step.updates[each]) for each in about if each in step.updates]
                    breaks.append(broken(shared, (*leads, *sets), here))
                if any(each is not false() for each in breaks):
                    ways.append((step, here, chain.from_iterable(bears), breaks))
        if ways and not holds(unbroken(ways)):
            return False
        for known, new in found:
            known.update(new)
        return True

    def _moves(
        self, leads: Told, here: Told, goals: set[int], wanted: Mapping[int, tuple[Variables, Shared]]
    ) -> list[Term]:
        """How a step breaks those of the goals to whose variables it does not assign: only by where it leads."""
        seen, left = self.moved.setdefault((here, leads), (set(), {}))
        there = told_after(leads, here)
        for each in sorted(goals - seen):
            shared = wanted[each][1]
            way = broken(shared, leads, here) if there is None else lost(shared, here, there)
            if way is not false():
                left[each] = way
        seen |= goals
        return [left[each] for each in sorted(goals & left.keys())]

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
