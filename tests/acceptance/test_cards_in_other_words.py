"""Scenario cards told in other words, with other names and in another order are answered as they are drawn."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.scenario_cards import answer, questions

CARDS = Path(__file__).resolve().parents[3] / "shared" / "scenarios"
SOME = ("SB-S17", "SB-S36")
Card = dict[str, Any]
WORDS = (
    {
        "before hand-off": "at hand-over",
        "at start": "first thing",
        "R-X, secure, locked until reset": "read and execute only, secure, locked until the next reset",
        "write denied until reset": "writes denied until next reset",
        "over the air": "OTA",
        "secure (no TF-M)": "secure state (no TF-M)",
        "host only": "signing server only",
        "none (reset vector)": "none",
    },
    {
        "before hand-off": "right before handover",
        "at start": "as its first act",
        "R-X, secure, locked until reset": "secure, no write, locked until reset",
        "write denied until reset (ACL)": "write protected permanently",
        "host only": "offline, in the HSM",
        "over the air": "by FOTA",
        "verify app": "check the signature of app",
        "mcuboot image": "compiled into mcuboot",
        "uicr-otp": "OTP",
        "unwrap image AES key": "decrypt the image key",
    },
)


def _told(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with each text in it changed, but for what names things and memories."""
    if isinstance(value, dict):
        return {key: each if key in {"name", "region"} else _told(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_told(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def _in_words(card: Card, words: dict[str, str]) -> Card:
    def change(text: str) -> str:
        for old, new in words.items():
            text = text.replace(old, new)
        return text

    also = [{**each, "variant": _told(each.get("variant") or {}, change)} for each in card.get("also", ())]
    return {**card, "design": _told(card["design"], change), "also": also}


def _renamed(card: Card) -> Card:
    """Stages by other names, wherever the card speaks of them."""
    names = {"b0": "root0", "mcuboot": "stage2"}

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {walk(key): walk(each) for key, each in value.items()}
        if isinstance(value, list):
            return [walk(each) for each in value]
        if isinstance(value, str):
            for old, new in names.items():
                value = re.sub(rf"(?<![\w-]){old}(?![\w-])", new, value)
        return value

    return walk(card)


def _reordered(card: Card) -> Card:
    """The map from its end, the locks from the last, and an area that nothing uses outside the chip."""
    design = card["design"]
    maps = [told for told in (design["partitions"], *design["partitions"].values()) if isinstance(told, dict)]
    for told in maps:
        if "entries" in told:
            unused = {"name": "pictures", "at": 0x600000, "size": 0x10000, "region": "external"}
            told["entries"] = [unused, *reversed(told["entries"])]
    design["protection"]["locks"] = design["protection"]["locks"][::-1]
    return card


CHANGES: dict[str, Callable[[Card], Card]] = {
    "words": lambda card: _in_words(card, WORDS[0]),
    "other words": lambda card: _in_words(card, WORDS[1]),
    "names": _renamed,
    "order": _reordered,
}


def _answered(path: Path, change: str, tmp_path: Path) -> None:
    card = CHANGES[change](yaml.safe_load(path.read_text(encoding="utf-8")))
    (tmp_path / path.name).write_text(yaml.safe_dump(card, sort_keys=False), encoding="utf-8")
    for asked in questions(tmp_path):
        found = answer(asked)
        assert found == asked.expected or (asked.expected == "undefined" and found != "holds"), asked.name


def _paths(*, some: bool) -> list[Path]:
    return [path for path in sorted(CARDS.glob("SB-*.yaml")) if path.name.startswith(SOME) is some]


@pytest.mark.skipif(not CARDS.is_dir(), reason="the shared scenario cards are absent")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", _paths(some=True), ids=lambda path: path.name[:6])
def test_some_cards_are_answered_alike(path: Path, change: str, tmp_path: Path) -> None:
    _answered(path, change, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not CARDS.is_dir(), reason="the shared scenario cards are absent")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", _paths(some=False), ids=lambda path: path.name[:6])
def test_all_others_are_answered_alike(path: Path, change: str, tmp_path: Path) -> None:
    _answered(path, change, tmp_path)
