"""Two reports side by side: which questions got weaker, stronger, or stayed as they were.

Subjects are matched by name, and where a name is new by what it is: a stage by its place in the chain, a key by its
kind and use, a partition by its range. So a renamed partition or a reordered file changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.design.design import Design


class Change(Enum):
    """What became of a question."""

    WEAKER = "weaker"
    STRONGER = "stronger"
    INCOMPARABLE = "incomparable"
    EQUAL = "equal"


# What cannot be attacked at all is as good as what holds; what is open lies between.
_RANK = {
    Verdict.VIOLATED: 0,
    Verdict.UNDEFINED: 1,
    Verdict.UNKNOWN: 1,
    Verdict.VACUOUS: 1,
    Verdict.HOLDS: 2,
    Verdict.NOT_APPLICABLE: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One question in both designs; None where it is not asked."""

    policy: str
    subject: str
    attacker: str
    old: Finding | None
    new: Finding | None

    @property
    def change(self) -> Change:
        """What became of it; a new question that is violated is a new attack."""
        before, after = _rank(self.old), _rank(self.new)
        if before != after:
            return Change.WEAKER if after < before else Change.STRONGER
        differ = self.old is not None and self.new is not None and self.old.verdict is not self.new.verdict
        return Change.INCOMPARABLE if differ and before == 1 else Change.EQUAL


def compared(old: Report, new: Report) -> tuple[Compared, ...]:
    """Every question of either report, in the order of the new one, then what is asked no more."""
    names = renamed(old.design, new.design)
    before = {_key(finding, names): finding for finding in old.findings}
    after = {_key(finding, {}): finding for finding in new.findings}
    keys = [*after, *(key for key in before if key not in after)]
    return tuple(
        Compared(policy=key[0], subject=key[1], attacker=key[2], old=before.get(key), new=after.get(key))
        for key in keys
    )


def renamed(old: Design, new: Design) -> dict[str, str]:
    """The new name of each thing of `old` that is called otherwise in `new`, as far as what it is tells."""
    there = {name for name, _ in _things(new)}
    by_nature: dict[tuple[object, ...], list[str]] = {}
    for name, nature in _things(new):
        by_nature.setdefault(nature, []).append(name)
    found: dict[str, str] = {}
    for name, nature in _things(old):
        candidates = by_nature.get(nature, [])
        if name not in there and len(candidates) == 1:
            found[name] = candidates[0]
    return found


def _things(design: Design) -> Iterator[tuple[str, tuple[object, ...]]]:
    for number, image in enumerate(design.images):
        yield image.name, ("image", number, len(design.images), tuple(s.program for s in design.stages_of(image.name)))
    for number, stage in enumerate(design.stages):
        yield stage.name, ("stage", number, len(design.stages), stage.program)
    order = {image.name: number for number, image in enumerate(design.images)}
    for key in design.keys:
        uses = tuple(sorted((use.purpose.value, order.get(use.image, -1)) for use in key.uses))
        yield key.name, ("key", key.kind, uses, key.fingerprint)
    for partition in design.partitions:
        where = (partition.range.start, partition.range.end)
        yield partition.name, ("partition", partition.memory, where, bool(partition.members))


def _key(finding: Finding, names: dict[str, str]) -> tuple[str, str, str]:
    return finding.policy, names.get(finding.subject, finding.subject), finding.attacker


def _rank(finding: Finding | None) -> int:
    return 2 if finding is None else _RANK[finding.verdict]
