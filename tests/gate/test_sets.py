"""The gate on two sets: each seeded regression is blocked and names the attack, each harmless refactoring is equal."""

import json
import subprocess
from functools import cache

import pytest

from bootverify import api
from bootverify.check.verdict import Report
from bootverify.cli import run
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from bootverify.whatif.compare import Change, compared
from tests.designs.build_dirs import Build, write_build
from tests.gate.bases import BASES, base, text_of
from tests.gate.harmless import Harmless, harmless
from tests.gate.seeded import SEEDS, Seed

REFACTORINGS = list(harmless(200))
STATIC = """\
mcuboot: {address: 0x0, region: flash_primary, size: 0xc000}
mcuboot_pad: {address: 0xc000, region: flash_primary, size: 0x200}
app: {address: 0xc200, region: flash_primary, size: 0x6fe00}
mcuboot_primary: {address: 0xc000, region: flash_primary, size: 0x70000, span: [mcuboot_pad, app]}
mcuboot_secondary: {address: 0x7c000, region: flash_primary, size: 0x70000}
settings_storage: {address: 0xec000, region: flash_primary, size: 0x8000}
"""
OVERLAY = """\
&flash0 { partitions {
	compatible = "fixed-partitions"; #address-cells = <1>; #size-cells = <1>;
	boot_partition: partition@0 { reg = <0x0 0xc000>; };
	slot0_partition: partition@c000 { reg = <0xc000 0x70000>; };
	slot1_partition: partition@7c000 { reg = <0x7c000 0x70000>; };
	storage_partition: partition@ec000 { reg = <0xec000 0x8000>; };
}; };
"""
SAMPLED = ("rot-immutable", "map-no-overlap", "slot-sizes-equal", "key-rotatable")


@cache
def _before(name: str) -> Report:
    return api.check(design_of(base(name)))


def test_the_sets_are_as_large_as_they_should_be():
    assert len(SEEDS) >= 80
    assert {seed.base for seed in SEEDS} == set(BASES)
    assert len({seed.name for seed in SEEDS}) == len(SEEDS)
    assert len({text_of(each.new) for each in REFACTORINGS}) == 200


def _diff(tmp_path, capsys, old, new, *policies: str) -> tuple[int, str]:
    paths = []
    for name, written in (("old.yaml", old), ("new.yaml", new)):
        (tmp_path / name).write_text(text_of(written))
        paths.append(str(tmp_path / name))
    asked = [part for policy in policies for part in ("--policy", policy)]
    code = run(["diff", *paths, *asked])
    return code, capsys.readouterr().out


SAMPLE = [*SEEDS[::14], *(each for each in SEEDS if "not updated" in each.name)]


@pytest.mark.parametrize("seed", SAMPLE, ids=lambda seed: seed.name)
def test_a_seeded_regression_is_blocked_on_the_command_line(seed: Seed, tmp_path, capsys):
    code, out = _diff(tmp_path, capsys, seed.old, seed.new, seed.policy)
    assert code == 1
    assert f"weaker       {seed.policy}" in out


@pytest.mark.parametrize("each", [REFACTORINGS[number] for number in (1, 4, 5, 11, 16)], ids=lambda each: each.name)
def test_a_refactoring_passes_on_the_command_line(each: Harmless, tmp_path, capsys):
    code, out = _diff(tmp_path, capsys, each.old, each.new, *SAMPLED)
    assert code == 0
    assert not any(word in out for word in ("weaker", "stronger", "incomparable"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_every_seeded_regression_is_blocked(seed: Seed):
    questions = compared(_before(seed.base), api.check(design_of(seed.new)))
    weaker = [each for each in questions if each.change is Change.WEAKER]
    assert seed.policy in {each.policy for each in weaker}
    assert all(each.new is not None and each.new.because for each in weaker)


@pytest.mark.slow
@pytest.mark.parametrize("each", REFACTORINGS, ids=lambda each: each.name)
def test_every_refactoring_is_equal(each: Harmless):
    report = api.check(design_of(each.new))
    assert not report.discrepancies
    assert [q for q in compared(_before(each.base), report) if q.change is not Change.EQUAL] == []


def test_a_renamed_thing_is_said_once_and_its_facts_are_none_that_changed(tmp_path, capsys):
    renamed = parse_written(text_of(base("nrf5340")).replace("settings_storage", "old_settings"), "new.yaml")
    code, out = _diff(tmp_path, capsys, base("nrf5340"), renamed, "map-no-overlap")
    assert code == 0
    assert out.startswith("Renamed: partition settings_storage is old_settings now\n---")
    assert "Facts that changed" not in out


def test_facts_that_changed_are_told_by_file_and_line(tmp_path, capsys):
    seed = SEEDS[0]
    _, out = _diff(tmp_path, capsys, seed.old, seed.new, "map-no-overlap")
    line = next(n for n, text in enumerate(text_of(seed.new).splitlines(), 1) if "lock: none" in text)
    assert f"new.yaml:{line}" in out
    assert "chain.mcuboot.protects.0.lock: until_reset" in out


def _build(folder, **choices):
    return write_build(folder / "build", Build(nsib=True, **choices))


def test_builds_are_compared_as_designs_are(tmp_path, capsys):
    old, new = _build(tmp_path / "a"), _build(tmp_path / "b", fprotect=False)
    assert run(["diff", str(old), str(new), "--policy", "boot-locks-itself", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [each["change"] for each in told["questions"]] == ["weaker"]
    places = [fact["new_place"]["file"] for fact in told["facts"] if fact["new_place"]]
    assert f"{new}/mcuboot/zephyr/.config" in places
    assert run(["diff", str(old), str(old), "--policy", "boot-locks-itself"]) == 0


def test_a_map_of_the_partition_manager_is_the_equivalent_devicetree(tmp_path, capsys):
    asked = (*SAMPLED[1:3], "slots-on-pages", "map-inside-memory")
    policies = [part for policy in asked for part in ("--policy", policy)]
    (tmp_path / "pm_static.yml").write_text(STATIC)
    (tmp_path / "board.overlay").write_text(OVERLAY)
    assert run(["diff", str(tmp_path / "pm_static.yml"), str(tmp_path / "board.overlay"), *policies]) == 0
    assert capsys.readouterr().out.rstrip().endswith("4 equal.")


def test_designs_and_directories_at_git_revisions_are_compared(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    seed = SEEDS[0]
    (tmp_path / "design.yaml").write_text(text_of(seed.old))
    (tmp_path / "app" / "prj.conf").write_text("CONFIG_BOOTLOADER_MCUBOOT=y\n")
    (tmp_path / "app" / "pm_static.yml").write_text(STATIC)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    (tmp_path / "design.yaml").write_text(text_of(seed.new))
    (tmp_path / "app" / "pm_static.yml").write_text(STATIC.replace("0x7c000", "0x78000"))
    assert run(["diff", "HEAD:design.yaml", "design.yaml", "--policy", "rot-immutable"]) == 1
    assert run(["diff", "HEAD:app", "app", "--policy", "map-no-overlap"]) == 1
    assert "holds -> violated" in capsys.readouterr().out
    assert run(["diff", "HEAD:app/pm_static.yml", "app/pm_static.yml", "--policy", "map-no-overlap"]) == 1


def test_a_comparison_is_a_comment_that_starts_with_the_answer(tmp_path, capsys):
    seed = SEEDS[0]
    (tmp_path / "old.yaml").write_text(text_of(seed.old))
    (tmp_path / "new.yaml").write_text(text_of(seed.new))
    paths = [str(tmp_path / name) for name in ("old.yaml", "new.yaml")]
    assert run(["diff", *paths, "--policy", "rot-immutable", "--format", "markdown"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("### bootverify: this change makes the design weaker\n")
    assert out.count("The attack as it ran") == 1
    assert out.count("<details>") == out.count("</details>")


@pytest.mark.parametrize(
    ("name", "policy", "words"),
    [
        ("APPROTECT off on nrf52840", "rot-immutable", "violated -> violated, by an attack that did not work before"),
        ("key moved into the application on nrf5340", "secret-confidential", "violated -> violated, by another attack"),
    ],
)
def test_where_both_are_violated_each_attack_is_replayed_on_the_other(name, policy, words, tmp_path, capsys):
    seed = next(seed for seed in SEEDS if seed.name == name)
    code, out = _diff(tmp_path, capsys, seed.old, seed.new, policy)
    assert words in " ".join(out.split())
    assert code == (1 if "did not work before" in words else 0)
    _, back = _diff(tmp_path, capsys, seed.new, seed.old, policy)
    assert ("no longer by the attack that worked before" in back) == ("did not work before" in words)
