"""What a proof cannot answer for, whatever it proves."""

import pytest
from tests.edited import edited, verdict_of

from bootverify.check.verdict import Verdict

TWO_STAGES = "SB-S18"  # nRF52840, every slot of MCUboot locked

TOLD = {"mode": "swap-move", "rules": [], "validate_primary": True}


@pytest.mark.parametrize(
    ("attacker", "flash_patch", "expected"),
    [
        ("app-code", False, Verdict.HOLDS),
        ("app-code", True, Verdict.UNKNOWN),
        ("old-signed-image", True, Verdict.HOLDS),
    ],
)
def test_that_no_release_comes_back_is_not_said_of_boot_stages_that_can_be_patched(attacker, flash_patch, expected):
    design = edited(TWO_STAGES, {"life": TOLD, "lifecycle.flash_patch": flash_patch})
    assert verdict_of(design, "no-downgrade", "mcuboot", attacker) is expected
