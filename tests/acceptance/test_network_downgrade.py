"""`check` asks whether an older release of the network core's application comes back, and shows how."""

import json
from pathlib import Path

from bootverify.cli import run

FED = "tests/scenarios/fed-core.yaml"


def _answer(capsys, design):
    run(
        [
            "check",
            str(design),
            "--policy",
            "no-downgrade",
            "--subject",
            "net_app",
            "--attacker",
            "remote-ota",
            "--format",
            "json",
        ]
    )
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    return found


def test_the_second_update_brings_back_what_the_first_one_replaced(capsys):
    answer = _answer(capsys, FED)
    assert (answer["verdict"], answer["strength"]) == ("violated", "replayed")
    assert "starts version 1" in json.dumps(answer["trace"])


def test_whether_mcuboot_compares_with_what_the_core_holds_has_to_be_told(capsys, tmp_path):
    compared = (
        Path(FED).read_text(encoding="utf-8").replace("mode: overwrite\n", "mode: overwrite\n    downgrade: version\n")
    )
    design = tmp_path / "compared.yaml"
    design.write_text(compared, encoding="utf-8")
    assert _answer(capsys, design)["verdict"] == "unknown"
    design.write_text(
        compared.replace("    transfer_locked: true\n", "    transfer_locked: true\n    version_read: false\n")
    )
    assert _answer(capsys, design)["verdict"] == "violated"
