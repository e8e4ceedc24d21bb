"""Reports by the clauses of standards: what a clause is said to be, and that policies cite clauses that exist."""

import json

import pytest

from bootverify.cli import run
from bootverify.sources.catalog import names
from bootverify.sources.policies import all_policies
from bootverify.sources.standards import load_standard, standards

WISHED = "tests/designs/wished-for.yaml"
OURS = """standard: acme
cited: ACME-SEC
title: Our security requirements
clauses: {R1: only what we signed starts, R2: nothing asks for this}
"""
POLICY = """id: acme-root
title: The first stage stays as it is
severity: high
asks: [{subject: stage, applies: it.role == "root_of_trust", claim: {always: intact(it)}}]
against: [app-code-secure, debug-port]
because: We want it.
repair: Lock it.
references: [{document: ACME-SEC, section: "R1"}]
"""


@pytest.mark.parametrize("name", names("models/standards"))
def test_what_policies_cite_of_a_standard_is_there(name):
    standard = load_standard(name)
    assert standard.name == name
    cited = [clause for policy in all_policies() for clause in standard.clauses_of(policy)]
    assert cited
    assert set(cited) <= standard.clauses.keys()


def test_nothing_is_cited_by_half_the_name_of_a_standard():
    known = {each.cited for each in standards(["all"])}
    cited = {each.document for policy in all_policies() for each in policy.references}
    assert not {each for each in cited - known if each.split()[0] in {one.split()[0] for one in known}}


def told(capsys, *arguments):
    assert run(["check", WISHED, "--format", "json", *arguments]) in {0, 1, 3}
    return json.loads(capsys.readouterr().out)


def test_a_clause_is_what_the_gravest_of_its_policies_is(capsys):
    report = told(capsys, "--standard", "all", "--policy", "rot-immutable", "--policy", "boot-write-denied")
    verdicts = {}
    for each in report["questions"]:
        verdicts.setdefault(each["policy"], set()).add(each["verdict"])
    assert "violated" in verdicts["rot-immutable"]
    assert verdicts["boot-write-denied"] - {"not-applicable"} == {"holds"}
    by = {each["standard"]: {one["clause"]: one for one in each["clauses"]} for each in report["standards"]}
    assert by.keys() == set(names("models/standards"))
    nist = by["nist-sp-800-193"]
    assert nist["4.1.1"]["said"] == "violated"
    assert nist["4.1.1"]["policies"] == [{"policy": "rot-immutable", "said": "violated"}]
    assert nist["4.2.1.2"]["said"] == "holds"
    assert nist["4.2.1.1"]["said"] == "not asked"
    assert by["iec-62443-4-2"]["CR 4.3"]["said"] == "no policy"


def test_a_requirement_of_the_user_is_told_of_by_a_policy_of_his(tmp_path, capsys):
    standard, policy = tmp_path / "acme.yaml", tmp_path / "acme-root.yaml"
    standard.write_text(OURS)
    policy.write_text(POLICY)
    asked = ("--standard", str(standard), "--policy", str(policy), "--attacker")
    for attacker, said in (("app-code-secure", "holds"), ("debug-port", "violated")):
        clauses = told(capsys, *asked, attacker)["standards"][0]["clauses"]
        assert [each["said"] for each in clauses] == [said, "no policy"]


def test_a_violation_that_somebody_accepts_is_said_to_be_accepted(capsys):
    accepted = ("--policy", "secret-confidential", "--subject", "enc_priv", "--waivers", "tests/golden/waivers.yaml")
    asked = ["check", "tests/designs/today.yaml", "--format", "json", "--standard", "en-18031-1", *accepted]
    assert run(asked) in {0, 1, 3}
    report = json.loads(capsys.readouterr().out)
    by = {each["clause"]: each for each in report["standards"][0]["clauses"]}
    assert {"policy": "secret-confidential", "said": "accepted"} in by["SSM"]["policies"]


def test_the_text_and_the_page_tell_each_clause_and_who_says_so(capsys):
    asked = ["check", WISHED, "--policy", "rot-immutable", "--standard", "nist-sp-800-193"]
    assert run(asked) == 1
    text = capsys.readouterr().out
    assert "NIST SP 800-193, Platform Firmware Resiliency Guidelines (May 2018): 2 violated, 9 not asked" in " ".join(
        text.split()
    )
    assert max(map(len, text.splitlines())) <= 80
    assert run([*asked, "--format", "html"]) == 1
    assert "<td>4.1.1</td><td>roots and chains of trust cannot be changed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--standard", "nist-sp-800-139"], "did you mean `nist-sp-800-193`?"),
        (["--standard", "absent.yaml"], "absent.yaml"),
        (["--standard", "all", "--format", "sarif"], "--standard has no place in sarif"),
    ],
)
def test_what_is_no_standard_is_refused(arguments, said, capsys):
    assert run(["check", WISHED, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_standard_is_explained_with_the_policies_that_bear_on_its_clauses(capsys):
    assert run(["list", "standards"]) == 0
    assert "eu-cra" in capsys.readouterr().out
    assert run(["explain", "eu-cra"]) == 0
    text = capsys.readouterr().out
    assert "update-available" in text
    assert "Regulation (EU) 2024/2847" in text
