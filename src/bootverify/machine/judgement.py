"""What one side concludes from what is told of a device's life; both sides speak it, neither hears the other."""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.source import NOWHERE, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`kept`: the property is kept (True), broken (False), or not decided by what is told (None); `why` in one line.

    `story` is what happens, one line an event, where the property is broken.
    """

    kept: bool | None
    why: str
    story: tuple[str, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)


def kept(why: str, source: Source = NOWHERE) -> Judgement:
    """The property is kept."""
    return Judgement(kept=True, why=why, source=source)


def broken(why: str, *story: str, source: Source = NOWHERE) -> Judgement:
    """The property is broken."""
    return Judgement(kept=False, why=why, story=story, source=source)


def untold(why: str, source: Source = NOWHERE) -> Judgement:
    """What is told does not decide."""
    return Judgement(kept=None, why=why, source=source)
