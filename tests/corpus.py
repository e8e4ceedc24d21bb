"""The corpus of real projects: its items, and each of them read."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bootverify.design.design import Design
from bootverify.sources.importers import load


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of the index: a folder or files to read, and what the index says of it."""

    id: str
    category: str
    paths: tuple[Path, ...]
    facts: dict = field(compare=False, hash=False, default_factory=dict)

    def __str__(self) -> str:
        return self.id


def items(corpus: Path) -> list[Item]:
    """Every item of the corpus below `corpus`, in the order of its index."""
    index = yaml.load((corpus / "index.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return [_item(corpus, entry) for entry in index["items"]]


def read_item(item: Item) -> tuple[Design, ...]:
    """The designs that the importers make of an item: one of a build, one of each map of an application."""
    return tuple(load(path) for path in item.paths)


def _item(corpus: Path, entry: dict) -> Item:
    files = tuple(corpus / each["path"] for each in entry["files"])
    match entry["category"]:
        case "builds":
            paths: tuple[Path, ...] = (corpus / entry["dir"],)
        case "pm_static":
            folder = corpus / entry["dir"]
            base = entry["path"].rstrip("/") + "/" if entry["path"] not in {".", ""} else ""
            paths = tuple(folder / each.removeprefix(base) for each in entry.get("static_files", ()))
            paths = tuple(path for path in paths if path.is_file()) or (folder,)
        case _:
            paths = files
    return Item(id=entry["id"], category=entry["category"], paths=paths, facts=entry)
