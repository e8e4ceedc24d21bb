"""`check --explain` names by file and line what holds each kind of answer up, and what would break it."""

import json

import pytest

from bootverify.cli import run

HARDENED, TOLD = "tests/scenarios/hardened.yaml", "tests/scenarios/told-one-stage.yaml"
ADVISED = "tests/designs/advised.yaml"


def _answer(capsys, design, policy, subject, attacker):
    asked = ["--policy", policy, "--subject", subject, "--attacker", attacker]
    run(["check", design, *asked, "--explain", "--format", "json"])
    found = json.loads(capsys.readouterr().out)["questions"]
    return next(each for each in found if each["subject"] == subject)


def _lines(facts):
    return {each["line"] for each in facts}


def test_a_proof_names_the_lock_and_what_would_open_it(capsys):
    answer = _answer(capsys, HARDENED, "rot-immutable", "mcuboot", "app-code-secure")
    assert (answer["verdict"], answer["strength"]) == ("holds", "proved")
    assert 24 in _lines(answer["facts"])
    words = "chain.mcuboot.protects.0.lock: none instead of until_reset"
    assert words in {each["text"] for each in answer["broken_by"]}


def test_a_violation_names_the_lines_that_make_its_attack_possible(capsys):
    answer = _answer(capsys, HARDENED, "rot-immutable", "mcuboot", "debug-port")
    assert (answer["verdict"], answer["strength"]) == ("violated", "replayed")
    assert 40 in _lines(answer["facts"])
    assert answer["repair"]
    assert not answer["broken_by"]


def test_a_proof_that_nothing_leads_to_a_goal_names_where_the_key_lies(capsys):
    answer = _answer(capsys, HARDENED, "key-rotatable", "img_verify_pub", "remote-ota")
    assert (answer["verdict"], answer["strength"]) == ("violated", "proved")
    assert _lines(answer["facts"]) == {36}


@pytest.mark.parametrize(("policy", "line"), [("debug-port-closed", 40), ("map-no-overlap", 8)], ids=str)
def test_what_is_computed_from_the_map_names_the_facts_that_would_break_it(capsys, policy, line):
    answer = _answer(capsys, HARDENED, policy, "partition map", "remote-ota")
    assert (answer["verdict"], answer["strength"]) == ("holds", "computed")
    assert line in _lines(answer["broken_by"])


def test_what_is_told_names_the_facts_that_would_break_it(capsys):
    answer = _answer(capsys, TOLD, "anchor-available", "verify_pub", "app-code")
    assert (answer["verdict"], answer["strength"]) == ("holds", "computed")
    assert _lines(answer["broken_by"]) == {42}


def test_an_open_answer_names_the_open_point_and_its_line(capsys):
    answer = _answer(capsys, ADVISED, "config-supported", "b0", "remote-ota")
    assert answer["verdict"] == "undefined"
    assert answer["open_points"]
    assert _lines(answer["facts"])


def test_the_text_says_so_when_nothing_is_found_that_would_break_an_answer(capsys):
    asked = ["--policy", "no-secret-in-updatable", "--subject", "app", "--attacker", "app-code-secure"]
    assert run(["check", HARDENED, *asked, "--explain"]) == 0
    assert "No change of one fact was found that would break it." in capsys.readouterr().out
