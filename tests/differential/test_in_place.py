"""Images that MCUboot starts from either of two slots: each rule of that, played and foreseen."""

import pytest
from tests.differential.designs import ATTACKERS
from tests.differential.following import Followed
from tests.differential.small_scope import in_scope
from tests.differential.test_modes import MODES, NRF52840

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.design import Design
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.variables.cells import NotModelled
from bootverify.executor.claims.predicates import authentic
from bootverify.machine.action import (
    Confirm,
    Deliver,
    EraseAll,
    ForgeTrailer,
    Overwrite,
    PatchFetch,
    Publish,
    Request,
    Reset,
    TakeStep,
)
from bootverify.machine.content import Crafted, Genuine

FIRST, SECOND = "mcuboot_primary", "mcuboot_secondary"
IN_PLACE = ("direct-xip", "direct-xip reverting", "ram-load", "ram-load reverting")
REVERTING = IN_PLACE[1::2]
BEHIND_NSIB = 1  # a chain of the small scope
CLIP = Attacker(name="clip", title="", capabilities=frozenset({Capability.WRITE_EXTERNAL}))


def _in(mode: str, **choices: int) -> Design:
    return in_scope(chain=NRF52840, mode=MODES.index(mode), **choices)


def _running(mode: str, attacker: str = "everything", **choices: int) -> Followed:
    """A device of the small scope whose factory release runs."""
    followed = Followed(_in(mode, **choices), ATTACKERS[attacker])
    assert followed.runs_on()["active[app]"] == FIRST
    return followed


def _variant(followed: Followed, slot: str) -> str:
    return slot if len(followed.world.design.variants(followed.world.design.image("app"))) > 1 else ""


def _release(followed: Followed, number: int, slot: str, *, built_for: str = "") -> Genuine:
    return Genuine("app", number, _variant(followed, built_for or slot))


def _sent(followed: Followed, number: int, slot: str, request: Request = Request.PERM) -> None:
    made = _release(followed, number, slot)
    followed.does(Publish(image="app", release=number, slot=made.slot))
    followed.does(Deliver(partition=slot, content=made, request=request))


def _boots(followed: Followed) -> tuple[object, object]:
    """Where the device stays after a reset, and the slot it took."""
    followed.does(Reset())
    facts = followed.runs_on()
    assert not followed.disagreements()
    return facts["at"], facts["active[app]"]


@pytest.mark.parametrize("mode", IN_PLACE)
def test_the_newer_release_starts_from_the_slot_in_which_it_lies_and_nothing_is_copied(mode):
    followed = _running(mode)
    _sent(followed, 2, SECOND)
    assert _boots(followed) == ("app.run", SECOND)
    facts = followed.facts
    assert facts[f"content[{FIRST}]"] == str(_release(followed, 1, FIRST))
    assert facts["taken[app]"] == facts[f"content[{SECOND}]"] == str(_release(followed, 2, SECOND))


@pytest.mark.parametrize("mode", IN_PLACE)
def test_foreign_bytes_are_erased_and_the_other_slot_starts(mode):
    followed = _running(mode)
    followed.does(Overwrite(partition=SECOND, content=Crafted()))
    assert _boots(followed) == ("app.run", FIRST)
    assert followed.facts[f"content[{SECOND}]"] == "erased"


@pytest.mark.parametrize("mode", IN_PLACE)
def test_without_a_good_image_in_either_slot_nothing_starts(mode):
    followed = _running(mode)
    followed.does(*(Overwrite(partition=slot, content=Crafted()) for slot in (FIRST, SECOND)))
    assert _boots(followed) == ("halted", "none")


@pytest.mark.parametrize("mode", IN_PLACE)
def test_the_update_client_leaves_the_slot_alone_that_the_application_runs_from(mode):
    followed = _running(mode)
    made = _release(followed, 2, FIRST)
    followed.does(Publish(image="app", release=2, slot=made.slot))
    assert not followed.tries(Deliver(partition=FIRST, content=made, request=Request.PERM))


def test_a_release_that_is_built_for_the_other_slot_is_passed_over_and_stays():
    followed = _running("direct-xip")
    wrong = _release(followed, 2, SECOND, built_for=FIRST)
    followed.does(Publish(image="app", release=2, slot=FIRST))
    followed.does(Deliver(partition=SECOND, content=wrong, request=Request.PERM, by_attacker=True))
    assert _boots(followed) == ("app.run", FIRST)
    assert followed.facts[f"content[{SECOND}]"] == str(wrong)


@pytest.mark.parametrize("mode", IN_PLACE[2:])
def test_what_is_written_to_the_slot_after_the_copy_to_ram_runs_at_no_time(mode):
    followed = _running(mode)
    followed.does(Reset())
    while followed.facts["at"] != "app.begin":
        followed.does(followed.next_step())
    copied = followed.facts["taken[app]"]
    followed.runs_on()
    followed.does(Overwrite(partition=FIRST, content=Crafted()))
    assert (followed.facts[f"content[{FIRST}]"], followed.facts["taken[app]"]) == ("crafted", copied)
    assert not followed.disagreements()
    assert _boots(followed) == ("halted", "none")


def test_what_is_written_to_the_slot_that_runs_is_what_runs_where_it_lies():
    followed = _running("direct-xip")
    followed.does(Overwrite(partition=FIRST, content=Crafted()))
    assert followed.facts["taken[app]"] == "crafted"


def test_the_flash_patch_unit_does_not_answer_for_code_in_ram_but_for_what_loads_it():
    assert _running("direct-xip").tries(PatchFetch(image="app"))
    followed = _running("ram-load")
    assert not followed.tries(PatchFetch(image="app"))
    app = followed.world.design.image("app")
    assert authentic(followed.world, app)
    followed.does(PatchFetch(image="mcuboot"))
    assert _boots(followed) == ("app.run", FIRST)
    assert not authentic(followed.world, app)


@pytest.mark.parametrize("mode", REVERTING)
def test_an_update_that_nobody_confirms_has_one_start_and_is_erased_then(mode):
    followed = _running(mode)
    _sent(followed, 2, SECOND, Request.TEST)
    assert _boots(followed) == ("app.run", SECOND)
    assert followed.facts[f"standing[{SECOND}]"] == "revert"
    assert _boots(followed) == ("app.run", FIRST)
    assert followed.facts[f"content[{SECOND}]"] == "erased"


@pytest.mark.parametrize("mode", REVERTING)
def test_an_update_that_confirms_itself_stays(mode):
    followed = _running(mode)
    _sent(followed, 2, SECOND, Request.TEST)
    _boots(followed)
    followed.does(Confirm())
    assert followed.facts[f"standing[{SECOND}]"] == "perm"
    assert _boots(followed) == ("app.run", SECOND)


@pytest.mark.parametrize("mode", REVERTING)
def test_while_an_update_is_tried_the_client_leaves_alone_what_would_come_back(mode):
    followed = _running(mode)
    _sent(followed, 2, SECOND, Request.TEST)
    _boots(followed)
    old = _release(followed, 1, FIRST)
    followed.does(Publish(image="app", release=1, slot=old.slot))
    assert not followed.tries(Deliver(partition=FIRST, content=old, request=Request.PERM))


@pytest.mark.parametrize("mode", REVERTING)
def test_power_lost_once_the_start_is_noted_costs_the_update(mode):
    followed = _running(mode)
    _sent(followed, 2, SECOND, Request.TEST)
    followed.does(Reset(), TakeStep(stage="mcuboot", step=0, cut_after=1))
    assert followed.facts[f"standing[{SECOND}]"] == "revert"
    assert followed.runs_on()["active[app]"] == FIRST


@pytest.mark.parametrize("mode", REVERTING)
def test_a_trailer_that_says_nothing_good_costs_the_image(mode):
    followed = _running(mode)
    followed.does(ForgeTrailer(image="app", request=Request.NONE, slot=FIRST))
    assert _boots(followed) == ("halted", "none")
    assert followed.facts[f"content[{FIRST}]"] == "erased"


@pytest.mark.parametrize("mode", IN_PLACE)
def test_power_lost_while_a_slot_is_erased_leaves_what_never_starts(mode):
    followed = _running(mode)
    followed.does(Overwrite(partition=SECOND, content=Crafted()), Reset())
    followed.does(TakeStep(stage="mcuboot", step=0, cut_after=2))
    assert followed.facts[f"content[{SECOND}]"] == "crafted"
    assert followed.runs_on()["active[app]"] == FIRST


@pytest.mark.parametrize("mode", REVERTING)
def test_power_lost_while_a_release_is_erased_leaves_bytes_of_no_release(mode):
    followed = _running(mode)
    followed.does(ForgeTrailer(image="app", request=Request.NONE, slot=FIRST), Reset())
    followed.does(TakeStep(stage="mcuboot", step=0, cut_after=2))
    assert followed.facts[f"content[{FIRST}]"] == "crafted"
    assert followed.runs_on()["at"] == "halted"


@pytest.mark.parametrize("mode", IN_PLACE)
def test_an_erase_all_leaves_nothing_to_start(mode):
    followed = _running(mode)
    assert followed.does(EraseAll())[f"content[{FIRST}]"] == "erased"


def _refused(design: Design, attacker: Attacker = ATTACKERS["everything"]) -> str:
    with pytest.raises(NotModelled) as refusal:
        system_for(design, attacker)
    return str(refusal.value)


def test_what_no_document_settles_in_these_modes_has_no_moves():
    encrypted = in_scope(chain=NRF52840, mode=MODES.index("direct-xip"), encryption=1)
    assert "run as they lie" in _refused(encrypted)
    outside = in_scope(chain=NRF52840, mode=MODES.index("direct-xip"), slots=3)
    assert "outside the chip" in _refused(outside)
    loaded = in_scope(chain=NRF52840, mode=MODES.index("ram-load"), slots=3)
    assert "answer two reads differently" in _refused(loaded, CLIP)
    behind = in_scope(chain=BEHIND_NSIB, mode=MODES.index("direct-xip"))
    assert "an update of its own" in _refused(behind)


@pytest.mark.parametrize("mode", IN_PLACE)
def test_behind_nsib_each_of_the_two_images_has_a_slot_that_this_boot_took(mode):
    design = in_scope(chain=BEHIND_NSIB, mode=MODES.index(mode), own_update=1)
    followed = Followed(design, ATTACKERS["remote-ota"])
    assert followed.runs_on()["active[app]"] == FIRST
    _sent(followed, 2, SECOND)
    assert _boots(followed) == ("app.run", SECOND)
    facts = followed.facts
    assert (facts["active[mcuboot]"], facts["taken[mcuboot]"]) == ("s0", "mcuboot 1 for s0")
    assert facts["taken[app]"] == str(_release(followed, 2, SECOND))


@pytest.mark.parametrize("mode", IN_PLACE)
def test_a_mcuboot_that_nsib_refuses_starts_neither_slot_of_the_application(mode):
    design = in_scope(chain=BEHIND_NSIB, mode=MODES.index(mode), own_update=1, lock=3)
    followed = Followed(design, ATTACKERS["app-code-secure"])
    followed.runs_on()
    followed.does(Overwrite(partition="s0", content=Crafted()))
    assert _boots(followed) == ("halted", "none")
    assert followed.facts["active[mcuboot]"] == "none"
