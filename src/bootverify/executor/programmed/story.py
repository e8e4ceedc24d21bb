"""What a boot of real bytes tells: its log, how it ended, and what nothing told."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.settings import Told


class Ending(Enum):
    """Where a boot of real bytes ends."""

    RUNS = "runs"  # the application was started
    STOPS = "stops"  # a stage gave up, or nothing is there to start
    CUT = "cut"  # the power is lost on the way
    OPEN = "open"  # it depends on something that neither bytes nor configuration tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One boot. `why` is the reason of an end before the application; `unknown` what was not told, in words."""

    lines: tuple[str, ...]
    ending: Ending
    at: str
    why: str
    unknown: tuple[str, ...]


class Ended(Exception):  # noqa: N818 - an event of the simulated world
    """The boot goes no further; `ending` and the reason."""

    def __init__(self, ending: Ending, why: str) -> None:
        self.ending, self.why = ending, why
        super().__init__(why)


class Restart(Exception):  # noqa: N818 - an event of the simulated world
    """The device restarts in the middle of its boot: a boot loader has been replaced."""


@dataclass(slots=True)
class Teller:
    """Collects the log. `published` names the keys whose private half everybody has, by every digest of them."""

    published: Mapping[str, str]
    lines: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    stage: str = ""

    def say(self, text: str) -> None:
        """One line of the running stage."""
        self.lines.append(f"{self.stage}: {text}" if self.stage else text)

    def not_told(self, text: str) -> None:
        """Something that had to be left open; once."""
        if text not in self.unknown:
            self.unknown.append(text)

    def stop(self, why: str) -> Ended:
        """The stage gives up."""
        return Ended(Ending.STOPS, f"{self.stage}: {why}" if self.stage else why)

    def open(self, why: str) -> Ended:
        """What happens next is not told."""
        return Ended(Ending.OPEN, f"{self.stage}: {why}" if self.stage else why)

    def key(self, digest: str, noun: str = "key") -> str:
        """A key by the start of its digest, and whether its private half is published."""
        name = self.published.get(digest)
        words = (
            f"its private half is PUBLISHED ({name})" if name else "its private half is in no list of published keys"
        )
        return f"{noun} {digest[:16]}, {words}"


def by(told: Told | None) -> str:
    """Where a setting stands, in brackets; nothing when it is not told."""
    if told is None or not told.source.file:
        return ""
    name = told.source.file.rsplit("/", 1)[-1]
    folder = told.source.file.rsplit("/", 3)[-3] + "/" if told.source.file.count("/") > 2 else ""
    return f" ({folder}{name}:{told.source.line})" if told.source.line else f" ({folder}{name})"
