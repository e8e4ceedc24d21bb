"""Words about keys, updates and the network core that say the opposite, or more than is understood."""

from typing import Any

import pytest
from tests.unit.sources.test_scenario_card import _card, _points, _read

from bootverify.design.boot import Protect
from bootverify.design.design import Design
from bootverify.design.keys import InImage
from bootverify.design.life import Recovery


def _key(soc: str = "nRF5340", **fields: Any) -> Design:
    card = _card()
    card["soc"] = soc
    if soc != "nRF5340":
        card["design"]["protection"] = {"engine": "RRAMC", "locks": [], "tfm": "absent", "approtect": "on"}
    told = {"name": "k", "kind": "symmetric", "placement": "KMU slots 8-9", "used_for": "talk to the cloud"}
    card["design"]["keys"].append({**told, **fields})
    return _read(card)


ENGINE = "write-only CryptoCell key register"


@pytest.mark.parametrize(
    ("fields", "readable"),
    [
        ({"push_to": ENGINE}, False),
        ({"push_to": ENGINE, "permissions": "no write, no read, push only"}, False),
        ({"push_to": ENGINE, "permissions": "read and push allowed"}, True),
        ({"push_to": ENGINE, "cpu_readable": "yes"}, True),
    ],
)
def test_the_permissions_of_a_slot_are_read(fields: dict[str, str], readable: bool) -> None:
    design = _key(**fields)
    assert design.key("k").placements[0].readable is readable  # type: ignore[union-attr]
    assert not _points(design)


@pytest.mark.parametrize(
    ("fields", "point"),
    [
        ({"push_to": ENGINE, "cpu_readable": "no, except by TF-M"}, "unread-readable"),
        ({"push_to": ENGINE, "permissions": "those of the factory"}, "unread-readable"),
        ({"push_to": ENGINE, "permissions": "read", "cpu_readable": False}, "contradicting-readable"),
        ({"push_to": "not a crypto engine register"}, "push-target"),
        ({"placement": "settings_storage", "stored": "wrapped under another key"}, "unread-form"),
        ({"kind": "public", "push_to": ENGINE, "private_half": "never published"}, "unread-half"),
        ({"kind": "public", "push_to": ENGINE, "state": "not compromised"}, "unread-half"),
        ({"kind": "public", "push_to": ENGINE, "origin": "not the default file"}, "unread-half"),
        ({"kind": "public", "push_to": ENGINE, "revocation": "locked or revocable"}, "unread-revocation"),
        ({"placement": "uicr-otp", "provisioned": "never"}, "not-provisioned"),
    ],
)
def test_what_is_said_of_a_key_and_not_understood_is_open(fields: dict[str, Any], point: str) -> None:
    assert point in _points(_key(**fields))


def test_a_slot_that_is_not_locked_can_be_revoked() -> None:
    assert _key(kind="public", revocation="not locked").key("k").revocable is True
    assert _key(kind="public", revocation="locked").key("k").revocable is False


def test_the_key_file_that_every_build_has_is_known_to_everybody() -> None:
    assert _key(kind="public", origin="default file of the bootloader build").key("k").published


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ("UART, button entry, no login", Recovery.OPEN),
        ("reachable in the product", Recovery.OPEN),
        ("USB, with password", Recovery.GUARDED),
        ("not reachable in the product", Recovery.ABSENT),
        ("no login, UART", Recovery.OPEN),
    ],
)
def test_a_recovery_port_is_read(told: str, word: Recovery) -> None:
    design = _read(_card(), {"update.serial_recovery": told})
    assert design.life.recovery is word
    assert not _points(design)


@pytest.mark.parametrize(
    ("change", "point"),
    [
        ({"update.serial_recovery": "UART, disabled in production builds"}, "unread-recovery"),
        ({"update.downgrade": "no hardware counter"}, "unread-rule"),
        ({"update.downgrade": "sw (image version), disabled"}, "unread-rule"),
        ({"update.factory_image": "in the format of the supplier"}, "unread-factory-image"),
        ({"protection.tfm": {"isolation_level": 3}, "chain.app.runs_as": "SPE + NSPE"}, "isolation-level"),
        ({"protection.flash_patch": "disabled in release builds"}, "unread-flash-patch"),
    ],
)
def test_what_is_said_of_updates_and_not_understood_is_open(change: dict[str, Any], point: str) -> None:
    assert point in _points(_read(_card(), change))


@pytest.mark.parametrize("told", ["signed, unencrypted", "signed, encryption metadata missing", "signed only"])
def test_a_factory_image_that_no_swap_encrypts_is_read_so(told: str) -> None:
    assert _read(_card(), {"update.factory_image": told}).life.factory_image == "signed"


RADIO = {"stage": "net_app", "role": "network-core image", "mutability": "updatable via app core"}
TRANSFER = {"span": [0x2006E000, 0x20070000], "set_by": "mcuboot", "when": "before hand-off"}


@pytest.mark.parametrize(
    ("lock", "locked"),
    [
        ({"perm": "non-secure, read-only, locked until reset"}, True),
        ({"perm": "non-secure, read-only, not locked"}, False),
        ("none", False),
        ({"perm": "non-secure, read-only, locked until reset", "set_by": "app"}, None),
        ({"perm": "non-secure, read-only, locked until reset", "when": "when the application asks"}, None),
        ({"perm": "non-secure, read-only, locked until reset", "span": [0x2006E000, 0x2006F000]}, None),
    ],
)
def test_the_lock_of_the_transfer_ram_counts_when_a_boot_stage_sets_it_whole(lock: Any, locked: bool | None) -> None:
    card = _card()
    card["design"]["chain"].append({**RADIO, "verified_by": "mcuboot", "signature": "ecdsa-p256 checked on app core"})
    card["design"]["partitions"]["entries"] += [
        {"name": "net_app", "at": 0x8800, "size": 0x37800, "region": "network-core flash"},
        {"name": "pcd_sram", "at": 0x2006E000, "size": 0x2000, "region": "sram"},
    ]
    card["design"]["protection"]["pcd_ram_lock"] = {**TRANSFER, **lock} if isinstance(lock, dict) else lock
    design = _read(card)
    assert design.network[0].transfer_locked is locked
    assert ("unread-transfer-lock" in _points(design)) is (locked is None)


def test_a_secret_in_an_image_of_two_parts_is_open_for_the_non_secure_one() -> None:
    card = _card()
    card["design"]["chain"][1]["runs_as"] = "SPE + NSPE"
    card["design"]["protection"]["tfm"] = {"isolation_level": 1}
    card["design"]["keys"].append({"name": "k", "kind": "symmetric", "placement": "app image", "used_for": "talk"})
    assert "part-not-told" in _points(_read(card))


def test_a_region_of_rram_that_is_not_locked_protects_nothing() -> None:
    card = _card()
    card["soc"] = "nRF54L15"
    lock = {"span": [0x0, 0xC000], "perm": "write denied, not locked", "set_by": "mcuboot", "when": "before hand-off"}
    card["design"]["protection"] = {"engine": "RRAMC", "locks": [lock], "tfm": "absent", "approtect": "on"}
    assert not any(isinstance(step, Protect) for step in _read(card).stages[0].steps)


def test_an_entry_that_is_said_to_be_unlocked_contradicts_its_unit() -> None:
    card = _card()
    card["soc"] = "nRF52840"
    lock = {"span": [0x0, 0xC000], "perm": "write denied, not locked", "set_by": "mcuboot", "when": "before hand-off"}
    card["design"]["protection"] = {"engine": "ACL", "locks": [lock], "tfm": "absent", "approtect": "on"}
    assert "contradicting-permission" in _points(_read(card))


@pytest.mark.parametrize("words", ["app", "app partition"])
def test_what_lies_in_the_code_of_a_stage_is_part_of_its_image(words: str) -> None:
    (place,) = _key(placement=words).key("k").placements
    assert isinstance(place, InImage)
    assert place.image == "app"


def test_a_key_in_the_second_part_of_an_image_lies_behind_the_first() -> None:
    card = _card()
    card["design"]["chain"][1]["runs_as"] = "SPE + NSPE"
    card["design"]["protection"]["tfm"] = {"ns_start": 0x18000}
    tfm = {"name": "tfm", "at": 0xC200, "size": 0xBE00, "region": "internal", "world": "secure"}
    card["design"]["partitions"]["entries"][2].update({"at": 0x18000, "size": 0x64000, "world": "non-secure"})
    card["design"]["partitions"]["entries"].insert(2, tfm)
    card["design"]["keys"].append({"name": "k", "kind": "symmetric", "placement": "app", "used_for": "cloud"})
    (place,) = _read(card).key("k").placements
    assert isinstance(place, InImage)
    assert place.offset == 0x18000 - 0xC200 + 0x400


def test_a_part_without_a_secure_port_needs_no_word_about_it() -> None:
    card = _card()
    card["soc"] = "nRF52840"
    card["design"]["chain"][1]["runs_as"] = "M4, no TrustZone"
    locks = [{"span": [0, 0xC000], "perm": "write denied until reset", "set_by": "mcuboot", "when": "before hand-off"}]
    card["design"]["protection"] = {"engine": "ACL", "locks": locks, "tfm": "absent", "approtect": "off"}
    assert not _points(_read(card))
