"""The network core on both sides: updates of it, commands, code on it, cuts, and what comes in the middle of a copy."""

from contextlib import nullcontext
from copy import copy
from dataclasses import replace
from random import Random

import pytest
from tests.differential.designs import SCENARIOS
from tests.differential.following import Followed
from tests.differential.histories import MORE_ATTACKERS
from tests.differential.walks import walk

from bootverify.design.boot import BootGo
from bootverify.design.keys import InPartition
from bootverify.design.memory import MemoryKind
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.second_core import untold
from bootverify.executor.network.predicates import of_network
from bootverify.machine.action import Deliver, FeedNetwork, Meanwhile, Overwrite, Publish, Request, Reset
from bootverify.machine.content import Crafted, Genuine
from bootverify.ranges import AddressRange
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design, parse_design

STAGING = "mcuboot_secondary_1"
PLAIN = load_design(SCENARIOS / "fed-core.yaml")


def _first(design, **changes):
    return replace(design, network=tuple(replace(each, **changes) if each.boots else each for each in design.network))


def _application(design, **changes):
    told = (each if each.boots else replace(each, **changes) for each in design.network)
    return replace(design, network=tuple(told))


def _outside(design):
    there = {"memory": MemoryKind.EXTERNAL, "range": AddressRange(0, 0x30000)}
    parts = (replace(each, **there) if each.name == STAGING else each for each in design.partitions)
    return replace(design, partitions=tuple(parts))


def _published(design):
    keys = (replace(key, published=True) if key.name == "img_sign_priv" else key for key in design.keys)
    return replace(design, keys=tuple(keys))


def _behind_tfm(locked):
    text = (SCENARIOS / "fed-core.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("  app:               {at: 0xc200,  size: 0x1fe00}\n", TFM_PARTS),
        ("span: [mcuboot_pad, app]", "span: [mcuboot_pad, tfm, app]"),
        ("  app:\n    program: application\n    attribution: secure             # no TF-M\n", TFM_CHAIN),
        ("verifies: app}", "verifies: tfm+app}"),
        ("signs: app}", "signs: tfm+app}"),
    ):
        assert before in text
        text = text.replace(before, after)
    return _application(parse_design(text.encode(), shown="tfm.yaml"), transfer_locked=locked)


TFM_PARTS = "  tfm: {at: 0xc200, size: 0x7e00, attribution: secure}\n  app: {at: 0x14000, size: 0x18000}\n"
TFM_CHAIN = """  tfm+app:
    parts:
      tfm: {program: tfm, code: tfm}
      app: {program: application, code: app}
"""
UNLOCKED = _application(PLAIN, transfer_locked=False)
DESIGNS = {
    "plain": PLAIN,
    "transfer RAM open": UNLOCKED,
    "nothing locked there": _first(PLAIN, locks=()),
    "slot open": _first(PLAIN, locks=PLAIN.network[0].locks[:1]),
    "all open": _first(UNLOCKED, locks=()),
    "staged outside": _outside(PLAIN),
    "key out": _published(PLAIN),
    "never updated": _application(UNLOCKED, updatable=False),
    "TF-M": _behind_tfm(True),
    "TF-M, transfer RAM open": _behind_tfm(False),
    "TF-M, untold": _behind_tfm(None),
}
NAMES = ("app-code-secure", "app-code-ns", "power-cut", "ext-flash-write", "netcore-code")
ATTACKERS = {name: load_attacker(name) for name in NAMES} | MORE_ATTACKERS


@pytest.mark.parametrize("attacker", ["everything", "netcore-code"])
@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_whatever_happens_to_the_network_core_is_foreseen(design, attacker):
    followed = Followed(DESIGNS[design], ATTACKERS[attacker])
    assert walk(followed, Random(f"{design} {attacker}"), tries=4)


@pytest.mark.slow
@pytest.mark.parametrize("attacker", sorted(ATTACKERS))
@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_whatever_happens_to_the_network_core_is_foreseen_at_length(design, attacker):
    for seed in range(3):
        followed = Followed(DESIGNS[design], ATTACKERS[attacker])
        assert walk(followed, Random(f"{design} {attacker} {seed}"), tries=30)


def _booted(design, attacker):
    followed = Followed(design, load_attacker(attacker))
    followed.runs_on()
    return followed


def _staged(followed, content, *, by_attacker=False):
    if isinstance(content, Genuine):
        followed.does(Publish(image=content.image, release=content.release))
    followed.does(Deliver(partition=STAGING, content=content, request=Request.TEST, by_attacker=by_attacker), Reset())


def test_an_update_is_copied_and_started_and_what_was_staged_loses_its_header():
    followed = _booted(PLAIN, "remote-ota")
    _staged(followed, Genuine("net_app", 2))
    facts = followed.runs_on()
    assert (facts["network runs"], facts["network slot"]) == ("net_app 2", "net_app 2")
    assert (facts["network staged"], facts["network asked"]) == ("crafted", False)
    assert not followed.disagreements()


def test_an_image_that_nobody_signed_is_erased():
    followed = _booted(PLAIN, "remote-ota")
    _staged(followed, Crafted(), by_attacker=True)
    facts = followed.runs_on()
    assert (facts["network runs"], facts["network staged"]) == ("net_app 1", "erased")


def test_an_update_of_the_application_in_the_wrong_slot_stops_mcuboot_at_every_boot():
    followed = _booted(PLAIN, "remote-ota")
    followed.does(Publish(image="app", release=2))
    _staged(followed, Genuine("app", 2), by_attacker=True)
    assert followed.runs_on()["at"] == "halted"
    followed.does(Reset())
    assert followed.runs_on()["at"] == "halted"


def _kept(facts):
    return [facts["kept[net_app 2]"], facts["network runs"]]


def test_an_older_release_comes_back_once_a_newer_one_has_run():
    followed = Followed(PLAIN, load_attacker("remote-ota"), remembers=True)
    assert _kept(followed.runs_on()) == [False, "net_app 1"]
    for release, wanted in ((2, [True, "net_app 2"]), (1, [True, "net_app 1"])):
        _staged(followed, Genuine("net_app", release))
        assert _kept(followed.runs_on()) == wanted
        assert not followed.disagreements()
    assert of_network(followed.world, "older", PLAIN.network[-1])


@pytest.mark.parametrize("design", sorted(DESIGNS))
def test_what_was_kept_on_the_network_core_is_foreseen(design):
    followed = Followed(DESIGNS[design], ATTACKERS["everything"], remembers=True)
    assert walk(followed, Random(f"{design}, kept"), tries=4)


def _compared(asks):
    mcuboot, app = PLAIN.stages
    steps = (replace(each, prevent_downgrade=True) if isinstance(each, BootGo) else each for each in mcuboot.steps)
    stages = (replace(mcuboot, steps=tuple(steps)), app)
    return replace(_application(PLAIN, version_read=asks), stages=stages)


ASKED = [(None, "whether MCUboot asks for"), (True, "what MCUboot makes of"), (False, "")]


@pytest.mark.parametrize(("asks", "left"), ASKED)
def test_a_comparison_with_what_the_network_core_holds_is_open_where_it_may_be_made(asks, left):
    boot = system_for(_compared(asks), load_attacker("remote-ota"), history=True)
    if not left:
        assert boot.predicates.of_network("older", PLAIN.network[-1]).free
        return
    with pytest.raises(NotModelled, match=left):
        boot.predicates.of_network("older", PLAIN.network[-1])


def _again(followed):
    """The same history, to go on in another way."""
    twin = copy(followed)
    twin.world, twin.inclusion = followed.world.copy(), followed.inclusion.copy()
    return twin


def test_a_copy_that_is_cut_anywhere_is_made_again():
    followed = _booted(PLAIN, "power-cut")
    _staged(followed, Genuine("net_app", 2))
    step, whole = followed.next_step(), _again(followed)
    whole.does(step)
    assert whole.world.spent > 5
    for after in range(whole.world.spent):
        cut = _again(followed)
        cut.does(replace(step, cut_after=after))
        assert cut.runs_on()["network runs"] == "net_app 2", after


def test_bytes_that_come_after_the_check_reach_the_network_core_unseen():
    followed = _booted(DESIGNS["staged outside"], "ext-flash-write")
    _staged(followed, Genuine("net_app", 2))
    step = followed.next_step()

    def runs(before):
        twin = _again(followed)
        turn = Meanwhile(partition=STAGING, content=Crafted(), before=before)
        return twin.runs_on()["network runs"] if twin.tries(replace(step, meanwhile=turn)) else ""

    assert "crafted" in map(runs, range(10, 40))


def test_b0n_that_was_written_over_locks_nothing_and_counts_as_his():
    followed = _booted(DESIGNS["all open"], "netcore-code")
    followed.does(Overwrite(partition="b0n", content=Crafted()), Reset())
    facts = followed.runs_on()
    assert (facts["network runs"], facts["network locked"]) == ("crafted", False)
    assert not followed.disagreements()


@pytest.mark.parametrize("design", ["TF-M, transfer RAM open", "TF-M, untold"])
def test_behind_tfm_non_secure_code_commands_b0n_where_mcuboot_locks_nothing(design):
    followed = _booted(DESIGNS[design], "app-code-ns")
    assert followed.does(FeedNetwork())["network runs"] == "crafted"
    assert not followed.disagreements()
    assert not _booted(DESIGNS["TF-M"], "app-code-ns").tries(FeedNetwork())


def test_b0n_faults_at_a_command_to_copy_over_itself():
    followed = _booted(UNLOCKED, "app-code-secure")
    facts = followed.does(FeedNetwork(offset=0))
    assert (facts["network runs"], facts["network first"]) == ("none", "genuine")


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (_application(PLAIN, staging=""), "where they wait"),
        (_application(PLAIN, fed_by=""), "how its bytes come"),
        (replace(PLAIN, network=PLAIN.network[:1]), "of which less is told"),
        (_first(PLAIN, partition="nowhere"), "where the programs"),
    ],
)
def test_where_something_is_not_told_there_are_no_moves(design, words):
    assert words in untold(design)
    assert system_for(design, load_attacker("remote-ota")).frame.second is None


@pytest.mark.parametrize("ask", ["writable", "usable"])
def test_no_claim_of_what_code_on_the_network_core_reaches_of_the_other_one_is_settled(ask):
    for attacker, settled in (("netcore-code", False), ("app-code-secure", True)):
        predicates = system_for(PLAIN, ATTACKERS[attacker]).predicates
        thing = PLAIN.images[0] if ask == "writable" else next(key for key in PLAIN.keys if key.secret)
        with nullcontext() if settled else pytest.raises(NotModelled, match="network core"):
            getattr(predicates, ask)(thing)


@pytest.mark.parametrize("ask", ["knows", "usable", "shipped"])
def test_no_claim_of_a_key_that_only_the_network_core_reads_is_settled(ask):
    key = next(key for key in PLAIN.keys if key.secret)
    there = InPartition(partition=next(part.name for part in PLAIN.partitions if part.memory is MemoryKind.NETWORK))
    far = replace(key, name="radio", uses=(), placements=(there,))
    predicates = system_for(replace(PLAIN, keys=(*PLAIN.keys, far)), ATTACKERS["app-code-secure"]).predicates
    getattr(predicates, ask)(key)
    with pytest.raises(NotModelled, match="`radio`, which lies in the network core's memory"):
        getattr(predicates, ask)(far)
