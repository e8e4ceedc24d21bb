"""A boot that is remembered does what the boot did: same bytes, same result, same account; and no other one's."""

import pytest
from tests.unit.executor.mcuboot_board import image
from tests.unit.executor.test_mcuboot_power_cuts import waiting

from bootverify.executor.flash import Journal, Power, powered
from bootverify.executor.mcuboot import again
from bootverify.executor.mcuboot.again import boot_go_again
from bootverify.executor.mcuboot.boot import boot_go
from bootverify.executor.mcuboot.config import Mode
from bootverify.machine.tear import HALF

MODES = (Mode.SWAP_SCRATCH, Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.OVERWRITE)


@pytest.fixture(autouse=True)
def forgotten():
    again._boots.clear()


def told(boot, made, **power):
    """All that a boot shows: result, counters, flash, and what it drew from the supply."""
    counters, room = [0], [3]
    with powered([made.flash], Power(**power)) as used:
        result = boot(made.config, counters, room)
    account = used.spent, used.refused, used.reprogrammed
    return result.outcome, result.images, result.swaps, result.log, counters, room, bytes(made.flash.data), account


@pytest.mark.parametrize("mode", MODES)
def test_boots_from_memory_and_boots_carried_out_show_the_same(mode, monkeypatch):
    plain, first, second = (waiting(mode, hw_rollback=True) for _ in range(3))
    wanted = [told(boot_go, plain) for _ in range(3)]
    assert [told(boot_go_again, first) for _ in range(3)] == wanted
    monkeypatch.setattr(again, "boot_go", None)
    assert [told(boot_go_again, second) for _ in range(3)] == wanted


@pytest.mark.parametrize("mode", MODES)
def test_a_boot_that_is_cut_or_watched_is_carried_out(mode):
    told(boot_go_again, waiting(mode))
    whole = told(boot_go, waiting(mode))[-1][0]
    for power in ({"cut_after": whole // 2}, {"cut_after": 5, "torn": HALF}):
        assert told(boot_go_again, waiting(mode), **power) == told(boot_go, waiting(mode), **power)
    journal = Journal()
    told(boot_go_again, waiting(mode), journal=journal)
    assert len(journal) == whole


def test_what_differs_in_bytes_or_build_or_counters_is_another_boot():
    told(boot_go_again, waiting(Mode.SWAP_MOVE))
    other = waiting(Mode.SWAP_MOVE, permanent=True)
    assert told(boot_go_again, other) == told(boot_go, waiting(Mode.SWAP_MOVE, permanent=True))
    other = waiting(Mode.SWAP_MOVE, validate_primary=False)
    other.install(0, b"")
    same = waiting(Mode.SWAP_MOVE, validate_primary=False)
    same.install(0, b"")
    assert told(boot_go_again, other) == told(boot_go, same)
    assert len(again._boots) == 3


def test_only_so_many_boots_are_kept(monkeypatch):
    monkeypatch.setattr(again, "MOST_KEPT", 2)
    for release in range(1, 6):
        made = waiting(Mode.OVERWRITE)
        made.install(0, image(release, 900).installed)
        told(boot_go_again, made)
    assert len(again._boots) == 2
