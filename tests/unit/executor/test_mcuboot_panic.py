"""Where the end of a swap cannot be recorded, MCUboot stops for good and says so (loader.c, BOOT_SWAP_TYPE_PANIC)."""

import pytest
from tests.unit.executor.mcuboot_board import board, image

from bootverify.executor.making.image_format import SEC_CNT
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.trailer import Flag, SwapType


def with_unprotected_counter(installed):
    """The validation takes any security counter; the update of the stored one reads the protected TLVs alone."""
    at = installed.rindex(b"\x07\x69")
    total = int.from_bytes(installed[at + 2 : at + 4], "little") + 8
    counter = SEC_CNT.to_bytes(2, "little") + b"\x04\x00" + (9).to_bytes(4, "little")
    return installed[: at + 2] + total.to_bytes(2, "little") + installed[at + 4 :] + counter


@pytest.mark.parametrize("mode", [Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.SWAP_SCRATCH])
def test_a_swap_for_good_whose_counter_cannot_be_stored_ends_in_a_panic_after_its_flags_are_written(mode):
    made = board(mode, hw_rollback=True, signed=False)
    made.install(0, with_unprotected_counter(image(1, 3000, key=None).installed))
    new = with_unprotected_counter(image(2, 3000, key=None).installed)
    made.install(1, new, offset=made.flash.page if mode is Mode.SWAP_OFFSET else 0)
    made.request(permanent=True)
    result = boot_go(made.config)
    assert (result.outcome, result.swap_types) == (Outcome.ASSERT, (SwapType.PANIC,))
    assert made.pair.primary.read(0, len(new)) == new
    held = made.trailer(0).read()
    assert (held.image_ok, held.copy_done) == (Flag.SET, Flag.SET)


def test_an_overwrite_whose_counter_cannot_be_stored_stops_with_what_was_asked():
    """boot_copy_image returns the error, which context_boot_go asserts before anything is called a panic."""
    made = board(Mode.OVERWRITE, hw_rollback=True, signed=False)
    made.install(1, with_unprotected_counter(image(2, 3000, key=None).installed))
    made.request(permanent=True)
    result = boot_go(made.config)
    assert (result.outcome, result.swap_types) == (Outcome.ASSERT, (SwapType.PERM,))
