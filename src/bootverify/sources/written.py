"""A document as it stands in a file: its plain value, and the line of every key path in it."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.source import Source

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file; `lines` maps key paths to line numbers that count from 1, `text` is the file's lines.

    A document that an importer drew up from several files has `origins` instead of lines: the places of other files
    that its entries come from; `inputs` are those files, each with its SHA-256.
    """

    file: str
    sha256: str
    plain: Any
    lines: Mapping[Path, int] = field(repr=False)
    text: tuple[str, ...] = field(repr=False, default=())
    origins: Mapping[Path, Source] = field(repr=False, default_factory=dict)
    inputs: tuple[tuple[str, str], ...] = field(repr=False, default=())

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it that is written."""
        if self.origins:
            return self.source(path).line
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def source(self, path: Path) -> Source:
        """Where `path` stands, with the text of that line."""
        if self.origins:
            at = path
            while at and at not in self.origins:
                at = at[:-1]
            return self.origins.get(at, Source(file=self.file))
        line = self.line(path)
        text = self.text[line - 1].split(" #")[0].strip() if 0 < line <= len(self.text) else ""
        return Source(file=self.file, line=line, path=".".join(map(str, path)), text=text.removeprefix("- "))
