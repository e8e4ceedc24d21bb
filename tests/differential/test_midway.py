"""What somebody writes to a pair of slots, or to its trailers, while a swap or copy waits to be completed."""

from collections import Counter

import pytest
from tests.differential.designs import ATTACKERS
from tests.differential.following import Followed
from tests.differential.histories import hostile, step_of
from tests.differential.small_scope import in_scope

from bootverify.design.design import Design
from bootverify.machine.action import Deliver, ForgeTrailer, Overwrite, Publish, Request, Reset
from bootverify.machine.content import Genuine

OPEN = 3  # of the dimension `life`: a probe reaches everything at each mark
MODES = {"swap-move": 0, "overwrite": 1, "swap-scratch": 2, "swap-offset": 3}
CHAINS = {"mcuboot": 0, "nsib": 1, "parts": 2}
EVERY = 67  # cuts


def _about_to_swap(design: Design) -> Followed:
    image = design.images[-1]
    followed = Followed(design, ATTACKERS["everything"])
    followed.runs_on()
    followed.does(Publish(image=image.name, release=2))
    followed.does(Deliver(partition=image.staging, content=Genuine(image.name, 2), request=Request.TEST), Reset())
    while followed.facts["at"] != "mcuboot.boot_go":
        followed.does(followed.next_step())
    return followed


def _disturbed(followed: Followed, cut: int) -> int:
    """How many writes can be tried after that cut, each foreseen up to where the device stays; none behind the step."""
    start, inclusion = followed.world.copy(), followed.inclusion.copy()
    followed.does(step_of(start, cut_after=cut))
    tried, lost = 0, any("power lost" in line for line in followed.world.log)
    midway, halfway = followed.world, followed.inclusion
    for action in hostile(start.design) if lost else ():
        followed.world, followed.inclusion = midway.copy(), halfway.copy()
        if isinstance(action, ForgeTrailer | Overwrite) and followed.tries(action):
            followed.runs_on()
            assert not followed.disagreements()
            tried += 1
    followed.world, followed.inclusion = start, inclusion
    return tried


# Where MCUboot finds an update of its own with swap using offset is not modelled.
CASES = [(chain, mode) for chain in CHAINS for mode in MODES if mode != "swap-offset" or chain == "mcuboot"]


@pytest.mark.parametrize(
    ("chain", "mode"), [pytest.param(*case, marks=pytest.mark.slow if case[0] != "mcuboot" else ()) for case in CASES]
)
def test_what_is_written_to_a_pair_that_is_midway_is_foreseen(chain, mode):
    followed = _about_to_swap(in_scope(chain=CHAINS[chain], mode=MODES[mode], life=OPEN))
    cut = 7
    while tried := _disturbed(followed, cut):
        assert tried > 6
        cut += EVERY
    assert cut > EVERY


@pytest.mark.parametrize(("encryption", "check"), [(0, 0), (1, 1)])
def test_what_becomes_of_a_cut_swap_in_an_old_release_is_foreseen(encryption, check):
    followed = _about_to_swap(in_scope(mode=MODES["swap-move"], life=OPEN, sdk=1, encryption=encryption, check=check))
    start, inclusion = followed.world, followed.inclusion
    ends, cut, lost = Counter(), 0, True
    while lost:
        followed.world, followed.inclusion = start.copy(), inclusion.copy()
        followed.does(step_of(start, cut_after=cut))
        lost = any("power lost" in line for line in followed.world.log)
        for _ in range(2):
            ends[followed.boots()["at"]] += 1
            followed.does(Reset())
        cut += 1
    assert ends["halted"] == 2
    assert ends["app.run"] > 2
