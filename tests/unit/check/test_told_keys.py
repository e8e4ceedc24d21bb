"""What becomes of verification keys: invalidated by code in a bootloader, final where they lie."""

from dataclasses import replace

import pytest
from tests.edited import SCENARIOS, edited, verdict_of

from bootverify.check.question import questions
from bootverify.check.retired import in_the_field
from bootverify.check.verdict import Verdict
from bootverify.design.boot import Protect, Stage, Step
from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, Key
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design, parse_design
from bootverify.sources.policies import all_policies

TWO_STAGES = load_design(SCENARIOS / "told-two-stages.yaml")  # NSIB has booted what verifies with `hash_1`
IN_KMU = load_design(SCENARIOS / "told-kmu.yaml")


def _with_key(design: Design, key: str, **change: object) -> Design:
    return replace(design, keys=tuple(replace(each, **change) if each.name == key else each for each in design.keys))


def _unlocked(stage: Stage) -> tuple[Step, ...]:
    return tuple(step for step in stage.steps if stage.name != "mcuboot" or not isinstance(step, Protect))


@pytest.mark.parametrize(("leaked", "expected"), [("hash_0", Verdict.HOLDS), ("hash_1", Verdict.VIOLATED)])
def test_a_leaked_key_signs_for_code_in_the_bootloader_until_a_later_one_was_used(leaked, expected):
    design = _with_key(TWO_STAGES, leaked, published=True)
    assert verdict_of(design, "authentic-only", "mcuboot", "bootloader-code") is expected


def test_a_retired_key_is_still_a_leaked_one_where_the_question_is_about_the_key() -> None:
    design = _with_key(TWO_STAGES, "hash_0", published=True)
    asked = questions(design, all_policies(), [load_attacker("bootloader-code")], any_attacker=True)
    counted = {isinstance(each.subject, Key): in_the_field(design, each).key("hash_0").published for each in asked}
    assert counted == {True: True, False: False}


@pytest.mark.parametrize(("leaked", "expected"), [("hash_0", Verdict.HOLDS), ("hash_1", Verdict.VIOLATED)])
def test_so_does_code_that_writes_the_slots_of_a_bootloader_that_locks_nothing(leaked, expected):
    stages = tuple(replace(each, steps=_unlocked(each)) for each in TWO_STAGES.stages)
    design = _with_key(replace(TWO_STAGES, stages=stages), leaked, published=True)
    assert verdict_of(design, "authentic-only", "mcuboot", "secure-partition") is expected


def test_a_leaked_first_key_signs_while_nothing_made_with_a_later_one_has_booted():
    deployed = replace(TWO_STAGES.life.deployed, booted=False)
    design = _with_key(replace(TWO_STAGES, life=replace(TWO_STAGES.life, deployed=deployed)), "hash_0", published=True)
    assert verdict_of(design, "authentic-only", "mcuboot", "bootloader-code") is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("key", "attacker", "expected"),
    [
        ("hash_0", "old-signed-image", Verdict.HOLDS),
        ("hash_1", "old-signed-image", Verdict.UNKNOWN),  # MCUboot asks for a signature of its own before NSIB does
        ("hash_1", "bootloader-code", Verdict.VIOLATED),
    ],
)
def test_the_key_of_what_runs_is_not_revoked_for_who_gets_past_mcuboot(key, attacker, expected):
    assert verdict_of(TWO_STAGES, "key-revoked", key, attacker) is expected


def test_code_in_a_bootloader_is_secure_code_for_the_words_and_slots_of_keys():
    assert verdict_of(TWO_STAGES, "anchor-available", "hash_1", "bootloader-code") is Verdict.VIOLATED
    assert verdict_of(IN_KMU, "anchor-available", "ver_gen0", "bootloader-code") is Verdict.HOLDS
    revocable = _with_key(IN_KMU, "ver_gen0", revocable=True)
    assert verdict_of(revocable, "anchor-available", "ver_gen0", "bootloader-code") is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("exported", "attacker", "expected"),
    [
        (True, "app-code-ns", Verdict.VIOLATED),
        (False, "app-code-ns", Verdict.HOLDS),
        (False, "secure-partition", Verdict.VIOLATED),
    ],
)
@pytest.mark.parametrize("policy", ["secret-confidential", "secret-use-restricted"])
def test_what_a_key_service_holds_is_used_by_whoever_it_shows_it_to(policy, exported, attacker, expected):
    design = load_design(SCENARIOS / "SB-S05.yaml")
    design = replace(design, life=replace(design.life, foreign_keys_exported=exported))
    held = _with_key(design, "kek", placements=(Elsewhere(what="service", words="crypto service"),))
    assert verdict_of(held, policy, "kek", attacker) is expected


def test_a_key_service_keeps_nothing_where_the_secure_side_is_open():
    changed = {"partitions.tfm_storage.size": 0x6000, "partitions.nonsecure_storage.at": 0xF6000}
    design = edited("SB-S05", {**changed, "partitions.nonsecure_storage.size": 0xA000})
    design = replace(design, life=replace(design.life, foreign_keys_exported=False))
    held = _with_key(design, "kek", placements=(Elsewhere(what="service", words="crypto service"),))
    assert verdict_of(held, "secret-confidential", "kek", "app-code-ns") is Verdict.UNKNOWN


@pytest.mark.parametrize(("level", "expected"), [(1, Verdict.VIOLATED), (2, Verdict.HOLDS)])
def test_one_time_words_answer_no_unprivileged_partition(level, expected):
    design = edited("SB-S08", {"chain.tfm+app.trustzone": {"isolation_level": level}})
    assert verdict_of(design, "anchor-available", "b0_key_hash_0", "secure-partition") is expected


@pytest.mark.parametrize("attacker", ["app-code-secure", "bootloader-code"])
def test_a_slot_that_takes_another_key_is_no_anchor_against_secure_code(attacker):
    rotates = _with_key(IN_KMU, "ver_gen0", revocable=True, reusable=True)
    assert verdict_of(rotates, "anchor-unmodifiable", "ver_gen0", attacker) is Verdict.VIOLATED
    assert verdict_of(rotates, "rot-immutable", "mcuboot", attacker) is Verdict.VIOLATED


@pytest.mark.parametrize(("reusable", "expected"), [(False, Verdict.HOLDS), (True, Verdict.VIOLATED)])
def test_secure_code_revokes_a_slot_and_has_its_own_image_verified(reusable, expected):
    design = _with_key(load_design(SCENARIOS / "SB-S38.yaml"), "ver_gen1", reusable=reusable)
    assert verdict_of(design, "authentic-only", "app", "app-code-secure") is expected


@pytest.mark.parametrize(("revocable", "expected"), [(False, Verdict.HOLDS), (True, Verdict.UNKNOWN)])
def test_a_slot_that_cannot_be_revoked_keeps_its_value_for_good(revocable, expected):
    design = _with_key(IN_KMU, "ver_gen0", revocable=revocable)
    assert verdict_of(design, "anchor-unmodifiable", "ver_gen0", "app-code-secure") is expected


def test_an_erase_all_takes_the_value_of_a_slot_where_nothing_refuses_it():
    open_to_erasure = replace(IN_KMU, lifecycle=replace(IN_KMU.lifecycle, eraseprotect=False))
    assert verdict_of(open_to_erasure, "anchor-unmodifiable", "ver_gen0", "debug-port") is Verdict.VIOLATED


PAGE_BY_MCUBOOT = {
    "chain.b0.protects": [{"span": [0x0, 0x8000], "lock": "until_reset"}],
    "chain.mcuboot.protects": [{"span": [0x8000, 0x23000], "lock": "until_reset"}],
}
IN_A_PAGE = "SB-S18"  # nRF52840: NSIB's hashes lie in a page of flash


@pytest.mark.parametrize("policy", ["anchor-available", "anchor-unmodifiable"])
def test_a_page_of_the_first_stage_that_a_later_stage_locks_is_shut_to_the_application(policy):
    assert verdict_of(edited(IN_A_PAGE, PAGE_BY_MCUBOOT), policy, "b0_key_hash", "app-code") is Verdict.HOLDS
    open_page = edited(IN_A_PAGE, {"chain.b0.protects": PAGE_BY_MCUBOOT["chain.b0.protects"]})
    assert verdict_of(open_page, policy, "b0_key_hash", "app-code") is Verdict.VIOLATED


@pytest.mark.parametrize("policy", ["anchor-available", "anchor-unmodifiable"])
def test_no_lock_of_a_patched_boot_stage_is_counted_for_the_storage_of_keys(policy):
    patched = edited(IN_A_PAGE, {"lifecycle.flash_patch": True})
    assert verdict_of(patched, policy, "b0_key_hash", "app-code") is Verdict.UNKNOWN


BY_NSIB = """
bootverify: design/1
name: three slots
soc: nrf54l15
sdk: 3.2.0
partitions:
  b0: {at: 0x0, size: 0x7800}
  s0: {at: 0x8000, size: 0xc000}
  s1: {at: 0x14000, size: 0xc000}
  app: {at: 0x20000, size: 0x50000}
  staging: {at: 0x70000, size: 0x50000}
chain:
  b0: {program: nsib, slot: b0, counter: false}
  mcuboot: {program: mcuboot, slots: [s0, s1], staging: staging, verified_by: b0, signature: ed25519,
            update: over_the_air, mode: swap-move, validate_primary: true}
  app: {program: application, attribution: secure, slot: app, staging: staging, verified_by: mcuboot,
        signature: ed25519, update: over_the_air}
keys:
  gen0: {kind: public, placement: {kmu: [242, 243], push_to: ram}, verifies: mcuboot, revocable: true}
  gen1: {kind: public, placement: {kmu: [244, 245], push_to: ram}, verifies: mcuboot, revocable: true}
  gen2: {kind: public, placement: {kmu: [246, 247], push_to: ram}, verifies: mcuboot, revocable: false}
lifecycle: {approtect: true, secure_approtect: true, boot_region: 0x7800}
life: {mode: swap-move, rules: []}
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Verdict.HOLDS),  # a revoked slot takes no other key before an erase-all
        ({"empty": True}, Verdict.VIOLATED),
        ({"reusable": True}, Verdict.VIOLATED),
        ({"revocable": None}, Verdict.UNKNOWN),
    ],
)
def test_a_key_stays_the_one_that_is_trusted_while_no_slot_beside_it_takes_another(
    change: dict[str, object], expected: Verdict
) -> None:
    design = _with_key(parse_design(BY_NSIB.encode(), shown="design.yaml"), "gen1", **change)
    assert verdict_of(design, "rot-immutable", "gen0", "app-code-secure") is expected


@pytest.mark.parametrize(("drawn", "expected"), [(3, Verdict.HOLDS), (2, Verdict.UNKNOWN)])
def test_nsib_of_nrf54l_looks_in_three_slots_for_a_key(drawn: int, expected: Verdict) -> None:
    design = parse_design(BY_NSIB.encode(), shown="design.yaml")
    design = replace(design, keys=design.keys[:drawn])
    assert verdict_of(design, "rot-immutable", "gen0", "app-code-secure") is expected
