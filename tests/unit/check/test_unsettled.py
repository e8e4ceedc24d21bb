"""What a proof cannot answer for, whatever it proves."""

from pathlib import Path

import pytest

from bootverify.api import ask
from bootverify.check.verdict import Verdict
from bootverify.sources.attackers import load_attacker
from bootverify.sources.document import read_written
from bootverify.sources.mutate import mutated
from bootverify.sources.resolve import resolve
from bootverify.sources.schema import DesignEntry
from bootverify.sources.validate import validated

TWO_STAGES = Path(__file__).parents[2] / "scenarios" / "SB-S18.yaml"  # nRF52840, every slot of MCUboot locked

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
    written = mutated(read_written(TWO_STAGES), {"life": TOLD, "lifecycle.flash_patch": flash_patch})
    design = resolve(validated(DesignEntry, written), written)
    report = ask(design, "no-downgrade", ("mcuboot",), load_attacker(attacker))
    assert [finding.verdict for finding in report.findings] == [expected]
    assert not report.discrepancies
