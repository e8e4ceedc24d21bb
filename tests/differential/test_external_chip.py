"""A clip on the external chip, also in the middle of a step: the executor's bytes, the encoder's terms."""

from dataclasses import replace
from itertools import product
from random import Random

import pytest
from tests.differential.following import Followed
from tests.differential.histories import releases, step_of
from tests.differential.small_scope import CHAINS, DIMENSIONS, SIZES, small
from tests.differential.walks import TEARS
from tests.edited import SCENARIOS

from bootverify.api import ask
from bootverify.check.replays.taken_out import taken_out
from bootverify.check.verdict import Finding, Verdict
from bootverify.design.attacker import Attacker, Capability
from bootverify.executor.layout import staging_partitions, store_ranges
from bootverify.machine.action import (
    Action,
    Confirm,
    Deliver,
    ForgeTrailer,
    Meanwhile,
    Overwrite,
    Publish,
    ReadOut,
    Request,
    Reset,
    TakeStep,
)
from bootverify.machine.content import Crafted, Erased, Genuine
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import design_of, load_design
from bootverify.sources.document import read_written
from bootverify.sources.mutate import mutated

CLIP = frozenset({Capability.READ_EXTERNAL, Capability.WRITE_EXTERNAL})
FOES = {
    "clip": CLIP,
    "clip and sender": CLIP | {Capability.SEND_UPDATE},
    "clip and cuts": CLIP | {Capability.CUT_POWER},
    "reader": frozenset({Capability.READ_EXTERNAL}),
}
WANTED = ("mode", "check", "downgrade", "encryption", "signing key")
OUTSIDE = next(i for i, each in enumerate(DIMENSIONS["slots"]) if "external" in each.values())


def _numbers(chains: range, width: int) -> list[int]:
    """The designs of the small scope with all choices of the dimensions that matter, staging outside; every nth."""
    found = []
    ranges = [range(min(len(DIMENSIONS[name]), 3)) for name in WANTED]
    for chain, *chosen in product(chains, *ranges):
        by_name = {**dict(zip(WANTED, chosen, strict=True)), "slots": OUTSIDE}
        choices = [chain, *(by_name.get(name, 0) for name in DIMENSIONS), 0]
        number, weight = 0, 1
        for choice, size in zip(choices, SIZES, strict=True):
            number, weight = number + choice * weight, weight * size
        found.append(number)
    return found[:: max(1, len(found) // width)]


def _life(followed: Followed, random: Random, *, boots: int) -> int:
    """Boots with something staged, written to while it is looked at; how many foreign writes came in a step."""
    design = followed.world.design
    made = list(releases(design))
    for each in made:
        followed.tries(Publish(image=each.image, release=each.release, slot=each.slot))
    contents = [Crafted(), Erased(), *made, *made]
    where = staging_partitions(design)[0]
    count = 0
    for _ in range(boots):
        content, asked = random.choice(contents), random.choice((Request.TEST, Request.PERM))
        mine = not isinstance(content, type(made[0]))
        tries: list[Action] = [
            random.choice((Confirm(), ReadOut(partition=random.choice((where, *store_ranges(design)))))),
            Deliver(partition=where, content=content, request=asked, by_attacker=mine),
            Overwrite(partition=random.choice((where, *store_ranges(design))), content=random.choice(contents)),
            *(ForgeTrailer(image=image.name, request=asked) for image in design.images if image.staging == where),
        ]
        for action in tries:
            if random.random() < 0.7:
                followed.tries(action)
        followed.tries(Reset())
        while (step := step_of(followed.world)) and followed.facts["at"] != followed.steps.boot.frame.run_mark:
            turn = Meanwhile(
                partition=where, content=random.choice(contents), before=random.choice((*range(24), 30, 60, 90, 120))
            )
            if turn.content == Crafted() and turn.before % 2:
                turn = replace(turn, content=Crafted(unmarked=True))
            cut = random.randrange(60) if random.random() < 0.3 else None
            meddled = step_of(followed.world, meanwhile=turn, cut_after=cut, torn=random.choice(TEARS))
            plain = step_of(followed.world, cut_after=cut)
            if meddled is not None and followed.tries(meddled):
                count += 1
            elif plain is None or not followed.tries(plain):
                followed.does(step)
            assert not followed.disagreements(), f"{design.name}: {followed.history}"
    return count


@pytest.mark.parametrize("foe", FOES)
def test_what_a_clip_on_the_chip_does_is_foreseen(foe: str) -> None:
    attacker = Attacker(name=foe, title="", capabilities=FOES[foe])
    count = 0
    for number in _numbers(range(3), 1 if Capability.CUT_POWER in attacker.capabilities else 4):
        count += _life(Followed(small(number).design, attacker), Random(number), boots=3)
    assert (count > 0) == (Capability.WRITE_EXTERNAL in attacker.capabilities)


@pytest.mark.slow
@pytest.mark.parametrize("foe", FOES)
def test_it_is_foreseen_in_many_more_lives(foe: str) -> None:
    attacker = Attacker(name=foe, title="", capabilities=FOES[foe])
    for number in _numbers(range(len(CHAINS)), 400):
        _life(Followed(small(number).design, attacker), Random(number), boots=8)


@pytest.mark.parametrize(("name", "moments"), [("SB-S37", (0, 24, 36)), ("swapped-outside", (0, 8, 17, 25))])
def test_a_mark_that_is_unmade_at_any_moment_is_foreseen(name, moments):
    design, clip = load_design(SCENARIOS / f"{name}.yaml"), load_attacker("ext-flash-write")
    life = next(taken_out(design, clip))
    for before in moments:
        followed = Followed(design, clip)
        for action in life:
            turn = action.meanwhile if isinstance(action, TakeStep) else None
            followed.tries(replace(action, meanwhile=replace(turn, before=before)) if turn is not None else action)
        assert not followed.disagreements()


STAGED_OUTSIDE = {
    "partitions.mcuboot_secondary": {"at": 0, "size": 0x7A000, "memory": "external"},
    "chain.mcuboot.mode": "overwrite",
}


def _asked(policy: str, **change: object) -> Finding:
    """What is found out about SB-S31 with staging outside, against a clip on the chip."""
    written = mutated(read_written(SCENARIOS / "SB-S31.yaml"), {**STAGED_OUTSIDE, **change})
    report = ask(design_of(written), policy, ("app",), load_attacker("ext-flash-write"))
    assert not report.discrepancies
    return report.findings[0]


def test_whatever_comes_while_a_bootloader_is_copied_the_running_one_stays() -> None:
    foe = Attacker(name="foe", title="", capabilities=CLIP)
    followed = Followed(load_design(SCENARIOS / "SB-S37.yaml"), foe)
    followed.runs_on()
    for_s0, for_s1 = Genuine("mcuboot", 2, "s0"), Genuine("mcuboot", 2, "s1")
    followed.does(*(Publish(image=each.image, release=each.release, slot=each.slot) for each in (for_s0, for_s1)))
    for update, other in ((for_s1, for_s0), (for_s0, for_s1)):
        followed.does(Deliver(partition="mcuboot_secondary", content=update, request=Request.PERM), Reset())
        while not followed.facts["at"].endswith("boot_go"):
            followed.does(followed.next_step())
        start, inclusion, before = followed.world, followed.inclusion, followed.facts
        spoilt = []
        for content, moment in ((other, 14), (Crafted(), 20)):
            followed.world, followed.inclusion = start.copy(), inclusion.copy()
            turn = Meanwhile(partition="mcuboot_secondary", content=content, before=moment)
            followed.does(step_of(start, meanwhile=turn))
            kept = f"content[{before['active[mcuboot]']}]"
            assert followed.facts[kept] == before[kept]
            spoilt.append(followed.facts[f"content[{update.slot}]"])
            followed.boots()
        assert spoilt == [f"mcuboot 2 for {other.slot}", "crafted"]
        followed.world, followed.inclusion = start, inclusion
        followed.boots()


@pytest.mark.parametrize("card", ["SB-S37", "SB-S44"])
def test_no_older_bootloader_comes_back_by_a_clip_on_the_chip(card: str) -> None:
    report = ask(
        load_design(SCENARIOS / f"{card}.yaml"), "no-downgrade", ("mcuboot",), load_attacker("ext-flash-write")
    )
    assert [(each.verdict, each.strength) for each in report.findings] == [(Verdict.HOLDS, "proved")]


def test_the_copy_takes_what_the_check_did_not_see() -> None:
    found = _asked("no-downgrade", **{"chain.mcuboot.downgrade": "version"})
    assert (found.verdict, found.strength) == (Verdict.VIOLATED, "replayed")
    assert found.trace is not None
    turns = [step.action.meanwhile for step in found.trace.steps if isinstance(step.action, TakeStep)]
    assert any(turn is not None and turn.content == Genuine("app", 1) for turn in turns)


def test_what_is_not_looked_at_after_the_copy_is_his() -> None:
    found = _asked("authentic-only", **{"chain.mcuboot.validate_primary": False})
    assert (found.verdict, found.strength) == (Verdict.VIOLATED, "replayed")


@pytest.mark.parametrize(
    ("policy", "change"),
    [("authentic-only", {}), ("no-downgrade", {"chain.mcuboot.security_counter": True})],
    ids=["verified again", "counted"],
)
def test_what_is_looked_at_after_the_copy_stops_him(policy: str, change: dict[str, object]) -> None:
    found = _asked(policy, **change)
    assert (found.verdict, found.strength) == (Verdict.HOLDS, "proved")


@pytest.mark.parametrize("mode", ["overwrite", "swap-move"])
def test_what_came_after_the_check_may_be_refused_and_leave_nothing_to_start(mode: str) -> None:
    found = _asked("bootable", **{"chain.mcuboot.mode": mode})
    assert (found.verdict, found.strength) == (Verdict.VIOLATED, "replayed")
