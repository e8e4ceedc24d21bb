"""A design as a key, and its partitions by name: those of the design that is asked, whatever equal ones there are."""

import copy
import pickle
from dataclasses import replace

import pytest
from tests.designs import shapes

from bootverify.design.source import Source


def test_a_design_names_its_own_partitions_and_not_those_of_an_equal_one():
    one = shapes.s01()
    moved = tuple(replace(each, source=Source(file="other.yaml", line=7)) for each in one.partitions)
    other = replace(one, partitions=moved)
    assert one == other
    assert hash(one) == hash(other)
    name = one.partitions[0].name
    assert one.partition(name) is one.partitions[0]
    assert other.partition(name) is moved[0]


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        shapes.s01().partition("nothing")


def test_edits_of_one_design_are_told_apart_by_their_hash():
    one = shapes.s01()
    edits = [
        replace(one, releases=releases, partial_map=partial) for releases in (2, 3, 4) for partial in (False, True)
    ]
    assert len({hash(each) for each in edits}) == len(edits)
    assert hash(edits[0]) == hash(one)


def test_a_copy_of_a_design_finds_its_own_hash():
    one = shapes.s01()
    hash(one)
    for other in (copy.copy(one), pickle.loads(pickle.dumps(one))):
        assert not hasattr(other, "_hash")
        assert hash(other) == hash(one)
