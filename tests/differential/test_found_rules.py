"""What each rule must do, shown once: cases that seeded faults had got past the random lives with."""

from copy import copy
from dataclasses import replace

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, boot_go, with_key
from tests.differential.following import Followed
from tests.differential.small_scope import in_scope

from bootverify.design.keys import HostOnly, InUicr
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.variables.cells import NotModelled
from bootverify.machine.action import (
    Confirm,
    Deliver,
    ForgeTrailer,
    Inspect,
    Jump,
    Overwrite,
    Publish,
    ReadOut,
    Request,
    Reset,
)
from bootverify.machine.content import Crafted, Genuine

NSIB, TFM_ALONE = 1, 11  # chains of the scope
MINE = Crafted()


def _booted(attacker="everything", **choices):
    followed = Followed(in_scope(**choices), ATTACKERS[attacker])
    followed.runs_on()
    return followed


def _sent(followed, content, request=Request.PERM):
    """The facts once `content` was staged, and the device has booted."""
    if isinstance(content, Genuine):
        followed.does(Publish(image=content.image, release=content.release, slot=content.slot))
    by_attacker = not isinstance(content, Genuine)
    sent = Deliver(partition="mcuboot_secondary", content=content, request=request, by_attacker=by_attacker)
    followed.does(sent, Reset())
    return followed.runs_on()


def test_a_tested_image_that_confirms_itself_stays():
    followed = _booted()
    assert _sent(followed, Genuine("app", 2), Request.TEST)["request[app]"] == "revert"
    assert followed.does(Confirm())["request[app]"] == "none"
    followed.does(Reset())
    assert followed.runs_on()["content[mcuboot_primary]"] == "app 2"


def test_nothing_is_confirmed_where_nothing_waits():
    assert not _booted().tries(Confirm())


def test_an_update_of_mcuboot_is_installed_once_and_the_newer_slot_starts():
    for sdk in range(3):
        facts = _sent(_booted(chain=NSIB, sdk=sdk), Genuine("mcuboot", 2, "s1"))
        assert (facts["active[mcuboot]"], facts["content[s1]"]) == ("s1", "mcuboot 2 for s1")
        assert facts["request[app]"] == "none"


def test_a_version_without_room_is_passed_over_where_the_counter_stops():
    facts = _sent(_booted(chain=NSIB, counter=3), Genuine("mcuboot", 2, "s1"))
    assert (facts["at"], facts["active[mcuboot]"]) == ("app.run", "s0")


def test_a_stage_that_the_attacker_made_is_his():
    followed = _booted(chain=NSIB, signing_key=5, lock=3)
    followed.does(ReadOut(partition="s0"), Overwrite(partition="s0", content=MINE), Reset())
    while not str(followed.facts["at"]).startswith("mcuboot"):
        followed.does(followed.next_step())
    assert followed.tries(Jump(stage="app"))


def test_who_learns_the_signing_key_from_an_update_has_his_image_installed():
    followed = _booted("remote-ota", signing_key=3)
    followed.does(Publish(image="app", release=1), Inspect(image="app", release=1))
    assert _sent(followed, MINE)["content[mcuboot_primary]"] == "crafted"
    assert followed.facts["at"] == "app.run"


def test_a_published_signing_key_is_as_good_as_ones_own():
    assert _sent(_booted("remote-ota", signing_key=2), MINE)["content[mcuboot_primary]"] == "crafted"


def test_who_signs_seals_either_part_again():
    for part in ("app", "tfm"):
        followed = _booted(chain=TFM_ALONE, signing_key=2, lock=1, kind=2)
        followed.does(Overwrite(partition=part, content=MINE), Reset())
        assert followed.runs_on()["at"] != "halted"


def test_parts_of_two_releases_bring_no_key():
    followed = _booted(chain=TFM_ALONE, check=1, another_secret=5, lock=1, kind=2)
    followed.does(Publish(image="tfm+app", release=2))
    followed.does(Overwrite(partition="tfm", content=Genuine("tfm+app", 2)), Reset())
    followed.runs_on()
    assert not followed.disagreements()


def test_what_nobody_asks_to_install_stays_where_it_is_staged():
    followed = _booted()
    followed.does(Overwrite(partition="mcuboot_secondary", content=MINE), Reset())
    assert followed.runs_on()["content[mcuboot_secondary]"] == "crafted"


def test_a_trailer_is_forged_from_its_beginning():
    followed = _booted()
    followed.does(ForgeTrailer(image="app", request=Request.PERM))
    assert followed.does(ForgeTrailer(image="app", request=Request.TEST))["request[app]"] == "test"


def test_one_who_may_write_is_enough_to_forge_a_trailer():
    assert _booted(life=1).tries(ForgeTrailer(image="app", request=Request.PERM))


def test_what_has_no_effect_does_not_happen():
    followed = _booted("app-code-secure")
    assert not followed.tries(Overwrite(partition="mcuboot", content=MINE))
    odd = Deliver(partition="mcuboot_secondary", content=MINE, request=Request.REVERT, by_attacker=True)
    assert not _booted("remote-ota").tries(odd)


def test_a_key_that_lies_in_otp_among_other_places_is_read_there():
    design = with_key(shapes.s05(), "kek", placements=(InUicr(), HostOnly()))
    followed = Followed(design, ATTACKERS["secure-partition"])
    followed.runs_on()
    assert followed.does(ReadOut(partition="uicr"))["knows[kek]"]


def _about_to_look(followed):
    """The same up to MCUboot's look for an update; the step in which it looks."""
    while not followed.facts["at"].endswith("boot_go"):
        followed.does(followed.next_step())
    return followed.next_step()


@pytest.mark.parametrize("slot", ["s0", "s1"])
def test_an_update_of_mcuboot_that_is_cut_anywhere_is_foreseen(slot):
    followed = Followed(shapes.s08(), ATTACKERS["power-cut"])
    followed.runs_on()
    update = Genuine("mcuboot", 2, slot)
    sent = Deliver(partition="mcuboot_secondary", content=update, request=Request.PERM, by_attacker=False)
    followed.does(Publish(image="mcuboot", release=2, slot=slot), sent, Reset())
    step, ends = _about_to_look(followed), set()
    for cut_after in range(0, 40, 2):
        twin = copy(followed)
        twin.world, twin.inclusion = followed.world.copy(), followed.inclusion.copy()
        twin.does(replace(step, cut_after=cut_after))
        ends.add((twin.facts["content[s1]"], twin.facts["content[mcuboot_secondary]"]))
    assert len(ends) > 1


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("slots", [1, 2])
def test_a_swap_that_was_cut_is_completed_and_started_where_the_counter_has_room(slots, validate):
    design = boot_go(shapes.small(), validate=validate, counter=True, counter_slots=slots)
    for request in (Request.PERM, Request.TEST):
        followed = Followed(design, ATTACKERS["power-cut"])
        followed.runs_on()
        sent = Deliver(partition="mcuboot_secondary", content=Genuine("app", 2), request=request, by_attacker=False)
        followed.does(Publish(image="app", release=2), sent, Reset())
        followed.does(replace(_about_to_look(followed), cut_after=20))
        for _ in range(3):
            followed.runs_on()
            followed.does(Reset())
        stuck = slots == 1 and request is Request.PERM
        assert (followed.runs_on()["at"] == "halted") is stuck


@pytest.mark.parametrize("design", [shapes.s01(), shapes.small()], ids=lambda each: each.name)
def test_an_update_of_mcuboot_over_the_slot_that_it_runs_from_has_no_moves(design):
    design = boot_go(design, bootloader=design.images[0].name)
    with pytest.raises(NotModelled, match="is to install itself over its only slot"):
        system_for(design, ATTACKERS["remote-ota"])
