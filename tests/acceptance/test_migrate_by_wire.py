"""`migrate` where nothing is staged: MCUboot has the image uploaded into the slot that it knows."""

from pathlib import Path

import pytest
from tests import field

from bootverify import api
from bootverify.check.verdict import Verdict
from bootverify.cli import run
from bootverify.executor.field.cuts import Plan
from bootverify.sources.design_file import design_of
from bootverify.sources.mutate import mutated
from bootverify.sources.patch import edited
from bootverify.whatif.migrate import migrate
from bootverify.whatif.migration.answers import Effort
from bootverify.whatif.migration.questions import Question

SINGLE = Path(__file__).resolve().parents[1] / "scenarios" / "SB-S32.yaml"
WIRE = {"chain.app.update": "by_wire", "chain.mcuboot.validate_primary": True}
ASKED = ["--policy", "rot-immutable", "--attacker", "remote-ota"]
HOLDS, VIOLATED, NOT = Verdict.HOLDS, Verdict.VIOLATED, Verdict.NOT_APPLICABLE
FEW = Effort(small=Plan(first=12, again=2, second=4), full=None)
MOVED = {"partitions.mcuboot.size": 0xD000, "partitions.mcuboot_pad.at": 0xD000, "partitions.app.at": 0xD200,
         "partitions.app.size": 0x6AE00}  # fmt: skip


def answers(deployed, new):
    def check(design):
        return api.check(design, policies=["rot-immutable"], attackers=["remote-ota"])

    old, now = (design_of(mutated(api.read(SINGLE), {**WIRE, **change})) for change in (deployed, new))
    (kind,) = migrate([old], now, check, FEW).kinds
    return {each.question: each for each in kind.answers}


@pytest.mark.parametrize(
    ("deployed", "new", "expected"),
    [
        ({}, {}, (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({"settings": {"update_mode": "single-slot"}}, {}, (HOLDS, HOLDS, HOLDS, HOLDS, HOLDS)),
        ({}, MOVED, (VIOLATED, NOT, NOT, NOT, NOT)),
        ({}, {"partitions.settings_storage.at": 0x7C000, "partitions.settings_storage.size": 0x4000},
         (HOLDS, HOLDS, VIOLATED, HOLDS, HOLDS)),
    ],
)  # fmt: skip
def test_an_upload_fares_as_the_change_lets_it(deployed, new, expected):
    assert tuple(each.verdict for each in answers(deployed, new).values()) == expected


def test_an_upload_that_is_cut_is_sent_again_though_nothing_runs_meanwhile():
    answer = answers({}, {})[Question.SURVIVES]
    assert (answer.verdict, answer.strength) == (HOLDS, "swept")


def test_an_encrypted_upload_hangs_on_whether_it_is_decrypted_where_it_lies():
    old = encrypted({})
    (kind,) = field.answers([old], old)
    answer = kind[Question.TAKES]
    assert answer.verdict is Verdict.UNDEFINED
    assert "nothing tells whether MCUboot was built to decrypt what is uploaded" in answer.because
    assert "with: app comes in" in answer.because


@pytest.mark.parametrize("change", [field.MOVED_PRIMARY, {"chain.app.signature": "ed25519"}])
def test_an_encrypted_upload_that_fails_either_way_is_not_taken(change):
    (kind,) = field.answers([encrypted({})], encrypted(change))
    assert kind[Question.TAKES].verdict is VIOLATED


def test_an_upload_for_another_key_is_not_decrypted():
    """Production keeps the old private key; whether uploads are decrypted does not matter then."""
    one, two = (encrypted({"keys.enc_priv.fingerprint": each}) for each in (field.OLD, field.NEW))
    (kind,) = field.answers([one], two)
    assert kind[Question.TAKES].verdict is VIOLATED


def encrypted(change):
    return field.design(field.TODAY, {**WIRE, **change}, ("chain.app.staging",))


def test_the_upload_is_told_where_it_fails(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, change in (("old", WIRE), ("new", {**WIRE, **MOVED})):
        text = "\n".join(edited(api.read(SINGLE), change, ()).text)
        Path(f"{name}.yaml").write_text(text + "\n")
    assert run(["migrate", "old.yaml", "new.yaml", *ASKED]) == 1
    shown = capsys.readouterr().out
    assert "is uploaded by wire into 0xc000-0x78000" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
