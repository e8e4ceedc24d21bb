"""Recoveries: what the encoder proves of all histories, the executor's devices do after each that is tried.

The sweep of power cuts and random lives are the histories; both sides judge the same claim.
"""

import os
from collections import Counter
from dataclasses import replace
from functools import cache
from random import Random

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, boot_go
from tests.differential.following import Followed
from tests.differential.small_scope import numbers, small
from tests.differential.walks import walk

from bootverify.check.decide import Decider, Open, Proved, Reached
from bootverify.check.proof.theory import Theories
from bootverify.check.question import Question
from bootverify.design.boot import UpgradeMode
from bootverify.design.design import Design
from bootverify.design.life import Behaviour, Life
from bootverify.encoder.variables.cells import NotModelled
from bootverify.errors import InputError
from bootverify.executor.claims.evaluate import holds
from bootverify.executor.claims.recovery import left_alone
from bootverify.executor.update_sweep import NOBODY, sweep_update, updates
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import Request, TakeStep
from bootverify.policy.policy import Ask, ClaimKind
from bootverify.ranges import AddressRange
from bootverify.sources.policies import load_policy

SCOPE = int(os.environ.get("BOOTVERIFY_RECOVERIES", "4000"))
TODAY = "3.4.0"  # of a release that survives cuts
POLICY = load_policy("update-recoverable")


def _ask() -> Ask:
    return next(ask for ask in POLICY.asks if ask.claim.kind is ClaimKind.RECOVERS)


def _question(design: Design, attacker=NOBODY) -> Question:
    image = design.image(design.application.image)
    return Question(policy=POLICY, ask=_ask(), subject=image, attacker=attacker)


def _outcome(design: Design, attacker=NOBODY):
    return Decider(design, Theories()).decide(_question(design, attacker))


def _counted(mode: UpgradeMode, slots: int) -> Design:
    design = boot_go(shapes.small(mode), counter=True, counter_slots=slots)
    return replace(design, sdk=TODAY)


def _scratch(pages: int) -> Design:
    design = shapes.small(UpgradeMode.SWAP_SCRATCH)
    parts = [
        replace(each, range=AddressRange.sized(each.range.start, pages * design.soc.page))
        if each.name == "mcuboot_scratch"
        else each
        for each in design.partitions
    ]
    return replace(design, partitions=tuple(parts))


LAYOUTS = {
    "swap": shapes.small,
    "overwrite": lambda: shapes.small(UpgradeMode.OVERWRITE),
    "swap, unchecked": lambda: boot_go(shapes.small(), validate=False),
    "overwrite, unchecked": lambda: boot_go(shapes.small(UpgradeMode.OVERWRITE), validate=False),
    "swap, counted": lambda: _counted(UpgradeMode.SWAP_MOVE, 2),
    "overwrite, counted": lambda: _counted(UpgradeMode.OVERWRITE, 2),
    "swap, counter full": lambda: _counted(UpgradeMode.SWAP_MOVE, 1),
    "overwrite, counter full": lambda: _counted(UpgradeMode.OVERWRITE, 1),
    "scratch of one page": lambda: _scratch(1),
    "scratch of three pages": lambda: _scratch(3),
    "scratch, unchecked": lambda: boot_go(_scratch(2), validate=False),
    "scratch, counted": lambda: _counted(UpgradeMode.SWAP_SCRATCH, 2),
    "scratch, counter full": lambda: _counted(UpgradeMode.SWAP_SCRATCH, 1),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_device_that_no_cut_bricks_is_proved_to_recover_and_no_other(name):
    design = replace(LAYOUTS[name](), sdk=TODAY)
    swept = [
        sweep_update(design, image, request) for image in updates(design) for request in (Request.TEST, Request.PERM)
    ]
    bricked = any(each.survey.bricks for each in swept)
    assert isinstance(_outcome(design), Reached if bricked else Proved), [each.survey.ends for each in swept]
    assert bricked is name.endswith("full")


@pytest.mark.parametrize("sdk", ["", "2.9.0", "MCUboot 2.1"])
def test_of_a_release_that_may_lose_a_swap_nothing_is_proved(sdk):
    design = replace(shapes.small(), sdk=sdk)
    assert isinstance(_outcome(design), Open)
    assert isinstance(_outcome(replace(design, sdk=TODAY)), Proved)


@pytest.mark.parametrize("mode", [UpgradeMode.SWAP_MOVE, UpgradeMode.SWAP_SCRATCH])
@pytest.mark.parametrize("counter", [False, True])
def test_faults_of_swaps_are_counted_with_up_to_the_release_that_mends_them(mode, counter):
    design = boot_go(shapes.small(mode), counter=counter)
    proved = {
        sdk: isinstance(_outcome(replace(design, sdk=sdk)), Proved) for sdk in ("2.9.0", "3.0.2", "3.1.1", "3.2.0")
    }
    mended = mode is UpgradeMode.SWAP_MOVE and not counter
    assert proved == {"2.9.0": False, "3.0.2": mended, "3.1.1": mended, "3.2.0": True}


OLD = "nRF Connect SDK 2.2.0"  # the last before MCUboot's change 1597


@pytest.mark.parametrize("validate", [True, False])
def test_a_release_that_looks_in_vain_for_a_moved_header_is_shown_to_stay_bricked(validate):
    design = replace(boot_go(shapes.small(), validate=validate), sdk=OLD)
    [image] = updates(design)
    assert sweep_update(design, image, Request.TEST).survey.bricks
    outcome = _outcome(design)
    assert isinstance(outcome, Reached)
    [cut] = [each for each in outcome.actions if isinstance(each, TakeStep) and each.cut_after is not None]
    assert cut.torn is None
    assert outcome.steps[-1].observation.at == "halted"


def test_an_old_release_is_taken_at_its_word_where_it_is_told_to_survive_cuts():
    design = replace(shapes.small(), sdk=OLD, life=Life(behaviours=(Behaviour.SWAP_CUT_SURVIVES,)))
    [image] = updates(design)
    assert not sweep_update(design, image, Request.TEST).survey.bricks
    assert isinstance(_outcome(design), Proved)


def _offset(**changes) -> Design:
    return replace(shapes.small(UpgradeMode.SWAP_OFFSET), sdk=TODAY, **changes)


def test_a_mode_that_two_cuts_brick_is_shown_to_stay_bricked():
    design = _offset()
    [image] = updates(design)
    assert sweep_update(design, image, Request.TEST).survey.bricks
    outcome = _outcome(design)
    assert isinstance(outcome, Reached)
    cuts = [each for each in outcome.actions if isinstance(each, TakeStep) and each.cut_after is not None]
    assert len(cuts) == 2
    assert outcome.steps[-1].observation.at == "halted"


def test_two_cuts_are_not_played_where_the_release_is_told_to_survive_them():
    assert isinstance(_outcome(_offset(life=Life(behaviours=(Behaviour.SWAP_CUT_SURVIVES,)))), Open)


def test_claims_of_one_text_and_several_kinds_are_kept_apart():
    decider, question = Decider(replace(shapes.small(), sdk=TODAY), Theories()), _question(shapes.small())
    assert isinstance(decider.decide(question), Proved)
    always = replace(question.ask.claim, kind=ClaimKind.ALWAYS, boots=0)
    assert isinstance(decider.decide(replace(question, ask=replace(question.ask, claim=always))), Reached)


@cache
def _design(number: int) -> Design | None:
    try:
        return replace(small(number).design, sdk=TODAY)
    except InputError:
        return None


def _lived(number: int, *, tries: int) -> str:
    """What is said of the design with that number, held against lives of its device."""
    design, random = _design(number), Random(number)
    if design is None or design.application is None:
        return "none"
    attacker = ATTACKERS[random.choice(sorted(ATTACKERS))] if random.random() < 0.6 else NOBODY
    outcome = _outcome(design, attacker)
    if not isinstance(outcome, Proved):
        return type(outcome).__name__
    try:
        followed = Followed(design, attacker)
    except NotModelled:
        return "not modelled"
    for _ in range(tries):
        walk(followed, random, tries=1)
        _recovers(design, followed.world, followed.history)
    return "Proved"


def _recovers(design: Design, world: World, history: object) -> None:
    copy, ask = world.copy(), _ask()
    try:
        done, ended = left_alone(copy, ask.claim.boots)
    except NotEnabled:
        return
    good = ended and holds(copy, ask.claim.formula, {"it": design.image(design.application.image)})
    assert good, f"{design.name}: {history}, then {done}"


def test_what_is_proved_to_recover_does_so_after_some_lives():
    found = Counter(_lived(number, tries=3) for number in numbers(16))
    assert found["Proved"] > 2, found
    assert found["Reached"] > 1, found
    assert not found["Disagreed"], found


def test_a_swap_goes_on_as_it_was_asked_for_when_what_is_staged_is_overwritten_after_a_cut():
    assert _lived(52284926073, tries=1) == "Reached"


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(20))
def test_what_is_proved_to_recover_does_so_after_very_many_lives(chunk):
    count = SCOPE // 20
    found = Counter(_lived(number, tries=6) for number in numbers(count, start=chunk * count))
    assert found["Proved"] > count // 8, found  # some modes of the scope have no such claim
    assert not found["Disagreed"], found
