"""Facts are weighed by what changes with them: decided by a question, idle, or fixed."""

import json
import re
from pathlib import Path

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify import api
from bootverify.cli import run
from bootverify.sources.document import parse_written
from bootverify.whatif.coverage import coverage_of

HARDENED = Path("tests/scenarios/hardened.yaml").read_bytes()
POLICIES = ("primary-verified", "map-no-overlap")


@pytest.fixture(scope="module")
def weighed():
    found = coverage_of(parse_written(HARDENED, "hardened.yaml"), api.session(policies=POLICIES))
    return {each.path: each for each in found}


def test_the_facts_of_a_build_are_weighed_at_the_files_that_state_them(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_build(tmp_path / "build", Build(mode="BOOT_SWAP_USING_MOVE"))
    assert run(["check", "build", "--policy", "slot-sizes-equal", "--coverage"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"facts: with another value \d+ change an answer, \d+ change none", " ".join(told.split()))
    assert re.search(r"build/partitions\.yml:\d+  partitions\.settings_storage\.size: 0x\w+", told)
    assert "partitions.mcuboot_secondary.size" not in told  # a slot of another size is no longer equal


def test_a_setting_that_a_policy_asks_for_decides(weighed):
    assert weighed["settings.primary_verified"].decides.startswith("primary-verified of partition map")
    assert weighed["settings.primary_verified"].tried == ("false",)


def test_the_size_of_a_partition_with_a_neighbour_decides(weighed):
    assert weighed["partitions.mcuboot.size"].decides.startswith("map-no-overlap")


def test_what_no_policy_asks_for_is_idle_and_has_its_line(weighed):
    fact = weighed["settings.open_management"]
    assert fact.idle
    assert fact.tried == ("true", "left out")
    assert str(fact.source) == "hardened.yaml:44"


def test_an_item_of_a_list_is_tried_with_the_values_next_to_it(weighed):
    assert weighed["chain.mcuboot.protects.0.span"].tried == ("[0x1000, 0xc000]", "[0, 0xb000]", "[0, 0xd000]")


def test_a_fact_that_can_be_nothing_else_is_not_called_idle(weighed):
    assert not weighed["soc"].tried
    assert not weighed["soc"].idle


def test_words_for_the_reader_are_no_facts(weighed):
    assert not {"title", "name", "bootverify"} & set(weighed)


def test_a_default_that_is_spelt_out_has_no_other_value_when_it_is_left_out():
    text = HARDENED.replace(b"validate_primary: true", b"validate_primary: true\n    compare_build: false")
    found = coverage_of(parse_written(text, "hardened.yaml"), api.session(policies=POLICIES))
    assert next(each for each in found if each.path == "chain.mcuboot.compare_build").tried == ("true",)


def test_the_json_report_has_every_fact_and_keeps_its_schema(capsys, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    (tmp_path / "design.yaml").write_bytes(HARDENED)
    assert (
        run(["check", str(tmp_path / "design.yaml"), "--policy", "primary-verified", "--coverage", "--format", "json"])
        == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert run(["schema", "report"]) == 0
    jsonschema.validate(report, json.loads(capsys.readouterr().out))
    idle = [each["path"] for each in report["coverage"] if each["tried"] and each["decides"] is None]
    assert "lifecycle.approtect" in idle
    assert "settings.primary_verified" not in idle


def test_other_forms_have_no_place_for_it(capsys):
    assert run(["check", "tests/scenarios/hardened.yaml", "--coverage", "--format", "sarif"]) == 2
    assert "--coverage has no place in sarif" in capsys.readouterr().err
