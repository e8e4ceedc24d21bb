"""The smallest repair: of seeded faults no larger than the fault, and as a patch of whatever file states the fact."""

import subprocess
from functools import cache
from pathlib import Path

import pytest

from bootverify import api
from bootverify.cli import run
from bootverify.sources.design_file import design_of
from bootverify.sources.document import parse_written
from bootverify.whatif.facts import changed_facts
from bootverify.whatif.repair import BROKEN, OPEN, repair
from tests.gate.bases import text_of
from tests.gate.seeded import SEEDS, Seed

QUICK = (
    "dropped fprotect on nrf54l15",
    "lock one block short on nrf52832",
    "slot off the page on nrf54l15",
    "overlapping storage on nrf52832",
    "published key on nrf52832",
)
LEAST = 0.95

STATIC = """\
# the map of the product
mcuboot: {address: 0x0, end_address: 0xc000, region: flash_primary, size: 0xc000}
mcuboot_pad: {address: 0xc000, region: flash_primary, size: 0x200}
app: {address: 0xc200, region: flash_primary, size: 0x6fe00}
mcuboot_primary: {address: 0xc000, region: flash_primary, size: 0x70000, span: [mcuboot_pad, app]}
mcuboot_secondary: {address: 0x7c000, region: flash_primary, size: 0x70000}
settings_storage:   # grew last week
  address: 0xe8000
  end_address: 0xf8000
  region: flash_primary
  size: 0x10000
"""
OVERLAY = """\
&flash0 {
	partitions {
		compatible = "fixed-partitions";
		#address-cells = <1>;
		#size-cells = <1>;
		slot0_partition: partition@c000 { reg = <0xc000 0x70000>; };
		slot1_partition: partition@7c000 { reg = <0x7c000 0x70000>; };
		storage_partition: partition@e8000 {
			reg = <0xe8000 0x10000>; /* grew */
		};
	};
};
"""


@cache
def _session(name: str):
    return api.session()


def _broken(report) -> set[tuple[str, str, str, str]]:
    return _found(report, BROKEN)


def _found(report, verdicts) -> set[tuple[str, str, str, str]]:
    found = [finding for finding in report.findings if finding.verdict in verdicts]
    return {(each.policy, each.kind, each.subject, each.attacker) for each in found}


def _repaired(seed: Seed) -> tuple[bool, int, int]:
    """Whether all that the fault broke is mended, the facts of the repair and those of the fault.

    What had no answer before the fault has none after the best of repairs.
    """
    session = _session(seed.base)
    new = _broken(session.report(design_of(seed.new))) - _found(session.report(design_of(seed.old)), BROKEN | OPEN)
    assert new
    found = repair(seed.new, session, lambda each: (each.policy, each.kind, each.subject, each.attacker) in new)
    assert not found.report.discrepancies
    return not found.left, found.facts, len(changed_facts(seed.old, seed.new))


@pytest.mark.parametrize("name", QUICK)
def test_a_seeded_fault_is_repaired_by_no_more_facts_than_it_changed(name):
    settled, facts, seeded = _repaired(next(seed for seed in SEEDS if seed.name == name))
    assert settled
    assert 0 < facts <= seeded


@pytest.mark.slow
def test_nearly_every_seeded_fault_is_repaired_by_no_more_than_it_changed():
    results = {seed.name: _repaired(seed) for seed in SEEDS}
    small = [name for name, (settled, facts, seeded) in results.items() if settled and facts <= seeded]
    print(f"{len(small)} of {len(SEEDS)} repaired; not: {sorted(set(results) - set(small))}")
    assert len(small) >= LEAST * len(SEEDS)


def test_the_patch_applies_and_the_patched_file_holds(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seed = next(seed for seed in SEEDS if seed.name == "lock one block short on nrf52832")
    Path("design.yaml").write_text(text_of(seed.new))
    asked = ["--policy", "boot-write-denied"]
    assert run(["repair", "design.yaml", *asked]) == 0
    out = capsys.readouterr().out
    patch = out[out.index("--- a/") :]
    subprocess.run(["patch", "-p1", "-s"], input=patch.encode(), check=True)
    assert parse_written(Path("design.yaml").read_bytes(), "design.yaml").plain == seed.old.plain
    assert run(["check", "design.yaml", *asked]) == 0


@pytest.fixture
def told(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        code = run([*arguments])
        return code, capsys.readouterr().out

    return call


def _application() -> None:
    for name, text in {
        "app/prj.conf": "CONFIG_BOOTLOADER_MCUBOOT=y\n",
        "app/sysbuild.conf": "SB_CONFIG_BOOTLOADER_MCUBOOT=y\n",
        "app/sysbuild/mcuboot.conf": "# boot loader\nCONFIG_MCUBOOT_SERIAL=y\nCONFIG_BOOT_UPGRADE_ONLY=y\n",
        "app/pm_static_nrf5340dk_nrf5340_cpuapp.yml": STATIC,
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def test_a_static_map_and_the_configuration_are_patched_where_they_stand(told):
    _application()
    code, out = told("repair", "app")
    assert code == 0
    assert "Read again with the patch below: the same answers." in out
    assert "-  address: 0xe8000\n-  end_address: 0xf8000\n+  address: 0xec000\n+  end_address: 0xfc000\n" in out
    assert "-CONFIG_MCUBOOT_SERIAL=y\n+CONFIG_MCUBOOT_SERIAL=n\n" in out
    assert "+CONFIG_MCUBOOT_DOWNGRADE_PREVENTION=y\n" in out
    subprocess.run(["patch", "-p1", "-s"], input=out[out.index("--- a/") :].encode(), check=True)
    assert "# grew last week" in Path("app/pm_static_nrf5340dk_nrf5340_cpuapp.yml").read_text()
    assert told("repair", "app") == (0, "Nothing is violated.\n")


def test_an_overlay_is_patched_where_it_stands(told):
    Path("board.overlay").write_text(OVERLAY)
    code, out = told("repair", "board.overlay")
    assert code == 0
    assert "-\t\t\treg = <0xe8000 0x10000>; /* grew */\n+\t\t\treg = <0xec000 0x10000>; /* grew */\n" in out


def test_a_repair_breaks_nothing_else(told):
    seed = next(seed for seed in SEEDS if seed.name == "overlapping storage on nrf52832")
    Path("design.yaml").write_text(text_of(seed.new))
    code, out = told("repair", "design.yaml", "--policy", "map-no-overlap", "--output", "better.yaml")
    assert code == 0
    assert "What was asked for holds then" in out
    assert max(map(len, out.splitlines())) <= 80
    old = _broken(api.check(design_of(seed.old)))
    assert _broken(api.check(api.load("better.yaml"))) == old
