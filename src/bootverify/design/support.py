"""Statements of the vendor about which combinations of programs he supports."""

from dataclasses import dataclass, field
from enum import Enum

from bootverify.design.source import NOWHERE, Source


class Support(Enum):
    """What a row speaks of."""

    FIRST = "first"  # a program can be the immutable first stage
    STARTS = "starts"  # one program can verify and start another
    COUNTERS = "counters"  # the hardware counters of these programs can be used together
    DECRYPTS = "decrypts"  # one program can decrypt the updates of another


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportRow:
    """One statement; `since` and `until` are SDK releases, inclusive and exclusive, empty for open ends."""

    kind: Support
    programs: tuple[str, ...]
    since: str
    until: str
    statement: str
    document: str
    source: Source = field(default=NOWHERE, compare=False)

    def speaks_of(self, sdk: str) -> bool:
        """Whether the row covers release `sdk`; a part that is no number counts as 0."""
        here = _numbers(sdk)
        return (not self.since or here >= _numbers(self.since)) and (not self.until or here < _numbers(self.until))


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in release.split("."))
