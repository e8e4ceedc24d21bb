"""What comes out of running recorded vectors: who agreed with the vendor's code, and where not."""

from collections.abc import Callable, Iterable
from dataclasses import field

from bootverify.dataclass import dataclass


class Unsupported(Exception):  # noqa: N818 - an answer, not a failure
    """The recording has something that the executor does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One thing in which the executor differs from the recording; steps count from 0."""

    vector: str
    step: int
    what: str
    expected: str
    got: str

    @property
    def text(self) -> str:
        """All of it in one line."""
        where = f"{self.vector} step {self.step}"
        return f"{where}: {self.what}: expected {self.expected}, got {self.got}"


@dataclass(slots=True, kw_only=True)
class Tally:
    """Numbers of vectors."""

    agreed: int = 0
    disagreed: int = 0
    unsupported: int = 0


@dataclass(slots=True, kw_only=True)
class Conformity:
    """The vectors by configuration and category, and every disagreement, in order."""

    by: dict[tuple[str, str], Tally] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)

    def run(self, configuration: str, category: str, vector: str, work: Callable[[], Iterable[Disagreement]]) -> None:
        """Run one vector by `work` and count it; a mistake of ours that ends it early is a disagreement."""
        try:
            found = tuple(work())
        except Unsupported:
            self.count_unsupported(configuration, category)
            return
        except Exception as error:  # noqa: BLE001 - one vector must not hide the others
            what = f"{type(error).__name__}: {error}"
            found = (Disagreement(vector=vector, step=0, what="stopped", expected="a result", got=what),)
        self.count(configuration, category, found)

    def count(self, configuration: str, category: str, found: tuple[Disagreement, ...]) -> None:
        """Count one vector that was run."""
        tally = self.by.setdefault((configuration, category), Tally())
        tally.agreed += not found
        tally.disagreed += bool(found)
        self.disagreements += found

    def count_unsupported(self, configuration: str, category: str) -> None:
        """Count one vector that asks for something the executor does not have."""
        self.by.setdefault((configuration, category), Tally()).unsupported += 1

    @property
    def total(self) -> Tally:
        """All vectors together."""
        return Tally(
            agreed=sum(tally.agreed for tally in self.by.values()),
            disagreed=sum(tally.disagreed for tally in self.by.values()),
            unsupported=sum(tally.unsupported for tally in self.by.values()),
        )
