"""A card is read as a design: its words by key phrases, nothing of its answers, nothing dropped in silence."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bootverify.design.boot import Protect
from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, InImage, InKmu, PushTarget
from bootverify.design.life import Behaviour, Recovery
from bootverify.errors import InputError
from bootverify.sources.document import parse_written
from bootverify.sources.importers.card.release import window, window_holds
from bootverify.sources.importers.card.scenario import parse
from bootverify.sources.importers.card.words import number_before, read, truth

CARD = """\
format: scenario-card/1
id: T-1
title: made for this test
soc: nRF5340
sdk: nRF Connect SDK 2.6.1
design:
  chain:
    - {stage: mcuboot, role: first stage, mutability: immutable, verified_by: none (reset vector), signature: none}
    - stage: app
      role: application
      mutability: updatable over the air
      verified_by: mcuboot
      signature: ecdsa-p256
      encrypted: none
      runs_as: secure (no TF-M)
  partitions:
    entries:
      - {name: mcuboot, at: 0x0, size: 0xc000, region: internal}
      - {name: mcuboot_pad, at: 0xc000, size: 0x200, region: internal}
      - {name: app, at: 0xc200, size: 0x6fe00, region: internal}
      - {name: mcuboot_secondary, at: 0x7c000, size: 0x70000, region: internal}
  protection:
    engine: SPU
    locks:
      - {span: [0x0, 0xc000], perm: 'R-X, secure, locked until reset', set_by: mcuboot, when: before hand-off}
    tfm: absent
    approtect: 'on'
    secure_approtect: 'on'
    eraseprotect: 'off'
  keys:
    - {name: img_verify_pub, kind: public, placement: mcuboot image, used_for: verify app}
  update:
    mode: swap-move
    downgrade: none
    validate_primary_each_boot: true
question: {property: authentic-only, subject: app, attacker: remote-ota}
verdict: {expected: holds}
"""


def _card() -> dict[str, Any]:
    return yaml.safe_load(CARD)


def _read(card: dict[str, Any], variant: dict[str, Any] | None = None) -> Design:
    text = yaml.safe_dump(card, sort_keys=False)
    return parse(parse_written(text.encode(), "card.yaml"), variant)


def _points(design: Design) -> set[str]:
    return {point.name for point in design.open_points}


def test_a_card_that_is_understood_has_no_open_point() -> None:
    assert _points(_read(_card())) == set()


def test_title_question_and_answers_are_no_input() -> None:
    card = _card()
    bare = {key: card[key] for key in ("format", "id", "soc", "sdk", "design")}
    whole, cut = _read(card), _read(bare)
    for field in ("soc", "sdk", "partitions", "images", "stages", "keys", "life", "network", "open_points"):
        assert getattr(whole, field) == getattr(cut, field)


def test_the_image_starts_at_its_pad() -> None:
    image = _read(_card()).image("app")
    assert _read(_card()).partition(image.slots[0]).range.start == 0xC000


def test_a_variant_edits_list_items_by_name_and_adds_what_is_absent() -> None:
    key = {"kind": "symmetric", "placement": "KMU slots 8-9", "used_for": "unwrap", "push_to": "0x20006000 (SRAM)"}
    changes = {"partitions.app.size": 0x60000, "keys.kek": key, "sdk": "nRF Connect SDK 3.0"}
    design = _read(_card(), changes)
    assert design.partition("app").range.size == 0x60000
    assert design.sdk == "nRF Connect SDK 3.0"
    place = design.key("kek").placements[0]
    assert isinstance(place, InKmu)
    assert (place.slots, place.push_to) == ((8, 9), PushTarget.RAM)


@pytest.mark.parametrize(
    ("path", "value", "point"),
    [
        ("update.colour", "blue", "unread-update-field"),
        ("update.mode", "teleport", "unread-mode"),
        ("update.downgrade", "by goodwill", "unread-rule"),
        ("update.release_facts", ["the moon is full"], "unread-release-fact"),
        ("update.event", "an asteroid", "unread-event"),
        ("protection.guard_dog", True, "unread-protection"),
        ("protection.approtect", "perhaps", "unread-approtect"),
        ("protection.engine", "ACL", "foreign-engine"),
        ("chain.app.mood", "cheerful", "unread-stage-field"),
        ("chain.app.runs_as", "SPE + NSPE", "contradicting-tfm"),
        ("keys.img_verify_pub.placement", "under the mat", "unread-placement"),
        ("keys.img_verify_pub.smell", "roses", "unread-key-field"),
        ("garden", {"tree": 1}, "unread-section"),
    ],
)
def test_what_is_not_understood_is_an_open_point_and_stands_in_the_ledger(path: str, value: Any, point: str) -> None:
    design = _read(_card(), {path: value})
    assert point in _points(design)
    assert design.ledger


def test_a_part_keeps_its_own_way_where_the_card_draws_another() -> None:
    card = _card()
    card["soc"] = "nRF52832"
    card["design"]["protection"].update({"engine": "BPROT", "flash_patch": "disabled", "eraseprotect": "on"})
    card["design"]["partitions"]["entries"][3].update({"at": 0x72000, "size": 0x8000})
    card["design"]["partitions"]["entries"][2]["size"] = 0x60000
    design = _read(card)
    assert _points(design) >= {"no-erase-protection", "foreign-flash-patch"}
    assert design.lifecycle.flash_patch
    assert not design.lifecycle.eraseprotect


def test_verification_at_boot_is_not_assumed() -> None:
    card = _card()
    del card["design"]["update"]["validate_primary_each_boot"]
    assert _points(_read(card)) == {"validation-not-told"}


def test_a_lock_with_a_condition_is_an_open_point_for_what_lies_under_it() -> None:
    card = _card()
    card["design"]["protection"]["locks"][0]["when"] = "before hand-off, unless a button is pressed"
    (point,) = _read(card).open_points
    assert point.touches("boot-write-denied", ("mcuboot",))
    assert not point.touches("boot-write-denied", ("app",))


def test_locks_keep_their_moment() -> None:
    card = _card()
    card["design"]["protection"]["locks"][0]["when"] = "at start"
    assert isinstance(_read(card).stages[0].steps[0], Protect)
    assert not isinstance(_read(_card()).stages[0].steps[0], Protect)


@pytest.mark.parametrize(
    ("placement", "kind"),
    [
        ("embedded in the app", InImage),
        ("part of the mcuboot binary", InImage),
        ("held by the PSA crypto service", Elsewhere),
    ],
)
def test_placements_are_read_by_their_key_words(placement: str, kind: type) -> None:
    design = _read(_card(), {"keys.img_verify_pub.placement": placement})
    assert isinstance(design.key("img_verify_pub").placements[0], kind)


def test_a_key_that_travels_over_the_air_is_part_of_an_update() -> None:
    key = {
        "kind": "symmetric",
        "placement": "KMU slots 8-9",
        "used_for": "unwrap image AES key",
        "transport": "over the air",
    }
    places = _read(_card(), {"keys.kek": key}).key("kek").placements
    assert any(isinstance(place, InImage) for place in places)


def test_the_life_is_told() -> None:
    design = _read(
        _card(),
        {
            "update.downgrade": "hw-nsib for mcuboot, 20 slots, 21 bootloader releases booted + sw (version) for app",
            "update.serial_recovery": "UART, button entry, no login",
            "update.releases": ["0.1.2+2 (vulnerable)", "0.1.2+3 (fixed)"],
            "update.release_facts": ["an image whose counter write fails is not booted"],
        },
    )
    first, second = design.life.rules or ()
    assert (first.by, first.image, first.slots, first.booted) == ("nsib", "mcuboot", 20, 21)
    assert (second.by, second.image) == ("version", "app")
    assert design.life.recovery is Recovery.OPEN
    assert design.life.releases == ((0, 1, 2, 2), (0, 1, 2, 3))
    assert design.life.behaviours == {Behaviour.COUNTER_FAILS_CLOSED}


def test_a_document_that_is_no_card_is_refused() -> None:
    with pytest.raises(InputError, match="no scenario card"):
        parse(parse_written(b"format: other/1\n", "x.yaml"))


def test_releases_are_read_as_windows() -> None:
    assert window("nRF Connect SDK 2.7-3.x") == ((2, 7), (3, 65536))
    assert window("any") is None
    assert window_holds(((3, 1), (65536,)), "nRF Connect SDK 2.6.1") is False
    assert window_holds(((2, 6), (65536,)), "nRF Connect SDK 2.5-3.0") is None


def test_words_left_over_are_doubtful_only_when_they_are_conditions() -> None:
    meanings = {"hand-off": 1}
    assert not read("right before hand-off", {**meanings, "before": 0}).doubtful
    assert read("hand-off unless asked", meanings).doubtful
    assert number_before("20 slots configured, 21 bootloader releases booted", "slots?") == 20
    assert truth("not built") is False


@pytest.mark.skipif(not (Path(__file__).resolve().parents[4] / "shared").is_dir(), reason="the shared cards are absent")
def test_every_shared_card_is_read() -> None:
    for path in (Path(__file__).resolve().parents[4] / "shared" / "scenarios").glob("*.yaml"):
        assert parse(parse_written(path.read_bytes(), path.name)).name
