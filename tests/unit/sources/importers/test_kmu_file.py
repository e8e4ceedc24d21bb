"""What a build provisions into the KMU: the file tells slot and policy of each key."""

import base64
import json
import struct

import pytest
from tests.designs.build_dirs import Build, write_build
from tests.edited import verdict_of

from bootverify.check.verdict import Verdict
from bootverify.design.keys import HostOnly, InImage, InKmu, KeyKind, PushTarget
from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.sources.importers import load

OWN, NEXT, OTHER = (
    PrivateKey(name=f"test_kmu_file.py, {name}", scheme=Scheme.ED25519) for name in ("own", "next", "other")
)
IN_KMU = "CONFIG_BOOT_SIGNATURE_TYPE_ED25519=y\nCONFIG_BOOT_SIGNATURE_USING_KMU=y\n"
GENERATIONS = "CONFIG_BOOT_SIGNATURE_KMU_SLOTS={}\n"
ROTATES, REVOKES, LOCKED = 1, 2, 3
PROTECTED, RAW = 0, 3


def slot(number, value, policy=LOCKED, kind=(0x4142, 255), scheme=RAW):
    """One entry of the file; a value is a key, bytes, or text as it stands."""
    value = value.public[-32:] if isinstance(value, PrivateKey) else value
    lifetime, identifier = 0x804E4B00 | policy, 0x7FFF0000 | scheme << 12 | number
    metadata = struct.pack("<HHIIIIII", *kind, lifetime, 0x2800, 0x06000800, 0, identifier, 0)
    return {"metadata": f"0x{metadata.hex().upper()}", "value": value if isinstance(value, str) else f"0x{value.hex()}"}


def written(path, lines="", **choices):
    """A build whose MCUboot looks for Ed25519 keys in the KMU, and carries none."""
    build = write_build(path, Build(**{"soc": "nrf54l15", "application_key": False} | choices))
    config = build / "mcuboot" / "zephyr" / ".config"
    config.write_text(config.read_text().replace("CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256=y\n", IN_KMU + lines))
    return build


def built(tmp_path, *slots, content=None, lines="", **choices):
    path = written(tmp_path / "app" / "build", lines, **choices)
    text = json.dumps({"version": 0, "keyslots": list(slots)}, indent=4) if content is None else content
    (path / "keyfile.json").write_text(text)
    return load(path, shown="build")


def kmu(design):
    places = [(key, place) for key in design.keys for place in key.placements if isinstance(place, InKmu)]
    return {place.slots[0]: (key, place) for key, place in places}


@pytest.mark.parametrize(
    ("policy", "revocable", "reusable"), [(ROTATES, True, True), (REVOKES, True, False), (LOCKED, False, False)]
)
def test_the_file_tells_slot_and_policy_of_what_verifies_the_application(tmp_path, policy, revocable, reusable) -> None:
    design = built(tmp_path, slot(242, OWN, policy), slot(244, NEXT), lines=GENERATIONS.format(2))
    key, place = kmu(design)[242]
    assert (key.kind, key.revocable, key.reusable) == (KeyKind.PUBLIC, revocable, reusable)
    assert (place.slots, place.push_to) == ((242, 243), PushTarget.RAM)
    assert [use.image for use in key.uses] == ["app"]
    assert (key.source.file, key.source.line) == ("build/keyfile.json", 5)
    assert kmu(design)[244][0].source.line == 9
    assert kmu(design)[244][0].uses == key.uses


def test_a_key_that_others_show_too_is_one_and_lies_where_the_file_says(tmp_path) -> None:
    home = tmp_path / "app"
    (home / "keys").mkdir(parents=True)
    (home / "prj.conf").write_text("CONFIG_BOOTLOADER_MCUBOOT=y\n")
    text = base64.b64encode(OWN.public).decode()
    (home / "keys" / "own.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    design = built(tmp_path, slot(242, NEXT), slot(244, OWN), key_file="keys/own.pem")
    signing, _ = kmu(design)[244]
    assert signing.name == "image_signing"
    assert [place.file for place in signing.source.also] == ["build/../keys/own.pem", "build/keyfile.json"]
    assert kmu(design)[242][0].name == "kmu_242"
    assert len([key for key in design.keys if key.fingerprint == signing.fingerprint]) == 1


def test_a_key_that_was_taken_to_lie_in_the_slot_of_another_does_not(tmp_path) -> None:
    published = "/home/builder/ncs/bootloader/mcuboot/root-ed25519.pem"
    design = built(tmp_path, slot(242, OTHER), key_file=published)
    assert kmu(design)[242][0].name == "kmu_242"
    assert isinstance(design.key("image_signing").placements[0], HostOnly)
    assert any("`image_signing` is not the key" in entry.what for entry in design.ledger)


def test_a_key_that_mcuboot_carries_stays_in_it(tmp_path) -> None:
    design = built(tmp_path, slot(242, OWN), boot_loader=OWN.public)
    told = kmu(design)[242][0]
    carried = [key for key in design.keys if key.fingerprint == told.fingerprint and key.name != told.name]
    assert [[type(place) for place in key.placements] for key in carried] == [[InImage]]


@pytest.mark.parametrize(("number", "empty"), [(1, []), (2, []), (3, [246])])
def test_a_generation_that_mcuboot_tries_and_the_file_leaves_out_is_empty(tmp_path, number, empty) -> None:
    design = built(tmp_path, slot(242, OWN), slot(244, NEXT), lines=GENERATIONS.format(number))
    found = kmu(design)
    assert [number for number, (key, _) in sorted(found.items()) if key.empty] == empty
    assert [number for number, (key, _) in sorted(found.items()) if key.uses] == [242, 244, 246][:number]
    verdict = verdict_of(design, "authentic-only", "app", "app-code-secure")
    assert verdict is (Verdict.VIOLATED if empty else Verdict.HOLDS)


@pytest.mark.parametrize(("number", "verdict"), [(1, Verdict.HOLDS), (2, Verdict.UNKNOWN)])
def test_without_the_file_a_further_generation_is_open(tmp_path, number, verdict) -> None:
    design = load(written(tmp_path / "build", GENERATIONS.format(number)))
    assert [point.name for point in design.open_points] == ["kmu-generations-not-told"] * (number > 1)
    assert verdict_of(design, "authentic-only", "app", "app-code-secure") is verdict
    assert verdict_of(design, "authentic-only", "app", "remote-ota") is Verdict.HOLDS


def test_a_secret_in_the_file_is_seen_by_who_has_it_and_one_drawn_on_the_device_is_not(tmp_path) -> None:
    design = built(
        tmp_path,
        slot(10, bytes(range(32)), REVOKES, kind=(0x2400, 256), scheme=PROTECTED),
        slot(20, "TRNG:16", REVOKES, kind=(0x2400, 128), scheme=PROTECTED),
    )
    read, drawn = (kmu(design)[number][0] for number in (10, 20))
    assert (read.kind, read.found, read.per_device) == (KeyKind.SYMMETRIC, ("factory",), None)
    assert (drawn.kind, drawn.found, drawn.per_device) == (KeyKind.SYMMETRIC, (), True)
    assert [kmu(design)[number][1].slots for number in (10, 20)] == [(10, 11), (20,)]
    assert kmu(design)[10][1].push_to is PushTarget.ENGINE


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "it has no list `keyslots`"),
        (None, "another store"),
        (json.dumps({"keyslots": [3, {"metadata": "0x12", "value": 5}, {"value": "0x00"}]}), None),
    ],
)
def test_what_the_file_does_not_tell_is_noted_and_takes_nothing_away(tmp_path, content, words) -> None:
    design = built(tmp_path, slot(255, OWN), content=content)
    assert [stage.name for stage in design.stages] == ["mcuboot", "app"]
    noted = [entry for entry in design.ledger if entry.file == "build/keyfile.json"]
    assert [words in entry.what for entry in noted] == ([True] if words else [])
