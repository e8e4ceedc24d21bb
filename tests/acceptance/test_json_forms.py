"""The JSON forms that docs/INTERFACE.md tells: each field of them stands in an output, and no output has another."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from tests.designs.build_dirs import TEST_KEY, Build, write_build

from bootverify.check.conform.outcome import Conformity, Disagreement
from bootverify.cli import run
from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.every_cut import Brick, Cut, Survey
from bootverify.executor.making.maker import Envelope
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.update_sweep import Swept
from bootverify.machine.action import Request
from bootverify.machine.tear import HALF
from bootverify.report.sweep import sweep_json
from bootverify.report.vectors import conformity_json
from bootverify.sources.design_file import load_design
from bootverify.sources.schemas import REPORT

TOP = Path(__file__).resolve().parents[2]
GOLDEN = TOP / "tests" / "golden"
BLOCKS = re.findall(r"```json\n(.*?)```", (TOP / "docs" / "INTERFACE.md").read_text(encoding="utf-8"), re.DOTALL)
TOLD = {block["schema"].split("/")[0]: block for block in map(json.loads, BLOCKS)}


def _fields(told: Any, at: str = "") -> Iterator[str]:
    """The paths of all that is told."""
    if isinstance(told, dict):
        for name, inner in told.items():
            yield f"{at}.{name}"
            yield from _fields(inner, f"{at}.{name}")
    if isinstance(told, list):
        for inner in told:
            yield from _fields(inner, f"{at}[]")


def _met(seen: Any, told: Any, at: str = "") -> Iterator[str]:
    """The paths of `told` that stand in an output; one that is not told is given as it is."""
    if isinstance(seen, list):
        for inner in seen:
            yield from _met(inner, told[0] if isinstance(told, list) and told else told, f"{at}[]")
    if isinstance(seen, dict) and not (isinstance(told, str) and told.startswith("like ")):
        for name, inner in seen.items():
            known = "*" if isinstance(told, dict) and "*" in told else name
            yield f"{at}.{known}"
            yield from _met(inner, told.get(known) if isinstance(told, dict) else None, f"{at}.{known}")


def _scan(folder: Path, capsys) -> str:
    recipient = PrivateKey(name="decryption key of a test", scheme=Scheme.ECDSA_P256)
    own = ec.derive_private_key(int.from_bytes(recipient.secret, "big"), ec.SECP256R1())
    pem = own.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    envelope = Envelope(scheme=EnvelopeScheme.ECIES_P256, label="test", recipient=recipient)
    build = Build(nsib=True, encrypt=True, boot_loader=pem, application=TEST_KEY.secret * 9, envelope=envelope)
    assert run(["scan", str(write_build(folder / "build", build)), "--format", "json"]) == 1
    return capsys.readouterr().out


def _check(folder: Path, capsys) -> str:
    asked = ["--policy", "slot-sizes-equal", "--coverage", "--standard", "eu-cra", "--format", "json"]
    assert run(["check", str(write_build(folder / "build", Build())), *asked]) == 0
    return capsys.readouterr().out


def _sweep(_folder: Path, _capsys) -> str:
    numbers = dict.fromkeys(("operations", "cuts", "stuck", "twice", "contents", "bricks", "booted"), 1)
    brick = Brick(boots=(Cut(17, HALF),), why="nothing runs")
    swept = Swept(
        **dict.fromkeys(("image", "name", "uncut"), "app"),
        **dict.fromkeys(("size", "room"), 1),
        **dict.fromkeys(("actions", "history"), ()),
        request=Request.TEST,
        mode=Mode.SWAP_MOVE,
        survey=Survey(**numbers, ends={"nothing": 1}, worst=brick),
    )
    return sweep_json(load_design(TOP / "tests" / "designs" / "today.yaml"), [swept])


def _diff(folder: Path, capsys) -> str:
    for name in ("old", "new"):
        (folder / f"pm_static_{name}.yml").write_text(f"{name}: {{address: 0x0, size: 0x8000}}\n")
    asked = ["--policy", "map-no-overlap", "--format", "json"]
    assert run(["diff", *(str(folder / f"pm_static_{name}.yml") for name in ("old", "new")), *asked]) == 0
    return capsys.readouterr().out


def _conform(_folder: Path, _capsys) -> str:
    outcome = Conformity()
    outcome.run("c", "k", "v", lambda: (Disagreement(vector="v", step=3, what="result", expected="boot", got="fail"),))
    return conformity_json(outcome)


def _of(file: str):
    return lambda _folder, _capsys: (GOLDEN / file).read_text(encoding="utf-8")


OUTPUTS = {  # what a golden test holds the program to serves as its output
    "bootverify-report": (_of("reports/check.json"), _check),
    "bootverify-diff": (_of("reports/diff.json"), _diff),
    "bootverify-migration": (_of("migration/release-3.json"),),
    "bootverify-sweep": (_sweep,),
    "bootverify-scan": (_scan,),
    "bootverify-conform": (_conform,),
}


@pytest.mark.parametrize("schema", TOLD)
def test_each_field_that_is_told_stands_in_an_output_and_no_other(schema, tmp_path, capsys):
    outputs = [json.loads(output(tmp_path, capsys)) for output in OUTPUTS[schema]]
    assert {each["schema"].split("/")[0] for each in outputs} == {schema}
    met = {field for each in outputs for field in _met(each, TOLD[schema])}
    assert met == set(_fields(TOLD[schema]))


def test_every_form_of_the_program_is_told():
    written = "".join(path.read_text(encoding="utf-8") for path in (TOP / "src").rglob("*.py"))
    assert set(re.findall(r'"(bootverify-[a-z]+)/\d"', written)) == set(TOLD) | {"bootverify-trace"}


def test_the_schema_of_the_report_has_the_fields_that_are_told():
    told = TOLD["bootverify-report"]
    assert set(REPORT["properties"]) == set(told)
    assert set(REPORT["properties"]["questions"]["items"]["properties"]) <= set(told["questions"][0])
