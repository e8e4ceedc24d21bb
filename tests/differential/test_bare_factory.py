"""A factory image that nothing has a swap encrypt: where its bytes then lie in clear, on both sides."""

from dataclasses import replace
from random import Random

import pytest
from tests.differential.designs import SCENARIOS
from tests.differential.following import Followed
from tests.differential.histories import CODE_AND_CUTS, EVERYTHING
from tests.differential.walks import walk

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, UpgradeMode
from bootverify.executor.content import left_bare
from bootverify.machine.action import (
    Confirm,
    Deliver,
    EraseAll,
    ForgeTrailer,
    Overwrite,
    Probe,
    Publish,
    ReadOut,
    Request,
    Reset,
)
from bootverify.machine.content import Crafted, Genuine
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

STAGING = "mcuboot_secondary"
ENCRYPTABLE = load_design(SCENARIOS / "swapped-outside.yaml")
SWAPPED = replace(ENCRYPTABLE, life=replace(ENCRYPTABLE.life, factory_image="signed"))
CLIP_AND_CUTS = Attacker(
    name="clip and cuts", title="", capabilities=load_attacker("ext-flash-write").capabilities | {Capability.CUT_POWER}
)
ATTACKERS = {each.name: each for each in (EVERYTHING, CODE_AND_CUTS, CLIP_AND_CUTS)}


def _in_mode(mode):
    def step(each):
        return replace(each, mode=mode) if isinstance(each, BootGo) else each

    stages = (replace(stage, steps=tuple(map(step, stage.steps))) for stage in SWAPPED.stages)
    return replace(SWAPPED, stages=tuple(stages))


DESIGNS = {"swap-move": SWAPPED, "swap-offset": _in_mode(UpgradeMode.SWAP_OFFSET)}


@pytest.mark.parametrize("attacker", sorted(ATTACKERS))
@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_whatever_becomes_of_a_factory_image_in_clear_is_foreseen(design, attacker):
    for seed in range(2):
        assert walk(Followed(DESIGNS[design], ATTACKERS[attacker]), Random(f"{design} {attacker} {seed}"), tries=6)


@pytest.mark.slow
@pytest.mark.parametrize("attacker", sorted(ATTACKERS))
@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_whatever_becomes_of_a_factory_image_in_clear_is_foreseen_at_length(design, attacker):
    for seed in range(6):
        assert walk(Followed(DESIGNS[design], ATTACKERS[attacker]), Random(f"{design} {attacker} {seed}"), tries=40)


def _updated(design, *, request=Request.TEST):
    """A device on which release 2 has just come in; whether slot and staging then hold what production programmed."""
    followed = Followed(design, load_attacker("ext-flash-read"))
    followed.runs_on()
    image = followed.world.design.image("app")
    _sent(followed, 2, request)
    return followed, left_bare(followed.world, image)


def _sent(followed, release, request):
    followed.does(Publish(image="app", release=release))
    followed.does(Deliver(partition=STAGING, content=Genuine("app", release), request=request), Reset())
    followed.runs_on()


def _reads(followed):
    followed.does(ReadOut(partition=STAGING))
    return followed.facts["knows[cloud_key]"]


@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_the_first_update_puts_the_factory_image_in_clear_where_updates_wait(design):
    followed, bare = _updated(DESIGNS[design])
    assert bare == (False, True)
    assert _reads(followed)


def test_a_revert_takes_it_back_and_leaves_the_update_encrypted():
    followed, _ = _updated(SWAPPED)
    followed.does(Reset())
    followed.runs_on()
    assert left_bare(followed.world, SWAPPED.image("app")) == (True, False)
    assert not _reads(followed)


def test_the_second_update_has_nothing_left_to_show():
    followed, _ = _updated(SWAPPED)
    followed.does(Confirm())
    _sent(followed, 1, Request.PERM)
    assert left_bare(followed.world, SWAPPED.image("app")) == (False, False)
    assert not _reads(followed)


def test_a_factory_image_with_the_metadata_is_encrypted_on_its_way_out():
    followed, _ = _updated(ENCRYPTABLE)
    assert not _reads(followed)


def test_what_an_erase_all_takes_neither_starts_nor_opens_an_update():
    followed = Followed(SWAPPED, load_attacker("debug-port"))
    followed.does(EraseAll(), Reset())
    assert followed.runs_on()["at"] == "halted"
    followed.does(Reset(), Publish(image="app", release=2))
    written = {STAGING: Genuine("app", 2), "mcuboot_primary": Crafted(), "mcuboot": Crafted()}
    followed.does(*(Overwrite(partition=name, content=each) for name, each in written.items()))
    followed.does(ForgeTrailer(image="app", request=Request.TEST))
    followed.runs_on()
    assert followed.tries(Probe(partition="mcuboot_primary"))
    assert not followed.facts["knows[cloud_key]"]
