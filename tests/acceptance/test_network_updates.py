"""`check` asks what comes back or comes in as the network core's application, and tells by which update."""

import json
from pathlib import Path

from bootverify.cli import run

FED = "tests/scenarios/fed-core.yaml"


def _answer(capsys, design, policy="no-downgrade"):
    asked = ["--policy", policy, "--subject", "net_app", "--attacker", "remote-ota"]
    run(["check", str(design), *asked, "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)["questions"]
    return found


def test_the_second_update_brings_back_what_the_first_one_replaced(capsys):
    answer = _answer(capsys, FED)
    assert (answer["verdict"], answer["strength"]) == ("violated", "replayed")
    assert "starts version 1" in json.dumps(answer["trace"])
    assert answer["because"] == "release 1 is staged once a later one ran, and nothing asks for the version that runs."


def test_a_key_that_everybody_has_is_named_where_it_lets_an_update_through(capsys, tmp_path):
    known = Path(FED).read_text(encoding="utf-8").replace("verifies: app}", "verifies: app, published: true}")
    design = tmp_path / "known.yaml"
    design.write_text(known, encoding="utf-8")
    answer = _answer(capsys, design, "authentic-only")
    assert (answer["verdict"], answer["strength"]) == ("violated", "replayed")
    assert "signed with the private half of img_verify_pub, which is published" in answer["because"]


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
