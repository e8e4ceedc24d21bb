"""Certificates are the same bytes each time, and are accepted alone, against their design, and by a bare solver."""

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tests.edited import SCENARIOS

from bootverify.check import recheck as package
from bootverify.check.certificate import recheck
from bootverify.check.run import Options, check_design
from bootverify.check.solver import available
from bootverify.check.verdict import Finding, Verdict
from bootverify.design.design import Design
from bootverify.sources.attackers import all_attackers
from bootverify.sources.design_file import load_design
from bootverify.sources.policies import all_policies
from bootverify.sources.support import load_support


@cache
def design(name: str) -> Design:
    return load_design(SCENARIOS / f"{name}.yaml", shown=f"{name}.yaml")


@cache
def findings(name: str) -> tuple[Finding, ...]:
    asked = check_design(
        design(name), all_policies(), all_attackers(), load_support(), options=Options(certificates=True)
    )
    return asked.findings


def certificates(name: str) -> list[str]:
    return [each.certificate for each in findings(name) if each.certificate is not None]


@pytest.mark.parametrize("name", ["SB-S01", "SB-S06"])
def test_what_is_proved_has_a_certificate_that_is_accepted_against_its_design(name):
    proved = [each for each in findings(name) if each.verdict is Verdict.HOLDS and each.strength == "proved"]
    assert len(proved) > 10
    assert all(each.certificate for each in proved)
    assert [recheck(each.certificate, ["z3"], design(name)) for each in proved] == [[]] * len(proved)


def test_a_transition_that_comes_twice_is_refused():
    """Its second coming could otherwise take back what the first assigns to."""
    text = certificates("SB-S01")[0]
    again = next(line for line in text.split("\n") if line.startswith("(set-info :transition"))
    twice = text.replace("; --- the claim", f"{again}\n; --- the claim", 1)
    assert "is defined twice" in recheck(resealed(twice), ["z3"])[0]


def test_definitions_that_nest_without_end_are_refused_in_one_sentence():
    text = certificates("SB-S01")[0]
    chain = ["(define-fun |shared x0| () Bool true)"]
    chain += [f"(define-fun |shared x{n}| () Bool (not |shared x{n - 1}|))" for n in range(1, 3000)]
    first = next(line for line in text.split("\n") if line.startswith("(define-fun |guard of "))
    name = first.split(" () ")[0]
    deep = text.replace(first, "\n".join([*chain, f"{name} () Bool |shared x2999|)"]), 1)
    assert len(recheck(resealed(deep), ["z3"])) == 1


def test_every_installed_solver_accepts_a_certificate_alone():
    solvers = list(available())
    assert len(solvers) == 3
    assert recheck(certificates("SB-S01")[0], solvers) == []


def test_the_same_question_gives_the_same_bytes_whatever_was_asked_before():
    first = certificates("SB-S06")
    for name in ("SB-S04", "SB-S01"):
        certificates(name)
    asked = check_design(
        design("SB-S06"), all_policies()[::-1], all_attackers(), load_support(), options=Options(certificates=True)
    )
    again = [each.certificate for each in asked.findings if each.certificate is not None]
    assert sorted(again) == sorted(first)


def test_a_solver_without_bootverify_gives_the_answers_that_the_text_expects():
    from z3 import Context  # noqa: PLC0415 - slow to load
    from z3.z3core import Z3_eval_smtlib2_string  # noqa: PLC0415

    text = certificates("SB-S01")[0]
    expected = [line[18:-1] for line in text.split("\n") if line.startswith("(set-info :status ")]
    assert expected.count("sat") == 2
    assert Z3_eval_smtlib2_string(Context().ref(), text).split() == expected


def test_a_certificate_of_another_design_is_refused():
    one = certificates("SB-S01")[0]
    assert recheck(one, ["z3"], design("SB-S06"))
    edited = replace(design("SB-S01"), releases=3)
    assert "is not what this design gives" in recheck(one, ["z3"], edited)[0]


def test_a_certificate_names_a_policy_and_never_a_file():
    text = certificates("SB-S01")[0]
    policy = next(each.policy for each in findings("SB-S01") if each.certificate == text)
    other = resealed(text.replace(f'(set-info :policy "{policy}")', '(set-info :policy "/etc/passwd")'))
    assert recheck(other, ["z3"]) == []
    assert "is not known here" in recheck(other, ["z3"], design("SB-S01"))[0]


def test_text_that_is_no_certificate_is_refused_in_one_sentence():
    for text in ("", "hello", "; bootverify-certificate/1\n", "(" * 10_000):
        assert len(recheck(text, ["z3"])) == 1
    assert recheck(certificates("SB-S01")[0], []) == ["no solver was asked"]


CHECKER = sorted(Path(package.__file__).parent.glob("*.py"))


def test_the_checker_is_small_enough_to_be_read_by_who_wants_to_trust_it():
    lines = [line for path in CHECKER for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) < 500, "all counted, with comments and empty lines"
    assert max(map(len, lines)) <= 120


def test_the_checker_imports_nothing_that_made_what_it_checks():
    allowed = {"bootverify.check.solver", "bootverify.errors"}
    for path in CHECKER:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("bootverify"):
                assert node.module in allowed or node.module.startswith("bootverify.check.recheck."), path


def resealed(text: str) -> str:
    from bootverify.check.certificate import _sealed  # noqa: PLC0415
    from bootverify.check.recheck.verify import SEAL  # noqa: PLC0415

    return _sealed(text.rpartition(SEAL)[0])
