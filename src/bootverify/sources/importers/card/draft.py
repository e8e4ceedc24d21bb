"""A native design document in the making: values with the card's lines, a ledger, open points."""

from dataclasses import field
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.design import Unmodelled
from bootverify.design.soc import Soc
from bootverify.design.source import Source
from bootverify.sources.models import part_called
from bootverify.sources.written import Path, Written

# Which policies a field of the card could decide, by the part of the card it stands in.
OF_UPDATES = [
    "no-downgrade",
    "update-available",
    "update-recoverable",
    "bootable",
    "image-confidential",
    "metadata-authentic",
    "slot-bytes-authentic",
    "authentic-only",
    "key-revoked",
    "key-rotatable",
    "layout-compatible",
    "config-supported",
]
OF_ACCESS = [
    "rot-immutable",
    "boot-write-denied",
    "authentic-only",
    "secret-confidential",
    "secret-use-restricted",
    "image-confidential",
    "no-downgrade",
    "bootable",
    "anchor-available",
    "anchor-unmodifiable",
    "isolation-boundary",
    "functional",
    "config-supported",
]


@dataclass(slots=True)
class Draft:
    """`card` is the document as read, `design` what stands below its `design`, edits applied."""

    written: Written
    design: dict[str, Any]
    native: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    ledger: list[Unmodelled] = field(default_factory=list)

    def soc(self) -> Soc:
        """The part that the card is about; a stand-in for one that is known to have no model.

        Raises:
            InputError: it is no part that is known.
        """
        return part_called(str(self.native["soc"]), Source(file=self.written.file, line=self.written.line(("soc",))))

    def put(self, at: Path, value: Any, told_at: Path) -> None:  # noqa: ANN401 - plain data
        """Set the native value at `at`; `told_at` is where the card, below `design`, tells it."""
        here: Any = self.native
        for part in at[:-1]:
            here = here.setdefault(part, {})
        here[at[-1]] = value
        self.lines[at] = self.line(told_at)

    def line(self, told_at: Path) -> int:
        """The line of a place below `design`."""
        return self.written.line(("design", *told_at))

    def note(self, told_at: Path, what: str) -> None:
        """Enter something that was met and has no part in the model."""
        self.ledger.append(Unmodelled(file=self.written.file, line=self.line(told_at), what=what))

    def open(
        self,
        told_at: Path,
        name: str,
        statement: str,
        *,
        about: tuple[str, ...] | list[str] = (),
        policies: tuple[str, ...] | list[str] = (),
        attackers: tuple[str, ...] = (),
        contradiction: bool = False,
    ) -> None:
        """Enter something that could decide questions and could not be read."""
        self.note(told_at, statement)
        points = self.native.setdefault("open_points", [])
        self.lines["open_points", len(points)] = self.line(told_at)
        points.append(
            {
                "name": name,
                "statement": statement,
                "about": list(about),
                "policies": list(policies),
                "attackers": list(attackers),
                "contradiction": contradiction,
            }
        )
