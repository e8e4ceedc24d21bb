"""Crossing 5: seeded mistakes in either side are caught by the others; the table says by which, and may only grow."""

import os
from pathlib import Path

import pytest
from tests.faults.battery import CROSSINGS, catcher
from tests.faults.functions import EACH, FUNCTIONS
from tests.faults.seeded import Fault, faults_of, seeded

TABLE = Path(__file__).parent / "caught.txt"
WRITE = os.environ.get("BOOTVERIFY_FAULTS") == "write"
UNCAUGHT = "nobody"  # and rightly so; the row says why
OPEN = "open"  # the crossings miss it, and nobody has said why: a gap in them, which may only shrink
MOST_OPEN = 0


def chosen() -> list[Fault]:
    """A few faults of each function, spread over it."""
    found = []
    for where in FUNCTIONS:
        every = faults_of(where)
        count = min(EACH, len(every))
        found += [every[i * len(every) // count] for i in range(count)]
    return found


def table() -> dict[str, str]:
    """Who caught each fault; of what nobody catches, why that is right."""
    rows = [line.split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines() if line]
    return {fault: " | ".join(rest) for fault, *rest in rows}


ROWS = {} if WRITE else table()
FAULTS = [] if WRITE else [each for each in chosen() if str(each) in ROWS]
CAUGHT = [each for each in FAULTS if not ROWS[str(each)].startswith((UNCAUGHT, OPEN))]
SAMPLE = [each for each in CAUGHT if ROWS[str(each)] == "step"][::40]


@pytest.mark.skipif(WRITE, reason="the table is being written")
def test_the_table_is_large_and_names_a_crossing_or_a_reason():
    assert len(CAUGHT) >= 220
    assert sum(row == OPEN for row in ROWS.values()) <= MOST_OPEN
    for row in ROWS.values():
        who, _, why = row.partition(" | ")
        assert who in {*CROSSINGS, OPEN} or (who == UNCAUGHT and len(why) > 20), row


@pytest.mark.parametrize("fault", SAMPLE, ids=str)
def test_a_seeded_fault_is_caught(fault):
    with seeded(fault):
        assert catcher() == ROWS[str(fault)]


@pytest.mark.slow
@pytest.mark.parametrize("fault", CAUGHT, ids=str)
def test_each_fault_of_the_table_is_caught(fault):
    with seeded(fault):
        assert catcher(likely=ROWS[str(fault)])


@pytest.mark.skipif(not WRITE, reason="set BOOTVERIFY_FAULTS=write to write the table")
def test_write_the_table():
    done = {fault: who for fault, who in (table() if TABLE.exists() else {}).items() if who}
    for fault in chosen():
        if str(fault) not in done:
            with seeded(fault):
                who = catcher()
            with TABLE.open("a", encoding="utf-8") as out:
                out.write(f"{fault} | {who or OPEN}\n")
