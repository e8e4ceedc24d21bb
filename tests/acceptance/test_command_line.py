"""The program as a user meets it: arguments in, text and exit codes out."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.designs.build_dirs import Build, write_build

from bootverify.sources.catalog import names
from bootverify.sources.design_file import load_design
from bootverify.sources.models import load_soc
from bootverify.sources.starter import started

TOP = Path(__file__).resolve().parents[2]
TODAY, WISHED, ADVISED = (
    str(TOP / "tests" / "designs" / f"{name}.yaml") for name in ("today", "wished-for", "advised")
)
SOUND = (
    "boundary-alignment",
    "first-stage-in-lock",
    "header-room",
    "map-inside-memory",
    "map-no-overlap",
    "map-spans-members",
    "second-stage-in-lock",
    "slot-sizes-equal",
    "slots-on-pages",
    "config-supported",
)


def test_a_key_in_what_travels_is_violated_and_told_with_the_line_that_decides(told):
    code, out, _ = told("check", WISHED, "--policy", "no-secret-in-updatable", "--subject", "enc_priv")
    assert code == 1
    assert "enc_priv is part of mcuboot, and mcuboot ships as an update" in out
    line = next(number for number, text in enumerate(Path(WISHED).read_text().splitlines(), 1) if "enc_priv:" in text)
    assert f"wished-for.yaml:{line}" in out


def test_what_is_advised_holds_against_the_same_attackers(told):
    asked = ["--policy", "secret-confidential", "--policy", "no-secret-in-updatable", "--attacker", "app-code-ns"]
    code, out, _ = told("check", ADVISED, *asked)
    assert code == 0
    assert "violated" not in out


def test_ways_in_which_a_map_is_sound_are_told_together_and_one_by_one_when_explained(told):
    asked = ["check", ADVISED, "--policy", "map-no-overlap", "--policy", "map-inside-memory"]
    _, out, _ = told(*asked)
    assert "2 policies of the partition map, whoever attacks" in out
    assert out.count("both sides computed it") == 1
    _, explained, _ = told(*asked, "--explain")
    assert explained.count("both sides computed it") == 2


def test_a_directory_with_a_long_name_is_named_once_and_its_files_as_seen_from_it(told, tmp_path):
    build = write_build(tmp_path / "a-directory-with-a-long-name" / "build", Build(approtect=""))
    asked = ["--policy", "boot-locks-itself", "--policy", "debug-port-closed", "--ledger"]
    _, out, _ = told("check", str(build), *asked)
    assert out.count("a-directory-with-a-long-name") == 1
    assert "\n  zephyr/.config:2  SB_CONFIG_BOOTLOADER_MCUBOOT=y\n" in out
    _, drawn, _ = told("import", str(build))
    assert drawn.count("a-directory-with-a-long-name") == 1


@pytest.mark.parametrize(("sdk", "words"), [("2.6.1", "nRF Connect SDK 2.6.1"), ("MCUboot 1.10", "MCUboot 1.10")])
def test_a_report_calls_the_release_by_its_name(told, tmp_path, sdk, words):
    design = tmp_path / "design.yaml"
    design.write_text(Path(TODAY).read_text().replace("sdk: 2.6.1", f"sdk: {sdk}"))
    _, out, _ = told("check", design, "--policy", "map-no-overlap")
    assert f"nRF5340 (application core), {words}  " in out


def test_an_undefined_combination_exits_with_three_and_names_the_open_point(told):
    code, out, _ = told("check", str(TOP / "tests/scenarios/SB-S04.yaml"), "--policy", "config-supported")
    assert code == 3
    assert "no document of the vendor defines it" in " ".join(out.split())


def test_a_stage_that_locks_itself_last_is_open_to_a_fault_in_it(told):
    asked = (
        "check",
        TOP / "tests" / "scenarios" / "SB-S05.yaml",
        "--policy",
        "boot-write-denied",
        "--attacker",
        "bootloader-code",
    )
    code, out, _ = told(*asked, "--subject", "mcuboot")
    assert code == 1
    assert "code in mcuboot writes s0" in out
    code, out, _ = told(*asked, "--subject", "b0")
    assert code == 0


def test_a_public_key_in_an_update_is_asked_about_when_it_is_named_and_is_no_secret(told):
    design = TOP / "tests" / "scenarios" / "SB-S05.yaml"
    code, out, _ = told("check", design, "--policy", "no-secret-in-updatable", "--subject", "img_verify_pub")
    assert code == 0
    assert "1 holds" in out
    code, out, _ = told("check", design, "--policy", "no-secret-in-updatable")
    assert "img_verify_pub" not in out


def test_a_question_nobody_can_be_asked_is_no_success(told):
    code, out, _ = told("check", TODAY, "--policy", "secret-confidential", "--attacker", "app-code-ns")
    assert code == 3
    assert "not applicable" in out


def test_the_json_report_has_the_promised_fields_and_the_same_bytes_twice(told):
    code, out, _ = told("check", WISHED, "--format", "json")
    report = json.loads(out)
    assert report["schema"] == "bootverify-report/1"
    assert set(report) >= {"tool", "design", "questions", "ledger", "summary"}
    asked = {
        "policy",
        "subject",
        "attacker",
        "severity",
        "verdict",
        "strength",
        "because",
        "facts",
        "trace",
        "replayed",
    }
    assert all(asked <= set(question) for question in report["questions"])
    assert report["summary"]["violated"] == sum(q["verdict"] == "violated" for q in report["questions"])
    assert told("check", WISHED, "--format", "json") == (code, out, "")


@pytest.mark.parametrize("form", ["sarif", "junit", "markdown"])
def test_other_forms_name_the_violated_policy(told, form):
    code, out, _ = told("check", WISHED, "--format", form)
    assert code == 1
    assert "no-secret-in-updatable" in out


def test_a_counterexample_is_written_and_replays(told, tmp_path):
    told("check", WISHED, "--policy", "secret-confidential", "--attacker", "remote-ota", "--traces", str(tmp_path))
    traces = sorted(tmp_path.glob("*.json"))
    assert traces
    code, out, _ = told("replay", str(traces[0]))
    assert code == 0
    assert out.startswith("*** secret-confidential of enc_priv against remote-ota: wished-for ***\n")
    assert "each as recorded" in out


def test_a_trace_of_another_design_differs(told, tmp_path):
    told("check", WISHED, "--policy", "secret-confidential", "--attacker", "remote-ota", "--traces", str(tmp_path))
    trace = next(iter(tmp_path.glob("*.json")))
    code, out, _ = told("replay", str(trace), "--design", ADVISED)
    assert code == 1
    assert "differs" in out


def test_a_boot_tells_who_verified_and_locked_what(told):
    code, out, _ = told("boot", ADVISED)
    assert code == 0
    for words in ("b0: fprotect 0x0-0x8000", "signature good", "tfm: SPU", "app: running, non-secure state"):
        assert words in out


def test_of_a_part_without_trustzone_no_state_is_told(told):
    outside = TOP / "tests" / "scenarios" / "swapped-outside.yaml"
    _, out, _ = told("boot", outside)
    assert "\n  app: running\n" in out
    asked = ("--policy", "authentic-only", "--attacker", "app-code-secure", "--attacker", "app-code-ns")
    _, out, _ = told("check", outside, *asked, "--format", "json")
    because = {each["because"] for each in json.loads(out)["questions"]}
    assert because == {"no such attacker here: nrf52840 has no TrustZone"}


def test_actions_happen_after_the_boot(told, tmp_path):
    script = tmp_path / "life.yaml"
    script.write_text("- {do: publish, image: mcuboot, release: 2, slot: s1}\n- {do: reset}\n")
    code, out, _ = told("boot", WISHED, "--actions", str(script))
    assert code == 0
    assert "the vendor publishes mcuboot-2-s1.bin" in out
    assert out.count("jump to mcuboot") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "no-such-file.yaml"], "there is no such file or directory"),
        (["check", WISHED, "--policy", "no-such-policy"], "no policy is called `no-such-policy`"),
        (["check", WISHED, "--subject", "nobody"], "nothing is called `nobody`"),
        (["check", WISHED, "--attacker", "nobody"], "no attacker is called `nobody`"),
        (["check", WISHED, "--format", "pdf"], "pdf"),
        (
            ["check", WISHED, "--policy", "rot-imutable"],
            "--policy: no policy is called `rot-imutable`; did you mean `rot-i",
        ),
        (["whatif", WISHED, "--free", "partitions.ap.size"], "leads nowhere; did you mean `partitions.app.size`?"),
        (["whatif", WISHED, "--set", "partitons.app.size=1"], "leads nowhere; did you mean `partitions.app.size`?"),
        (["check", "--polcy", "x"], "bootverify check: no such option: --polcy"),
        (["list"], "standards; `bootverify list --help` tells more"),
        (["explain", "not-tld"], "nothing is called so; did you mean `not-told`?"),
        (["explain", "zzz"], "`bootverify list` has policies, attackers, socs, stages, standards"),
        (["explain", "rot-imutable"], "nothing is called so; did you mean `rot-immutable`?"),
        (["schema", "nothing-of-the-kind"], "no kind of file is called so"),
        (["conform", str(TOP / "docs")], "no recorded vectors are here"),
        (["replay", WISHED], "this is no JSON; give a file of"),
        (["certify", WISHED], "this is no certificate; give a file of `check --certificates`"),
        (["check", "x" * 5000], "file name too long"),
        (["check", WISHED, "--waivers", WISHED + ".none"], "there is no such file"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_wrong_input_is_one_line_on_standard_error_and_exit_two(told, arguments, words):
    code, out, err = told(*arguments)
    assert code == 2
    assert not out
    assert words in err
    assert err.count("\n") == 1


def test_every_fault_of_a_design_is_reported_at_once_with_its_line(told, tmp_path):
    design = tmp_path / "design.yaml"
    text = Path(WISHED).read_text()
    design.write_text(text.replace("soc: nrf5340", "soc: nrf9999").replace("lifecycle:", "lifecycles:"))
    code, _, err = told("check", str(design))
    assert code == 2
    assert "lifecycles" in err
    assert all(line.startswith(f"{design}:") for line in err.splitlines())


def test_one_word_misspelt_is_one_fault(told, tmp_path):
    design = tmp_path / "design.yaml"
    design.write_text(Path(WISHED).read_text().replace("{kind: hash,    placement:", "{kind: hash,    placment:"))
    code, _, err = told("check", str(design))
    assert code == 2
    assert err == f"{design}:53: unknown key `placment`; did you mean `placement`?\n"


def test_no_map_and_no_chain_is_nothing_that_holds(told, tmp_path):
    noise = tmp_path / "noise.bin"
    noise.write_bytes(bytes(range(256)) * 64)
    code, out, _ = told("check", str(noise))
    assert code == 3
    assert "0 questions\n(no map, no boot chain)\n" in out
    assert "holds" not in out


def test_of_what_nothing_can_be_asked_no_command_says_that_it_holds(told, tmp_path):
    noise = str(tmp_path / "noise.bin")
    Path(noise).write_bytes(bytes(range(256)) * 64)
    assert told("attackers", noise, "--policy", "rot-immutable")[:2] == (
        3,
        "rot-immutable in noise.bin: it applies to nothing there, so nothing was asked\n",
    )
    assert told("repair", noise)[:2] == (3, "Nothing was asked: see `bootverify check`.\n")
    code, _, err = told("diff", TODAY, noise, "--policy", "map-no-overlap")
    assert code == 3
    assert "nothing is asked of it, so nothing is known to hold" in err


@pytest.mark.parametrize("written", ["", "[]", '"text"'])
def test_an_edit_of_what_has_no_entries_is_wrong_input(told, tmp_path, written):
    design = tmp_path / "design.yaml"
    design.write_text(written)
    code, out, err = told("whatif", design, "--set", "soc=nrf5340")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "`key: value` lines" in err


def test_a_title_cannot_steer_the_terminal(told, tmp_path):
    design = tmp_path / "design.yaml"
    title = next(line for line in Path(TODAY).read_text().splitlines() if line.startswith("title:"))
    design.write_text(Path(TODAY).read_text().replace(title, r'title: "all \e[2J\e[8m is \r well \u202e"'))
    for form in ("text", "json", "markdown"):
        code, out, _ = told("check", design, "--policy", "map-no-overlap", "--format", form)
        assert (code, set("\x1b\r\u202e") & set(out)) == (0, set())


def test_a_certificate_that_was_changed_is_one_that_proves_nothing(told, tmp_path):
    told("check", ADVISED, "--policy", "rot-immutable", "--attacker", "remote-ota", "--certificates", tmp_path)
    [file] = tmp_path.glob("*.cert")
    file.write_text(file.read_text().replace("QF_BV", "QF_UF"))
    code, out, err = told("certify", file)
    assert (code, err) == (1, "")
    assert "the seal does not match" in out


def test_a_key_that_nothing_replaces_is_told_with_the_place_where_it_stays(told, tmp_path):
    design = tmp_path / "design.yaml"
    for edit, words in (
        ("", "so no update replaces it"),
        ("placement: {image: b0}", "part of b0, which nothing updates"),
    ):
        text = Path(WISHED).read_text()
        design.write_text(text.replace("kind: hash,    placement: uicr", f"kind: public, {edit or 'placement: uicr'}"))
        code, out, _ = told("check", design, "--policy", "key-rotatable", "--subject", "b0_key_hash")
        assert code == 1
        assert f"{words}: proved for every history." in " ".join(out.split())


def test_a_scan_of_nothing_is_no_clean_scan(told, tmp_path):
    code, out, err = told("scan", str(tmp_path))
    assert (code, out) == (2, "")
    assert "no file is in it, so nothing was looked at" in err


def test_no_command_tells_all_of_them_and_is_no_success(told):
    code, out, _ = told()
    assert code == 2
    assert "..." not in out.partition("Commands:")[2]


def test_a_huge_file_is_refused_before_it_is_read(told, tmp_path):
    design = tmp_path / "huge.yaml"
    with design.open("wb") as file:
        file.truncate(1 << 30)
    code, _, err = told("check", str(design))
    assert code == 2
    assert "1,073,741,824 bytes" in err


@pytest.mark.parametrize("kind", ["policies", "attackers", "socs", "stages"])
def test_everything_that_is_listed_can_be_explained(told, kind):
    code, out, _ = told("list", kind)
    assert code == 0
    for line in out.splitlines():
        name = line.split()[0]
        code, explained, _ = told("explain", name)
        assert code == 0
        assert name in explained
        assert max(map(len, explained.splitlines()[1:])) <= 80
        assert not re.search(
            r"(?<![/\w])\w+\.md\b", explained
        )  # a document of the vendor's, with its place, none of ours


def test_open_points_cite_what_a_user_can_open(told):
    for soc in names("models/socs"):
        for point in load_soc(soc).open_points:
            assert not re.search(r"\w\.md\b|ncs-boot \d", point.statement), soc
    code, out, _ = told("explain", "spu-reset-sources")
    assert code == 0
    assert "FLASHREGION.PERM" in out


@pytest.mark.parametrize("kind", ["design", "policy", "soc", "stage", "attacker", "report"])
def test_schemas_are_json(told, kind):
    code, out, _ = told("schema", kind)
    assert code == 0
    assert json.loads(out)["type"] == "object"


def test_standard_input_is_a_design_too():
    command = [
        sys.executable,
        "-m",
        "bootverify",
        "check",
        "-",
        "--policy",
        "rot-immutable",
        "--attacker",
        "remote-ota",
    ]
    done = subprocess.run(command, input=Path(TODAY).read_bytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"holds     rot-immutable" in done.stdout


def test_the_version_is_told_without_loading_the_program():
    code = "import sys; from bootverify.__main__ import answered; answered(['--version']);"
    code += "sys.exit('typer' in sys.modules or 'z3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith(b"bootverify ")


def test_what_init_writes_is_a_design_that_checks(told, tmp_path):
    design = tmp_path / "design.yaml"
    assert told("init", "--output", str(design))[0] == 0
    code, out, _ = told("check", str(design), "--policy", "rot-immutable", "--attacker", "app-code-ns")
    assert code == 0, out


def test_a_directory_that_is_nothing_known_is_refused_with_what_to_name(told, tmp_path):
    code, _, err = told("check", str(tmp_path))
    assert code == 2
    assert str(tmp_path) in err


def test_a_map_alone_is_asked_what_maps_can_be_asked(told, tmp_path):
    design = tmp_path / "map.yaml"
    text = "bootverify: design/1\nname: map\nsoc: nrf5340\npartitions:\n"
    design.write_text(
        text + "  mcuboot: {at: 0x0, size: 0xc000}\n  app: {at: 0x8000, size: 0x1000, attribution: secure}\n"
    )
    code, out, err = told("check", str(design))
    assert code == 1, err
    assert "violated  map-no-overlap" in out
    assert "isolation-boundary" not in out


@pytest.mark.parametrize("chain", ["mcuboot", "mcuboot,tfm", "nsib,mcuboot", "nsib, mcuboot, tfm"])
@pytest.mark.parametrize(
    "soc",
    [
        pytest.param(name, marks=[] if name in {"nrf5340", "nrf52820", "nrf54l15"} else pytest.mark.slow)
        for name in names("models/socs")
        if not name.endswith("-net")
    ],
)
def test_what_init_writes_for_a_part_has_a_sound_map_or_is_refused_with_a_reason(told, tmp_path, soc, chain):
    design = tmp_path / "design.yaml"
    code, _, err = told("init", "--soc", soc, "--chain", chain, "--output", str(design))
    if code:
        assert code == 2
        assert soc in err
        assert any(words in err for words in ("has no TrustZone", "too small", "lie in the KMU"))
        return
    drawn = load_design(design)
    assert [stage.program.value for stage in drawn.stages] == [*chain.replace(" ", "").split(","), "application"]
    questions = [*(f"--policy={name}" for name in SOUND), "--subject=partition map"]
    assert told("check", str(design), *questions)[0] == 0


def test_each_family_of_parts_has_a_start_with_tfm_or_nsib(told):
    for soc, chain in (("nrf5340", "nsib,mcuboot,tfm"), ("nrf9160", "nsib,mcuboot,tfm"), ("nrf54l15", "mcuboot,tfm")):
        assert told("init", "--soc", soc, "--chain", chain)[0] == 0
    for soc in ("nrf52840", "nrf52820", "nrf52832"):
        assert told("init", "--soc", soc, "--chain", "nsib,mcuboot")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--soc", "nrf5430"), "`nrf5430` is not known; one of nrf52805"),
        (("--soc", "nrf5340", "--chain", "b0,mcuboot"), "`b0` is no boot program"),
        (("--soc", "nrf5340", "--chain", "nsib"), "without MCUboot nothing is updated"),
        (("--chain", "nsib,mcuboot"), "name it with --soc"),
        ((".", "--soc", "nrf5340"), "leave --soc and --chain out"),
    ],
)
def test_what_init_cannot_start_is_refused_with_what_can_be_named(told, arguments, words):
    code, _, err = told("init", *arguments)
    assert (code, words in err) == (2, True), err


@pytest.mark.parametrize(
    "name", ["prj.conf", "sysbuild.conf", ".config", "zephyr.elf", "dfu_application.zip", "key.pem"]
)
def test_a_part_of_a_project_is_refused_with_what_to_name_instead(told, tmp_path, name):
    path = tmp_path / name
    path.write_text("CONFIG_BT=y\n")
    code, _, err = told("check", str(path))
    assert code == 2
    assert err == f"{path}: no file that is read alone; name the directory of its build or application\n"


def test_an_update_of_mcuboot_is_made_to_fit_where_it_is_staged(told, tmp_path):
    design = tmp_path / "design.yaml"
    text = started("nrf5340", ["nsib", "mcuboot"])
    assert "mcuboot_secondary: {at: 0x8c000, size: 0x6c000" in text
    design.write_text(text.replace("0x8c000, size: 0x6c000", "0x8c000, size: 0x8000"))
    code, out, err = told("check", str(design), "--policy", "key-rotatable", "--attacker", "remote-ota")
    assert (code, err) == (0, ""), out
