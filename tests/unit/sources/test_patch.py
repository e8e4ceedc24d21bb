"""Edits of a design file as text: what is not edited keeps its bytes, and the text reads as the edit meant."""

import pytest
from tests.gate.bases import BASES, base, text_of
from tests.gate.seeded import SEEDS

from bootverify.sources.document import parse_written
from bootverify.sources.mutate import mutated
from bootverify.sources.patch import edited, patched, removed

TEXT = """\
# head
chain:
  mcuboot:
    mode: swap-move   # why
    protects:
      # first
      - {span: [0x0, 0x8000], lock: none}   # open
      # second
      - span: [0x9000, 0xa000]
        lock: until_reset

  # the application
  app:
    slot: primary
lifecycle: {approtect: true, eraseprotect: false}
"""


def test_a_value_is_replaced_where_it_stands():
    text = patched(TEXT, ("chain", "mcuboot", "protects", 0, "lock"), "until_reset")
    assert text == TEXT.replace("lock: none", "lock: until_reset")


def test_an_entry_is_added_to_the_block_it_belongs_to():
    text = patched(TEXT, ("chain", "mcuboot", "downgrade"), "version")
    assert text == TEXT.replace("lock: until_reset\n", "lock: until_reset\n    downgrade: version\n")
    assert parse_written(text, "x").plain["chain"]["mcuboot"]["downgrade"] == "version"


def test_a_block_becomes_one_line_and_the_comments_behind_it_stay():
    text = patched(TEXT, ("chain", "mcuboot", "protects"), [])
    assert "    protects: []\n\n  # the application\n" in text


def test_whole_sections_can_be_added():
    text = patched(TEXT, ("chain", "app", "trustzone", "isolation_level"), 2)
    assert parse_written(text, "x").plain["chain"]["app"]["trustzone"] == {"isolation_level": 2}
    assert "    slot: primary\n    trustzone: {isolation_level: 2}\nlifecycle" in text


@pytest.mark.parametrize(
    ("path", "left"),
    [
        (("chain", "mcuboot", "protects", 0), TEXT.replace("      - {span: [0x0, 0x8000], lock: none}   # open\n", "")),
        (("lifecycle", "approtect"), TEXT.replace("approtect: true, ", "")),
        (("lifecycle", "eraseprotect"), TEXT.replace(", eraseprotect: false", "")),
        (("chain", "app", "slot"), TEXT.replace("  app:\n    slot: primary", "  app: {}")),
    ],
)
def test_an_entry_is_removed_with_its_line(path, left):
    assert removed(TEXT, path) == left


@pytest.mark.parametrize("path", [("nothing",), ("chain", "app", "slots", 0), ("chain", "mcuboot", "protects", 5)])
def test_what_is_not_there_cannot_be_removed(path):
    with pytest.raises(KeyError):
        removed(TEXT, path)


def test_every_seeded_edit_of_the_text_means_what_the_edit_of_the_document_means():
    for seed in SEEDS:
        assert seed.new.plain == mutated(seed.old, seed.change, seed.drop).plain


@pytest.mark.parametrize("name", BASES)
def test_an_edit_back_gives_the_same_file(name):
    written = base(name)
    there = edited(written, {"lifecycle.approtect": False})
    assert text_of(edited(there, {"lifecycle.approtect": True})) == text_of(written)
