"""Words of a card that say less, more or the opposite: what is not understood is told and takes the verdict away."""

from typing import Any

import pytest
from tests.unit.sources.test_scenario_card import _card, _points, _read

from bootverify.api import check
from bootverify.check.verdict import Verdict
from bootverify.design.boot import EncryptionType, Protect, SignatureType
from bootverify.design.design import Design
from bootverify.design.life import Behaviour
from bootverify.design.protection import Access
from bootverify.ranges import AddressRange


def _with(change: dict[str, Any]) -> Design:
    return _read(_card(), change)


def _lock(**change: Any) -> list[dict[str, Any]]:
    told = {"span": [0x0, 0xC000], "perm": "R-X, secure, locked until reset", "set_by": "mcuboot"}
    return [{**told, "when": "before hand-off", **change}]


@pytest.mark.parametrize(
    "change",
    [
        {"perm": "R-X, secure, locked until reset unless a probe is attached"},
        {"perm": "R-X in production builds"},
        {"perm": "secure, locked until reset"},
        {"when": "before hand-off (debug builds only)"},
        {"when": "at first start"},
        {"when": "at start of the application"},
        {"when": "sometimes"},
        {"set_by": "mcuboot, if built with the option"},
        {"span": [0x0]},
        {"span": None},
    ],
)
def test_a_lock_with_a_condition_is_open(change: dict[str, Any]) -> None:
    assert _points(_with({"protection.locks": _lock(**change)}))


@pytest.mark.parametrize("perm", ["R-X, secure, not locked", "R-X, secure, unlocked"])
def test_a_span_that_is_not_locked_is_read_so(perm: str) -> None:
    design = _with({"protection.locks": _lock(perm=perm)})
    (step,) = (step for step in design.stages[0].steps if isinstance(step, Protect))
    assert step.lock.value == "none"
    assert not _points(design)


def test_a_region_that_is_left_as_at_reset_is_no_lock() -> None:
    design = _with({"protection.locks": _lock(perm="RWX, secure, not locked")})
    assert not [step for step in design.stages[0].steps if isinstance(step, Protect)]
    assert not _points(design)


@pytest.mark.parametrize(
    ("span", "attacker", "verdict"),
    [
        ([0xC000, 0x14000], "secure-partition", Verdict.VIOLATED),
        ([0x0, 0x14000], "secure-partition", Verdict.UNKNOWN),
        ([0x0, 0x14000], "app-code-ns", Verdict.HOLDS),
    ],
)
def test_a_lock_by_tfm_over_more_than_its_own_code_is_open(span: list[int], attacker: str, verdict: Verdict) -> None:
    change = {
        "chain.app.runs_as": "SPE + NSPE",
        "partitions.app": {"at": 0x14000, "size": 0x68000, "region": "internal", "world": "non-secure"},
        "partitions.tfm": {"at": 0xC200, "size": 0x7E00, "region": "internal", "world": "secure"},
        "protection.tfm": {"ns_start": 0x14000},
        "protection.locks": _lock(span=span, set_by="tfm", when="at start"),
    }
    policy, subject = "boot-write-denied", "mcuboot"
    (finding,) = check(_with(change), policies=[policy], subjects=[subject], attackers=[attacker]).findings
    assert finding.verdict is verdict


def test_a_size_beside_a_permission_says_nothing_that_the_span_does_not() -> None:
    perm = "R-X, secure, locked until reset (size clamped to 48 KiB)"
    assert not _points(_with({"protection.locks": _lock(perm=perm)}))


@pytest.mark.parametrize(
    ("soc", "told", "closed"),
    [
        ("nRF5340", "off in the bootloader, on in the application", False),
        ("nRF5340", "on in mcuboot, off in the application", True),
        ("nRF9160", "lock option set, UICR not written", False),
        ("nRF9151", "lock option set, UICR not written", True),
        ("nRF5340", "on (firmware option only, UICR not written)", True),
    ],
)
def test_the_port_is_what_the_first_stage_and_the_part_make_of_it(soc: str, told: str, *, closed: bool) -> None:
    card = _card()
    card["soc"] = soc
    if soc.startswith("nRF91"):
        card["design"]["protection"]["locks"] = []
    design = _read(card, {"protection.approtect": told})
    assert design.lifecycle.approtect is closed
    assert not _points(design)


@pytest.mark.parametrize(
    ("told", "works"),
    [("enabled (default)", True), ("disabled by MCUboot at start", False), ("off (DISABLE_FLASH_PATCH)", False)],
)
def test_a_flash_patch_unit_is_read_in_more_words(told: str, works: bool) -> None:
    card = _card()
    card["soc"], card["design"]["protection"] = (
        "nRF52840",
        {"engine": "ACL", "locks": [], "tfm": "absent", "approtect": "on"},
    )
    design = _read(card, {"protection.flash_patch": told})
    assert design.lifecycle.flash_patch is works
    assert not _points(design)


@pytest.mark.parametrize(
    "told", ["raised only for security fixes", "raised only with critical fixes", "raised for security fixes only"]
)
def test_a_counter_may_rise_in_some_releases_only(told: str) -> None:
    design = _with({"update.downgrade": f"hw-mcuboot, 240 slots, counter {told}"})
    assert [(rule.by, rule.every_release) for rule in design.life.rules or ()] == [("mcuboot", False)]


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("approtect", "on in the application"),
        ("approtect", "on (firmware option only, UICR not yet read)"),
        ("approtect", "user handling"),
        ("secure_approtect", "on in development"),
        ("eraseprotect", "on, but the unlock service is shipped"),
    ],
)
def test_a_switch_with_more_words_is_open(field: str, told: str) -> None:
    assert f"unread-{field}" in _points(_with({f"protection.{field}": told}))


@pytest.mark.parametrize("told", ["no image is skipped", "on, except after a pin reset", "true (release builds)"])
def test_a_truth_value_with_more_words_is_none(told: str) -> None:
    assert "unread-switch" in _points(_with({"update.validate_primary_each_boot": told}))


@pytest.mark.parametrize("told", ["none", "sha-256", "hash only", "unsigned"])
def test_a_digest_is_no_signature(told: str) -> None:
    design = _with({"chain.app.signature": told})
    assert design.image("app").signature is SignatureType.NONE or "unread-signature" in _points(design)


@pytest.mark.parametrize("told", ["ecdsa-p256, not verified", "own scheme", "ecdsa-p256 or none"])
def test_an_unread_signature_is_open(told: str) -> None:
    assert "unread-signature" in _points(_with({"chain.app.signature": told}))


@pytest.mark.parametrize("told", ["no", "off", "plain"])
def test_no_encryption_is_read_so(told: str) -> None:
    assert _with({"chain.app.encrypted": told}).image("app").encryption is EncryptionType.NONE


def test_an_unread_encryption_is_open() -> None:
    assert "unread-encryption" in _points(_with({"chain.app.encrypted": "xor with the serial number"}))


@pytest.mark.parametrize("told", ["cannot be updated", "no field update", "without an update path"])
def test_what_cannot_be_updated_is_not_shipped(told: str) -> None:
    assert not _with({"chain.app.mutability": told}).image("app").updatable


@pytest.mark.parametrize(
    ("fact", "read"),
    [
        ("boot stops when the lock cannot be set", Behaviour.LOCK_FAILURE_STOPS),
        ("boot never stops when the lock cannot be set", None),
        ("an image whose counter write fails is not booted", Behaviour.COUNTER_FAILS_CLOSED),
        ("a swap is never resumed after a reset", Behaviour.SWAP_CUT_LOSES_IMAGE),
        ("a swap is always resumed after a reset", Behaviour.SWAP_CUT_SURVIVES),
        ("a swap is hardly resumed after a reset", None),
        ("metadata entries are never accepted from the unsigned area", None),
    ],
)
def test_a_release_fact_turned_round_is_not_read_as_its_opposite(fact: str, read: Behaviour | None) -> None:
    design = _with({"update.release_facts": [fact]})
    assert design.life.behaviours == ({read} if read else set())
    assert ("unread-release-fact" in _points(design)) is (read is None)


def test_two_stages_never_share_one_slot() -> None:
    extra = {"stage": "app_ext", "role": "application part", "mutability": "updatable over the air"}
    card = _card()
    card["design"]["chain"].append({**extra, "verified_by": "mcuboot", "signature": "ecdsa-p256"})
    card["design"]["partitions"]["entries"].append(
        {"name": "app_ext", "at": 0x0, "size": 0x80000, "region": "external"}
    )
    assert "no-slot" in _points(_read(card))


def test_a_pair_of_slots_belongs_to_the_stage_that_it_holds() -> None:
    extra = {"stage": "loader", "role": "third stage (MCUboot)", "mutability": "updatable over the air"}
    card = _card()
    card["design"]["chain"].insert(1, {**extra, "verified_by": "mcuboot", "signature": "ecdsa-p256"})
    card["design"]["chain"][2]["verified_by"] = "loader"
    pair = [("s0_image", 0xC000, "mcuboot"), ("s1_image", 0x14000, "mcuboot (other variant)")]
    entries = [{"name": name, "at": at, "size": 0x8000, "holds": held} for name, at, held in pair]
    card["design"]["partitions"]["entries"] += [*entries, {"name": "loader", "at": 0xE0000, "size": 0x8000}]
    design = _read(card)
    assert (design.image("mcuboot").slots, design.image("loader").slots) == (("s0_image", "s1_image"), ("loader",))


def _with_generation(**more: str) -> Design:
    """A chain on nRF54L15 with `gen1` in the KMU, of which `more` is told."""
    card = _card()
    card.update({"soc": "nRF54L15"})
    card["design"]["protection"] = {"engine": "RRAMC", "locks": [], "tfm": "absent", "approtect": "on"}
    key = {"name": "gen1", "kind": "public", "placement": "KMU slot 244", "used_for": "verify app"}
    card["design"]["keys"].append({**key, **more})
    return _read(card)


@pytest.mark.parametrize(
    "more",
    [{"placement": "KMU slot 244 (empty)"}, {"provisioned": "not in production"}, {"state": "never filled"}],
)
def test_a_slot_that_nobody_filled_is_read_so(more: dict[str, str]) -> None:
    assert _with_generation(**more).key("gen1").empty


def test_a_slot_whose_policy_rotates_takes_another_key() -> None:
    assert _with_generation(revocation="rotating").key("gen1").reusable
    assert not _with_generation(revocation="locked").key("gen1").reusable


@pytest.mark.parametrize("soc", ["nRF52840", "nRF5340"])
def test_no_key_lies_in_a_slot_that_the_part_does_not_have(soc: str) -> None:
    card = _card()
    card["soc"] = soc
    card["design"]["keys"].append({"name": "kek", "kind": "symmetric", "placement": "KMU slots 200-201"})
    assert "no-such-slot" in _points(_read(card))


def _with_boot_region(set_by: str, when: str, first: dict[str, Any] | None = None) -> AddressRange | None:
    card = _card()
    card["soc"] = "nRF54L15"
    if first:
        card["design"]["chain"][0].update(first)
    lock = {"span": [0x0, 0x8000], "perm": "write denied until reset", "set_by": set_by, "when": when}
    card["design"]["protection"] = {"engine": "RRAMC", "locks": [lock], "tfm": "absent", "approtect": "on"}
    return _read(card).lifecycle.boot_region


def test_a_boot_region_ends_where_hardware_lets_it_end() -> None:
    region = _with_boot_region("UICR BOOTCONF", "from reset")
    assert region is not None
    assert region.size == 0x7C00


@pytest.mark.parametrize("when", ["at start", "from reset"])
def test_nsib_of_nrf54l_has_hardware_lock_it(when: str) -> None:
    region = _with_boot_region("mcuboot", when, {"role": "first stage (NSIB)", "stage": "b0"})
    assert region is None  # another stage's
    region = _with_boot_region("b0", when, {"role": "first stage (NSIB)", "stage": "b0"})
    assert region is not None
    assert region.size == 0x7C00


def test_an_early_lock_library_is_open_for_a_second_stage() -> None:
    card = _card()
    card.update({"soc": "nRF52840", "sdk": "nRF Connect SDK 1.5"})
    b0 = {"stage": "b0", "role": "first stage (NSIB)", "mutability": "immutable", "verified_by": "none"}
    card["design"]["chain"][0].update({"verified_by": "b0", "role": "second stage", "signature": "ecdsa-p256"})
    card["design"]["chain"].insert(0, b0)
    card["design"]["chain"][2]["runs_as"] = "M4, no TrustZone"
    acl = {"perm": "write denied until reset (ACL)", "when": "before hand-off"}
    entries = card["design"]["partitions"]["entries"]
    entries[-1:] = [{"name": "b0", "at": 0x80000, "size": 0x8000}, {"name": "provision", "at": 0x88000, "size": 0x1000}]
    spans = ([0x80000, 0x88000], "b0"), ([0x0, 0xC000], "mcuboot")
    locks = [{"span": span, "set_by": by, **acl} for span, by in spans]
    card["design"]["protection"] = {"engine": "ACL", "locks": locks, "tfm": "absent", "approtect": "on"}
    assert "old-lock-library" in _points(_read(card))
    assert "old-lock-library" not in _points(_read({**card, "sdk": "nRF Connect SDK 2.5"}))


def test_a_part_without_otp_words_needs_a_page_for_the_key_hashes() -> None:
    card = _card()
    card["soc"] = "nRF52840"
    card["design"]["chain"][0].update({"stage": "b0", "role": "first stage (NSIB)"})
    card["design"]["partitions"]["entries"][0]["name"] = "b0"
    card["design"]["protection"] = {"engine": "ACL", "locks": [], "tfm": "absent", "approtect": "on"}
    assert "no-provision-page" in _points(_read(card))


def test_words_of_the_uicr_that_hold_counters_for_a_stage_are_no_slot_of_it() -> None:
    counters = {"at": 0xFF8100, "size": 0x280, "region": "uicr-otp", "holds": "MCUboot counters"}
    design = _with({"partitions.otp": counters, "partitions.mcuboot.holds": "mcuboot"})
    assert design.images[0].slots == ("mcuboot",)


@pytest.mark.parametrize("perm", ["no access until reset", "no read, no write, no execute, locked until reset"])
def test_a_boot_stage_takes_all_access_to_its_region_of_an_rramc_away(perm: str) -> None:
    card = {**_card(), "soc": "nRF54L15", "sdk": "nRF Connect SDK 3.1"}
    card["design"]["protection"]["engine"] = "RRAMC"
    design = _read(card, {"protection.locks": _lock(span=[0x0, 0x7C00], perm=perm)})
    (step,) = (step for step in design.root.steps if isinstance(step, Protect))
    assert step.deny == frozenset(Access)
    assert "denied-read" not in _points(design)
    assert "denied-read" in _points(_with({"protection.locks": _lock(perm=perm)}))


def test_a_swap_through_scratch_needs_a_scratch_area() -> None:
    design = _with({"update.mode": "swap-scratch"})
    report = check(design, policies=["config-supported"], subjects=["mcuboot"], attackers=["operator-error"])
    assert [finding.verdict for finding in report.findings] == [Verdict.UNDEFINED]
    area = {"at": 0xEC000, "size": 0x8000, "region": "internal"}
    drawn = _with({"update.mode": "swap-scratch", "partitions.mcuboot_scratch": area})
    assert "no-scratch-area" in _points(design)
    assert "no-scratch-area" not in _points(drawn)
