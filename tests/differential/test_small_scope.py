"""Crossing 2 at scale: whole lives of the designs of a small scope, each step foreseen by the encoder.

`BOOTVERIFY_SCOPE` sets how many designs the long test takes (default 100,000; the scope has millions).
"""

import os
from collections import Counter
from itertools import combinations
from random import Random

import pytest
from tests.differential.designs import ATTACKERS
from tests.differential.following import Followed
from tests.differential.small_chains import CHAINS
from tests.differential.small_scope import DIMENSIONS, SIZE, SIZES, digits, fitting, named, numbers, small
from tests.differential.walks import walk

from bootverify.encoder.variables.cells import NotModelled
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
    assert SIZE > 10_000_000
    assert len(set(numbers(1000))) == 1000


def test_no_choice_of_the_scope_is_always_refused():
    never = [
        (name, choice)
        for name, choices in DIMENSIONS.items()
        for choice in choices
        if not any(named(choice, chain) in fitting(chain, name) for chain in CHAINS)
    ]
    assert not never


def test_numbers_meet_all_choices_early_and_in_all_pairs():
    seen = {pair for number in numbers(4000) for pair in combinations(enumerate(digits(number)), 2)}
    assert len(seen) == sum(one * other for one, other in combinations(SIZES, 2))


def test_lives_of_some_designs_of_the_scope_are_foreseen():
    # What starts in place has moves for few chains of the scope, so a third of the designs is not modelled.
    found = Counter(_walked(number, tries=8) for number in numbers(105))
    assert found["followed"] > 50, found


def test_code_that_reaches_all_of_an_update_but_not_all_of_a_longer_staging_partition_is_foreseen():
    assert _walked(34737896464, tries=6) == "followed"


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_lives_of_very_many_designs_of_the_scope_are_foreseen(chunk):
    count = SCOPE // CHUNKS
    found = Counter(_walked(number, tries=6) for number in numbers(count, start=chunk * count))
    assert found["followed"] > count * 2 // 5, found
