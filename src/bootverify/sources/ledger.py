"""What the importers met and did not model: every ignored symbol, node or partition, by file and line."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.design import Unmodelled
from bootverify.design.source import Source

MOST_ENTRIES = 2000


@dataclass(slots=True)
class Ledger:
    """Collects entries; beyond a bound it only counts, and says how many."""

    entries: dict[Unmodelled, None] = field(default_factory=dict)
    left_out: int = 0

    def add(self, source: Source, what: str) -> None:
        """Note that `what`, met at `source`, is not part of the model."""
        entry = Unmodelled(file=source.file, line=source.line, what=what)
        if len(self.entries) < MOST_ENTRIES:
            self.entries[entry] = None
        elif entry not in self.entries:
            self.left_out += 1

    def listed(self) -> tuple[Unmodelled, ...]:
        """All entries, by file and line."""
        found = sorted(self.entries, key=lambda entry: (entry.file, entry.line, entry.what))
        if self.left_out:
            found.append(Unmodelled(file="", line=0, what=f"{self.left_out} further things"))
        return tuple(found)
