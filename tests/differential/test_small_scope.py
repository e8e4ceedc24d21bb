"""Crossing 2 at scale: whole lives of the designs of a small scope, each step foreseen by the encoder.

`BOOTVERIFY_SCOPE` sets how many designs the long test takes (default 100,000; the scope has millions).
"""

import os
from collections import Counter
from random import Random

import pytest
from tests.differential.designs import ATTACKERS
from tests.differential.following import Followed
from tests.differential.small_scope import DIMENSIONS, SIZE, numbers, small
from tests.differential.walks import walk

from bootverify.encoder.cells import NotModelled
from bootverify.errors import InputError

SCOPE = int(os.environ.get("BOOTVERIFY_SCOPE", "100000"))
CHUNKS = 40
NAMES = sorted(ATTACKERS)


def _walked(number: int, *, tries: int) -> str:
    """What became of the design with that number: `refused`, `not modelled` or `followed`."""
    try:
        design = small(number).design
    except InputError:
        return "refused"
    random = Random(number)
    attacker = ATTACKERS[random.choice(("everything", random.choice(NAMES)))]
    try:
        followed = Followed(design, attacker)
    except NotModelled:
        return "not modelled"
    walk(followed, random, tries=tries)
    return "followed"


def test_the_scope_holds_more_designs_than_a_long_run_takes():
    assert SIZE > 1_000_000
    assert len({number % SIZE for number in numbers(1000)}) == 1000


def test_no_choice_of_the_scope_is_always_refused():
    names = list(DIMENSIONS)
    made = Counter()
    for number in numbers(400):
        try:
            chosen = small(number).chosen[1:]
        except InputError:
            continue
        made.update(zip(names, chosen, strict=True))
    assert set(made) == {(name, choice) for name in names for choice in range(len(DIMENSIONS[name]))}


def test_lives_of_some_designs_of_the_scope_are_foreseen():
    found = Counter(_walked(number, tries=8) for number in numbers(80))
    assert found["followed"] > 50, found


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_lives_of_very_many_designs_of_the_scope_are_foreseen(chunk):
    count = SCOPE // CHUNKS
    found = Counter(_walked(number, tries=6) for number in numbers(count, start=chunk * count))
    assert found["followed"] > count // 2, found
