"""What the next release's map may change on devices whose first stage is never replaced; through the command line."""

import json
from pathlib import Path

import pytest

from bootverify.cli import run

TOLD = Path(__file__).resolve().parents[1] / "scenarios" / "told-one-stage.yaml"

MCUBOOT = "  mcuboot:           {at: 0x0,     size: 0xc000}"
SMALLER = "  mcuboot: {at: 0x0, size: 0xb000}"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ((MCUBOOT, SMALLER), "holds"),
        ((MCUBOOT, MCUBOOT.replace("0xc000", "0xd000")), "violated"),
        ((MCUBOOT, MCUBOOT + "\n  log: {at: 0xf1000, size: 0x1000}"), "violated"),
        ((MCUBOOT, SMALLER + "\n  log: {at: 0xb000, size: 0x1000}"), "violated"),
        (("  app:               {at: 0xc200,  size: 0xdbe00}", "  app: {at: 0xc200, size: 0xdae00}"), "violated"),
    ],
    ids=["smaller", "over its slot", "two areas of data", "smaller and the rest given away", "a slot that it reads"],
)
def test_the_own_partition_of_a_first_stage_may_change_while_nothing_is_laid_over_it(
    tmp_path, capsys, changes, verdict
) -> None:
    before, _, after = TOLD.read_text().partition("\nproposed:")
    proposed, _, rest = after.partition("\nchain:")
    old, new = changes
    assert old in proposed
    path = tmp_path / "next.yaml"
    path.write_text(f"{before}\nproposed:{proposed.replace(old, new)}\nchain:{rest}")
    run(["check", str(path), "--policy", "layout-compatible", "--format", "json"])
    assert [each["verdict"] for each in json.loads(capsys.readouterr().out)["questions"]] == [verdict]
