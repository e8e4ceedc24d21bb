"""`bootverify boot --actions`: a device's life as a script, the flash map after each step, and the trace it writes."""

from pathlib import Path

import pytest

from bootverify.cli import run

TOP = Path(__file__).resolve().parents[2]
TODAY = TOP / "tests/designs/today.yaml"
UPDATE = """
- {do: publish, image: app, release: 2}
- {do: deliver, partition: mcuboot_secondary, content: {is: genuine, image: app, release: 2}, request: test}
- reset
"""


@pytest.fixture
def lived(capsys, tmp_path):
    """Run a script; exit code, output, standard error; a script that runs is replayed from its trace and must agree."""

    def call(script: str, *attackers: str, design: Path = TODAY, made: bool = False) -> tuple[int, str, str]:
        file, trace = tmp_path / "actions.yaml", tmp_path / "trace.json"
        file.write_text(script)
        who = ["--attacker", "+".join(attackers)] if attackers else []
        code = run(["boot", str(design), *["--made"] * made, "--actions", str(file), "--trace", str(trace), *who])
        seen = capsys.readouterr()
        if code == 0:
            assert run(["replay", str(trace)]) == 0
            assert "each as recorded" in capsys.readouterr().out
        return code, seen.out, seen.err

    return call


def last_map(out: str) -> dict[str, str]:
    """The last flash map, by store."""
    lines = [line for line in out.splitlines() if line.startswith("  | ")]
    rows = [line.removeprefix("  | ").split(None, 2) for line in lines[-3:]]
    return {row[1]: row[2] for row in rows}


def test_an_update_is_swapped_in_and_confirmed(lived):
    code, out, _ = lived(UPDATE + "- confirm\n- reset\n")
    assert code == 0
    assert "mcuboot_secondary app 1 (asked: revert)" in " ".join(out.split())
    assert last_map(out)["mcuboot_primary"].startswith("app 2")
    assert out.count("app confirms itself") == 1


def test_an_update_that_is_not_confirmed_is_reverted(lived):
    _, out, _ = lived(UPDATE + "- reset\n")
    assert last_map(out)["mcuboot_primary"].startswith("app 1")


@pytest.mark.parametrize(("operation", "torn"), [(0, "false"), (17, "true"), (200, "false")])
def test_power_is_cut_at_any_operation_of_a_named_step_and_the_next_boot_completes_it(lived, operation, torn):
    cut = f"- {{do: take_step, stage: mcuboot, step: boot_go, cut_after: {operation}, torn: {torn}}}\n"
    code, out, _ = lived(UPDATE + cut, "power-cut")
    assert code == 0
    assert f"power lost after {operation} flash operations" in out
    assert last_map(out)["mcuboot_primary"].startswith("app 2")


TEARS = ["none", "front", "back", "all", "scattered", "{part: scattered, seed: 7}", "{part: bits, seed: 2}"]


@pytest.mark.parametrize("tear", TEARS)
def test_an_operation_is_torn_in_other_ways_than_in_half(lived, tear):
    cuts = [
        f"- {{do: take_step, stage: mcuboot, step: boot_go, cut_after: 41, torn: {tear}}}\n",
        f"- {{do: boot, cut_after: 41, torn: {tear}}}\n- {{do: boot, cut_after: 3, torn: {tear}}}\n",
    ]
    for cut in cuts:
        code, out, err = lived(UPDATE + cut, "power-cut")
        assert code == 0, err
        assert "power lost after 41 flash operations" in out
        assert last_map(out)["mcuboot_primary"].startswith("app 2")


def test_tears_leave_different_bytes(lived, tmp_path):
    """The operations of a boot that is resumed show what was left: the log differs, or the count of operations."""
    left = set()
    for tear in TEARS[:6]:
        cut = f"- {{do: boot, cut_after: 20, torn: {tear}}}\n"
        lived(UPDATE + cut, "power-cut")
        left.add((tmp_path / "trace.json").read_text())
    assert len(left) > 4


def test_a_boot_with_fewer_operations_than_the_cut_is_refused_with_their_number(lived):
    code, _, err = lived(UPDATE + "- {do: boot, cut_after: 100000}\n", "power-cut")
    assert code == 2
    assert "the boot has " in err
    assert " flash operations" in err
    code, _, err = lived("- {do: boot, cut_after: 3}\n")
    assert code == 2
    assert "nobody here cuts the power" in err


def test_a_cut_in_the_recovery_from_a_cut(lived):
    cut = "- {do: take_step, stage: mcuboot, step: boot_go, cut_after: %d}\n"
    _, out, _ = lived(UPDATE + cut % 40 + cut % 2, "power-cut")
    assert out.count("power lost after") == 2
    assert last_map(out)["mcuboot_primary"].startswith("app 2")


def test_between_a_cut_and_its_recovery_the_map_shows_half_of_a_swap(lived):
    cut = "- {do: take_step, stage: mcuboot, step: boot_go, cut_after: 17}\n"
    _, out, _ = lived(UPDATE + cut, "power-cut")
    assert "mcuboot_primary bytes of no release" in " ".join(out.split())


def test_hostile_code_writes_what_the_locks_leave_him(lived):
    write = "- {do: overwrite, partition: %s, content: {is: crafted}}\n"
    code, out, _ = lived(write % "mcuboot_primary" + "- reset\n", "app-code-secure")
    assert code == 0
    assert "the device is at halted" in out
    code, _, err = lived(write % "mcuboot", "app-code-secure")
    assert code == 2
    assert "no byte of mcuboot can be written" in err


def test_a_probe_is_kept_out_by_the_port_until_it_erases_everything(lived):
    code, _, err = lived("- {do: probe, partition: mcuboot}\n", "debug-port")
    assert code == 2
    assert "no byte of mcuboot can be read" in err
    code, out, _ = lived("- erase_all\n- {do: probe, partition: mcuboot}\n", "debug-port")
    assert code == 0
    assert last_map(out)["mcuboot"] == "erased"


def test_an_open_port_lets_a_probe_read(lived, tmp_path):
    design = tmp_path / "open.yaml"
    design.write_text(TODAY.read_text().replace("approtect: true", "approtect: false"))
    code, out, _ = lived("- {do: probe, partition: mcuboot}\n", "debug-port", design=design)
    assert code == 0
    assert "enc_priv is among them" in out


def test_erase_protection_stops_erase_all(lived, tmp_path):
    design = tmp_path / "protected.yaml"
    design.write_text(TODAY.read_text().replace("eraseprotect: false", "eraseprotect: true"))
    code, _, err = lived("- erase_all\n", "debug-port", design=design)
    assert code == 2
    assert "erase protection is on" in err


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("- {do: take_step, stage: mcuboot, step: bootgo}\n", "has no step `bootgo`; one of"),
        ("- {do: take_step, stage: tfm, step: launch}\n", "no stage is called `tfm`; one of mcuboot, app"),
        ("- {do: deliver, partition: mcuboot_secondary}\n", "needs `content`, `request`"),
        ("- {do: erase_all, now: true}\n", "has no field `now`"),
        ("- {do: boot, cut_after: 3, torn: sideways}\n", "`torn` is one of none, front, back, all, scattered, bits"),
        ("- {do: boot, cut_after: 3, torn: {part: back, seed: x}}\n", "the seed of a tear is a number"),
        ("- {do: boot, cut_after: -3}\n", "`cut_after` counts flash operations"),
        ("- reset\n- {do: fly}\n", "actions.yaml:2: unknown action `fly`"),
    ],
)
def test_what_is_wrong_in_a_script_is_said_with_its_line(lived, script, words):
    code, _, err = lived(script)
    assert code == 2
    assert words in err


def test_a_build_can_be_scripted_on_images_made_for_it(lived, tmp_path):
    from tests.designs.build_dirs import Build, write_build  # noqa: PLC0415

    build = write_build(tmp_path / "build", Build(nsib=True, bootable=True))
    code, out, _ = lived("- reset\n", design=build, made=True)
    assert code == 0
    assert "the bytes of the build" not in out
