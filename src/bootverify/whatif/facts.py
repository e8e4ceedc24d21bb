"""Which facts of a design changed, by file and line: added, removed, or set to another value."""

from collections.abc import Iterator, Mapping
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.sources.written import Path, Written

SECTIONS = {"partition": "partitions", "image": "chain", "key": "keys"}
REFERENCES = {"slot": "partition", "slots": "partition", "staging": "partition", "provision": "partition",
              "code": "partition", "partition": "partition", "span": "partition", "verified_by": "stage",
              "verifies": "image", "signs": "image", "decrypts": "image", "image": "image"}  # fmt: skip
Names = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFact:
    """A key path whose value differs; None where it is not written, with the places of both."""

    path: str
    old: Any
    new: Any
    old_source: Source | None
    new_source: Source | None

    @property
    def text(self) -> str:
        """The change in one line."""
        if self.old_source is None:
            return f"{self.path}: {shown(self.new)} (new)"
        if self.new_source is None:
            return f"{self.path}: {shown(self.old)} (gone)"
        return f"{self.path}: {shown(self.old)} -> {shown(self.new)}"

    @property
    def place(self) -> str:
        """File and line, where it stands now or stood before; empty where neither is known."""
        source = self.new_source or self.old_source
        return str(source) if source is not None and source.line else ""


def changed_facts(old: Written, new: Written, names: Names | None = None) -> tuple[ChangedFact, ...]:
    """The leaves in which two documents differ, by path; `names` are the things that are only called otherwise."""
    called = names or {}
    before = {
        _renamed_path(path, called): (path, _renamed(path, value, called)) for path, value in leaves(old.plain, ())
    }
    after = dict(leaves(new.plain, ()))
    paths = [*before, *(path for path in after if path not in before)]
    return tuple(
        ChangedFact(
            path=".".join(map(str, path)),
            old=before[path][1] if path in before else None,
            new=after.get(path),
            old_source=old.source(before[path][0]) if path in before else None,
            new_source=new.source(path) if path in after else None,
        )
        for path in paths
        if path not in before or path not in after or before[path][1] != after[path]
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


def _renamed_path(path: Path, names: Names) -> Path:
    kind = next((kind for kind, section in SECTIONS.items() if path[:1] == (section,)), "")
    new = names.get((kind, str(path[1]))) if kind and len(path) > 1 else None
    return path if new is None else (path[0], new, *path[2:])


def _renamed(path: Path, value: Any, names: Names) -> Any:  # noqa: ANN401
    kind = next((REFERENCES[part] for part in reversed(path) if part in REFERENCES), "")
    if isinstance(value, list):
        return [_renamed(path, item, names) for item in value]
    return names.get((kind, value), value) if kind and isinstance(value, str) else value


def leaves(plain: Any, at: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - plain YAML
    """The facts below `at`, by path; a list of plain values is one fact."""
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from leaves(value, (*at, key))
    elif isinstance(plain, list) and any(isinstance(item, dict | list) for item in plain):
        for number, value in enumerate(plain):
            yield from leaves(value, (*at, number))
    else:
        yield at, plain
