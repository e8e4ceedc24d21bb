"""Partitions by name: those of the design that is asked, whatever equal ones there are."""

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
