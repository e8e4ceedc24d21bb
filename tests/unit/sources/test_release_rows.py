"""What is known of releases is about programs and parts: no row names a scenario card, a verdict or a policy."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bootverify.check.verdict import Verdict
from bootverify.sources.policies import all_policies

RELEASES = sorted((Path(__file__).parents[3] / "models" / "releases").glob("*.yaml"))
CARD = re.compile(r"\b[A-Z]{2}-[A-Z]?\d+\b|\bcards?\b", re.IGNORECASE)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    else:
        yield str(value)


def told(text: str) -> list[str]:
    """What `text` names of cards, verdicts and policies."""
    verdicts = {each.value for each in Verdict}
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower()))
    return [*CARD.findall(text), *sorted(words & {each.id for each in all_policies()}), *sorted(words & verdicts)]


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_no_row_of_a_release_names_a_card_a_verdict_or_a_policy(path):
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))["rows"]
    assert len(rows) > 10
    assert [(text, found) for row in rows for text in texts(row) if (found := told(text))] == []


@pytest.mark.parametrize("text", ["as SB-S12 has it", "rot-immutable", "it is then undefined", "on this card"])
def test_a_row_that_did_would_be_found(text):
    assert told(text)


def test_there_are_rows_of_releases():
    assert RELEASES
