"""Which facts of a design the answers depend on: each is tried with other values, and without it.

A fact decides when some other value changes a verdict, or what is asked. It is idle when none does: it could be wrong
in the input, and no policy would tell. Values next to it are tried where it is a number, all others where it is a
switch or a choice, so idle means: as far as was tried.
"""

from collections.abc import Callable, Collection, Iterator
from functools import reduce
from operator import getitem
from typing import Any

from bootverify.check.session import Session
from bootverify.check.verdict import Finding
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.ranges import parse_size
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated
from bootverify.sources.written import Written
from bootverify.whatif.domain import domain
from bootverify.whatif.facts import leaves, shown

FOR_READERS = frozenset({"bootverify", "name", "title", "holds"})  # words of which nothing follows
PLACEMENT = "placement"
GONE = "left out"
Question = tuple[str, str, str, str]
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A fact, the other values that it was tried with, and the first question whose answer changed.

    `tried` leaves out values with which the input cannot be read: without any, the fact can be nothing else.
    """

    path: str
    value: Any
    source: Source
    tried: tuple[str, ...]
    decides: str

    @property
    def idle(self) -> bool:
        """Another value can be read, and none that was tried changes an answer."""
        return bool(self.tried) and not self.decides


def coverage_of(
    written: Written,
    session: Session,
    subjects: Collection[str] = (),
    *,
    progress: Callable[[float], None] | None = None,
) -> tuple[Weighed, ...]:
    """Every fact of the document, in its order, weighed by what `session` asks about `subjects`, or about all.

    `progress` is told the share done.

    Raises:
        InputError: the document is no design that can be read.
    """
    facts = facts_of(written)
    scale = _Scale(written, session, subjects)
    found = []
    for number, (path, value) in enumerate(facts, start=1):
        found.append(scale.weighed(path, value))
        if progress is not None:
            progress(number / len(facts))
    return tuple(found)


def facts_of(written: Written) -> list[tuple[Place, object]]:
    """The path and value of each fact of a document; where a key lies is one."""
    found: dict[Place, object] = {}
    for path, value in leaves(written.plain, ()):
        whole = path[: path.index(PLACEMENT) + 1] if PLACEMENT in path else path
        if path[-1] not in FOR_READERS:
            found[whole] = value if whole == path else reduce(getitem, whole, written.plain)
    return list(found.items())


class _Scale:
    """The answers about the design as it is, against which others are held."""

    def __init__(self, written: Written, session: Session, subjects: Collection[str]) -> None:
        self.written, self.session, self.subjects = written, session, subjects
        self.design = design_of(written)
        findings = session.findings(self.design, subjects)
        self.before = {_question(finding): finding.verdict for finding in findings}

    def weighed(self, at: Place, value: object) -> Weighed:
        """One fact; what equals the design that is there, or cannot be read, is no other value."""
        path, tried, decides = ".".join(map(str, at)), [], ""
        for words, edited in other_values(self.written, path, value):
            try:
                design = design_of(edited)
                if design == self.design:
                    continue
                decides = self._difference(design)
            except InputError:
                continue
            tried.append(words)
            if decides:
                break
        return Weighed(path=path, value=value, source=self.written.source(at), tried=tuple(tried), decides=decides)

    def _difference(self, design: Design) -> str:
        """The first question that is answered otherwise, is new, or is no longer asked; empty when all is as before."""
        left = dict(self.before)
        for finding in self.session.findings(design, self.subjects):
            question = _question(finding)
            if left.pop(question, None) is not finding.verdict:
                return _words(question)
        return _words(next(iter(left))) if left else ""


def other_values(written: Written, path: str, value: object) -> Iterator[tuple[str, Written]]:
    """The document with another value in that place, and without any; of a list, with one item otherwise, or less."""
    items: list[object] = value if isinstance(value, list) else []
    for number, item in enumerate(items):
        for other in _others(written, f"{path}.{number}", item):
            words = shown([*items[:number], other, *items[number + 1 :]])
            yield words, mutated(written, {f"{path}.{number}": other})
        if isinstance(item, str):
            yield shown([*items[:number], *items[number + 1 :]]), mutated(written, drop=(f"{path}.{number}",))
    for other in _others(written, path, value):
        yield shown(other), mutated(written, {path: other})
    yield GONE, mutated(written, drop=(path,))


def _others(written: Written, path: str, value: object) -> list[object]:
    try:
        values = domain(written, path, value)
    except InputError:
        return []
    if not values.step:
        return [each for each in values.values if each != value]
    below = [each for each in values.values if each < _number(value)]
    above = [each for each in values.values if each > _number(value)]
    return [*below[-1:], *above[:1]]


def _number(value: object) -> int:
    return value if isinstance(value, int) else parse_size(str(value))


def _question(finding: Finding) -> Question:
    return finding.policy, finding.kind, finding.subject, finding.attacker


def _words(question: Question) -> str:
    policy, _, subject, attacker = question
    return f"{policy} of {subject} against {attacker}" if attacker else f"{policy} of {subject}"
