"""A short run of each reader over changed inputs, and what longer runs have found."""

import random

import pytest

from tests.fuzz.mutate import mutated
from tests.fuzz.readers import READERS, fed
from tests.fuzz.seeds import seeds

SLOW = {
    "config",
    "partitions",
    "network",
    "regions",
    "domains",
    "built-tree",
    "package",
    "provision",
    "compiled",
    "record",
    "cache",
}


def test_every_reader_takes_its_seeds() -> None:
    assert seeds().keys() == READERS.keys()
    for name in READERS.keys() - {"certificate"}:  # the one here only looks like one
        assert all(fed(name, content) for content in seeds()[name]), name


@pytest.mark.parametrize("name", READERS)
def test_changed_inputs_are_taken_or_refused_with_a_reason(name) -> None:
    rng = random.Random(name)
    for _ in range(8 if name in SLOW else 40):
        fed(name, mutated(rng, seeds()[name], most=20_000))


def test_a_condition_that_is_none_is_refused_where_it_stands(tmp_path) -> None:
    for condition in ('it.kind in ("ptblic", "hash")', "it.kind in (", "everything"):
        text = f"""id: x
title: t
severity: low
asks:
  - subject: key
    applies: {condition}
    claim: {{told: key_final}}
against: [remote-ota]
because: b
repair: r
references: []
mutations: []
"""
        assert not fed("policy", text.encode())
