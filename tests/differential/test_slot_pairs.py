"""Slots of every make: what MCUboot does with a staged image where the pair fits, and where it does not."""

from dataclasses import replace

import pytest
from tests.designs import shapes
from tests.designs.shapes import at
from tests.differential.designs import ATTACKERS, boot_go
from tests.differential.following import Followed

from bootverify.design.boot import UpgradeMode
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.variables.cells import NotModelled
from bootverify.executor.making.owner_build import CannotBuild
from bootverify.executor.world import World
from bootverify.machine.action import Deliver, Publish, Request, Reset
from bootverify.machine.content import Genuine

MODES = (UpgradeMode.SWAP_MOVE, UpgradeMode.OVERWRITE, UpgradeMode.SWAP_OFFSET)
SPARE = {UpgradeMode.SWAP_MOVE: "staging one page less", UpgradeMode.SWAP_OFFSET: "staging one page more"}
PAIRS = {  # primary and staging slot: first and last address
    "equal": (0xC000, 0x18000, 0x18000, 0x24000),
    "staging one page less": (0xC000, 0x18000, 0x18000, 0x23000),
    "staging one page more": (0xC000, 0x18000, 0x18000, 0x25000),
    "staging three pages more": (0xC000, 0x18000, 0x18000, 0x27000),
    "staging two pages less": (0xC000, 0x18000, 0x18000, 0x22000),
    "staging three pages less": (0xC000, 0x18000, 0x18000, 0x21000),
    "staging ten pages less": (0xC000, 0x1C000, 0x1C000, 0x22000),
    "half a page": (0xC000, 0x18800, 0x18800, 0x25000),
    "start inside a page": (0xC100, 0x18100, 0x18100, 0x24100),
    "staging from inside a page": (0xC000, 0x18000, 0x18400, 0x24400),
    "overlapping": (0xC000, 0x18000, 0x17000, 0x23000),
    "two pages": (0xC000, 0xE000, 0xE000, 0x10000),
    "three pages": (0xC000, 0xF000, 0xF000, 0x12000),
    "four pages": (0xC000, 0x10000, 0x10000, 0x14000),
}
REFUSED = {
    "half a page",
    "start inside a page",
    "staging from inside a page",
    "overlapping",
    "two pages",
    "three pages",
}
EXCHANGED = {"equal", "four pages"}


def _design(pair, mode, **more):
    first, end, staging, last = PAIRS[pair]
    base = boot_go(shapes.small(mode), **more)
    parts = (at("mcuboot", 0, 0xC000), at("mcuboot_primary", first, end), at("mcuboot_secondary", staging, last))
    return replace(base, name=pair, partitions=parts)


def _updated(design, attacker="remote-ota"):
    """Release 2 is staged for a test and the device started again."""
    followed = Followed(design, ATTACKERS[attacker])
    followed.boots()
    sent = Deliver(
        partition="mcuboot_secondary", content=Genuine("app", 2, ""), request=Request.TEST, by_attacker=False
    )
    followed.does(Publish(image="app", release=2, slot=""), sent, Reset())
    return followed


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", sorted(set(PAIRS) - REFUSED))
def test_an_update_is_installed_exactly_where_the_slots_fit_each_other(pair, mode):
    if (pair, mode) == ("staging three pages less", UpgradeMode.SWAP_MOVE):
        pytest.skip("whether it fits depends on the trailer; the encoder says that it does not know")
    fits = pair in {*EXCHANGED, SPARE.get(mode)}
    facts = _updated(_design(pair, mode)).boots()
    assert facts["content[mcuboot_primary]"] == ("app 2" if fits else "app 1")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", sorted(REFUSED))
def test_slots_that_mcuboot_has_no_sectors_for_are_not_modelled(pair, mode):
    with pytest.raises(NotModelled, match="MCUboot on slots of `app`"):
        system_for(_design(pair, mode), ATTACKERS["remote-ota"])


def test_a_slot_without_room_for_code_is_said_to_be_one():
    with pytest.raises(CannotBuild, match="no room for code at 0xc200"):
        World.start(_design("two pages", UpgradeMode.OVERWRITE), ATTACKERS["remote-ota"])


def test_a_swap_goes_back_to_a_lower_version_though_downgrades_are_prevented():
    followed = _updated(_design("equal", UpgradeMode.SWAP_MOVE, prevent_downgrade=True))
    assert followed.boots()["content[mcuboot_primary]"] == "app 2"
    followed.does(Reset())
    facts = followed.boots()
    assert (facts["content[mcuboot_primary]"], facts["content[mcuboot_secondary]"]) == ("app 1", "app 2")
