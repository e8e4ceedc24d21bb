"""An edit of a design file as text: the value is replaced where it stands, everything else keeps its bytes."""

import difflib
from typing import Any

import yaml

from bootverify.sources.written import Path


def patched(text: str, path: Path, value: Any) -> str:  # noqa: ANN401 - plain YAML
    """`text` with the value at `path` replaced, or added as the last entry of the mapping that `path` goes through.

    Raises:
        KeyError: not even the mapping around it is there.
    """
    node: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
    for depth, part in enumerate(path):
        below = _below(node, part)
        if below is None:
            return _added(text, node, path[depth:], value)
        node = below
    start, end = node.start_mark.index, node.end_mark.index
    old = text[start:end]
    kept = old[len(old.rstrip()) :]
    return text[:start] + _flow(value) + kept + text[end:]


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


def _added(text: str, node: Any, rest: Path, value: Any) -> str:  # noqa: ANN401
    if not isinstance(node, yaml.MappingNode) or len(rest) != 1:
        raise KeyError(".".join(map(str, rest)))
    entry = f"{rest[0]}: {_flow(value)}"
    if node.flow_style:
        at = text.rindex("}", 0, node.end_mark.index)
        separator = ", " if node.value else ""
        return text[:at].rstrip() + separator + entry + text[at:]
    last_key, last_value = node.value[-1]
    at = last_value.end_mark.index
    body = text[:at].rstrip()
    return f"{body}\n{' ' * last_key.start_mark.column}{entry}\n{text[at:].lstrip(chr(10))}"


def _flow(value: Any) -> str:  # noqa: ANN401
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int():
            return hex(value) if value > 255 else str(value)
        case list():
            return "[" + ", ".join(_flow(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)
