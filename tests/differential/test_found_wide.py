"""Discrepancies that lives in the wide scope found, one fixed case each; the name says what was wrong."""

import pytest
from tests.differential.designs import ATTACKERS
from tests.differential.following import Followed
from tests.differential.histories import step_of
from tests.differential.small_scope import in_scope

from bootverify.errors import InputError
from bootverify.machine.action import Deliver, EraseAll, Overwrite, Publish, Request, Reset
from bootverify.machine.content import Crafted, Erased, Genuine

BY_WIRE = 4  # of the dimension `slots`


def _followed(attacker="everything", **choices):
    followed = Followed(in_scope(**choices), ATTACKERS[attacker])
    followed.runs_on()
    assert not followed.disagreements()
    return followed


def test_the_loader_of_a_single_slot_raises_no_counter():
    followed = _followed(slots=BY_WIRE, downgrade=5, own_update=1)
    assert followed.facts["at"] == "app.run"
    assert followed.facts["stored[app]"] == "0"


@pytest.mark.parametrize("check", [0, 1], ids=["checked", "unchecked"])
def test_the_loader_of_a_single_slot_passes_over_flags_for_encryption(check):
    followed = _followed(slots=BY_WIRE, encryption=2, check=check)
    assert followed.facts["at"] == "app.run"


def test_an_unchecked_image_whose_counter_is_gone_stops_the_boot():
    followed = _followed(chain=11, check=1, downgrade=5, lock=1, kind=2)
    followed.does(Overwrite(partition="app", content=Erased()), Reset())
    assert followed.runs_on()["at"] == "halted"


def test_an_unchecked_image_of_two_releases_needs_no_room_for_its_counter():
    followed = _followed(chain=11, check=1, downgrade=6, lock=1, kind=2)
    followed.does(Publish(image="tfm+app", release=2))
    followed.does(Overwrite(partition="tfm", content=Genuine("tfm+app", 2)), Reset())
    assert followed.runs_on()["at"] == "app.run"


def test_an_unchecked_image_that_was_counted_before_needs_no_room_for_its_counter():
    followed = Followed(in_scope(check=1, downgrade=6, life=3), ATTACKERS["everything"])
    for release in (2, 1):
        followed.does(Publish(image="app", release=release))
        followed.does(Overwrite(partition="mcuboot_primary", content=Genuine("app", release)), Reset())
        facts = followed.runs_on()
    assert (facts["at"], facts["stored[app]"], facts["stored room[app]"]) == ("app.run", "2", "0")


def test_power_that_goes_once_a_counter_has_risen_leaves_it_risen():
    followed = _followed(downgrade=5, signing_key=2, lock=1)
    followed.does(Overwrite(partition="mcuboot_primary", content=Crafted()), Reset())
    facts = followed.does(step_of(followed.world, cut_after=0))
    assert (facts["at"], facts["stored[app]"]) == ("mcuboot.boot_go", "above")


def test_power_that_goes_once_a_release_has_copied_its_key_leaves_the_key_in_the_kmu():
    followed = _followed(another_secret=5, lock=1)
    followed.does(Publish(image="app", release=2))
    followed.does(Overwrite(partition="mcuboot_primary", content=Genuine("app", 2)), Reset())
    while followed.facts["at"] != "app.begin":
        followed.does(followed.next_step())
    facts = followed.does(step_of(followed.world, cut_after=0))
    assert (facts["at"], facts["delivered[token]"]) == ("mcuboot.boot_go", True)


def test_an_update_that_no_stage_installs_can_be_staged_all_the_same():
    followed = _followed(chain=1, slots=BY_WIRE)
    mine = Genuine("mcuboot", 1, "s0")
    followed.does(Publish(image="mcuboot", release=1, slot="s0"))
    for content in (mine, Crafted()):
        told = followed.does(
            Deliver(
                partition="mcuboot_secondary",
                content=content,
                request=Request.PERM,
                by_attacker=not isinstance(content, Genuine),
            )
        )
        assert told["content[mcuboot_secondary]"] == (str(mine) if content == mine else "crafted")


def test_the_older_library_for_an_acl_denies_writing_alone():
    with pytest.raises(InputError, match="cannot deny read, write"):
        in_scope(chain=6, kind=2, lock=4)  # an ACL has no choice without a lock


def test_a_stage_of_which_nothing_is_left_faults_at_its_first_step():
    followed = _followed(chain=1, life=1)
    followed.does(EraseAll(), Reset())
    assert followed.facts["at"] == "b0.protect"
    assert followed.does(followed.next_step())["at"] == "halted"
