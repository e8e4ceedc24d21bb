"""Several addresses of a map at once: what each can be in some map, as page indices in linear integer arithmetic.

The conditions are necessary ones, each named after the fact that it stands for, so what they exclude is excluded. The
ends of each range are whole maps that the solver found, asked as files. Where a check refuses them, the range ends
where maps are found that it does not refuse, and the answer says that it may go on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from itertools import pairwise
from typing import Any

from bootverify.check.solver import RLIMIT, Sat, Unknown, Unsat, solve
from bootverify.check.verdict import Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.written import Written
from bootverify.whatif.edit import as_edited
from bootverify.whatif.free import Asker, Span, first_new, violated
from bootverify.whatif.holes import combinations
from bootverify.whatif.map_system import Limit, MapSystem

MOST_VALUES = 4_096  # of one address, each of which the solver is asked about
MOST_TRIES = 6  # maps with one value in its place, where a check refuses them
Filling = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """By path, the values with which some map keeps every policy; what ties the paths together; one such map.

    `choice` are the values of switches and choices that go with it, `filling` those and the map's; it is empty where no
    map was found. `uncertain` says why an end of a range may not be the last one.
    """

    choice: Mapping[str, Any]
    spans: Mapping[str, tuple[Span, ...]]
    ties: tuple[Limit, ...] = ()
    filling: Mapping[str, Any] = field(default_factory=dict)
    uncertain: str = ""


def together(
    written: Written,
    paths: Sequence[str],
    asker: Asker,
    *,
    choices: Sequence[str] = (),
    holes: bool = False,
    rlimit: int = RLIMIT,
) -> list[Together]:
    """What the addresses and sizes at `paths` of the map can be, with each combination of values for `choices`.

    A map is kept when it violates nothing that the present one does not; where there are choices or `holes`, nothing
    that the best of the maps that were asked does not.

    Raises:
        InputError: one of the paths is no address or size of a partition, or has too many values.
    """
    combined = [dict(zip(choices, values, strict=True)) for values in combinations(written, choices)]
    chosen = [as_edited(written, change) if change else written for change in combined]
    searches = [_Search(MapSystem.of(each, paths, asker), asker, rlimit) for each in chosen]
    free = choices or holes
    reports = [r for each in searches for r in each.ends()] if free else [asker.report(design_of(written))]
    best = max(reports, key=lambda report: report.count(Verdict.HOLDS), default=None)
    known = violated(best) if best is not None else frozenset()
    return [search.found(change, known) for change, search in zip(combined, searches, strict=True)]


@dataclass(slots=True)
class _Search:
    """What the solver excludes, and what checks say of the maps at the ends; `known` may be violated."""

    system: MapSystem
    asker: Asker
    rlimit: int
    known: frozenset[object] = frozenset()
    fitting: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    asked: dict[Filling, Report | str] = field(default_factory=dict)
    ties: list[Limit] = field(default_factory=list)  # of those that exclude something
    good: dict[int, str] = field(default_factory=dict)
    uncertain: str = ""

    def found(self, choice: Mapping[str, Any], known: frozenset[object]) -> Together:
        """The answer."""
        self.known = known
        spans = [self.spans(number) for number in range(len(self.system.paths))]
        if self.uncertain:  # once more, with maps in which all others are what was found good
            self.learn(spans)
            spans = [self.spans(number) for number in range(len(self.system.paths))]
        kept = next((filling for filling in self.asked if not self.why(filling)), None)
        return Together(
            choice=choice,
            spans=dict(zip(self.system.paths, map(tuple, spans), strict=True)),
            ties=tuple(self.ties),
            filling={**choice, **dict(zip(self.system.paths, kept, strict=True))} if kept else {},
            uncertain=self.uncertain,
        )

    def ends(self) -> list[Report]:
        """What checks say of the maps at the ends of all runs."""
        values = [(n, end) for n in range(len(self.system.paths)) for run in self.runs(n) for end in run]
        maps = [self._map(number, value, ()) for number, value in values]
        return [report for each in maps if each and isinstance(report := self._report(each), Report)]

    def runs(self, number: int) -> list[tuple[int, int]]:
        """The values of one unknown with which the conditions can be met, as runs of neighbours."""
        if number not in self.fitting:
            self.fitting[number] = self._runs(number)
        return self.fitting[number]

    def _runs(self, number: int) -> list[tuple[int, int]]:
        unknown = self.system.unknowns[number]
        if unknown.count > MOST_VALUES:
            words = f"`{self.system.paths[number]}` has {unknown.count:,} values"
            raise InputError.at(self.system.written.file, 0, f"{words}; of several, each may have {MOST_VALUES:,}")
        kept = [value for value in unknown.values if self._fits(number, value)]
        breaks = [i for i, (one, other) in enumerate(pairwise(kept), start=1) if other - one > unknown.step]
        edges = [0, *breaks, len(kept)]
        return [(kept[i], kept[j - 1]) for i, j in pairwise(edges) if j > i]

    def spans(self, number: int) -> list[Span]:
        """The runs as spans whose ends are maps that keep every policy, with what excludes the values next to them."""
        unknown, found = self.system.unknowns[number], []
        for first, last in self.runs(number):
            middle = first + (last - first) // unknown.step // 2 * unknown.step
            wanted = [first, last, middle] if unknown.now is None else [unknown.now, first, last, middle]
            inside = [value for value in wanted if first <= value <= last]
            kept = next((value for value in inside if not self._refusal(number, value)), None)
            if kept is None:
                found.append(Span(first=first, last=last, step=unknown.step, why=self._refusal(number, first)))
                continue
            (low, below), (high, above) = self._end(number, kept, first), self._end(number, kept, last)
            below = below or self._excluded(number, low - unknown.step)
            above = above or self._excluded(number, high + unknown.step)
            found.append(Span(first=low, last=high, step=unknown.step, why="", below=below, above=above))
        return found

    def learn(self, spans: Sequence[Sequence[Span]]) -> None:
        """Prefer maps whose values are among those that were found good."""
        ends = [[end for each in found if not each.why for end in (each.first, each.last)] for found in spans]
        self.good = {n: self.system.between(n, min(found), max(found)) for n, found in enumerate(ends) if found}
        self.uncertain = ""

    def why(self, filling: Filling) -> str:
        """What a check has against the map with these values; empty when nothing."""
        report = self._report(filling)
        return report if isinstance(report, str) else first_new(report.findings, self.known)

    def _end(self, number: int, kept: int, end: int) -> tuple[int, str]:
        """The value nearest to `end` that was found kept, by halving; and what a check says of the one next to it."""
        step, refused = self.system.unknowns[number].step, self._refusal(number, end)
        if not refused:
            return end, ""
        path = self.system.paths[number]
        self.uncertain = self.uncertain or f"beyond those of {path} not every map was tried"
        while abs(end - kept) > step:
            middle = kept + (end - kept) // step // 2 * step
            if why := self._refusal(number, middle):
                end, refused = middle, why
            else:
                kept = middle
        return kept, refused

    def _refusal(self, number: int, value: int) -> str:
        """What a check says of the first of the maps with that value, if none is kept of those that are tried."""
        refused: list[Filling] = []
        while len(refused) < MOST_TRIES and (filling := self._map(number, value, refused)):
            if not self.why(filling):
                return ""
            refused.append(filling)
        return self.why(refused[0]) if refused else "no map was found"

    def _fits(self, number: int, value: int) -> bool:
        answer = solve(self.system.script([self.system.at(number, value)]), rlimit=self.rlimit)
        if isinstance(answer, Unknown):
            self.uncertain = answer.words("z3")
        return isinstance(answer, Sat)

    def _map(self, number: int, value: int, refused: Sequence[Filling]) -> Filling:
        """A map with that value that is none of `refused`, as it stands where it can be; empty when none is left."""
        fixed = [self.system.at(number, value), *map(self.system.other_than, refused)]
        for wish in (*self.system.wishes(number), tuple(text for n, text in self.good.items() if n != number), ()):
            answer = solve(
                self.system.script([*fixed, *wish]), rlimit=self.rlimit, wanted=self.system.names, alone=True
            )
            if isinstance(answer, Sat):
                return self.system.filling(dict(answer.values))
        return ()

    def _excluded(self, number: int, value: int) -> str:
        """The facts that leave no map with that value, by the core; empty when it is none of its values."""
        if value not in self.system.unknowns[number].values:
            return ""
        answer = solve(self.system.script([self.system.at(number, value)], core=True), rlimit=self.rlimit)
        if not isinstance(answer, Unsat):
            return ""
        limits = [limit for name, limit in self.system.limits.items() if name in answer.core]
        self.ties += [limit for limit in limits if limit.ties and limit not in self.ties]
        return "; ".join(f"{limit.text} ({limit.source})" for limit in limits)

    def _report(self, filling: Filling) -> Report | str:
        """What a check says of the edited file; why there is none to check."""
        if filling not in self.asked:
            change = dict(zip(self.system.paths, filling, strict=True))
            try:
                self.asked[filling] = self.asker.report(design_of(as_edited(self.system.written, change)))
            except InputError as error:
                self.asked[filling] = error.faults[0].message
            except KeyError:
                self.asked[filling] = "the file has no place for it"
        return self.asked[filling]
