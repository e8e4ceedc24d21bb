"""What is told of a life, through the program: spoilt and cut updates, crashes, final hashes, room, ports."""

from typing import Any

import pytest
from tests.acceptance.test_told_corners import _answer
from tests.edited import edited
from tests.unit.sources.test_scenario_card import _card, _read

from bootverify.api import check
from bootverify.check.verdict import Verdict

IN_PLACE = {"chain.mcuboot.mode": "direct-xip", "life": {"mode": "direct-xip", "event": "crashing-release"}}
TESTED = {"mode": "direct-xip", "event": "crashing-release", "request": "test"}


@pytest.mark.parametrize(
    ("attacker", "verdict"),
    [
        ("app-code-secure", Verdict.VIOLATED),
        ("ext-flash-write", Verdict.UNKNOWN),
        ("remote-ota", Verdict.UNKNOWN),
    ],
)
def test_an_update_of_the_network_core_is_spoilt_where_it_waits(attacker: str, verdict: Verdict) -> None:
    assert _answer(edited("fed-core", {}), "update-available", "net_app", attacker) is verdict


def test_a_cut_update_of_a_bootloader_leaves_the_slot_that_runs() -> None:
    assert _answer(edited("told-two-stages", {}), "update-recoverable", "mcuboot", "power-cut") is Verdict.HOLDS


@pytest.mark.parametrize(
    ("edits", "verdict"),
    [
        (IN_PLACE, Verdict.VIOLATED),
        ({**IN_PLACE, "life": TESTED, "chain.mcuboot.revert": True}, Verdict.HOLDS),
        ({**IN_PLACE, "chain.mcuboot.revert": True}, Verdict.UNKNOWN),
    ],
)
def test_a_release_that_crashes_in_place_gives_way_where_it_waits_for_a_confirmation(
    edits: dict[str, Any], verdict: Verdict
) -> None:
    assert _answer(edited("told-kmu", edits), "update-recoverable", "app", "operator-error") is verdict


def test_what_is_planned_is_judged_of_images_that_start_in_place() -> None:
    drawn = edited("told-kmu", {**IN_PLACE, "life": {"mode": "direct-xip", "rules": []}})
    assert _answer(drawn, "bootable", "app", "operator-error") is Verdict.HOLDS


def test_a_hash_that_nsib_boots_with_has_no_erased_word() -> None:
    untold = edited("told-two-stages", {"keys.hash_0.all_words_written": None})
    assert _answer(untold, "anchor-unmodifiable", "hash_0", "secure-partition") is Verdict.HOLDS


def test_a_hash_with_an_erased_half_word_has_nsib_refuse_everything() -> None:
    erased = edited("told-two-stages", {"keys.hash_0.all_words_written": False})
    assert _answer(erased, "bootable", "mcuboot", "operator-error") is Verdict.VIOLATED
    assert _answer(erased, "rot-immutable", "b0", "secure-partition") is Verdict.UNKNOWN
    assert _answer(erased, "config-supported", "hash_0", "operator-error") is Verdict.UNDEFINED


@pytest.mark.parametrize(("key", "verdict"), [("hash_0", Verdict.UNKNOWN), ("hash_1", Verdict.VIOLATED)])
def test_nothing_retires_the_last_key_of_a_ring(key: str, verdict: Verdict) -> None:
    untold = edited("told-two-stages", {"life.deployed": None})
    assert _answer(untold, "key-revoked", key, "bootloader-code") is verdict


@pytest.mark.parametrize(
    ("slots", "verdict"), [(280, Verdict.HOLDS), (282, Verdict.UNDEFINED), (21, Verdict.UNDEFINED)]
)
def test_the_room_of_a_counter_is_asked_for_support(slots: int, verdict: Verdict) -> None:
    drawn = edited("SB-S08", {"life": {"mode": "swap-move", "rules": [{"by": "nsib", "slots": slots}]}})
    assert _answer(drawn, "config-supported", "b0", "operator-error") is verdict


@pytest.mark.parametrize(
    ("edits", "verdict"),
    [
        ({}, Verdict.HOLDS),
        ({"keys.ver_gen0.placement": {"kmu": [240, 241], "push_to": "ram"}}, Verdict.UNDEFINED),
        ({"chain.app.signature": "ecdsa-p256"}, Verdict.UNDEFINED),
    ],
)
def test_a_boot_stage_looks_for_keys_in_slots_of_its_own(edits: dict[str, Any], verdict: Verdict) -> None:
    assert _answer(edited("told-kmu", edits), "config-supported", "ver_gen0", "operator-error") is verdict


@pytest.mark.parametrize(
    ("port", "verdict"),
    [
        ("as the customer likes", Verdict.VIOLATED),
        ("off (only the build option is set, UICR is erased)", Verdict.VIOLATED),
    ],
)
def test_an_erase_all_needs_no_open_port(port: str, verdict: Verdict) -> None:
    design = _read({**_card(), "soc": "nRF9160"}, {"protection.approtect": port})
    report = check(design, policies=["rot-immutable"], subjects=["mcuboot"], attackers=["debug-port"])
    assert [finding.verdict for finding in report.findings] == [verdict]


def test_an_option_without_the_word_in_the_uicr_leaves_the_port_open() -> None:
    texts = ("on (firmware option only, UICR not written)", "only the build option is set, and UICR is erased")
    for text in texts:
        assert not _read({**_card(), "soc": "nRF9160"}, {"protection.approtect": text}).lifecycle.approtect


def test_a_staging_slot_of_another_name_is_found_by_what_it_is_called_or_holds() -> None:
    card = _card()
    card["design"]["partitions"]["entries"][3] = {
        "name": "upload", "at": 0x7C000, "size": 0x70000, "region": "internal", "holds": "app (staged update)"
    }  # fmt: skip
    assert _read(card).image("app").staging == "upload"


def test_advice_on_words_of_otp_speaks_of_no_slot() -> None:
    drawn = edited("told-two-stages", {})
    report = check(drawn, policies=["anchor-available"], subjects=["hash_1"], attackers=["secure-partition"])
    (finding,) = report.findings
    assert (finding.verdict, "generation" in finding.repair) == (Verdict.VIOLATED, False)


def test_a_lock_over_data_is_shown_by_its_own_line() -> None:
    spans = [{"span": [0x0, 0xC000], "lock": "until_reset"}, {"span": [0xE8000, 0xF0000], "lock": "until_reset"}]
    drawn = edited("told-one-stage", {"chain.mcuboot.protects": spans})
    report = check(drawn, policies=["functional"], subjects=["settings_storage"], attackers=["operator-error"])
    (finding,) = report.findings
    assert "0xe8000-0xf0000" in finding.because
