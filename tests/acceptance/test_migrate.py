"""Seeded migrations: what each kind of change does to units in the field, and harmless ones that do nothing."""

import pytest
from tests.field import (
    ADVISED,
    FINE,
    HOLDS,
    LOST,
    MOVED_PRIMARY,
    NEW,
    NO_CIPHER,
    NRF52,
    NRF54,
    OLD,
    OPEN,
    REFUSED,
    TODAY,
    TWO_MCUBOOTS,
    UNDEFINED,
    VIOLATED,
    design,
    printed,
    verdicts,
)

SMALLER_MCUBOOT = {
    "partitions.mcuboot.size": 0x8000,
    "partitions.settings_storage": {"at": 0x8000, "size": 0x4000},
    "chain.mcuboot.protects": [],
}
COUNTER = {"life": {"rules": [{"by": "nsib", "image": "mcuboot", "slots": 4, "booted": 4}]}}
OLD_PAIR = ("keys.img_sign_priv", "keys.img_verify_pub")
SCRATCH = {
    "partitions.mcuboot_scratch": {"at": 0xEC000, "size": 0x4000},
    "settings": {"update_mode": "swap-scratch"},
}
OFFSET = {"settings": {"update_mode": "swap-offset"}}


def store(size: int, **more: object) -> dict[str, object]:
    """The settings partition with another size."""
    return {"partitions.settings_storage": {"at": 0xF8000, "size": size, **more}}


def nvs(size: int, sectors: int = 0) -> dict[str, object]:
    """The same, told to hold the usual store, with as many sectors as fit or with some."""
    return store(size, store="nvs", **({"sectors": sectors} if sectors else {}))


def told_counter(booted: int | None, *behaviours: str) -> dict[str, object]:
    """NSIB's counter of four slots, for six releases."""
    rule = {"by": "nsib", "image": "mcuboot", "slots": 4, "booted": booted, "planned": 6}
    return {"life": {"rules": [rule], "behaviours": list(behaviours)}}


def mcuboot_counter(*behaviours: str) -> dict[str, object]:
    """A used-up counter of MCUboot."""
    rule = {"by": "mcuboot", "image": "app", "slots": 4, "booted": 4}
    return {"life": {"rules": [rule], "behaviours": list(behaviours)}}


def pair(fingerprint: str = "") -> dict[str, object]:
    """Other keys for the application, told by a fingerprint or not."""
    told = {"fingerprint": fingerprint} if fingerprint else {}
    return {
        "keys.new_priv": {"kind": "private", "placement": "host", "signs": "app", **told},
        "keys.new_pub": {"kind": "public", "placement": {"image": "mcuboot"}, "verifies": "app", **told},
    }


# what changes: the design, an edit of the deployed one, an edit of the new one and what it loses, and the verdicts
SEEDED = {
    "nothing": (TODAY, {}, {}, (), FINE),
    "the name of a partition": (
        TODAY,
        {},
        {"partitions.store": {"at": 0xF8000, "size": 0x8000}},
        ("partitions.settings_storage",),
        FINE,
    ),
    "the names of a key pair": (TODAY, printed(OLD), pair(OLD), OLD_PAIR, FINE),
    "encryption, switched off": (TODAY, {}, NO_CIPHER, ("keys.enc_priv",), FINE),
    "the primary slot of an immutable bootloader": (TODAY, {}, MOVED_PRIMARY, (), REFUSED),
    "the end of both slots": (
        TODAY,
        {},
        {"partitions.app.size": 0x67E00, "partitions.mcuboot_secondary.size": 0x68000},
        (),
        REFUSED,
    ),
    "the size of the pad": (
        TODAY,
        {},
        {"partitions.app": {"at": 0xC400, "size": 0x6FC00}},
        (),
        REFUSED,
    ),
    "the start of the secondary slot": (
        TODAY,
        {},
        {"partitions.mcuboot_secondary": {"at": 0x80000, "size": 0x70000}},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, HOLDS),
    ),
    "the settings partition": (TODAY, {}, {"partitions.settings_storage.at": 0xF0000}, (), LOST),
    "the size of the settings partition": (TODAY, {}, {"partitions.settings_storage.size": 0x4000}, (), LOST),
    "the settings, into a larger store of an unknown kind": (
        TODAY,
        store(0x4000),
        {},
        (),
        (HOLDS, HOLDS, UNDEFINED, HOLDS, HOLDS),
    ),
    "the sectors of a settings store, to more": (TODAY, nvs(0x4000), nvs(0x8000), (), LOST),
    "the sectors of a settings store, to fewer": (TODAY, nvs(0x8000), nvs(0x4000), (), LOST),
    "the room for a settings store of the same sectors": (TODAY, nvs(0x4000), nvs(0x8000, 4), (), FINE),
    "the settings, onto the locked bootloader": (
        TODAY,
        {},
        {**SMALLER_MCUBOOT, "chain.mcuboot.protects": [{"span": [0, 0x8000]}]},
        (),
        (HOLDS, HOLDS, VIOLATED, HOLDS, UNDEFINED),
    ),
    "the settings, onto an open bootloader": (TODAY, {"chain.mcuboot.protects": []}, SMALLER_MCUBOOT, (), REFUSED),
    "the settings, onto the end of the secondary slot": (
        TODAY,
        {},
        {"partitions.settings_storage.at": 0xE8000, "partitions.mcuboot_secondary.size": 0x6C000},
        (),
        (HOLDS, VIOLATED, VIOLATED, HOLDS, UNDEFINED),
    ),
    "the signature type": (TODAY, {}, {"chain.app.signature": "ed25519"}, (), REFUSED),
    "the signing key": (TODAY, printed(OLD), printed(NEW), (), REFUSED),
    "the signing key, perhaps": (TODAY, {}, pair(), OLD_PAIR, OPEN),
    "the encryption key": (
        TODAY,
        {"keys.enc_priv.fingerprint": OLD},
        {"keys.enc_priv.fingerprint": NEW},
        (),
        REFUSED,
    ),
    "encryption, switched on": (TODAY, {**NO_CIPHER, "keys.enc_priv.decrypts": []}, {}, (), REFUSED),
    "the mode, to one whose client writes elsewhere": (
        TODAY,
        {},
        {"settings": {"update_mode": "swap-offset"}},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, HOLDS),
    ),
    "the mode, from one that looks elsewhere": (
        TODAY,
        OFFSET,
        {},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, HOLDS),
    ),
    "nothing, with swap using scratch": (TODAY, SCRATCH, SCRATCH, (), FINE),
    "nothing, with swap using offset": (TODAY, OFFSET, OFFSET, (), FINE),
    "the scratch area, which becomes a log": (
        TODAY,
        SCRATCH,
        {"partitions.log_storage": {"at": 0xEC000, "size": 0x4000}},
        (),
        (HOLDS, VIOLATED, HOLDS, HOLDS, UNDEFINED),
    ),
    "the mode, to one that is not played": (TODAY, {"settings": {"update_mode": "direct-xip"}}, {}, (), OPEN),
    "a second bootloader, of the same kind": (TWO_MCUBOOTS, {}, {}, (), FINE),
    "the lock of an immutable bootloader": (
        TODAY,
        {"chain.mcuboot.protects": []},
        {},
        (),
        (HOLDS, HOLDS, HOLDS, HOLDS, VIOLATED),
    ),
    "an application that takes no updates": (TODAY, {"chain.app.update": "never"}, {}, (), REFUSED),
    "s1": (
        ADVISED,
        {},
        {
            "partitions.s0_image.size": 0xFE00,
            "partitions.s1_pad.at": 0x18000,
            "partitions.s1_image": {"at": 0x18200, "size": 0x13E00},
        },
        (),
        REFUSED,
    ),
    "the primary slot, with the bootloader": (
        ADVISED,
        {},
        {
            "partitions.mcuboot_pad.at": 0x34000,
            "partitions.tfm": {"at": 0x34200, "size": 0x7E00, "attribution": "secure"},
        },
        (),
        REFUSED,
    ),
    "the border between TF-M and application": (
        ADVISED,
        {},
        {
            "partitions.tfm.size": 0x13E00,
            "partitions.app": {"at": 0x44000, "size": 0x4C000, "attribution": "non_secure"},
        },
        (),
        FINE,
    ),
    "the places of secure and non-secure storage": (
        ADVISED,
        {},
        {"partitions.tfm_storage.at": 0xF8000, "partitions.nonsecure_storage.at": 0xF0000},
        (),
        LOST,
    ),
    "secure storage, given to the other side": (
        ADVISED,
        {},
        {"partitions.nonsecure_storage": {"at": 0xF0000, "size": 0x10000, "attribution": "non_secure"}},
        ("partitions.tfm_storage",),
        LOST,
    ),
    "the slots of a key": (ADVISED, {}, {"keys.kek.placement.kmu": [10, 11]}, (), REFUSED),
    "a chain on nRF52": (NRF52, {}, {}, (), FINE),
    "a full counter that is ignored": (NRF52, COUNTER, COUNTER, (), (HOLDS, HOLDS, HOLDS, HOLDS, VIOLATED)),
    "a full counter that counts": (NRF52, {**COUNTER, "sdk": "3.3.0"}, {**COUNTER, "sdk": "3.3.0"}, (), REFUSED),
    "a full counter, as it is told": (
        NRF52,
        told_counter(4, "counter-fails-closed"),
        told_counter(4, "counter-fails-closed"),
        (),
        REFUSED,
    ),
    "a counter that may be full": (NRF52, told_counter(None), told_counter(None), (), OPEN),
    "a full counter of MCUboot": (TODAY, mcuboot_counter("counter-full-stops"), {}, (), REFUSED),
    "a full counter of MCUboot, and what then": (TODAY, mcuboot_counter(), {}, (), OPEN),
    "a chain on nRF54L": (NRF54, {}, {}, (), FINE),
}


@pytest.mark.parametrize("story", SEEDED)
def test_units_in_the_field_fare_as_the_change_lets_them(story):
    path, deployed, new, dropped, expected = SEEDED[story]
    (found,) = verdicts([design(path, deployed)], design(path, new, dropped))
    assert found == expected
