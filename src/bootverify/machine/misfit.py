"""What a claim about a map found wrong, and where."""

from bootverify.dataclass import dataclass
from bootverify.design.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One place that breaks a claim about the map, in words for people.

    `open_point` is empty when it certainly does; else it names what would have to be known to tell.
    """

    text: str
    sources: tuple[Source, ...]
    open_point: str = ""
