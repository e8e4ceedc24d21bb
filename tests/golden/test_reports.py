"""Every form of every report, as text that is reviewed; `make golden` rewrites it."""

import os
import shlex
from pathlib import Path

import pytest

from bootverify.cli import run

TOP = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "reports"
WRITE = os.environ.get("BOOTVERIFY_GOLDEN") == "write"
TODAY, WISHED, HARDENED = "tests/designs/today.yaml", "tests/designs/wished-for.yaml", "tests/scenarios/hardened.yaml"
ASKED = "--policy rot-immutable --policy no-secret-in-updatable --policy map-no-overlap"
ACCEPTED = "--policy secret-confidential --subject enc_priv --waivers tests/golden/waivers.yaml"
COMMANDS = {
    "check.txt": f"check {WISHED} {ASKED}",
    "check.json": f"check {WISHED} {ASKED} --format json",
    "check.sarif": f"check {WISHED} {ASKED} --format sarif",
    "check.junit.xml": f"check {WISHED} {ASKED} --format junit",
    "check.md": f"check {WISHED} {ASKED} --format markdown",
    "check.html": f"check {WISHED} {ASKED} --format html",
    "accepted.txt": f"check {TODAY} {ACCEPTED}",
    "accepted.md": f"check {TODAY} {ACCEPTED} --format markdown",
    "accepted.sarif": f"check {TODAY} {ACCEPTED} --format sarif",
    "coverage.txt": f"check {HARDENED} --policy secret-confidential --policy map-no-overlap"
    " --attacker app-code-secure --coverage",
    "clauses.txt": f"check {WISHED} {ASKED} --standard nist-sp-800-193",
    "clauses.md": f"check {WISHED} {ASKED} --standard en-18031-1 --standard eu-cra --format markdown",
    "diff.txt": f"diff {TODAY} {WISHED} {ASKED}",
    "diff.json": f"diff {TODAY} {WISHED} --policy no-secret-in-updatable --format json",
    "diff.md": f"diff {TODAY} {WISHED} {ASKED} --format markdown",
    "whatif-set.txt": f"whatif {TODAY} --set lifecycle.eraseprotect=true --policy rot-immutable",
    "whatif-free.txt": f"whatif {HARDENED} --free partitions.settings_storage.size --policy map-no-overlap"
    " --policy map-inside-memory",
    "whatif-choice.txt": f"whatif {HARDENED} --free keys.enc_priv.placement --policy no-secret-in-updatable",
    "whatif-holes.txt": f"whatif {HARDENED} --set chain.mcuboot.mode=? --set chain.mcuboot.downgrade=?"
    " --policy downgrade-prevention",
    "whatif-together.txt": f"whatif {HARDENED} --free partitions.settings_storage.at "
    "--free partitions.settings_storage.size --policy map-no-overlap --policy map-inside-memory",
    "whatif-unknown.txt": f"whatif {HARDENED} --maximise --rlimit 1 --policy map-no-overlap",
    "whatif-maximise.txt": f"whatif {HARDENED} --maximise --policy map-no-overlap",
    "repair.txt": f"repair {TODAY} --policy rot-immutable --policy downgrade-prevention",
    "repair-none.txt": f"repair {TODAY} --policy secret-use-restricted --attacker app-code-secure",
    "repair-undefined.txt": f"repair {WISHED} --policy no-secret-in-updatable",
    "attackers-none.txt": f"attackers {HARDENED} --policy map-no-overlap",
    "attackers.txt": f"attackers {WISHED} --policy rot-immutable",
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_report_is_what_was_reviewed(name, capsys, monkeypatch):
    monkeypatch.chdir(TOP)
    assert run(shlex.split(COMMANDS[name])) in {0, 1, 3}
    out = capsys.readouterr().out
    if WRITE:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / name).write_text(out, encoding="utf-8")
    assert out == (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.endswith(".txt")])
def test_what_a_terminal_shows_fits_eighty_columns(name):
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    told = lines[: lines.index("")] if any(line.startswith("--- a/") for line in lines) else lines
    assert max(map(len, told)) <= 80
