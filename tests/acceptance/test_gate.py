"""The gate on a change: waivers, baselines, the action's script, the pre-commit hook, the west command."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from bootverify.cli import run

TOP = Path(__file__).resolve().parents[2]
TODAY = "tests/designs/today.yaml"
GATE = ["bash", str(TOP / "integrations" / "github" / "gate.sh")]
ASKED = ["--policy", "secret-confidential", "--subject", "enc_priv", "--attacker", "app-code-secure"]
WAIVER = """\
waivers:
  - policy: secret-confidential
    subject: enc_priv
    attacker: app-code-secure
    owner: product security
    reason: replaced in the next hardware
    expires: {expires}
"""


@pytest.fixture
def told(capsys, monkeypatch):
    monkeypatch.chdir(TOP)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run([*map(str, arguments)])
        seen = capsys.readouterr()
        return code, seen.out, seen.err

    return call


def _waivers(folder: Path, text: str) -> Path:
    path = folder / "waivers.yaml"
    path.write_text(text)
    return path


def test_a_waiver_accepts_one_violation_until_its_day(told, tmp_path):
    waivers = _waivers(tmp_path, WAIVER.format(expires="2999-12-31"))
    code, out, _ = told("check", TODAY, *ASKED, "--waivers", waivers)
    assert code == 0
    assert "Accepted by product security until 2999-12-31" in out


def test_an_expired_waiver_fails(told, tmp_path):
    waivers = _waivers(tmp_path, WAIVER.format(expires="2020-01-31"))
    code, _, err = told("check", TODAY, *ASKED, "--waivers", waivers)
    assert code == 2
    assert "expired on 2020-01-31" in err


def test_a_waiver_of_what_is_not_violated_fails(told, tmp_path):
    waivers = _waivers(tmp_path, WAIVER.format(expires="2999-12-31").replace("enc_priv", "img_sign_priv"))
    code, _, err = told("check", TODAY, *ASKED, "--waivers", waivers)
    assert code == 2
    assert "nothing violates secret-confidential of img_sign_priv" in err


def test_a_waiver_has_an_owner_a_reason_and_an_end(told, tmp_path):
    waivers = _waivers(tmp_path, "waivers:\n  - {policy: rot-immutable, subject: '*', attacker: debug-port}\n")
    code, _, err = told("check", TODAY, *ASKED, "--waivers", waivers)
    assert code == 2
    assert {"owner", "reason", "expires"} <= {word.strip("`") for word in err.split()}


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("design: advised", "does not cover that the design is today"),
        ("because: enc_priv lies in a page that nothing locks.", "does not cover that enc_priv lies in mcuboot"),
    ],
)
def test_a_waiver_does_not_cover_what_has_widened(told, tmp_path, scope, words):
    waivers = _waivers(tmp_path, WAIVER.format(expires="2999-12-31") + f"    {scope}\n")
    code, out, err = told("check", TODAY, *ASKED, "--waivers", waivers)
    assert code == 2
    assert words in err
    assert "Accepted by" not in out


def test_a_waiver_covers_what_lies_in_its_scope(told, tmp_path):
    _, out, _ = told("check", TODAY, *ASKED, "--format", "json")
    because = json.loads(out)["questions"][0]["because"]
    waivers = _waivers(tmp_path, WAIVER.format(expires="2999-12-31") + f"    design: today\n    because: '{because}'\n")
    assert told("check", TODAY, *ASKED, "--waivers", waivers)[0] == 0


def test_what_was_violated_before_passes_and_what_is_new_does_not(told, tmp_path):
    baseline = tmp_path / "baseline.json"
    told("check", TODAY, *ASKED, "--format", "json", "--output", baseline)
    assert told("check", TODAY, *ASKED, "--baseline", baseline)[0] == 0
    more = [*ASKED, "--policy", "secret-use-restricted"]
    assert told("check", TODAY, *more, "--baseline", baseline)[0] == 1


def test_a_baseline_that_is_no_report_is_refused(told):
    code, _, err = told("check", TODAY, *ASKED, "--baseline", TODAY)
    assert code == 2
    assert "this is no JSON report of bootverify; write one with" in err


def test_sarif_has_what_code_scanning_needs(told, tmp_path):
    waivers = _waivers(tmp_path, WAIVER.format(expires="2999-12-31"))
    _, out, _ = told("check", TODAY, "--format", "sarif", "--waivers", waivers)
    run_ = json.loads(out)["runs"][0]
    rules = [rule["id"] for rule in run_["tool"]["driver"]["rules"]]
    prints = [result["partialFingerprints"]["question/v1"] for result in run_["results"]]
    assert len(set(prints)) == len(prints)
    for result in run_["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["kind"] in {"pass", "fail", "open", "review", "notApplicable"}
        assert (result["kind"] == "fail") == (result["level"] != "none")
        for place in result["locations"]:
            region = place["physicalLocation"].get("region", {"startLine": 1})
            assert region["startLine"] >= 1
    failed = [result for result in run_["results"] if result["kind"] == "fail"]
    assert any("suppressions" in result for result in failed)
    assert all(result["codeFlows"][0]["threadFlows"][0]["locations"] for result in failed if "codeFlows" in result)


def test_junit_counts_failures_as_the_report_does(told):
    _, out, _ = told("check", TODAY, "--format", "junit")
    suites = ET.fromstring(out)
    assert int(suites.get("failures")) == len(suites.findall("testsuite/testcase/failure"))
    assert int(suites.get("tests")) == len(suites.findall("testsuite/testcase"))


def test_html_is_one_page_without_foreign_parts(told):
    _, out, _ = told("check", TODAY, "--format", "html")
    assert out.startswith("<!doctype html>")
    assert not re.search(r"<(script|link|img|iframe|object)|\bsrc=|url\(|@import", out)
    assert "violated: secret-confidential of enc_priv" in out


def test_the_same_answers_are_written_in_further_forms(told, tmp_path):
    sarif, report = tmp_path / "out.sarif", tmp_path / "out.json"
    asked = ["check", TODAY, "--policy", "map-no-overlap", "--standard", "eu-cra", "--format", "markdown"]
    code, out, _ = told(*asked, "--also", f"sarif={sarif}", "--also", f"json={report}")
    assert (code, out) == told(*asked)[:2]
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert json.loads(report.read_text())["standards"]


@pytest.mark.parametrize("wrong", ["out.sarif", "pdf=out.pdf", "sarif="])
def test_a_further_form_that_there_is_not_is_refused(told, wrong):
    code, out, err = told("check", TODAY, "--policy", "map-no-overlap", "--also", wrong)
    assert (code, out) == (2, "")
    assert "--also wants FORM=FILE" in err


def _environment(
    folder: Path, runs: str = f'exec "{sys.executable}" -m bootverify "$@"', **more: str
) -> dict[str, str]:
    """A shell in which `bootverify` is this checkout's, or `runs` something else."""
    program = folder / "bootverify"
    program.write_text(f"#!/bin/sh\n{runs}\n")
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(TOP / "src"), **more}


def test_the_action_s_script_fails_on_a_violation_and_leaves_reports(tmp_path):
    sarif, summary = tmp_path / "out.sarif", tmp_path / "summary.md"
    asked = dict(zip(("POLICY", "SUBJECT", "ATTACKER"), ASKED[1::2], strict=True))
    environment = _environment(tmp_path, DESIGN=TODAY, SARIF=str(sarif), GITHUB_STEP_SUMMARY=str(summary), **asked)
    done = subprocess.run(GATE, cwd=TOP, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert "violated" in summary.read_text()


def _repository(folder: Path) -> Path:
    """A repository in `folder` with one commit of all that lies there."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


def test_the_action_s_script_checks_once_and_asks_the_same_of_the_comparison(tmp_path):
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "design.yaml").touch()
    folder = _repository(tmp_path / "repository")
    calls = tmp_path / "calls"
    environment = _environment(
        tmp_path, f'echo "$@" >> "{calls}"', DESIGN="design.yaml", BASE="HEAD", SARIF="out.sarif"
    )
    environment |= {"POLICY": "rot-immutable\nown/*.yaml", "ATTACKER": "remote-ota", "NCS": "2.6.1"}
    environment |= {"ARGUMENTS": "--standard all\n--strict", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    assert subprocess.run(GATE, cwd=folder, env=environment, capture_output=True, check=False).returncode == 0
    asked = "--policy rot-immutable --policy own/*.yaml --attacker remote-ota --ncs 2.6.1"
    check, diff = calls.read_text().splitlines()
    assert check.startswith(f"check design.yaml {asked} --standard all --strict --format markdown --output /")
    assert check.endswith(" --also sarif=out.sarif")
    assert diff == f"diff HEAD:design.yaml design.yaml {asked} --format markdown"


def test_the_action_s_script_refuses_a_base_that_was_not_fetched(tmp_path):
    environment = _environment(tmp_path, "exit 0", DESIGN="design.yaml", BASE="origin/gone")
    done = subprocess.run(GATE, cwd=_repository(tmp_path), env=environment, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"origin/gone is no revision here" in done.stdout


def test_the_action_hands_every_input_to_the_script():
    action = yaml.safe_load((TOP / "integrations" / "github" / "action.yml").read_text())
    handed = action["runs"]["steps"][-1]["env"]
    assert handed == {name.upper(): f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    assert all(name in Path(GATE[1]).read_text() for name in handed)


def test_the_action_s_script_judges_a_change_by_what_got_weaker(tmp_path):
    (tmp_path / "repository").mkdir()
    design = tmp_path / "repository" / "design.yaml"
    design.write_text((TOP / "tests" / "scenarios" / "SB-S32.yaml").read_text())
    folder = _repository(tmp_path / "repository")
    environment = _environment(tmp_path, DESIGN="design.yaml", BASE="HEAD", SARIF=str(tmp_path / "out.sarif"))
    environment["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    assert subprocess.run(GATE, cwd=folder, env=environment, capture_output=True, check=False).returncode == 0
    design.write_text(design.read_text().replace("[0x0, 0xc000]", "[0x0, 0x8000]"))
    done = subprocess.run(GATE, cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert b"this change makes the design weaker" in done.stdout
    assert "nothing that counts has changed" in (tmp_path / "summary.md").read_text()


def test_the_pre_commit_hook_names_a_command_that_exists(told):
    hook = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())[0]
    program, command = hook["entry"].split()
    assert program == "bootverify"
    assert told(command, TODAY, *ASKED)[0] == 1


def test_the_hook_takes_every_changed_file_in_one_call_and_the_worst_counts(told):
    hook = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())[0]
    assert hook["require_serial"]
    names = ["tests/designs/today.yaml", "tests/designs/advised.yaml"]
    assert all(re.search(hook["files"], f"a/design-{number}.yaml") for number in range(2))
    code, out, _ = told("check", *names, *ASKED[:2], *ASKED[4:])
    assert code == 1
    assert [line.split(":")[0] for line in out.splitlines() if line.startswith(("today:", "advised:"))] == [
        "today",
        "advised",
    ]
    assert told("check", *reversed(names), *ASKED[:2], *ASKED[4:])[0] == 1
    code, out, err = told("check", *names, "--format", "json")
    assert (code, out) == (2, "")
    assert "several designs are told as text alone" in err


def test_the_action_s_script_judges_a_new_design_by_all_of_it(tmp_path):
    (tmp_path / "repository").mkdir()
    folder = _repository(tmp_path / "repository")
    shutil.copy(TOP / TODAY, folder / "design.yaml")
    environment = _environment(tmp_path, DESIGN="design.yaml", BASE="HEAD", SARIF=str(tmp_path / "out.sarif"))
    environment |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "ARGUMENTS": " ".join(ASKED)}
    done = subprocess.run(GATE, cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert b"design.yaml is new: HEAD does not have it" in done.stdout
    assert "violated" in (tmp_path / "summary.md").read_text()


def test_the_module_file_takes_part_in_no_build_and_names_a_file_that_exists():
    text = (TOP / "zephyr" / "module.yml").read_text()
    module = yaml.safe_load(text)
    assert module == {"name": "bootverify", "build": {"cmake-ext": False, "kconfig-ext": False}}
    commands = yaml.safe_load((TOP / re.search(r"west-commands: (\S+?)`", text)[1]).read_text())["west-commands"]
    assert all((TOP / each["file"]).is_file() for each in commands)


def test_the_west_command_hands_over_the_build_directory(tmp_path):
    west = tmp_path / "west"
    west.mkdir()
    (west / "__init__.py").touch()
    (west / "commands.py").write_text(
        "class WestCommand:\n"
        "    def __init__(self, name, help, description, accepts_unknown_args=False):\n"
        "        self.name, self.help, self.description = name, help, description\n"
    )
    code = (
        "import sys, argparse, runpy\n"
        f"module = runpy.run_path({str(TOP / 'integrations/west/bootverify_west.py')!r})\n"
        "parser = argparse.ArgumentParser().add_subparsers()\n"
        "command = module['Bootverify']()\n"
        "args, unknown = command.do_add_parser(parser).parse_known_args(sys.argv[1:])\n"
        "command.do_run(args, unknown)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{TOP / 'src'}"}
    command = [sys.executable, "-c", code, "-d", TODAY, *ASKED]
    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert b"secret-confidential" in done.stdout


@pytest.mark.skipif(shutil.which("west") is None, reason="the vendor's meta-tool is not installed")
def test_the_west_command_works_in_a_workspace(tmp_path):
    manifest = tmp_path / "manifest"
    shutil.copytree(TOP / "integrations" / "west", manifest / "integrations" / "west")
    commands = "integrations/west/west-commands.yml"
    (manifest / "west.yml").write_text(f"manifest:\n  self:\n    path: manifest\n    west-commands: {commands}\n")
    site = os.pathsep.join([str(TOP / "src"), *sys.path[1:]])
    environment = {**os.environ, "PYTHONPATH": site}
    subprocess.run(["west", "init", "-l", "manifest"], cwd=tmp_path, check=True, capture_output=True)
    command = ["west", "bootverify", "-d", str(TOP / TODAY), *ASKED]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert b"secret-confidential" in done.stdout
