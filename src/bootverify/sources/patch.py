"""An edit of a design file as text: the value is replaced where it stands, everything else keeps its bytes."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from bootverify.sources.document import parse_written
from bootverify.sources.mutate import keys_of
from bootverify.sources.written import Path, Written

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}


def edited(written: Written, change: Mapping[str, Any], drop: Iterable[str] = ()) -> Written:
    """The document as it stands after its file was edited: entries set to values, or removed; read anew from the text.

    Raises:
        KeyError: a path leads nowhere, or the document has no file of its own.
    """
    if written.origins or not written.text:
        raise KeyError(written.file)
    text = "\n".join(written.text) + "\n"
    for path in drop:
        text = removed(text, keys_of(parse_written(text, written.file).plain, path)[0])
    for path, value in change.items():
        text = patched(text, keys_of(parse_written(text, written.file).plain, path)[0], value)
    return parse_written(text, written.file)


def patched(text: str, path: Path, value: Any) -> str:  # noqa: ANN401 - plain YAML
    """`text` with the value at `path` replaced, or added as the last entry of the mapping that `path` goes through.

    Raises:
        KeyError: not even the mapping around it is there.
    """
    node: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
    key_end = 0
    for depth, part in enumerate(path):
        below = _below(node, part)
        if below is None:
            return _added(text, node, path[depth:], value)
        key_end = next((e for name, _, e in _keys(node) if name == part), 0)
        node = below
    start, end = node.start_mark.index, _end(node)
    if _is_block(node) and key_end:  # what stood on lines of its own now stands behind its key
        return f"{text[:key_end]}: {flow(value)}{text[end:]}"
    return text[:start] + flow(value) + text[end:]


def removed(text: str, path: Path) -> str:
    """`text` without the entry at `path`, its comment on the same line with it.

    Raises:
        KeyError: it is not there.
    """
    node: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
    for part in path[:-1]:
        node = _below(node, part)
        if node is None:
            raise KeyError(".".join(map(str, path)))
    entries = _entries(node)
    number = next((i for i, (name, _, _) in enumerate(entries) if name == path[-1]), None)
    if number is None:
        raise KeyError(".".join(map(str, path)))
    _, start, end = entries[number]
    if not node.flow_style:
        if len(entries) == 1:
            return patched(text, path[:-1], {} if isinstance(node, yaml.MappingNode) else [])
        line = text.rfind("\n", 0, start) + 1
        after = text.find("\n", end) + 1 or len(text)
        return text[:line] + text[after:]
    if number + 1 < len(entries):
        return text[:start] + text[entries[number + 1][1] :]
    begin = entries[number - 1][2] if number else start
    return text[:begin] + text[end:]


def unified(old: str, new: str, file: str) -> str:
    """The difference as a patch that `patch -p1` and `git apply` take."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), fromfile=f"a/{file}", tofile=f"b/{file}", n=2
    )
    return "".join(lines)


def _below(node: Any, part: str | int) -> Any:  # noqa: ANN401 - PyYAML's nodes are untyped
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None


def _keys(node: Any) -> list[tuple[str, int, int]]:  # noqa: ANN401
    """Name, start and end of each key of a mapping."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [(key.value, key.start_mark.index, key.end_mark.index) for key, _ in pairs]


def _entries(node: Any) -> list[tuple[str | int, int, int]]:  # noqa: ANN401
    """Name, start and end of each entry of a mapping or sequence."""
    if isinstance(node, yaml.MappingNode):
        return [(key.value, key.start_mark.index, max(key.end_mark.index, _end(value))) for key, value in node.value]
    return [(number, item.start_mark.index, _end(item)) for number, item in enumerate(node.value)]


def _is_block(node: Any) -> bool:  # noqa: ANN401
    return isinstance(node, yaml.CollectionNode) and not node.flow_style and bool(node.value)


def _end(node: Any) -> int:  # noqa: ANN401
    """Where the last character of a node stands; a block ends with its last entry, not where the next token begins."""
    if not _is_block(node):
        return int(node.end_mark.index)
    last = node.value[-1]
    if isinstance(last, tuple):
        key, value = last
        return max(int(key.end_mark.index), _end(value))
    return _end(last)


def _added(text: str, node: Any, rest: Path, value: Any) -> str:  # noqa: ANN401
    if not isinstance(node, yaml.MappingNode) or isinstance(rest[0], int):
        raise KeyError(".".join(map(str, rest)))
    for part in reversed(rest[1:]):
        value = {part: value}
    entry = f"{flow(rest[0])}: {flow(value)}"
    if node.flow_style or not node.value:
        at = text.rindex("}", 0, node.end_mark.index)
        separator = ", " if node.value else ""
        return text[:at].rstrip() + separator + entry + text[at:]
    column = node.value[-1][0].start_mark.column
    at = text.find("\n", _end(node))
    head, tail = (text, "\n") if at < 0 else (text[:at], text[at:])
    return f"{head}\n{' ' * column}{entry}{tail}"


def flow(value: Any) -> str:  # noqa: ANN401
    """A value in one line of YAML, large numbers in hexadecimal."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int():
            return hex(value) if value > 255 else str(value)
        case list():
            return "[" + ", ".join(flow(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
        case _:
            text = str(value)
            if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
                return text
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
