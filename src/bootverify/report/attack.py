"""Attacks as they ran, on a terminal: nothing is told twice in one report."""

from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import groupby

from bootverify.dataclass import dataclass
from bootverify.machine.trace import Trace
from bootverify.report.log import chapters
from bootverify.report.wrapping import wrapped

HOW = " (replayed from reset, with images really built and signed)"
LEGEND = "`...` stands for what a stage said before, word for word (`check --explain` has it)."


@dataclass(slots=True, kw_only=True)
class Attacks:
    """What one report has told of attacks so far. `whole`: each is told in full all the same."""

    whole: bool = False
    folded: bool = False  # was anything left out?
    _runs: dict[tuple[str, ...], str] = field(default_factory=dict)  # each with what it was told of
    _said: set[tuple[str, ...]] = field(default_factory=set)  # all that one stage says in one boot

    def told(self, trace: Trace, attacker: str, of: str, title: str = "As it ran") -> Iterator[str]:
        """The run that answers the question called `of`; of one that was told already, where that was."""
        parts = chapters(trace)
        run = steps(trace, attacker)
        if run in self._runs and not self.whole:
            yield from wrapped(f"{title}: see {self._runs[run]} above", 2, 4)
            return
        yield from wrapped(f"{title}{'' if self._runs and not self.whole else HOW}:", 2, 4)
        self._runs[run] = of
        for number, lines in enumerate(parts, start=1):
            first, *rest = self._short(lines)
            yield from wrapped(f"{number:>3}  {first}", 4, 11)
            for line in rest:
                yield from wrapped(line, 9, 11)

    def _short(self, lines: Sequence[str]) -> Iterator[str]:
        """What is new in these lines; of what a stage said before, only how it ended."""
        for stage, same in groupby(lines, key=lambda line: line.partition(": ")[0]):
            said = tuple(same)
            if len(said) > 1 and said in self._said and not self.whole:
                self.folded = True
                yield f"{stage}: ... {said[-1].partition(': ')[2]}"
            else:
                self._said.add(said)
                yield from said


def steps(trace: Trace, attacker: str) -> tuple[str, ...]:
    """What the run says, whoever attacks."""
    return tuple(line.replace(attacker, "ATTACKER") for part in chapters(trace) for line in part)
