"""All values of one fact that keep every policy, as ranges, each end with what limits it.

Each value is judged by a full check of the edited document: the verdict is that of the file that would be written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import getitem
from typing import Any

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import keys_of, mutated
from bootverify.sources.written import Written

Check = Callable[[Design], Report]


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

    `why` refuses the first, `why_last` the last, `between` the values that the steps of a kept span leave out.
    """

    first: Any
    last: Any
    step: int
    why: str
    why_last: str = ""
    between: str = ""


def free(written: Written, path: str, check: Check, *, watch: Callable[[int, int], None] | None = None) -> list[Span]:
    """Every value of the fact at `path`, as spans in order. `watch` is told how many of how many are judged.

    Raises:
        InputError: the path leads nowhere, or the fact has no values to run through.
    """
    values, step = _domain(written, path)
    base = _violated(check(design_of(written)))
    judged = []
    for number, value in enumerate(values):
        judged.append(_judged(written, path, value, check, base))
        if watch is not None:
            watch(number + 1, len(values))
    return list(_spans(judged, step))


def largest(spans: Sequence[Span]) -> Span | None:
    """The kept span with the largest values."""
    kept = [span for span in spans if not span.why and isinstance(span.last, int)]
    return max(kept, key=lambda span: int(span.last), default=None)


def _domain(written: Written, path: str) -> tuple[list[Any], int]:
    design = design_of(written)
    value = _at(written, path)
    last = path.rsplit(".", 1)[-1]
    choices = _CHOICES.get(last)
    if isinstance(value, bool):
        return [False, True], 0
    if choices is not None:
        return list(choices), 0
    if isinstance(value, int):
        step = design.soc.page or design.soc.guard.granule
        if last in {"at", "size"} or _inside_span(path):
            top = design.soc.flash.size
            return list(range(step if last == "size" else design.soc.flash.start, top + 1, step)), step
        return list(range(max(0, value - 16), value + 17)), 1
    raise InputError.at(written.file, 0, f"`{path}` has no values to run through; name a number, a switch or a choice")


_CHOICES: dict[str, tuple[str, ...]] = {
    "mode": ("overwrite", "swap-move"),
    "downgrade": ("none", "version"),
    "lock": ("until_reset", "none"),
    "update": ("never", "over_the_air"),
    "signature": ("none", "ecdsa-p256", "ed25519", "rsa-2048"),
    "encryption": ("none", "ecies-p256", "ecies-x25519", "aes-kw"),
    "attribution": ("secure", "non_secure"),
    "push_to": ("engine", "ram"),
}


def _inside_span(path: str) -> bool:
    return ".span." in path


def _at(written: Written, path: str) -> Any:  # noqa: ANN401 - plain YAML
    keys, there = keys_of(written.plain, path)
    if not there:
        raise InputError.at(written.file, 0, f"`{path}` leads nowhere; name a fact that the file states")
    return reduce(getitem, keys, written.plain)


def _judged(written: Written, path: str, value: Any, check: Check, base: frozenset[object]) -> Judged:  # noqa: ANN401
    try:
        report = check(design_of(mutated(written, {path: value})))
    except InputError as error:
        return Judged(value=value, why=error.faults[0].message)
    for finding in report.findings:
        if finding.verdict is Verdict.VIOLATED and _question(finding) not in base:
            facts = f" ({finding.facts[0].source}: {finding.facts[0].text})" if finding.facts else ""
            return Judged(value=value, why=f"{finding.policy} of {finding.subject}: {finding.because}{facts}")
    unanswered = [finding for finding in report.findings if finding.verdict in {Verdict.UNKNOWN, Verdict.VACUOUS}]
    if unanswered:
        return Judged(value=value, why=f"{unanswered[0].policy} of {unanswered[0].subject}: {unanswered[0].because}")
    return Judged(value=value, why="")


def _violated(report: Report) -> frozenset[object]:
    return frozenset(_question(finding) for finding in report.findings if finding.verdict is Verdict.VIOLATED)


def _question(finding: Finding) -> tuple[str, str, str]:
    return finding.policy, finding.subject, finding.attacker


def _spans(judged: Sequence[Judged], step: int) -> Iterator[Span]:
    """Runs of values that are kept, or refused; kept values at even distances are one span with a wider step."""
    kept = [each.value for each in judged if each.kept]
    distances = {after - before for before, after in pairwise(kept)} if step else set()
    if len(kept) > 2 and len(distances) == 1 and (wide := distances.pop()) > step:
        inside = [each for each in judged if kept[0] < each.value < kept[-1] and not each.kept]
        yield from _runs([each for each in judged if each.value < kept[0]], step)
        yield Span(first=kept[0], last=kept[-1], step=wide, why="", between=inside[0].why)
        yield from _runs([each for each in judged if each.value > kept[-1]], step)
        return
    yield from _runs(judged, step)


def _runs(judged: Sequence[Judged], step: int) -> Iterator[Span]:
    start = 0
    for i in range(1, len(judged) + 1):
        if not (i < len(judged) and step and judged[i].kept == judged[start].kept):
            # What limits the values above a run is said by the refusal next to it, below it by the last one.
            yield Span(
                first=judged[start].value,
                last=judged[i - 1].value,
                step=step,
                why=judged[start].why,
                why_last=judged[i - 1].why,
            )
            start = i
