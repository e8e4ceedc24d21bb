"""What `migrate` prints is what stands in `migration/`, and fits a terminal; `make golden` rewrites it."""

import os
from pathlib import Path

import pytest

from bootverify.cli import run

TOP = Path(__file__).resolve().parents[2]
HERE = "tests/golden/migration"
WRITE = os.environ.get("BOOTVERIFY_GOLDEN") == "write"
ASKED = ["--policy", "rot-immutable", "--policy", "slot-sizes-equal", "--attacker", "remote-ota"]
FORMS = {"txt": "text", "json": "json", "md": "markdown"}
CASES = {"release-2.txt": 1, "release-3.txt": 2, "release-3.json": 1, "release-3.md": 1}


@pytest.mark.parametrize("name", CASES)
def test_the_answers_about_units_in_the_field_are_printed_as_they_were(name, capsys, monkeypatch):
    monkeypatch.chdir(TOP)
    last, form = name.split(".")
    deployed = ["release-1", "release-2"][: CASES[name]]
    designs = [f"{HERE}/{each}.yaml" for each in (*deployed, last)]
    code = run(["migrate", *designs, *ASKED, "--format", FORMS[form]])
    shown = capsys.readouterr().out
    golden = TOP / HERE / name
    if WRITE:
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")
    assert code == (0 if last == "release-2" else 1)
    if form == "txt":
        assert max(map(len, shown.splitlines())) <= 80
