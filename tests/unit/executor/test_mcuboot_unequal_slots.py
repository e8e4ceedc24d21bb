"""Slots of one image whose sizes or sectors differ: what may be exchanged, and how large an image may be.

Expected values follow from boot_slots_compatible and app_max_size of swap_move.c, swap_offset.c and swap_scratch.c
(MCUboot, 2026).
"""

from dataclasses import replace

import pytest
from tests.unit.executor.mcuboot_board import board, image

from bootverify.executor.flash import Flash
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode, Pair

SECTOR = 1024


def of_sectors(mode, primary, secondary, *, sizes=(SECTOR, SECTOR), **shape):
    """A board whose slots have so many sectors of those sizes."""
    made = board(mode, sectors=16, **shape)
    flashes = [Flash(0x10_0000 * (1 + slot), 0x1_0000, size) for slot, size in enumerate(sizes)]
    slots = [
        Area(flash, flash.start, count * flash.page) for flash, count in zip(flashes, (primary, secondary), strict=True)
    ]
    made.config = replace(made.config, images=(Pair(*slots),))
    return made


def installed(made, slot, content, gap=0):
    area = made.pair[slot]
    area.flash.load(area.start, (b"\xff" * gap + content).ljust(area.size, b"\xff"))


def sized(size):
    """Release 1 with its TLVs in exactly `size` bytes."""
    return image(1, size - len(image(1, 0).installed)).installed


def runs_at_most(made, limit):
    """An image of `limit` bytes runs, one of four bytes more does not."""
    outcomes = []
    for size in (limit, limit + 4):
        installed(made, 0, sized(size))
        outcomes.append(boot_go(made.config).outcome)
    return outcomes == [Outcome.BOOT, Outcome.NO_IMAGE]


@pytest.mark.parametrize(
    ("mode", "primary", "secondary", "swapped"),
    [
        (Mode.SWAP_MOVE, 11, 10, True),
        (Mode.SWAP_MOVE, 12, 10, False),
        (Mode.SWAP_MOVE, 13, 10, False),  # the usable sectors of the primary slot would be one more
        (Mode.SWAP_OFFSET, 10, 11, True),
        (Mode.SWAP_OFFSET, 11, 10, False),
    ],
)
def test_a_swap_wants_slots_of_one_size_or_one_spare_sector_more(mode, primary, secondary, swapped):
    made = of_sectors(mode, primary, secondary)
    installed(made, 0, image(1, 3000).installed)
    installed(made, 1, image(2, 3000).shipped, gap=SECTOR if mode is Mode.SWAP_OFFSET else 0)
    made.request(permanent=True)
    assert boot_go(made.config).images[0].header.major == (2 if swapped else 1)


@pytest.mark.parametrize(
    ("mode", "primary", "secondary", "sectors"),
    [
        (Mode.SWAP_MOVE, 14, 10, 9),  # a trailer in each, a spare sector in the primary slot
        (Mode.SWAP_MOVE, 10, 14, 8),
        (Mode.SWAP_OFFSET, 14, 10, 8),  # the spare sector is in the secondary slot
        (Mode.SWAP_OFFSET, 10, 14, 9),
    ],
)
def test_the_smaller_slot_limits_the_image_that_is_installed_though_nothing_is_swapped(
    mode, primary, secondary, sectors
):
    assert runs_at_most(of_sectors(mode, primary, secondary), sectors * SECTOR)


@pytest.mark.parametrize(("primary", "secondary"), [(11, 10), (10, 11)])
def test_with_scratch_an_image_ends_before_the_trailer_of_a_slot_of_the_common_size(primary, secondary):
    made = of_sectors(Mode.SWAP_SCRATCH, primary, secondary)
    assert runs_at_most(made, 10 * SECTOR - made.config.trailer.size(4))


def test_with_scratch_less_than_one_of_the_larger_sectors_may_be_missing():
    """boot_slots_compatible: both tables end at the same time, and only sums that are equal are looked at."""
    for secondary, major in ((3, 1), (4, 2), (5, 1)):
        made = of_sectors(Mode.SWAP_SCRATCH, 15, secondary, sizes=(SECTOR, 4 * SECTOR), scratch=4)
        installed(made, 0, image(1, 3000).installed)
        installed(made, 1, image(2, 3000).installed)
        made.request(permanent=True)
        assert boot_go(made.config).images[0].header.major == major
        # Where the slots fit, what is larger is taken for the record of a swap.
        assert major == 2 or runs_at_most(made, 3 * 4 * SECTOR - made.config.trailer.size(4))


def test_overwriting_stops_at_the_end_of_a_staging_slot_that_lacks_less_than_a_sector():
    """boot_copy_image copies the whole primary slot; an assertion catches the read that is refused."""
    for secondary, outcome in ((12, Outcome.BOOT), (15, Outcome.ASSERT), (16, Outcome.BOOT)):
        made = of_sectors(Mode.OVERWRITE, 4, secondary, sizes=(4 * SECTOR, SECTOR))
        installed(made, 0, image(1, 3000).installed)
        installed(made, 1, image(2, 3000).installed)
        made.request()
        assert boot_go(made.config).outcome is outcome


def test_a_record_of_a_swap_that_the_shorter_slot_cannot_take_to_its_end_is_never_done():
    """find_last_sector_idx adds sectors of both slots until the sums are equal; behind the last one it adds nothing."""
    for size, outcome in ((3, Outcome.BOOT), (4, Outcome.UNDEFINED)):
        made = of_sectors(Mode.SWAP_SCRATCH, 4, 7, sizes=(2 * SECTOR, SECTOR), scratch=4)
        installed(made, 0, image(1, 100).installed)
        installed(made, 1, image(2, 100).installed)
        trailer = made.trailer(0)
        trailer.write_swap_info(2, 0)
        trailer.write_swap_size(size * 2 * SECTOR)
        trailer.write_magic()
        trailer.write_status(0, 4, 1)
        assert boot_go(made.config).outcome is outcome
