"""A drawing that is not made of the mappings, lists and numbers of a card is refused with its lines, whatever it is."""

from typing import Any

import pytest
from tests.unit.sources.test_scenario_card import _card, _read

from bootverify.errors import InputError


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"partitions": "none"}, "`partitions` is no mapping"),
        ({"partitions.entries": 5}, "`partitions.entries` is no list"),
        ({"protection": []}, "`protection` is no mapping"),
        ({"protection.locks": ["all of it"]}, "`protection.locks.0` is `all of it`"),
        ({"keys": {"name": "kek"}}, "`keys` is no list"),
        ({"partitions.app.size": "a lot"}, "`app` has `size: a lot`; write a number such as 0x8000 or 32K"),
        ({"partitions.app.at": None}, "`app` has `at: None`"),
        ({"protection.tfm.isolation_level": [1]}, ""),
    ],
)
def test_a_misshapen_drawing_is_refused_or_left_open(change: dict[str, Any], message: str) -> None:
    if not message:
        assert _read(_card(), change).open_points
        return
    with pytest.raises(InputError) as refused:
        _read(_card(), change)
    assert message in str(refused.value)


def test_sizes_and_spans_may_have_units() -> None:
    plain, worded = _read(_card(), {}), _card()
    for entry in worded["design"]["partitions"]["entries"]:
        if entry["size"] % 1024 == 0:
            entry["size"] = f"{entry['size'] // 1024}K"
    for lock in worded["design"]["protection"]["locks"]:
        lock["span"] = [hex(each) for each in lock["span"]]
    assert _read(worded, {}).partitions == plain.partitions
    assert _read(worded, {}).stages == plain.stages


@pytest.mark.parametrize(("mode", "found"), [("ram-load", "slot_a"), ("overwrite", "app not in the map")])
def test_an_image_is_started_from_outside_the_chip_only_where_it_is_loaded_to_ram(mode: str, found: str) -> None:
    card = _card()
    kept = [entry for entry in card["design"]["partitions"]["entries"] if entry["name"] == "mcuboot"]
    card["design"]["partitions"]["entries"] = [
        *kept,
        {"name": "slot_a", "at": 0, "size": 0x30000, "region": "external", "holds": "app"},
        {"name": "mcuboot_secondary", "at": 0x30000, "size": 0x30000, "region": "external"},
    ]
    card["design"]["update"]["mode"] = mode
    assert _read(card).images[-1].slots[0] == found
