"""Against code in a boot stage, a stage is closed as far as it was locked before that code could run."""

from dataclasses import replace

import pytest
from tests.edited import SCENARIOS, edited, verdict_of

from bootverify.check.verdict import Verdict
from bootverify.design.boot import Protect, Stage
from bootverify.design.design import Design
from bootverify.design.keys import InKmu, PushTarget
from bootverify.design.protection import Access
from bootverify.sources.design_file import load_design

TWO_STAGES, ONE_STAGE, NRF52 = (
    load_design(SCENARIOS / f"{name}.yaml") for name in ("told-two-stages", "told-one-stage", "SB-S18")
)


def _verdict(design: Design, policy: str, subject: str) -> Verdict:
    return verdict_of(design, policy, subject, "bootloader-code")


def _with(design: Design, stage: Stage) -> Design:
    return replace(design, stages=tuple(stage if each.name == stage.name else each for each in design.stages))


def _locked_first(design: Design, name: str) -> Design:
    """The stage takes its locks before anything else."""
    stage = design.stage(name)
    locks = [step for step in stage.steps if isinstance(step, Protect)]
    rest = [step for step in stage.steps if not isinstance(step, Protect)]
    return _with(design, replace(stage, steps=(*locks, *rest)))


def _unlocked(design: Design, name: str) -> Design:
    stage = design.stage(name)
    return _with(design, replace(stage, steps=tuple(step for step in stage.steps if not isinstance(step, Protect))))


def test_a_stage_that_locks_itself_last_is_open_to_the_code_in_it() -> None:
    for design, subject in ((TWO_STAGES, "mcuboot"), (ONE_STAGE, "mcuboot")):
        assert _verdict(design, "boot-write-denied", subject) is Verdict.VIOLATED
        assert _verdict(_locked_first(design, subject), "boot-write-denied", subject) is Verdict.HOLDS


def test_a_first_stage_that_locks_itself_first_is_closed_to_the_stage_behind_it() -> None:
    for policy in ("boot-write-denied", "rot-immutable"):
        assert _verdict(TWO_STAGES, policy, "b0") is Verdict.HOLDS
        assert _verdict(_unlocked(TWO_STAGES, "b0"), policy, "b0") is Verdict.VIOLATED


def test_a_page_of_keys_that_is_locked_at_hand_over_is_open_to_code_in_the_first_stage_alone() -> None:
    assert _verdict(NRF52, "boot-write-denied", "b0") is Verdict.HOLDS
    assert _verdict(NRF52, "rot-immutable", "b0") is Verdict.UNKNOWN
    assert _verdict(_locked_first(NRF52, "b0"), "rot-immutable", "b0") is Verdict.HOLDS


def test_what_the_cpu_fetches_of_the_first_stage_can_be_patched() -> None:
    patched = replace(_locked_first(NRF52, "b0"), lifecycle=replace(NRF52.lifecycle, flash_patch=True))
    assert _verdict(patched, "rot-immutable", "b0") is Verdict.VIOLATED
    assert _verdict(patched, "authentic-only", "mcuboot") is Verdict.VIOLATED


def test_an_empty_slot_for_a_key_can_be_filled() -> None:
    (key, *others) = TWO_STAGES.keys
    place = InKmu(slots=(244, 245), push_to=PushTarget.ENGINE, readable=False)
    design = replace(TWO_STAGES, keys=(replace(key, placements=(place,), empty=True), *others))
    assert _verdict(design, "rot-immutable", "b0") is Verdict.VIOLATED
    assert _verdict(design, "authentic-only", "mcuboot") is Verdict.VIOLATED


@pytest.mark.parametrize(("published", "expected"), [(False, Verdict.HOLDS), (True, Verdict.VIOLATED)])
def test_what_code_in_a_boot_stage_puts_into_its_slots_is_verified_by_the_first_stage(published, expected) -> None:
    keys = tuple(replace(key, published=published) if key.name == "hash_1" else key for key in TWO_STAGES.keys)
    assert _verdict(replace(TWO_STAGES, keys=keys), "authentic-only", "mcuboot") is expected


def test_spans_of_one_moment_that_lose_different_things_are_steps_in_the_order_listed() -> None:
    hidden = {"span": [0xFE000, 0xFF000], "deny": ["read", "write"]}
    listed = [hidden, {"span": [0x0, 0x8000]}, {"span": [0x8000, 0x9000], "when": "hand_over"}]
    steps = edited("SB-S18", {"chain.b0.protects": listed}).root.steps
    locks = [step for step in steps[:2] if isinstance(step, Protect)]
    assert [(step.spans[0].range.start, Access.READ in step.deny) for step in locks] == [(0xFE000, True), (0x0, False)]


def test_what_a_lock_hides_is_not_taken_for_read() -> None:
    listed = [{"span": [0xF9000, 0xFA000], "deny": ["read", "write"]}, {"span": [0x0, 0x8000]}]
    key = {"kind": "symmetric", "placement": {"partition": "settings_storage"}}
    told = {"keys.own": key, "life": {"mode": "swap-move"}}
    for change, expected in (({"chain.b0.protects": listed, **told}, Verdict.UNKNOWN), (told, Verdict.VIOLATED)):
        design = edited("SB-S18", change)
        assert _verdict(design, "secret-confidential", "own") is expected
