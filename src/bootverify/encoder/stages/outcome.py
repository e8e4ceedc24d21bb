"""One way a step can end, or be ended by a power cut."""

from collections.abc import Mapping
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.encoder.logic.terms import Term, false
from bootverify.encoder.variables.frame import Frame

FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step leaves: `updates` without the mark, and the mark `goes` after it.

    `goes` empty: the device resets. `cut`: it comes about only by loss of power, after `after`
    lasting writes as far as that is known here. `foreign`: a partition of the external chip that comes to hold the
    input FOREIGN in the middle of the step. `vague`: it may tell more than can happen (see `Transition`).
    """

    name: str
    guard: Term
    goes: str = ""
    updates: Mapping[Term, Term] = field(default_factory=dict)
    inputs: tuple[Term, ...] = ()
    cut: bool = False
    after: int = 1
    foreign: str = ""
    vague: bool = False

    def assignments(self, frame: Frame) -> dict[Term, Term]:
        """The updates with the mark, and with what a reset does."""
        if self.goes:
            return {frame.at: frame.go(self.goes), **self.updates}
        return {**frame.reset(), **self.updates}


def possible(outcomes: list[Outcome]) -> list[Outcome]:
    """Those whose condition is not plainly false."""
    return [outcome for outcome in outcomes if outcome.guard is not false()]
