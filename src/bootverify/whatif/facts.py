"""Which lines of a design changed: added, removed, or set to another value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bootverify.sources.written import Path, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFact:
    """A key path whose value differs; None where it is not written. Lines count from 1, 0 where there is none."""

    path: str
    old: Any
    new: Any
    old_line: int
    new_line: int

    @property
    def text(self) -> str:
        """The change in one line."""
        if self.old is None:
            return f"{self.path}: {shown(self.new)} (new)"
        if self.new is None:
            return f"{self.path}: {shown(self.old)} (gone)"
        return f"{self.path}: {shown(self.old)} -> {shown(self.new)}"


def changed_facts(old: Written, new: Written) -> tuple[ChangedFact, ...]:
    """The leaves in which two documents differ, by path."""
    before, after = dict(_leaves(old.plain, ())), dict(_leaves(new.plain, ()))
    paths = [*before, *(path for path in after if path not in before)]
    return tuple(
        ChangedFact(
            path=".".join(map(str, path)),
            old=before.get(path),
            new=after.get(path),
            old_line=old.line(path) if path in before else 0,
            new_line=new.line(path) if path in after else 0,
        )
        for path in paths
        if before.get(path) != after.get(path)
    )


def shown(value: Any) -> str:  # noqa: ANN401 - plain YAML
    """A value as a design file writes it: numbers that are addresses or sizes in hex."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return hex(value) if value > 9 else str(value)
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    return str(value)


def _leaves(plain: Any, at: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - plain YAML
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from _leaves(value, (*at, key))
    elif isinstance(plain, list) and any(isinstance(item, dict | list) for item in plain):
        for number, value in enumerate(plain):
            yield from _leaves(value, (*at, number))
    else:
        yield at, plain
