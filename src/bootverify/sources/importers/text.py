"""An imported document as a design.yaml for people: figures in hexadecimal, beside each fact where it comes from."""

import re
from collections.abc import Iterator
from typing import Any

from bootverify.design.design import Unmodelled
from bootverify.design.source import Source
from bootverify.sources.written import Path, Written

_PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_./+-]*")
_WORDS = {"true", "false", "null", "~", "yes", "no", "on", "off"}
_TITLES = {
    "partitions": "the map",
    "planned": "the static map that the build was meant to follow",
    "chain": "the images, first stage first",
    "network": "the programs of the network core, first stage first",
    "keys": "keys, recognised by content",
    "lifecycle": "debug and erase protection; null: nothing tells",
    "settings": "what the configuration says beyond the chain",
    "artifacts": "signed images in the files of the build",
    "contradictions": "what the input says twice, differently",
    "memories": "extents that the build states",
}
_ADDRESSES = {"at", "size", "end", "span", "offset", "locks"}
MOST_LEDGER = 100


def as_text(written: Written, ledger: tuple[Unmodelled, ...]) -> str:
    """The document in YAML, with the ledger as a comment at its end."""
    lines = [f"# Drawn up from {written.file}; each comment names the place in it that says so."]
    for key, value in written.plain.items():
        if value in ({}, [], "") and key != "partitions":
            continue
        if isinstance(value, dict | list):
            lines += ["", f"# {_TITLES[key]}" if key in _TITLES else ""]
        lines += _entry(written, (key,), value, 0)
    if ledger:
        lines += ["", "# Met and not modelled:"]
        for entry in ledger[:MOST_LEDGER]:
            place = Source(file=entry.file, line=entry.line)
            lines.append(f"#   {_cleaned(_inside(written, place))}: {_cleaned(entry.what)}")
        if len(ledger) > MOST_LEDGER:
            lines.append(f"#   and {len(ledger) - MOST_LEDGER} more")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _entry(written: Written, path: Path, value: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - plain YAML data
    indent, key = "  " * depth, _scalar(path[-1])
    note = _note(written, path)
    if isinstance(value, dict) and value and _has_places(written, path, value):
        yield f"{indent}{key}:{note}"
        for inner, below in value.items():
            yield from _entry(written, (*path, inner), below, depth + 1)
    elif isinstance(value, list) and value and path == ("contradictions",):
        yield f"{indent}{key}:"
        for number, below in enumerate(value):
            yield f"{indent}  - {_flow(below, '')}{_note(written, (*path, number))}"
    else:
        yield f"{indent}{key}: {_flow(value, str(path[-1]))}{note}"


def _has_places(written: Written, path: Path, value: dict[str, Any]) -> bool:
    """Whether something below has a place of its own, so that it deserves a line; whole sections always do."""
    return len(path) == 1 or any((*path, key) in written.origins for key in value)


def _note(written: Written, path: Path) -> str:
    source = written.origins.get(path)
    if source is None or source.file == "(derived)":
        return ""
    places = [source, *source.also]
    shown = "; ".join(dict.fromkeys(_inside(written, place) for place in places[:4]))
    text = f"  {source.text}" if source.text and source.line == 0 else ""
    return f"  # {_cleaned(shown + text)}"


def _flow(value: Any, key: str) -> str:  # noqa: ANN401 - plain YAML data
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(name)}: {_flow(inner, str(name))}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(inner, key) for inner in value) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int):
        return f"{value:#x}" if key in _ADDRESSES else str(value)
    return _scalar(value)


def _scalar(value: object) -> str:
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\x{ord(sign) & 0xFF:02x}" for sign in escaped) + '"'


def _inside(written: Written, place: Source) -> str:
    """The place, as seen from the directory that was read."""
    return str(place).removeprefix(f"{written.file.rstrip('/')}/")


def _cleaned(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
