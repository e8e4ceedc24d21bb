"""All values of one fact that keep every policy, as ranges, each end with what limits it.

Switches and choices are tried one by one. Addresses and sizes run over pages: what overlaps a neighbour is refused by a
closed form, the rest falls into classes of one shape (`shape`), of which the first and the last member are asked. Then
the ends of each range are asked once more, from the edited file: the last value inside and the first one outside.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from itertools import pairwise
from typing import Any, Protocol

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import entry, mutated
from bootverify.sources.written import Written
from bootverify.whatif.collisions import Collisions
from bootverify.whatif.domain import domain
from bootverify.whatif.edit import as_edited
from bootverify.whatif.shape import shape

Watch = Callable[[int, int], None]
OVERLAP = "map-no-overlap"
OPEN = frozenset({Verdict.UNKNOWN, Verdict.VACUOUS})


class Asker(Protocol):
    """What answers all questions about a design; `check.session.Session` does."""

    def report(self, design: Design) -> Report:
        """Every finding."""

    def findings(self, design: Design) -> Iterator[Finding]:
        """The findings one by one, quick ones first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A value and what a check of the design with it says; `why` is empty when nothing is violated."""

    value: Any
    why: str

    @property
    def kept(self) -> bool:
        """Every policy keeps its verdict."""
        return not self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Values from `first` to `last`, in steps of `step` where they are numbers, all kept or all refused.

    `why` refuses the first. Of kept values `below` and `above` say what refuses the next ones, empty where there are
    none, and `between` what refuses those that the steps leave out.
    """

    first: Any
    last: Any
    step: int
    why: str
    below: str = ""
    above: str = ""
    between: str = ""


def free(written: Written, path: str, asker: Asker, *, watch: Watch | None = None, hole: bool = False) -> list[Span]:
    """Every value of the fact at `path`, as spans in order. `watch` is told how many of how many are judged.

    A value is kept when it violates nothing that the present value does not; in a `hole`, which has none, nothing that
    the value with which most holds does not.

    Raises:
        InputError: the path leads nowhere, or the fact has no values to run through.
    """
    current = entry(written, path)
    values = domain(written, path, current)
    design = design_of(written)
    before = asker.report(design)
    trial = _Trial(written, path, asker, watch, hole, known=violated(before))
    if not values.step:
        trial.settle(values.values)
        return list(_spans([trial.asked(value) for value in values.values], 0))
    overlaps = [finding.verdict for finding in before.findings if finding.policy == OVERLAP]
    collisions = Collisions.of(design, path) if overlaps == [Verdict.HOLDS] else Collisions()
    concluded = trial.over(values.values, collisions)
    judged = trial.proved(concluded, list(_spans(concluded, values.step)))
    return list(_spans(judged, values.step))


def largest(spans: Sequence[Span]) -> Span | None:
    """The kept span with the largest values."""
    kept = [span for span in spans if not span.why and isinstance(span.last, int)]
    return max(kept, key=lambda span: int(span.last), default=None)


@dataclass(slots=True)
class _Trial:
    """One fact that is tried with several values; `known` are the questions that were violated before."""

    written: Written
    path: str
    asker: Asker
    watch: Watch | None
    hole: bool = False
    known: frozenset[object] = frozenset()
    answers: dict[str, Judged] = field(default_factory=dict)

    def asked(self, value: Any) -> Judged:  # noqa: ANN401 - plain YAML
        """The value judged by a check of the edited file."""
        key = repr(value)
        if key not in self.answers:
            self.answers[key] = Judged(value=value, why=self._refusal(value))
        return self.answers[key]

    def over(self, values: Sequence[int], collisions: Collisions) -> list[Judged]:
        """Each value judged: by the closed form, by the resolver, or with its class."""
        found: dict[int, Judged] = {}
        classes: dict[object, list[int]] = {}
        for value in values:
            if why := collisions.at(value):
                found[value] = Judged(value=value, why=why)
                continue
            try:
                classes.setdefault(shape(design_of(mutated(self.written, {self.path: value}))), []).append(value)
            except InputError as error:
                found[value] = Judged(value=value, why=error.faults[0].message)
        self.settle([members[0] for members in classes.values()])
        for number, members in enumerate(classes.values(), start=1):
            found |= {judged.value: judged for judged in self._class(members)}
            if self.watch is not None:
                self.watch(number, len(classes))
        return [found[value] for value in values]

    def settle(self, values: Sequence[Any]) -> None:
        """Of a hole: what the best of the values violates is not laid to any of them."""
        reports = []
        for value in values if self.hole else ():
            try:
                reports.append(self.asker.report(design_of(as_edited(self.written, {self.path: value}))))
            except (InputError, KeyError):
                continue
        if reports:
            self.known = violated(max(reports, key=lambda report: report.count(Verdict.HOLDS)))

    def proved(self, concluded: Sequence[Judged], spans: Iterable[Span]) -> list[Judged]:
        """What was concluded, with each end of a kept span and the values next to it asked from the edited file.

        Where one of them is otherwise, every value is asked by itself.
        """
        judged = list(concluded)
        place = {each.value: number for number, each in enumerate(concluded)}
        for span in spans:
            if span.why:
                continue
            first, last = place[span.first], place[span.last]
            next_ = (place.get(span.first - span.step, first - 1), place.get(span.last + span.step, last + 1))
            for i in {first, last, first - 1, last + 1, *next_}:
                if 0 <= i < len(judged):
                    judged[i] = self.asked(judged[i].value)
        if any(one.kept is not other.kept for one, other in zip(judged, concluded, strict=True)):
            return [self.asked(each.value) for each in concluded]
        return judged

    def _class(self, members: Sequence[int]) -> list[Judged]:
        ends = [self.asked(value) for value in dict.fromkeys((members[0], members[-1]))]
        if len({each.kept for each in ends}) > 1:
            return [self.asked(value) for value in members]
        first, last = ends[0], ends[-1]
        return [first, *(Judged(value=value, why=first.why) for value in members[1:-1]), *([last] * (len(members) > 1))]

    def _refusal(self, value: Any) -> str:  # noqa: ANN401
        try:
            design = design_of(as_edited(self.written, {self.path: value}))
        except InputError as error:
            return error.faults[0].message
        except KeyError:
            return "the file has no place for it"
        return first_new(self.asker.findings(design), self.known)


def first_new(findings: Iterable[Finding], known: frozenset[object]) -> str:
    """The first violation that is not `known`, else the first question that nobody can answer; empty when none is."""
    opened = ""
    for finding in findings:
        if _question(finding) in known:
            continue
        if finding.verdict is Verdict.VIOLATED:
            facts = f" ({finding.facts[0].source}: {finding.facts[0].text})" if finding.facts else ""
            return f"{finding.policy} of {finding.subject}: {finding.because}{facts}"
        if finding.verdict in OPEN and not opened:
            opened = f"{finding.verdict.value}, {finding.policy} of {finding.subject}: {finding.because}"
    return opened


def violated(report: Report) -> frozenset[object]:
    """The questions that are violated or that nobody can answer."""
    bad = {Verdict.VIOLATED, *OPEN}
    return frozenset(_question(finding) for finding in report.findings if finding.verdict in bad)


def _question(finding: Finding) -> tuple[str, str, str, str]:
    return finding.policy, finding.kind, finding.subject, finding.attacker


def _spans(judged: Sequence[Judged], step: int) -> Iterator[Span]:
    """Runs of values that are kept, or refused; kept values at even distances are one span with a wider step."""
    kept = [each.value for each in judged if each.kept]
    distances = {after - before for before, after in pairwise(kept)} if step else set()
    if len(kept) > 2 and len(distances) == 1 and (wide := distances.pop()) > step:
        yield from _runs([each for each in judged if each.value < kept[0]], step)
        yield _span(judged, kept[0], kept[-1], wide)
        yield from _runs([each for each in judged if each.value > kept[-1]], step)
        return
    yield from _runs(judged, step)


def _runs(judged: Sequence[Judged], step: int) -> Iterator[Span]:
    start = 0
    for i in range(1, len(judged) + 1):
        if not (i < len(judged) and step and judged[i].kept == judged[start].kept):
            yield _span(judged, judged[start].value, judged[i - 1].value, step)
            start = i


def _span(judged: Sequence[Judged], first: Any, last: Any, step: int) -> Span:  # noqa: ANN401
    """The values from `first` to `last`, with what is said of those next to them at that distance."""
    if not step:
        return Span(first=first, last=last, step=step, why=next(each.why for each in judged if each.value == first))
    told = {each.value: each.why for each in judged}
    if told[first]:
        return Span(first=first, last=last, step=step, why=told[first])
    values = [each.value for each in judged]
    nearest = {value: number for number, value in enumerate(values)}
    below, above = nearest[first] - 1, nearest[last] + 1
    return Span(
        first=first,
        last=last,
        step=step,
        why="",
        below=told.get(first - step, "") or (told[values[below]] if below >= 0 else ""),
        above=told.get(last + step, "") or (told[values[above]] if above < len(values) else ""),
        between=next((told[value] for value in values if first < value < last and told[value]), ""),
    )
