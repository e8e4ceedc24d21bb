"""Where the stored counter has no room: what would raise it is refused where it is validated, or the boot stops later.

image_validate.c, MCUBOOT_HW_ROLLBACK_PROT_COUNTER_LIMITED.
"""

import pytest
from tests.unit.executor.mcuboot_board import board, image

from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode


def booted(counter, *, mode=Mode.OVERWRITE, room=0, **options):
    """The outcome, the release that lies in the primary slot then, and whether the update is still staged."""
    made = board(mode, hw_rollback=True, **options)
    old, new = (image(release, 3000, counter=each).installed for release, each in ((1, 1), (2, counter)))
    made.install(0, old)
    start = made.flash.page if mode is Mode.SWAP_OFFSET else 0
    made.install(1, new, offset=start)
    made.request(permanent=True)
    counters, rooms = [1], [room]
    result = boot_go(made.config, counters, rooms)
    held = made.pair.primary.read(0, len(old))
    staged = made.pair.secondary.read(start, 32) == new[:32]
    return result.outcome, 1 + (old, new).index(held), staged, counters, rooms


@pytest.mark.parametrize("mode", [Mode.OVERWRITE, Mode.SWAP_MOVE, Mode.SWAP_SCRATCH, Mode.SWAP_OFFSET])
def test_an_update_that_finds_no_room_is_erased_and_the_old_image_goes_on(mode):
    assert booted(2, mode=mode, counter_limited=True) == (Outcome.BOOT, 1, False, [1], [0])


def test_without_that_option_it_is_copied_and_the_boot_stops():
    assert booted(2) == (Outcome.ASSERT, 2, True, [1], [0])


def test_what_raises_nothing_needs_no_room_and_what_finds_one_takes_it():
    assert booted(1, counter_limited=True)[1:] == (2, False, [1], [0])
    assert booted(2, room=1, counter_limited=True)[1:] == (2, False, [2], [0])


@pytest.mark.parametrize(("limited", "outcome"), [(True, Outcome.NO_IMAGE), (False, Outcome.BOOT)])
def test_an_image_that_was_started_before_is_validated_alike_where_a_single_slot_stores_nothing(limited, outcome):
    made = board(Mode.SINGLE_SLOT, hw_rollback=True, counter_limited=limited)
    made.install(0, image(1, 3000, counter=3).installed)
    counters = [2]
    assert boot_go(made.config, counters, [0]).outcome is outcome
    assert counters == [2]
