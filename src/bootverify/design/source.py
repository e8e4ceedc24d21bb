"""Where a fact was read: carried by every fact, ignored when facts are compared."""

from bootverify.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A place in the user's or our own files; `line` counts from 1, 0 means the whole file.

    `path` is the key path inside the document, such as `stages.b0.protects`; empty where there is none.
    `text` is what stands there, in one line, for the reader of a report. `also` are the further places that a derived
    fact rests on: a locked region comes from the step, the size and the granule.
    """

    file: str
    line: int = 0
    path: str = ""
    text: str = ""
    also: tuple["Source", ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Source(file="(derived)")
