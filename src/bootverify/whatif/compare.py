"""Two reports side by side: which questions got weaker, stronger, or stayed as they were.

Subjects are matched by kind and name, and where a name is new by what it is: a stage by its place in the chain, a key
by its kind and use, a partition by its range. So a renamed partition or a reordered file changes nothing.
"""

from enum import Enum

from bootverify.check.verdict import Finding, Report, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.identity import identities


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
    """One question in both designs; None where it is not asked.

    `attacks` compares the attacks where both are violated, as far as somebody did.
    """

    policy: str
    subject: str
    attacker: str
    old: Finding | None
    new: Finding | None
    attacks: Change = Change.EQUAL

    @property
    def change(self) -> Change:
        """What became of it; a new question that is violated is a new attack."""
        before, after = _rank(self.old), _rank(self.new)
        if before != after:
            return Change.WEAKER if after < before else Change.STRONGER
        if self.attacks is not Change.EQUAL:
            return self.attacks
        differ = self.old is not None and self.new is not None and self.old.verdict is not self.new.verdict
        return Change.INCOMPARABLE if differ and before == 1 else Change.EQUAL


def compared(old: Report, new: Report) -> tuple[Compared, ...]:
    """Every question of either report, in the order of the new one, then what is asked no more."""
    names = renamed(old.design, new.design)
    before = {_key(finding, names): finding for finding in old.findings}
    after = {_key(finding, {}): finding for finding in new.findings}
    keys = [*after, *(key for key in before if key not in after)]
    return tuple(
        Compared(policy=key[0], subject=key[2], attacker=key[3], old=before.get(key), new=after.get(key))
        for key in keys
    )


def renamed(old: Design, new: Design) -> dict[tuple[str, str], str]:
    """The new name of each thing of `old` that is called otherwise in `new`, by kind and old name.

    Only what a thing is can tell: a thing that moved and was renamed as well is a new one.
    """
    there = {(each.kind, each.name) for each in identities(new)}
    by_nature = {(each.kind, each.nature): each.name for each in identities(new) if each.nature}
    taken = {(each.kind, each.name) for each in identities(old)}
    found: dict[tuple[str, str], str] = {}
    for each in identities(old):
        name = by_nature.get((each.kind, each.nature))
        if (each.kind, each.name) not in there and name is not None and (each.kind, name) not in taken:
            found[each.kind, each.name] = name
    return found


def _key(finding: Finding, names: dict[tuple[str, str], str]) -> tuple[str, str, str, str]:
    subject = names.get((finding.kind, finding.subject), finding.subject)
    return finding.policy, finding.kind, subject, finding.attacker


def _rank(finding: Finding | None) -> int:
    return 2 if finding is None else _RANK[finding.verdict]
