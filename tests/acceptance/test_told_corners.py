"""Corners of what is told: bytes behind an image, releases of the network core, rare counters, a later key."""

from typing import Any

import pytest
from tests.edited import edited

from bootverify.api import check
from bootverify.check.verdict import Verdict
from bootverify.design.design import Design
from bootverify.executor.lives import ENACTMENTS
from bootverify.sources.attackers import load_attacker

RARE = {"by": "mcuboot", "every_release": False, "slots": 240}


def _answer(design: Design, policy: str, subject: str, attacker: str) -> Verdict:
    report = check(design, policies=[policy], subjects=[subject], attackers=[attacker])
    assert not report.discrepancies
    (finding,) = report.findings
    return finding.verdict


@pytest.mark.parametrize(
    ("subject", "open_port", "verdict"),
    [("tfm+app", False, Verdict.HOLDS), ("tfm+app", True, Verdict.VIOLATED), ("mcuboot", True, Verdict.HOLDS)],
)
def test_a_probe_changes_what_was_checked_while_it_runs(subject, open_port, verdict) -> None:
    design = edited("told-two-stages", {"lifecycle": {"approtect": not open_port, "eraseprotect": True}})
    assert _answer(design, "authentic-only", subject, "debug-port") is verdict


def test_a_probe_is_asked_about_what_runs_only_where_somebody_names_him() -> None:
    findings = check(edited("told-two-stages", {}), policies=["authentic-only"]).findings
    assert findings
    assert "debug-port" not in {finding.attacker for finding in findings}


@pytest.mark.parametrize(
    ("design", "attacker", "edits", "verdict"),
    [
        ("SB-S31", "remote-ota", {}, Verdict.VIOLATED),
        ("SB-S31", "serial-port", {"life": {"recovery": "open"}}, Verdict.VIOLATED),
        ("SB-S31", "serial-port", {"life": {"recovery": "absent"}}, Verdict.UNKNOWN),
        ("SB-S31", "ext-flash-write", {}, Verdict.UNKNOWN),
        ("told-one-stage", "ext-flash-write", {}, Verdict.VIOLATED),
        ("told-one-stage", "ext-flash-read", {}, Verdict.UNKNOWN),
        ("SB-S14", "app-code-ns", {}, Verdict.VIOLATED),
    ],
)
def test_no_signature_covers_what_lies_behind_an_image(
    design: str, attacker: str, edits: dict[str, Any], verdict: Verdict
) -> None:
    drawn = edited(design, {"life": {"mode": "swap-move"}, **edits} if design != "told-one-stage" else edits)
    assert _answer(drawn, "slot-bytes-authentic", "app", attacker) is verdict


@pytest.mark.parametrize(
    ("rules", "attacker", "verdict"),
    [
        ([], "old-signed-image", Verdict.VIOLATED),
        ([{"by": "version", "image": "app"}], "old-signed-image", Verdict.VIOLATED),
        ([{"by": "version"}], "old-signed-image", Verdict.UNKNOWN),
        ([], "ext-flash-read", Verdict.VIOLATED),
    ],
)
def test_the_network_core_keeps_no_version(rules: list[dict[str, Any]], attacker: str, verdict: Verdict) -> None:
    drawn = edited("fed-core", {"life": {"mode": "overwrite", "rules": rules}})
    assert _answer(drawn, "no-downgrade", "net_app", attacker) is verdict


@pytest.mark.parametrize(("mode", "verdict"), [("overwrite", Verdict.HOLDS), ("swap-move", Verdict.UNDEFINED)])
def test_a_program_of_the_network_core_is_asked_for_support_like_any(mode: str, verdict: Verdict) -> None:
    drawn = edited("fed-core", {"life": {"mode": mode}})
    assert _answer(drawn, "config-supported", "net_app", "operator-error") is verdict


@pytest.mark.parametrize(
    ("life", "verdict"),
    [
        ({"rules": [RARE]}, Verdict.VIOLATED),
        ({"rules": [RARE], "releases": [[1, 0, 0, 0], [1, 1, 0, 0]]}, Verdict.UNKNOWN),
    ],
)
def test_a_counter_that_seldom_rises_tells_some_releases_apart(life: dict[str, Any], verdict: Verdict) -> None:
    drawn = edited("told-kmu", {"life": {"mode": "overwrite", "validate_primary": True, **life}})
    assert _answer(drawn, "no-downgrade", "app", "old-signed-image") is verdict


@pytest.mark.parametrize(
    ("key", "published", "words"),
    [
        ("b0_key_hash_0", "b0_key_hash_1", "a boot with a later key"),
        ("b0_key_hash_1", "b0_key_hash_0", "NSIB never locks its OTP words"),
    ],
)
def test_who_has_a_later_key_takes_the_earlier_ones_away(key: str, published: str, words: str) -> None:
    drawn = edited("SB-S08", {"life": {"mode": "swap-move"}, f"keys.{published}.published": True})
    (finding,) = check(drawn, policies=["anchor-available"], subjects=[key], attackers=["bootloader-code"]).findings
    assert (finding.verdict, finding.because.startswith(words)) == (Verdict.VIOLATED, True)


@pytest.mark.parametrize(("build", "verdict"), [("release", Verdict.HOLDS), ("debug", Verdict.VIOLATED)])
def test_an_image_that_starts_first_is_bootable_where_its_application_runs(build: str, verdict: Verdict) -> None:
    design = edited(
        "SB-S16", {"chain.tfm+app.trustzone": {"build": build}}
    )  # its non-secure side starts inside a block
    assert _answer(design, "bootable", "app", "operator-error") is verdict


def test_no_plan_is_kept_by_a_device_that_stops_as_it_leaves_production() -> None:
    stops = edited("SB-S16", {"chain.tfm+app.trustzone": {"build": "debug"}})
    assert ENACTMENTS["starts"](stops, stops.images[0], load_attacker("operator-error")).kept is None


@pytest.mark.parametrize(
    ("at", "memory", "verdict"),
    [(0x174000, "internal", Verdict.HOLDS), (0x70000, "internal", Verdict.VIOLATED), (0x0, "external", Verdict.HOLDS)],
)
def test_tf_m_of_nrf54l_opens_what_lies_above_the_start_of_the_non_secure_image(at: int, memory: str, verdict) -> None:
    log = {"at": at, "size": 0x1000, "memory": memory, "attribution": "non_secure"}
    design = edited("SB-S16", {"partitions.slot0_partition.size": 0x70000, "partitions.log": log})
    assert _answer(design, "functional", "log", "operator-error") is verdict


@pytest.mark.parametrize(("planned", "verdict"), [(240, Verdict.HOLDS), (241, Verdict.VIOLATED)])
def test_a_release_past_the_last_counter_slot_is_never_taken(planned: int, verdict: Verdict) -> None:
    rule = {"by": "mcuboot", "slots": 240, "planned": planned, "every_release": True}
    told = {"rules": [rule], "behaviours": ["counter-full-refuses"]}
    design = edited("told-kmu", {f"life.{name}": value for name, value in told.items()})
    assert _answer(design, "update-available", "app", "remote-ota") is verdict


@pytest.mark.parametrize(
    ("edits", "verdict"),
    [
        ({"chain.app.versions": [[1, 1, 0, 0], [1, 1, 0, 0]]}, Verdict.HOLDS),
        ({"chain.app.versions": [[1, 1, 0, 0], [1, 0, 9, 0]]}, Verdict.VIOLATED),
        ({"chain.app.versions": [[1, 1, 0, 0], [1, 0, 9, 0]], "chain.mcuboot.downgrade": "none"}, Verdict.HOLDS),
        ({"chain.app.versions": [[1, 1, 0, 1], [1, 1, 0, 0]]}, Verdict.HOLDS),
        ({"chain.app.versions": [[1, 1, 0, 1], [1, 1, 0, 0]], "chain.mcuboot.compare_build": True}, Verdict.VIOLATED),
        ({"chain.mcuboot.security_counter": True, "chain.app.counters": [2, 2]}, Verdict.HOLDS),
        ({"chain.mcuboot.security_counter": True, "chain.app.counters": [2, 1]}, Verdict.VIOLATED),
    ],
)
def test_a_release_that_counts_as_older_than_the_one_before_it_is_never_taken(edits: dict[str, Any], verdict) -> None:
    told = edited("told-one-stage", {"life.releases": [], **edits})
    assert _answer(told, "update-available", "app", "remote-ota") is verdict


UNEVEN = {  # MCUboot swaps with a slot of eight pages less, for which there are no moves
    "chain.mcuboot.mode": "swap-move",
    "life.mode": "swap-move",
    "life.recovery": "absent",
    "partitions.slot1_partition.size": 0xB0000,
}


@pytest.mark.parametrize(("end", "verdict"), [(0xC000, Verdict.HOLDS), (0xBE00, Verdict.VIOLATED)])
def test_a_device_that_stops_by_itself_is_not_bootable_though_moves_are_missing(end: int, verdict: Verdict) -> None:
    design = edited("told-kmu", {**UNEVEN, "chain.mcuboot.protects": [{"span": [0, end]}]})
    (finding,) = check(design, policies=["bootable"], subjects=["app"], attackers=["serial-port"]).findings
    assert finding.verdict is verdict
    assert finding.strength == ("replayed" if verdict is Verdict.VIOLATED else "computed")


def test_a_boot_stage_that_is_said_to_go_on_without_its_lock_is_not_played_as_one_that_stops() -> None:
    told = {"life.behaviours": ["lock-failure-passes", "counter-full-stops"]}
    design = edited("told-kmu", {**UNEVEN, **told, "chain.mcuboot.protects": [{"span": [0, 0xBE00]}]})
    assert _answer(design, "bootable", "app", "serial-port") is Verdict.HOLDS


@pytest.mark.parametrize(("end", "verdict"), [(0xC000, Verdict.HOLDS), (0xC800, Verdict.VACUOUS)])
def test_nothing_that_is_told_holds_of_a_device_that_stops_by_itself(end: int, verdict: Verdict) -> None:
    design = edited("told-one-stage", {"chain.mcuboot.protects": [{"span": [0, end]}]})
    assert _answer(design, "update-available", "app", "remote-ota") is verdict


BY_WIRE = {
    "chain.mcuboot.mode": "single-slot",
    "chain.app.update": "by_wire",
    "chain.app.staging": None,
    "life": {"mode": "single-slot", "rules": [], "recovery": "open"},
}


@pytest.mark.parametrize(
    ("attacker", "recovery", "verdict"),
    [
        ("app-code", "open", Verdict.VIOLATED),
        ("app-code", "absent", Verdict.VIOLATED),
        ("serial-port", "open", Verdict.VIOLATED),
        ("serial-port", "absent", Verdict.HOLDS),
        ("ext-flash-write", "open", Verdict.HOLDS),
        ("old-signed-image", "open", Verdict.UNKNOWN),
        ("old-signed-image", "absent", Verdict.HOLDS),
    ],
)
def test_nothing_compares_what_is_written_where_it_starts(attacker: str, recovery: str, verdict: Verdict) -> None:
    design = edited("SB-S31", {**BY_WIRE, "life.recovery": recovery})
    assert _answer(design, "no-downgrade", "app", attacker) is verdict


@pytest.mark.parametrize(
    ("scenario", "edits", "attacker", "verdict"),
    [
        ("hardened", {}, "ext-flash-write", Verdict.HOLDS),
        ("told-one-stage", {}, "ext-flash-write", Verdict.VIOLATED),
        ("told-one-stage", {"life.recovery": "open"}, "ext-flash-write", Verdict.HOLDS),
        ("swapped-outside", {"sdk": "2.2.0"}, "power-cut", Verdict.VIOLATED),
        ("swapped-outside", {"sdk": "2.2.0", "life": {"recovery": "guarded"}}, "power-cut", Verdict.HOLDS),
    ],
)
def test_a_recovery_port_is_the_way_back_from_what_a_boot_does_not_mend(
    scenario: str, edits: dict[str, Any], attacker: str, verdict: Verdict
) -> None:
    assert _answer(edited(scenario, edits), "update-recoverable", "app", attacker) is verdict


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        ({}, Verdict.VIOLATED),
        ({"keys.kek.per_device": True}, Verdict.UNKNOWN),
        ({"keys.kek.decrypts": None}, Verdict.UNKNOWN),
        ({"keys.kek.decrypts": None, "keys.kek.per_device": False}, Verdict.VIOLATED),
        ({"keys.kek.placement": "host"}, Verdict.HOLDS),
    ],
)
def test_production_is_handed_what_it_loads_into_every_device(key: dict[str, Any], verdict: Verdict) -> None:
    design = edited("SB-S05", {"life": {"recovery": "absent"}, **key})
    assert _answer(design, "secret-confidential", "kek", "factory-insider") is verdict


NOTED = {"keys.image_aes": {"kind": "symmetric", "placement": {"elsewhere": "swap-status"}, "decrypts": "app"}}
SCRATCH_OUTSIDE = {
    "chain.mcuboot.mode": "swap-scratch",
    "life.mode": "swap-scratch",
    "life.behaviours": ["scratch-encrypted"],
    "partitions.mcuboot_scratch": {"at": 0x10000, "size": 0x2000, "memory": "external"},
}


@pytest.mark.parametrize(
    ("edits", "attacker", "verdict"),
    [
        (SCRATCH_OUTSIDE, "ext-flash-read", Verdict.VIOLATED),
        ({**SCRATCH_OUTSIDE, "life.save_encrypted": True}, "ext-flash-read", Verdict.HOLDS),
        ({**SCRATCH_OUTSIDE, "life.save_encrypted": True}, "ext-flash-write", Verdict.HOLDS),
        ({}, "ext-flash-read", Verdict.HOLDS),  # swap using move notes it inside
        ({"keys.enc_priv.published": True}, "ext-flash-read", Verdict.VIOLATED),
        ({"keys.image_aes.decrypts": None}, "ext-flash-read", Verdict.UNKNOWN),
    ],
)
def test_a_swap_notes_the_image_key_where_its_status_lies(edits: dict[str, Any], attacker: str, verdict) -> None:
    design = edited("swapped-outside", {**NOTED, **edits})
    assert _answer(design, "secret-confidential", "image_aes", attacker) is verdict


@pytest.mark.parametrize(
    ("releases", "verdict"),
    [
        ([[1, 0, 0, 0], [1, 1, 0, 0]], Verdict.HOLDS),
        ([[1, 1, 0, 0], [1, 0, 0, 0]], Verdict.UNKNOWN),
        ([[1, 1, 0, 0], [1, 1, 0, 0]], Verdict.UNKNOWN),
    ],
)
@pytest.mark.parametrize("attacker", ["remote-ota", "old-signed-image"])
def test_nsib_numbers_releases_and_nothing_tells_how_where_their_versions_do_not_rise(
    releases: list[list[int]], attacker: str, verdict: Verdict
) -> None:
    design = edited("told-two-stages", {"life.releases": releases})
    assert _answer(design, "no-downgrade", "mcuboot", attacker) is verdict
