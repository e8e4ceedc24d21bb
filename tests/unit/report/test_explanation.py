"""What a name means, and the lists of names: all of it fits a terminal."""

import pytest

from bootverify.design.attacker import Capability
from bootverify.policy.vocabulary import PREDICATES
from bootverify.report.explanation import EXITS, KINDS, VERDICTS, explained, listing
from bootverify.report.open_points import MEANINGS
from bootverify.report.wrapping import WIDTH
from bootverify.sources.catalog import names
from bootverify.whatif.migration.questions import Question

NAMES = [
    *(name for kind in KINDS.values() for name in names(kind)),
    *(each.value for each in (*Capability, *Question)),
    *(*VERDICTS, *EXITS, *PREDICATES, *MEANINGS),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_fits_a_terminal_and_begins_a_line_with_each_name(kind):
    lines = listing(kind).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert tuple(line.split()[0] for line in lines if not line.startswith(" ")) == names(KINDS[kind])


@pytest.mark.parametrize("kind", ["policies", "attackers"])
def test_titles_of_ours_take_one_line(kind):
    assert len(listing(kind).splitlines()) == len(names(KINDS[kind]))


@pytest.mark.parametrize("name", NAMES)
def test_an_explanation_fits_a_terminal(name):
    assert max(map(len, explained(name).splitlines())) <= WIDTH
