"""Two slots that MCUboot does not exchange: what is staged is never installed, whoever sends it."""

import pytest
from tests.edited import edited, verdict_of

from bootverify.check.verdict import Verdict


@pytest.mark.parametrize(
    ("mode", "size", "verdict"),
    [
        ("swap-move", 0x7A000, Verdict.HOLDS),  # as long as the slot
        ("swap-move", 0x79000, Verdict.HOLDS),
        ("swap-move", 0x78000, Verdict.UNKNOWN),  # so much less may be the trailer's
        ("swap-offset", 0x79000, Verdict.VIOLATED),
        ("swap-scratch", 0x79000, Verdict.VIOLATED),
        ("overwrite", 0x79000, Verdict.VIOLATED),
    ],
)
def test_what_is_staged_in_a_slot_that_does_not_fit_is_never_installed(mode: str, size: int, verdict: Verdict) -> None:
    change = {"life": {"mode": mode, "rules": [], "validate_primary": True}, "partitions.mcuboot_secondary.size": size}
    assert verdict_of(edited("SB-S31", change), "update-available", "app", "remote-ota") is verdict


@pytest.mark.parametrize(("mode", "verdict"), [("swap-offset", Verdict.HOLDS), ("swap-move", Verdict.VIOLATED)])
def test_a_staging_slot_has_one_page_more_for_the_offset_alone(mode: str, verdict: Verdict) -> None:
    change = {
        "life": {"mode": mode, "rules": [], "validate_primary": True},
        "partitions.app.size": 0x78E00,
        "partitions.mcuboot_secondary": {"at": 0x85000, "size": 0x7A000},
    }
    assert verdict_of(edited("SB-S31", change), "update-available", "app", "remote-ota") is verdict
