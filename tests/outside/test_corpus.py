"""Real builds, maps, devicetrees and images: each is understood or refused with a reason; known defects are found."""

from collections import Counter
from pathlib import Path

import pytest
from tests.corpus import items, read_item
from tests.findings import tally

from bootverify.errors import InputError

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real projects is not beside the checkout"),
]


def test_every_item_is_understood_or_refused_with_a_place_and_a_reason() -> None:
    words: Counter[str] = Counter()
    reasons: list[bool] = []
    for item in items(CORPUS):
        try:
            designs = read_item(item)
        except InputError as error:
            reasons += [bool(fault.file and fault.message) for fault in error.faults]
            words["refused"] += 1
        else:
            assert designs
            words["understood"] += 1
    assert all(reasons)
    assert words["refused"] <= 11
    assert words["understood"] >= 492


def test_the_defects_that_people_found_are_found_and_no_false_friend_is_reported() -> None:
    first = tally(CORPUS)[0]
    found, asked, missed, wrong = (
        int(word) for word in first.replace(",", "").replace(";", "").split() if word.isdigit()
    )
    assert found >= 134
    assert (asked, missed, wrong) <= (27, 7, 0)
