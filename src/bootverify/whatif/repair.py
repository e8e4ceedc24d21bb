"""The smallest edit that turns what is violated into what holds, without weakening anything else.

Edits are tried by the number of facts they change, then by cost. One is taken when it settles all that is to be
settled; else the one that settles most, and the search goes on from the edited file. Every step is proved from the file
as it then reads, against every policy, whatever was to be repaired. What no such edit settles may be settled by one
after which some answer that held is undefined, because no document describes the device: then this is told with it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Protocol

from bootverify.check.question import Question
from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.errors import InputError
from bootverify.sources.design_file import design_of
from bootverify.sources.written import Written
from bootverify.whatif.candidates import Edit, candidates
from bootverify.whatif.compare import Change, Compared, compared
from bootverify.whatif.edit import as_edited
from bootverify.whatif.facts import changed_facts
from bootverify.whatif.map_candidates import map_candidates

MOST_STEPS = 6
MOST_PAIRED = 8
BROKEN = frozenset({Verdict.VIOLATED, Verdict.VACUOUS})
OPEN = frozenset({Verdict.UNKNOWN, Verdict.UNDEFINED})  # no edit is a repair that makes an answer one of these
Key = tuple[str, str, str, str]
Wanted = Callable[[Finding], bool]


class Asker(Protocol):
    """What answers questions about a design; `check.session.Session` does."""

    def report(self, design: Design, *, only: Callable[[Question], bool] | None = None) -> Report:
        """Every finding, or those of some questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """The edits, the file as it reads with them, the report on it, and what is broken still of what was wanted.

    `undefined` is what held before and no document of the vendor's defines any more.
    """

    edits: tuple[Edit, ...]
    edited: Written
    report: Report
    left: tuple[Finding, ...]
    facts: int
    undefined: tuple[Finding, ...] = ()


def repair(written: Written, asker: Asker, wanted: Wanted = lambda _: True) -> Repair:
    """The smallest edits that settle the broken questions that are `wanted`, as far as an edit is known.

    Raises:
        InputError: the document itself is wrong.
    """
    before = asker.report(design_of(written))
    found = Repair(edits=(), edited=written, report=before, left=_broken(before, wanted), facts=0)
    for beyond in (False, True):
        for _ in range(MOST_STEPS):
            better = _Step(found, asker, wanted, beyond).best() if found.left else None
            if better is None:
                break
            found = better
    return _without_idle(written, found, asker, wanted)


def _broken(report: Report, wanted: Wanted, before: Iterable[Finding] = ()) -> tuple[Finding, ...]:
    """What is broken of what is wanted; and what was `before`, and has no answer now."""
    known = set(map(_key, before))
    return tuple(
        each
        for each in report.findings
        if wanted(each) and (each.verdict in BROKEN or (each.verdict in OPEN and _key(each) in known))
    )


def _breaks(question: Compared) -> bool:
    """Whether it held and does not any more; what no device could be asked about before was nothing to keep.

    Of a stage or an attacker that there was not before, only what is broken counts.
    """
    if question.old is None or question.old.verdict is Verdict.NOT_APPLICABLE:
        return question.new is not None and question.new.verdict in BROKEN
    return question.old.verdict is Verdict.HOLDS and question.change is Change.WEAKER


def _key(finding: Finding) -> Key:
    return finding.policy, finding.kind, finding.subject, finding.attacker


@dataclass(slots=True)
class _Step:
    """One edit further from where the repair stands; `beyond` what documents define, if need be."""

    start: Repair
    asker: Asker
    wanted: Wanted
    beyond: bool

    def best(self) -> Repair | None:
        """The smallest edit that settles all, else what settles most; None when none settles anything."""
        helpful: list[Repair] = []
        tried = self._sized()
        for edits in tried:
            result = self._tried(edits)
            if result is not None:
                helpful.append(result)
                if not result.left:
                    return result
        if not helpful:
            paired = [edits[0] for edits in tried[:MOST_PAIRED]]
            helpful = [result for pair in combinations(paired, 2) if (result := self._tried(pair)) is not None]
        return min(helpful, key=lambda each: (len(each.left), len(each.undefined), each.facts), default=None)

    def _sized(self) -> list[tuple[Edit, ...]]:
        """The edits that may help, fewest facts first."""
        design, plain = self.start.report.design, self.start.edited.plain
        named = frozenset(part for finding in self.start.left for part in _partitions(design, finding))
        policies = {finding.policy for finding in self.start.left}
        listed = [*candidates(design, plain), *map_candidates(design, plain, named)]
        sized: list[tuple[int, int, int, str, Edit]] = []
        for edit in listed:
            if policies & set(edit.helps) or all(finding.verdict is Verdict.VACUOUS for finding in self.start.left):
                facts = self._facts((edit,))
                if facts:
                    sized.append((facts, edit.cost, edit.moved, edit.words, edit))
        sized.sort(key=lambda each: each[:4])
        return [(each[4],) for each in sized]

    def _facts(self, edits: Sequence[Edit]) -> int:
        """How many facts the edits change; 0 when there is no place for them in the file."""
        edited = self._edited(edits)
        return 0 if edited is None else len(changed_facts(self.start.edited, edited))

    def _edited(self, edits: Sequence[Edit]) -> Written | None:
        change = {path: value for edit in edits for path, value in edit.change.items()}
        if len(change) < sum(len(edit.change) for edit in edits):
            return None  # two edits of one fact
        try:
            return as_edited(self.start.edited, change, [path for edit in edits for path in edit.drop])
        except (InputError, KeyError):
            return None

    def _tried(self, edits: tuple[Edit, ...]) -> Repair | None:
        """The repair that goes on with `edits`; None where they settle nothing, or weaken something."""
        edited = self._edited(edits)
        if edited is None:
            return None
        try:
            design = design_of(edited)
        except InputError:
            return None
        if not self._settles(design):
            return None
        after = self.asker.report(design)
        weaker = [question for question in compared(self.start.report, after) if _breaks(question)]
        lost = [each.new for each in weaker if self.beyond and each.new and each.new.verdict is Verdict.UNDEFINED]
        if after.discrepancies or len(lost) < len(weaker):
            return None
        left = _broken(after, self.wanted, self.start.left)
        if len(left) >= len(self.start.left):
            return None
        facts = self.start.facts + self._facts(edits)
        undefined = (*self.start.undefined, *lost)
        edits = (*self.start.edits, *edits)
        return Repair(edits=edits, edited=edited, report=after, left=left, facts=facts, undefined=undefined)

    def _settles(self, design: Design) -> bool:
        """Whether one of the broken questions is settled, asking no others."""
        keys = {_key(finding) for finding in self.start.left}

        def one_of_them(question: Question) -> bool:
            at = (question.policy.id, question.ask.subject.value, question.about, question.attacker.name)
            return at in keys

        findings = self.asker.report(design, only=one_of_them).findings
        return sum(each.verdict in BROKEN | OPEN for each in findings) < len(keys)


def _partitions(design: Design, finding: Finding) -> Iterable[str]:
    """The partitions that a finding speaks of, by its subject and by the places of its facts."""
    places = {(place.file, place.line) for fact in finding.facts for place in (fact.source, *fact.source.also)}
    return {
        part.name
        for part in design.partitions
        if part.name == finding.subject or (part.source.line and (part.source.file, part.source.line) in places)
    }


def _without_idle(written: Written, found: Repair, asker: Asker, wanted: Wanted) -> Repair:
    """The same without an edit that later ones made needless."""
    if len(found.edits) < 2:
        return found
    for edit in found.edits:
        rest = tuple(each for each in found.edits if each is not edit)
        start = Repair(edits=(), edited=written, report=asker.report(design_of(written)), left=found.left, facts=0)
        start = replace(start, left=_broken(start.report, wanted))
        shorter = _Step(start, asker, wanted, beyond=bool(found.undefined))._tried(rest)  # noqa: SLF001
        if shorter is not None and len(shorter.left) <= len(found.left):
            return _without_idle(written, shorter, asker, wanted)
    return found
