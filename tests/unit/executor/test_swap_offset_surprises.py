"""What power cuts do to swap using offset, as docs/SEMANTICS.md tells it ("Surprises"): real images, small slots."""

import pytest
from tests.unit.executor.test_every_cut import surveyed
from tests.unit.executor.test_mcuboot_power_cuts import waiting

from bootverify.executor.flash import Power, powered
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode
from bootverify.machine.tear import HALF

ASSERTS = "the TLVs of the primary image can be read"


def after(made, *cuts):
    """The boot after boots that are cut as told: operations and tear, or None for a boot that is not cut."""
    for cut in cuts:
        with powered([made.flash], Power(*cut) if cut else Power()):
            boot_go(made.config)
    return boot_go(made.config)


def test_two_cuts_of_a_revert_end_in_an_assert_at_every_boot():
    made = waiting(Mode.SWAP_OFFSET, old=4500, new=5700)
    result = after(made, None, (17,), (6, HALF))
    assert (result.outcome, result.why) == (Outcome.ASSERT, ASSERTS)
    assert boot_go(made.config).why == ASSERTS


@pytest.mark.parametrize("cut", [15, 18])
def test_a_first_cut_elsewhere_in_the_sector_is_recovered_from(cut):
    made = waiting(Mode.SWAP_OFFSET, old=4500, new=5700)
    assert after(made, None, (cut,), (6, HALF)).outcome is Outcome.BOOT


@pytest.mark.parametrize("mode", [Mode.SWAP_MOVE, Mode.SWAP_SCRATCH])
def test_the_other_swaps_recover_from_every_cut(mode):
    assert surveyed(waiting(mode, old=4500, new=5700)).bricks == 0


def test_a_cut_in_the_last_sector_loses_a_longer_old_image():
    """The sweep calls it recovered: the new image runs, though it was only asked for as a test."""
    sizes = {"old": 9000, "new": 3000, "page": 4096, "sectors": 8}
    made = waiting(Mode.SWAP_OFFSET, **sizes)
    assert after(made, (31, HALF), None).log[:2] == ("swap type: revert", "secondary: malformed TLVs; erased")
    assert surveyed(waiting(Mode.SWAP_OFFSET, **sizes)).stuck == 0


def test_a_cut_in_the_only_sector_leaves_no_header():
    made = waiting(Mode.SWAP_OFFSET, old=900, new=1500, page=4096, sectors=8)
    assert after(made, (13,)).outcome is Outcome.NO_IMAGE
