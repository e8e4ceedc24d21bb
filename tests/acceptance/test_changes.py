"""Two designs, edits, free values, weakest attackers: through the command line."""

from pathlib import Path

import pytest

DESIGNS = Path(__file__).resolve().parents[1] / "designs"
TODAY, WISHED, ADVISED = (DESIGNS / f"{name}.yaml" for name in ("today", "wished-for", "advised"))


def _edited(path: Path, to: Path, *edits: tuple[str, str]) -> Path:
    text = path.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    to.write_text(text)
    return to


def test_a_dropped_lock_is_a_new_attack_and_blocks(told, tmp_path):
    worse = _edited(TODAY, tmp_path / "worse.yaml", ("      - {span: [0x0, 0xc000], lock: until_reset}\n", ""))
    worse.write_text(worse.read_text().replace("    protects:\n", "    protects: []\n"))
    code, out, _ = told("diff", TODAY, worse, "--policy", "rot-immutable", "--attacker", "app-code-secure")
    assert code == 1
    assert "weaker       rot-immutable" in out
    assert "holds -> violated" in out
    code, out, _ = told("diff", worse, TODAY, "--policy", "rot-immutable", "--attacker", "app-code-secure")
    assert code == 0
    assert "stronger" in out


def test_a_renamed_and_reordered_design_is_equal(told, tmp_path):
    text = TODAY.read_text()
    text = text.replace("img_verify_pub", "release_key").replace("settings_storage:  {at", "old_settings:  {at")
    head, keys = text.split("keys:\n")
    body, life = keys.split("\n\nlifecycle")
    text = head + "keys:\n" + "\n".join(reversed(body.splitlines())) + "\n\nlifecycle" + life
    renamed = tmp_path / "renamed.yaml"
    renamed.write_text(text)
    code, out, _ = told("diff", TODAY, renamed, "--attacker", "remote-ota")
    assert code == 0
    assert "weaker" not in out
    assert "stronger" not in out


def test_a_boot_stage_that_is_only_renamed_brings_old_releases_back_in_the_same_way(told, tmp_path):
    names = (
        ("  mcuboot:\n", "  loader:\n"),
        ("image: mcuboot}", "image: loader}"),
        ("verifies: mcuboot", "verifies: loader"),
    )
    renamed = _edited(WISHED, tmp_path / "renamed.yaml", *names, ("verified_by: mcuboot", "verified_by: loader"))
    code, out, _ = told("diff", WISHED, renamed, "--policy", "no-downgrade", "--attacker", "remote-ota")
    assert code == 0
    assert "Renamed: stage mcuboot is loader now" in out
    assert out.splitlines()[-1].endswith(" equal.")
    assert "," not in out.splitlines()[-1]


def test_an_edit_shows_only_what_it_changes(told):
    code, out, _ = told("whatif", TODAY, "--set", "lifecycle.eraseprotect=true", "--policy", "rot-immutable")
    assert code == 0
    assert out.count("stronger     rot-immutable") == 1
    assert "lifecycle.eraseprotect: false -> true" in out


def test_free_values_are_those_that_a_check_keeps(told):
    asked = ["--policy", "secret-confidential", "--attacker", "app-code-secure"]
    code, out, _ = told("whatif", TODAY, "--free", "chain.mcuboot.validate_primary", *asked)
    assert code == 0
    assert "true" in out
    design = ["whatif", ADVISED, "--free", "keys.kek.placement.push_to", "--policy", "secret-confidential"]
    code, out, _ = told(*design, "--attacker", "secure-partition")
    assert code == 0
    assert "  engine\n  not ram: secret-confidential of kek" in out


def test_a_repair_is_a_patch_of_the_user_s_file_that_was_checked_again(told, tmp_path):
    broken = _edited(TODAY, tmp_path / "broken.yaml", ("lock: until_reset", "lock: none"))
    better = tmp_path / "better.yaml"
    asked = ["--policy", "rot-immutable", "--attacker", "app-code-secure"]
    code, out, _ = told("repair", broken, *asked, "--output", better)
    assert code == 0
    assert "lock: until_reset" in out
    assert "# The design behind this project" in better.read_text()  # comments stay
    code, _, _ = told("check", better, *asked)
    assert code == 0


def test_a_repair_that_no_document_describes_says_so(told):
    code, out, _ = told("repair", TODAY, "--policy", "secret-confidential", "--attacker", "app-code-secure")
    assert code == 3
    assert "provision enc_priv into KMU slots 8-9, pushed to the engine" in out
    assert "config-supported of mcuboot, app, partition map, enc_priv is undefined" in out


@pytest.mark.parametrize(
    ("life", "line"), [("", "settings: {image_key_wrapped: true}"), ("life: {save_encrypted: false}", "true}")]
)
def test_image_keys_are_noted_wrapped_where_that_is_all_it_takes(told, tmp_path, life, line):
    design = tmp_path / "design.yaml"
    design.write_text((DESIGNS.parent / "scenarios" / "SB-S07.yaml").read_text() + f"\n{life}\n")
    asked = ("--policy", "secret-confidential", "--subject", "kek_v2", "--attacker", "app-code-ns")
    code, out, _ = told("repair", design, *asked)
    assert code == 0
    assert "1 edit of 1 fact" in out
    [added] = [each for each in out.splitlines() if each.startswith("+") and not each.startswith("+++")]
    assert added.endswith(line)


def test_no_place_in_a_program_that_opens_no_updates_is_supported(told, tmp_path):
    moved = (
        "enc_priv:       {kind: private, placement: {image: mcuboot}",
        "enc_priv: {kind: private, placement: {image: b0}",
    )
    code, out, _ = told("check", _edited(WISHED, tmp_path / "moved.yaml", moved), "--policy", "config-supported")
    assert code == 3
    assert "a private key to decrypt, kept in nsib: no document" in " ".join(out.split())


def test_what_no_edit_helps_is_said(told):
    code, out, _ = told("repair", TODAY, "--policy", "secret-use-restricted", "--attacker", "app-code-secure")
    assert code == 1
    assert "No edit that is known here helps against" in out


def test_the_weakest_attackers_are_minimal(told):
    code, out, _ = told("attackers", ADVISED, "--policy", "secret-use-restricted", "--subject", "kek")
    assert code == 1
    assert "1 minimal set of capabilities breaks it\n\nrun_secure_partition\n" in out
    assert "Kept against everything else at once" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["whatif", TODAY], "nothing to ask"),
        (["whatif", TODAY, "--set", "nonsense"], "this sets nothing"),
        (["whatif", TODAY, "--set", "chain.nobody.counter=true"], "leads nowhere"),
        (["whatif", TODAY, "--free", "chain.mcuboot.nothing"], "leads nowhere"),
        (["diff", TODAY, "no-such-revision:design.yaml"], "git does not have it"),
        (["attackers", TODAY, "--policy", "nothing"], "no policy is called"),
    ],
)
def test_wrong_questions_get_an_answer_in_one_line(told, arguments, words):
    code, _, err = told(*arguments)
    assert code == 2
    assert words in err
