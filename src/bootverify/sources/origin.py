"""An edit of an imported design as edits of the user's own files: a static map, a devicetree overlay, Kconfig lines."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml

from bootverify.design.source import Source
from bootverify.sources.mutate import keys_of
from bootverify.sources.patch import patched
from bootverify.sources.written import Path, Written

TREES = (".dts", ".dtsi", ".overlay")
MAPS = (".yml", ".yaml")
_SYMBOL = re.compile(r"^(?:# )?((?:SB_)?CONFIG_\w+)(=y\s*$|=n\s*$| is not set\s*$)")
_ABSENT = re.compile(r"no word of ((?:SB_)?CONFIG_\w+): off by default")
_REG = re.compile(r"\breg\s*=\s*<([^>;]*)>")
_MOST_LINES_OF_A_NODE = 12


class NoPlace(Exception):  # noqa: N818 - an admission, caught where the edit is told
    """The fact has no line in the user's files that could be edited."""


def edits_of_files(
    written: Written, change: Mapping[str, Any], drop: Iterable[str], read: Callable[[str], str]
) -> dict[str, str]:
    """The files that state the facts, each as it reads after the edit; `read` gives a file's text.

    Raises:
        NoPlace: one of the facts stands in no line of a file, or in one that is not edited.
    """
    texts: dict[str, str] = {}

    def text_of(source: Source) -> str:
        if source.file not in texts:
            texts[source.file] = read(source.file)
        return texts[source.file]

    for path in drop:
        keys, _ = keys_of(written.plain, path)
        source = _origin(written, keys)
        texts[source.file] = _flipped(text_of(source), source)
    for path, value in _leaves(change):
        keys, _ = keys_of(written.plain, path)
        source = _origin(written, keys)
        if keys[0] == "partitions" and keys[-1] in {"at", "size"}:
            texts[source.file] = _moved(text_of(source), source, str(keys[1]), str(keys[-1]), value)
        elif isinstance(value, bool) or keys[-1] == "downgrade":
            texts[source.file] = _flipped(text_of(source), source)
        else:
            raise NoPlace(f"`{path}` is drawn from {source}")
    return texts


def _leaves(change: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for path, value in change.items():
        if isinstance(value, dict):
            yield from _leaves({f"{path}.{key}": inner for key, inner in value.items()})
        else:
            yield path, value


def _origin(written: Written, keys: Path) -> Source:
    source = written.source(keys)
    if not source.line and not _ABSENT.search(source.text):
        raise NoPlace(f"`{'.'.join(map(str, keys))}` stands in no line of a file")
    return source


def _moved(text: str, source: Source, name: str, field: str, value: int) -> str:
    """A partition's address or size in a map or a devicetree; the end address that a map states follows."""
    if source.file.endswith(MAPS):
        entry = (yaml.load(text, Loader=yaml.CSafeLoader) or {}).get(name, {})
        text = patched(text, (name, {"at": "address", "size": "size"}[field]), value)
        if "end_address" in entry:
            after = yaml.load(text, Loader=yaml.CSafeLoader)[name]
            text = patched(text, (name, "end_address"), after["address"] + after["size"])
        return text
    if source.file.endswith(TREES):
        return _reg(text, source, field, value)
    raise NoPlace(f"`{name}` is drawn from {source}")


def _reg(text: str, source: Source, field: str, value: int) -> str:
    lines = text.splitlines(keepends=True)
    for number in range(source.line - 1, min(source.line - 1 + _MOST_LINES_OF_A_NODE, len(lines))):
        match = _REG.search(lines[number])
        if match is None:
            continue
        cells = match[1].split()
        if len(cells) < 2:
            break
        cells[-2 if field == "at" else -1] = f"{value:#x}"
        start, end = match.span(1)
        lines[number] = lines[number][:start] + " ".join(cells) + lines[number][end:]
        return "".join(lines)
    raise NoPlace(f"{source} has no `reg` in plain numbers")


def _flipped(text: str, source: Source) -> str:
    """A symbol that is set becomes unset, and the other way round; one that is not there is set at the end."""
    if not source.line:
        absent = _ABSENT.search(source.text)
        assert absent is not None, "looked for by `_origin`"
        return text + ("" if text.endswith("\n") or not text else "\n") + f"{absent[1]}=y\n"
    lines = text.splitlines(keepends=True)
    match = _SYMBOL.match(lines[source.line - 1]) if source.line <= len(lines) else None
    if match is None:
        raise NoPlace(f"{source} is no line of a configuration symbol")
    lines[source.line - 1] = f"{match[1]}={'n' if match[2].startswith('=y') else 'y'}\n"
    return "".join(lines)
