"""Update modes: whole lives of small designs in each, and what is peculiar to one of them."""

from itertools import islice
from random import Random

import pytest
from tests.differential.designs import ATTACKERS
from tests.differential.following import Followed
from tests.differential.small_chains import CHAINS
from tests.differential.small_scope import DIMENSIONS, digits, in_scope, numbers, small
from tests.differential.walks import walk

from bootverify.encoder.variables.cells import NotModelled
from bootverify.errors import InputError
from bootverify.machine.action import Deliver, ForgeTrailer, Overwrite, Publish, Request, Reset
from bootverify.machine.content import Crafted, Genuine

SCRATCH = "swap-scratch"
IN_PLACE = ("direct-xip", "direct-xip reverting", "ram-load", "ram-load reverting")
MODES = ("swap-move", "overwrite", SCRATCH, "swap-offset", *IN_PLACE)  # as the small scope has them
NRF52840 = 6  # a chain of the small scope: MCUboot alone, one world


def _lives(mode: int, count: int) -> int:
    """How many lives of designs in that mode were followed, of `count` that were begun."""
    place, envelope = (1 + list(DIMENSIONS).index(name) for name in ("mode", "encryption"))
    drawn = (number for number in numbers(1_000_000) if digits(number)[place] % len(DIMENSIONS["mode"]) == mode)
    if MODES[mode] in IN_PLACE:  # where nobody else chooses a slot, an image is one program, and it runs as it lies
        drawn = (number for number in drawn if CHAINS[digits(number)[0]].kind != "tfm")
        drawn = (number for number in drawn if CHAINS[digits(number)[0]].first == "mcuboot")
    if "direct-xip" in MODES[mode]:
        drawn = (number for number in drawn if digits(number)[envelope] == 0)
    done = 0
    for number in islice(drawn, count):
        random = Random(number)
        try:
            followed = Followed(small(number).design, ATTACKERS[random.choice(("everything", "code-and-cuts"))])
        except (InputError, NotModelled):
            continue
        walk(followed, random, tries=6)
        done += 1
    return done


def test_every_mode_of_the_scope_has_a_name_here():
    told = [
        choice.get("chain.mcuboot.mode", "swap-move") + (" reverting" if "chain.mcuboot.revert" in choice else "")
        for choice in DIMENSIONS["mode"]
    ]
    assert tuple(told) == MODES


@pytest.mark.parametrize("mode", range(2, len(MODES)), ids=MODES[2:])
def test_lives_in_a_mode_are_foreseen(mode):
    assert _lives(mode, 14) > 4


@pytest.mark.slow
@pytest.mark.parametrize("mode", range(len(MODES)), ids=MODES)
def test_many_lives_in_a_mode_are_foreseen(mode):
    assert _lives(mode, 1500) > 500


def _hostile(**choices: int) -> Followed:
    """A running application of the attacker's, in a design that swaps using scratch."""
    followed = Followed(in_scope(chain=NRF52840, mode=MODES.index(SCRATCH), **choices), ATTACKERS["app-code-secure"])
    followed.runs_on()
    return followed


def test_a_forged_record_in_the_scratch_area_brings_foreign_bytes_into_the_slot():
    followed = _hostile(check=1)  # the primary image is not verified at each boot
    assert followed.facts["content[mcuboot_primary]"] == "app 1"
    followed.does(Overwrite(partition="mcuboot_scratch", content=Crafted()), Reset())
    facts = followed.runs_on()
    assert (facts["content[mcuboot_primary]"], facts["at"]) == ("crafted", "app.run")
    assert facts["spoiled[mcuboot_scratch]"]


def test_bytes_from_a_forged_record_do_not_start_where_the_slot_is_verified():
    followed = _hostile()
    followed.does(Overwrite(partition="mcuboot_scratch", content=Crafted()), Reset())
    assert followed.runs_on()["at"] == "halted"


def _running(**choices: int) -> Followed:
    """An application of the attacker's that runs, in a design that swaps using offset."""
    followed = Followed(in_scope(chain=NRF52840, mode=MODES.index("swap-offset"), **choices), ATTACKERS["everything"])
    followed.runs_on()
    return followed


def test_what_a_swap_took_out_is_not_taken_again_by_a_forged_request():
    followed = _running()
    followed.does(Publish(image="app", release=2, slot=""))
    followed.does(_sent(2), Reset())
    facts = followed.runs_on()
    assert (facts["content[mcuboot_primary]"], facts["content[mcuboot_secondary]"]) == ("app 2", "app 1")
    assert facts["unshifted[app]"]
    followed.does(ForgeTrailer(image="app", request=Request.PERM), Reset())
    facts = followed.runs_on()
    assert (facts["content[mcuboot_primary]"], facts["content[mcuboot_secondary]"]) == ("app 2", "erased")


def test_a_swap_that_is_taken_back_of_what_lies_a_sector_too_high_leaves_nothing_to_start():
    followed = _running()
    followed.does(Publish(image="app", release=2, slot=""))
    followed.does(_sent(2), ForgeTrailer(image="app", request=Request.REVERT))
    followed.does(Overwrite(partition="mcuboot_secondary", content=Genuine("app", 2, "")))
    followed.does(ForgeTrailer(image="app", request=Request.REVERT), Reset())
    facts = followed.runs_on()
    assert (facts["at"], facts["content[mcuboot_primary]"]) == ("halted", "crafted")


def _sent(release: int) -> Deliver:
    return Deliver(
        partition="mcuboot_secondary", content=Genuine("app", release, ""), request=Request.PERM, by_attacker=False
    )
