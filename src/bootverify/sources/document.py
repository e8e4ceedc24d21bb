"""Strict YAML with the line of everything: no guessing, nothing built but data.

Read here: one document of mappings, lists and scalars. A scalar is a number (decimal, 0x, 0o),
`true`, `false`, `null`, or text; `yes`, `on`, `1.0`, `2020-01-01` and `1_000` are text, and so is a
bare `?`: a hole that `whatif` fills. Doubled keys, foreign tags and unknown aliases are faults.
Aliases are followed, and counted as if written out, so that no small file stands for a huge one.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any

import yaml

from bootverify.dataclass import dataclass
from bootverify.errors import Fault, InputError
from bootverify.sources.input_file import MIB, decoded, read_bytes
from bootverify.sources.written import Written

YAML_LIMIT = 16 * MIB
NODE_LIMIT = 200_000
DEPTH_LIMIT = 64

KeyPath = tuple[str | int, ...]

_NUMBER = re.compile(r"[-+]?(0x[0-9a-fA-F]{1,32}|0o[0-7]{1,43}|0|[1-9][0-9]{0,39})")
_HOLE = re.compile(r"(?<=[:,\[{])([ \t]+|(?<=\[))\?(?=[ \t]*(?:[,}\]]|$|[ \t]#))", re.MULTILINE)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_CONSTANTS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_TAG = "tag:yaml.org,2002:"
_HINTS = (
    (
        "cannot start any token",
        "indent with spaces, not with tabs, and quote text that starts with a special character",
    ),
    (
        "mapping values are not allowed",
        "put each `key: value` on a line of its own, or quote the text",
    ),
    ("expected key", "indent the entries of one mapping alike"),
    ("expected '-' indicator", "indent the entries of one list alike"),
    ("expected ',' or", "close the bracket"),
    ("could not find expected ':'", "write `key: value`"),
    ("nesting", "flatten the file"),
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, truth value, null or text; `text` is as written, without quotes."""

    value: str | int | bool | None
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in the order written, each with its line; keys are always text."""

    items: dict[str, "Node"]
    line: int
    key_lines: dict[str, int] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def read_written(path: Path | str, *, shown: str = "", limit: int = YAML_LIMIT) -> Written:
    """The YAML file at `path`; `shown` is how faults and reports name it.

    Raises:
        InputError: missing, too large, not UTF-8, or not the YAML described above; with lines.
    """
    return parse_written(read_bytes(path, limit=limit, shown=shown), shown or str(path), limit=limit)


def parse_written(content: bytes | str, name: str, *, limit: int = YAML_LIMIT) -> Written:
    """The YAML text `content`, called `name` in faults; otherwise as `read_written`."""
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if len(raw) > limit:
        raise InputError.at(name, 0, f"the text has {len(raw):,} bytes; at most {limit:,} are read")
    text = _HOLE.sub(r'\1"?"', decoded(raw, name))  # a bare `?` would begin a key
    root = _Builder(name).tree(text)
    return Written(
        file=name,
        sha256=hashlib.sha256(raw).hexdigest(),
        plain=_plain(root),
        lines=dict(_lines(root, ())),
        text=tuple(text.splitlines()),
    )


def _plain(node: Node) -> Any:  # noqa: ANN401 - plain YAML data
    """The node as dicts, lists and scalars; parts that were aliases become copies."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [_plain(item) for item in node.items]
        case Mapping():
            return {key: _plain(item) for key, item in node.items.items()}


def _lines(node: Node, at: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    yield at, node.line
    match node:
        case Sequence():
            for number, item in enumerate(node.items):
                yield from _lines(item, (*at, number))
        case Mapping():
            for key, item in node.items.items():
                yield from _lines(item, (*at, key))
                yield (*at, key), node.key_lines[key]
        case Scalar():
            pass


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end was not met yet."""

    line: int
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)
    key: tuple[str, int] | None = None
    merged: list[tuple[Node, int]] = field(default_factory=list)
    weight: int = 1
    depth: int = 0


@dataclass(frozen=True, slots=True)
class _Done:
    """A finished node: how many values it stands for, and how many levels lie below it, aliases written out."""

    node: Node
    weight: int = 1
    depth: int = 0


class _Builder:
    """Builds the tree from parser events, with bounds on depth and size; collects faults."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.anchors: dict[str, _Done] = {}
        self.stack: list[_Open] = []
        self.root: Node | None = None

    def tree(self, text: str) -> Node:
        documents = 0
        try:
            for event in yaml.parse(text, Loader=yaml.CSafeLoader):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._stop(
                            _line(event),
                            "a second document starts here; keep one per file",
                        )
                else:
                    self._event(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 0
            self._stop(line, _syntax(error.problem or error.context or "", text, line))
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            self._stop(line, "a control character stands here that YAML does not allow; remove it")
        except yaml.YAMLError as error:
            self._stop(0, f"this is not YAML: {error}")
        if self.faults:
            raise InputError(sorted(self.faults, key=lambda fault: fault.line))
        return self.root if self.root is not None else Scalar(None, 1)

    def _event(self, event: yaml.Event) -> None:
        line = _line(event)
        match event:
            case yaml.ScalarEvent():
                self._tag(event.tag, line, "str", "int", "bool", "null")
                self._add(_Done(self._scalar(event, line)), event.anchor, line)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._bound(len(self.stack) + 1, line)
                mapping = isinstance(event, yaml.MappingStartEvent)
                self._tag(event.tag, line, "map" if mapping else "seq")
                if event.anchor:
                    self.anchors.pop(event.anchor, None)  # an alias inside itself is unknown
                self.stack.append(_Open(line=line, anchor=event.anchor, is_mapping=mapping))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                done = self.stack.pop()
                node = self._mapping(done) if done.is_mapping else Sequence(tuple(done.items), done.line)
                self._add(_Done(node, done.weight, done.depth + 1), done.anchor, done.line)
            case yaml.AliasEvent():
                name = str(event.anchor)
                if name not in self.anchors:
                    self._fault(line, f"alias `*{name}` refers to no anchor above it; write the value out")
                self._add(self.anchors.get(name, _Done(Scalar(None, line))), None, line)
            case _:
                pass

    def _bound(self, depth: int, line: int) -> None:
        if depth > DEPTH_LIMIT:
            self._stop(line, f"more than {DEPTH_LIMIT} levels of nesting; flatten the file")

    def _add(self, done: _Done, anchor: str | None, line: int) -> None:
        """Put a finished node where it belongs; an alias is used in another `line` than its node's."""
        node = done.node
        if anchor:
            self.anchors[anchor] = done
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        self._bound(len(self.stack) + done.depth, line)
        top.weight += done.weight
        top.depth = max(top.depth, done.depth)
        if top.weight > NODE_LIMIT:
            self._stop(
                line,
                f"more than {NODE_LIMIT:,} values, aliases written out; shorten the file",
            )
        if not top.is_mapping:
            top.items.append(node)
        elif top.key is None:
            top.key = self._key(node, top, line)
        else:
            (key, key_line), top.key = top.key, None
            if key == "<<":
                top.merged.append((node, key_line))
            elif key in top.entries:
                first = top.key_lines[key]
                self._fault(key_line, f"key `{key}` stands here again, first in line {first}; remove one")
            else:
                top.entries[key] = node
                top.key_lines[key] = key_line

    def _key(self, node: Node, top: _Open, line: int) -> tuple[str, int]:
        if isinstance(node, Scalar):
            return node.text, line
        self._fault(line, "a list or mapping cannot be a key; use text")
        return f"(key {len(top.entries)})", line

    def _mapping(self, done: _Open) -> Mapping:
        for merged, line in done.merged:
            parts = merged.items if isinstance(merged, Sequence) else (merged,)
            for part in parts:
                if not isinstance(part, Mapping):
                    self._fault(line, "`<<` takes in a mapping or a list of mappings; give it one")
                    continue
                for key, node in part.items.items():
                    if key not in done.entries:
                        done.entries[key] = node
                        done.key_lines[key] = part.key_lines[key]
        return Mapping(done.entries, done.line, done.key_lines)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Scalar:
        text: str = event.value
        if event.style or event.tag == _TAG + "str":
            return Scalar(text, line, text)
        if text in _CONSTANTS:
            return Scalar(_CONSTANTS[text], line, text)
        if _NUMBER.fullmatch(text):
            return Scalar(int(text, 0), line, text)
        if _LEADING_ZERO.fullmatch(text):
            self._fault(
                line,
                f"`{text[:40]}` is octal to some readers; write 0x.., or no zero in front",
            )
        return Scalar(text, line, text)

    def _tag(self, tag: str | None, line: int, *allowed: str) -> None:
        if tag and tag not in ("!", *(_TAG + name for name in allowed)):
            self._fault(
                line,
                f"tag `{tag[:60].replace(_TAG, '!!') if tag else ''}` is not read here; remove it",
            )

    def _fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(file=self.name, line=line, message=message))
        if len(self.faults) >= 100:
            raise InputError(self.faults)

    def _stop(self, line: int, message: str) -> None:
        raise InputError([*self.faults, Fault(file=self.name, line=line, message=message)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _syntax(problem: str, text: str, line: int) -> str:
    lines = text.splitlines()
    near = lines[line - 1].strip()[:60] if 0 < line <= len(lines) else ""
    hint = next((hint for words, hint in _HINTS if words in problem), "compare with the lines above")
    return f"this is not YAML ({problem}){f' at `{near}`' if near else ''}; {hint}"
