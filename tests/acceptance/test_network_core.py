"""The network core in a boot log, and hostile code that commands its boot loader, through the command line."""

from pathlib import Path

import pytest

from bootverify import api
from bootverify.check.replays.replay import replay
from bootverify.cli import run
from bootverify.executor.lives.signed import signed_only
from bootverify.machine.judgement import Judgement
from bootverify.machine.trace import from_json
from bootverify.sources.attackers import load_attacker

TOP = Path(__file__).resolve().parents[2]
DESIGN = TOP / "tests/designs/two-cores.yaml"


@pytest.fixture
def booted(capsys, tmp_path):
    """Boot a variant of the design with actions; exit code, output, standard error, and the trace's path."""

    def call(actions: str = "", **changes: str) -> tuple[int, str, str, Path]:
        text = DESIGN.read_text()
        for old, new in changes.values():
            assert old in text
            text = text.replace(old, new)
        design, script, trace = tmp_path / "two-cores.yaml", tmp_path / "actions.yaml", tmp_path / "trace.json"
        design.write_text(text)
        script.write_text(actions or "[]\n")
        code = run(
            ["boot", str(design), "--actions", str(script), "--attacker", "app-code-secure", "--trace", str(trace)]
        )
        seen = capsys.readouterr()
        return code, seen.out, seen.err, trace

    return call


UNLOCKED = {"lock": ("transfer_locked: true", "transfer_locked: false")}
FEED = "- {do: feed_network}\n"


def test_the_log_shows_who_locks_the_transfer_ram_and_what_the_second_core_starts(booted):
    code, out, _, _ = booted()
    assert code == 0
    assert "mcuboot: transfer RAM 0x20000000-0x20002000: non-secure, read-only, locked until reset" in out
    assert "b0n: fprotect 0x1000000-0x1008800: no writing until reset" in out
    assert "b0n: starts version 1 at 0x1008800, without looking at digest or signature" in out


def test_behind_the_lock_nobody_commands_b0n(booted):
    code, _, err, _ = booted(FEED)
    assert code == 2
    assert "the transfer RAM at 0x20000000 is read-only for him" in err


def test_without_the_lock_hostile_code_has_its_own_image_run_on_the_second_core(booted):
    code, out, _, trace = booted(FEED, **UNLOCKED)
    assert code == 0
    assert "app-code-secure commands b0n to copy an image of his own" in out
    assert "b0n: starts version 99 at 0x1008800" in out
    told = from_json(trace.read_text())
    design = api.load(trace.with_name("two-cores.yaml"))
    again = replay(design, load_attacker("app-code-secure"), told.actions, lambda _: False)
    assert [step.observation for step in again.steps] == [step.observation for step in told.steps]


def test_what_he_put_there_survives_a_reset(booted):
    _, out, _, _ = booted(FEED + "- {do: reset}\n", **UNLOCKED)
    assert out.count("b0n: starts version 99") == 2


def test_a_lock_that_nothing_tells_of_is_said_to_be_untold(booted):
    _, out, _, _ = booted(untold=("    transfer_locked: true\n", ""))
    assert "mcuboot: transfer RAM at 0x20000000 is not locked: nothing tells" in out


@pytest.mark.parametrize("locked", [True, False])
def test_the_told_claim_and_the_machine_say_the_same_of_the_lock(locked, booted):
    changes = {} if locked else UNLOCKED
    code, _, _, trace = booted(FEED, **changes)
    design = api.load(trace.with_name("two-cores.yaml"))
    stage = next(each for each in design.network if not each.boots)
    judged: Judgement = signed_only(design, stage, load_attacker("app-code-secure"))
    assert judged.kept is (code == 2)


def _answers(tmp_path: Path, changed: dict[str, str], policy: str, subject: str, attacker: str) -> set[str]:
    text = (TOP / "tests/scenarios/fed-core.yaml").read_text()
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    design = tmp_path / "design.yaml"
    design.write_text(text)
    report = api.check(api.load(design), policies=[policy], subjects=[subject], attackers=[attacker])
    return {finding.verdict.value for finding in report.findings}


@pytest.mark.parametrize(
    ("port", "whole", "b0n", "net_app"),
    [
        ("", "eraseprotect: false", "violated", "violated"),
        ("", "eraseprotect: true", "unknown", "unknown"),
        (", approtect: true, eraseprotect: true", "eraseprotect: true", "holds", "holds"),
        (", approtect: false, eraseprotect: true", "eraseprotect: true", "violated", "violated"),
        # By the erased application core he has b0n copy, which reaches what b0n did not lock.
        (", approtect: true, eraseprotect: true", "eraseprotect: false", "holds", "unknown"),
    ],
)
def test_each_core_has_a_port_and_an_erase_all_of_its_own(tmp_path, port, whole, b0n, net_app):
    own = "locks: [[0x0, 0x8800], [0x8800, 0x40000]]"
    changed = {own: f"{own}{port.replace(', ', chr(10) + '    ')}", "eraseprotect: false}": f"{whole}}}"}
    assert _answers(tmp_path, changed, "rot-immutable", "b0n", "debug-port") == {b0n}
    assert _answers(tmp_path, changed, "authentic-only", "net_app", "debug-port") == {net_app}


def test_a_secret_of_the_radio_leaves_questions_about_other_keys_answered(tmp_path):
    mesh = "  mesh_key: {kind: symmetric, placement: {partition: net_app}}\n"
    changed = {"keys:\n": f"keys:\n{mesh}  tls: {{kind: private, placement: {{image: app}}}}\n"}
    assert _answers(tmp_path, changed, "secret-confidential", "tls", "remote-ota") == {"violated"}
    assert "holds" not in _answers(tmp_path, changed, "secret-confidential", "mesh_key", "remote-ota")
    assert "violated" in _answers(tmp_path, changed, "no-secret-in-updatable", "mesh_key", "remote-ota")
