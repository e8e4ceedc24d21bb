"""Counters, versions and what was kept: the executor's boot code and the encoder's ordinals over random histories."""

import random
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from tests.designs import shapes
from tests.differential.designs import boot_go
from tests.differential.walks import TEARS
from tests.edited import edited, verdict_of

from bootverify.api import ask
from bootverify.check.decide import Decider
from bootverify.check.proof.theory import Theories
from bootverify.check.replays.inclusion import Inclusion
from bootverify.check.replays.replay import act  # not the one that conftest watches: here it is watched already
from bootverify.check.verdict import Verdict
from bootverify.design.boot import Image, UpgradeMode
from bootverify.design.design import Design
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants
from bootverify.encoder.logic.terms import evaluate
from bootverify.encoder.variables.cells import NotModelled
from bootverify.executor.claims import predicates
from bootverify.executor.run import runs_on
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import (
    Action,
    Confirm,
    Deliver,
    ForgeTrailer,
    Meanwhile,
    Overwrite,
    Produce,
    Publish,
    Request,
    Reset,
    TakeStep,
)
from bootverify.machine.content import Crafted, Erased, Genuine
from bootverify.sources.attackers import load_attacker

COUNTED = {"chain.mcuboot.security_counter": True, "releases": 3}
OUTSIDE = {"partitions.mcuboot_secondary": {"at": 0, "size": 0x7A000, "memory": "external"}}
EQUAL_BUILDS = [[1, 0, 0, 1], [1, 0, 0, 2], [1, 1, 0, 0]]
TURNS: dict[str, tuple[str, dict[str, Any]]] = {
    "versions": ("SB-S31", {"chain.mcuboot.mode": "overwrite", "chain.mcuboot.downgrade": "version"}),
    "builds": (
        "SB-S31",
        {
            "chain.mcuboot.mode": "overwrite",
            "chain.mcuboot.downgrade": "version",
            "chain.app.versions": EQUAL_BUILDS,
            "releases": 3,
        },
    ),
    "builds compared": (
        "SB-S31",
        {
            "chain.mcuboot.mode": "overwrite",
            "chain.mcuboot.downgrade": "version",
            "chain.mcuboot.compare_build": True,
            "chain.app.versions": EQUAL_BUILDS,
            "releases": 3,
        },
    ),
    "swaps compared": ("SB-S31", {"chain.mcuboot.downgrade": "version"}),
    "tests compared": ("SB-S31", {"chain.mcuboot.downgrade": "version", "chain.mcuboot.compare_tests_only": True}),
    "counter": ("SB-S31", {**COUNTED, "chain.mcuboot.mode": "overwrite"}),
    "counter of swaps": ("SB-S31", {**COUNTED, "chain.app.counters": [1, 1, 4]}),
    "counter short of room": (
        "SB-S31",
        {**COUNTED, "chain.mcuboot.mode": "overwrite", "chain.mcuboot.counter_slots": 2},
    ),
    "counter of swaps short of room": ("SB-S31", {**COUNTED, "chain.mcuboot.counter_slots": 2}),
    "counter full, refused": (
        "SB-S31",
        {
            **COUNTED,
            "chain.mcuboot.mode": "overwrite",
            "chain.mcuboot.counter_slots": 2,
            "chain.mcuboot.counter_full": "refuses",
        },
    ),
    "counter of swaps full, refused": (
        "SB-S31",
        {**COUNTED, "chain.mcuboot.counter_slots": 2, "chain.mcuboot.counter_full": "refuses"},
    ),
    "counter unchecked at boot": ("SB-S31", {**COUNTED, "chain.mcuboot.validate_primary": False}),
    "nsib full, boots": (
        "SB-S02",
        {"chain.b0.counter": True, "chain.b0.counter_slots": 1, "chain.b0.counter_full": "boots", "releases": 3},
    ),
    "nsib full, stops": (
        "SB-S02",
        {"chain.b0.counter": True, "chain.b0.counter_slots": 2, "chain.b0.counter_full": "stops", "releases": 3},
    ),
    "nsib full, by release": ("SB-S02", {"chain.b0.counter": True, "chain.b0.counter_slots": 1}),
    "nsib": ("SB-S02", {"chain.b0.counter": True, "releases": 3}),
    "counter, port open": ("SB-S31", {**COUNTED, "chain.mcuboot.mode": "overwrite", "life": {"recovery": "open"}}),
    "versions, port open": (
        "SB-S31",
        {"chain.mcuboot.mode": "overwrite", "chain.mcuboot.downgrade": "version", "life": {"recovery": "open"}},
    ),
    "versions that fall": (
        "SB-S31",
        {
            "chain.mcuboot.mode": "overwrite",
            "chain.mcuboot.downgrade": "version",
            "chain.app.versions": [[1, 2, 0, 0], [1, 1, 0, 0]],
        },
    ),
    "counters of swaps that fall": ("SB-S31", {**COUNTED, "chain.app.counters": [2, 1, 3]}),
    "counter, staged outside": ("SB-S31", {**COUNTED, "chain.mcuboot.mode": "overwrite", **OUTSIDE}),
    "counter of swaps, staged outside": ("SB-S31", {**COUNTED, **OUTSIDE}),
}
ATTACKERS = ("old-signed-image", "power-cut", "app-code", "app-code-secure")
MEANWHILE = {"ext-flash-write": "staged outside", "serial-port": "port open"}


@cache
def _design(name: str) -> Design:
    scenario, change = TURNS[name]
    return edited(scenario, change)


@cache
def _steps(name: str, attacker: str) -> Instants:
    return Instants(system_for(_design(name), load_attacker(attacker), history=True))


def _moves(design: Design, rng: random.Random) -> Action:
    image = rng.choice([each for each in design.images if each.updatable])
    release, slot = rng.randint(1, design.releases), rng.choice(image.slots) if len(image.slots) > 1 else ""
    genuine = Genuine(image.name, release, slot)
    asked = rng.choice((Request.TEST, Request.PERM))
    assert image.staging is not None
    return rng.choice(
        [
            Publish(image=image.name, release=release, slot=slot),
            Deliver(partition=image.staging, content=genuine, request=asked, by_attacker=False),
            Deliver(partition=image.staging, content=genuine, request=asked, by_attacker=False),
            Deliver(partition=image.staging, content=Crafted(), request=asked, by_attacker=True),
            Confirm(),
            Reset(),
            Reset(),
            Overwrite(partition=rng.choice((*image.slots, image.staging)), content=rng.choice((genuine, Erased()))),
        ]
    )


def _meanwhile(design: Design, step: TakeStep, rng: random.Random) -> Action:
    """What a clip or a cable does to the image before the step, or in the middle of it."""
    image = rng.choice([each for each in design.images if each.updatable])
    content = rng.choice((Genuine(image.name, rng.randint(1, design.releases), ""), Crafted(), Erased()))
    assert image.staging is not None
    turn = Meanwhile(partition=image.staging, content=content, before=rng.randrange(30))
    write = Overwrite(partition=rng.choice((*image.slots, image.staging)), content=content)
    forged = ForgeTrailer(image=image.name, request=rng.choice((Request.TEST, Request.PERM)))
    return rng.choice((replace(step, meanwhile=turn), write, forged))


def _tells(steps: Instants, image: Image) -> bool:
    """Whether the history of the image can be asked for at all."""
    try:
        steps.boot.predicates.older(image)
    except NotModelled:
        return False
    return True


def _follow(name: str, attacker: str, seed: int, length: int) -> set[str]:
    """One random history; what was seen of it."""
    rng, design, steps = random.Random(seed), _design(name), _steps(name, attacker)
    world = World.start(design, load_attacker(attacker), history=True)
    inclusion, seen = Inclusion(steps, world), set()
    for name_of_image, releases in steps.boot.frame.made_later.items() if seed % 2 else ():
        made = Produce(image=name_of_image, release=rng.choice(releases))
        act(world, made)
        inclusion.watch(made, world)
    for image in design.images:
        for release in range(1, design.releases + 1) if image.updatable else ():
            for slot in image.slots if len(image.slots) > 1 else ("",):
                act(world, Publish(image=image.name, release=release, slot=slot))
    inclusion = Inclusion(steps, world)
    for _ in range(length):
        device = world.device
        action: Action
        if runs_on(device):
            cut = rng.randrange(40) if attacker == "power-cut" and rng.random() < 0.1 else None
            action = TakeStep(stage=device.running, step=device.step, cut_after=cut, torn=rng.choice(TEARS))
            if attacker in MEANWHILE and rng.random() < 0.5:
                action = _meanwhile(design, action, rng)
        else:
            action = Reset() if device.halted else _moves(design, rng)
        before = world.copy()
        try:
            act(world, action)
        except NotEnabled:
            world = before
            continue
        inclusion.watch(action, world)
        seen |= {word for line in world.log for word in ("halted", "counter", "below") if word in line}
        for image in design.images:
            if image.updatable and _tells(steps, image):
                here, term = predicates.older(world, image), steps.boot.predicates.older(image)
                told = {bool(evaluate(term, each)) for each in inclusion.instants}
                assert here in told, f"{name}, {attacker}, seed {seed}: {action}: {image.name} {here} {told}"
                seen |= {"older"} if here else set()
    return seen


CASES = [
    (name, attacker)
    for name, (scenario, _) in TURNS.items()
    for attacker in (*ATTACKERS, *(who for who, where in MEANWHILE.items() if where in name))
    if attacker not in ({"app-code-secure"} if scenario == "SB-S31" else {"app-code"})
]


@pytest.mark.parametrize(("name", "attacker"), CASES)
def test_the_encoder_foresees_what_counters_and_versions_let_through(name: str, attacker: str) -> None:
    for seed in range(2):
        _follow(name, attacker, seed, 60)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "attacker"), CASES)
def test_it_foresees_many_more_of_them(name: str, attacker: str) -> None:
    for seed in range(2, 30):
        _follow(name, attacker, seed, 160)


@pytest.mark.parametrize("name", ["versions that fall", "counters of swaps that fall"])
def test_a_fix_that_counts_as_the_older_release_gives_way_to_what_it_mends(name: str) -> None:
    report = ask(_design(name), "no-downgrade", ("app",), load_attacker("old-signed-image"))
    (finding,) = report.findings
    assert (finding.verdict, finding.strength, report.discrepancies) == (Verdict.VIOLATED, "replayed", ())
    assert finding.trace is not None
    assert isinstance(finding.trace.actions[0], Produce)


@pytest.mark.parametrize("attacker", ["app-code-ns", "debug-port"])
def test_it_does_so_where_there_is_much_to_search(attacker: str) -> None:
    change = {
        "chain.mcuboot.mode": "overwrite",
        "chain.mcuboot.downgrade": "version",
        "chain.tfm+app.versions": [[1, 2, 0, 0], [1, 1, 0, 0]],
    }
    report = ask(edited("SB-S05", change), "no-downgrade", ("tfm+app",), load_attacker(attacker))
    assert not report.discrepancies
    assert [each.verdict for each in report.findings] == [Verdict.VIOLATED]


def test_a_device_leaves_production_once_and_with_a_release_that_exists() -> None:
    world = World.start(_design("versions that fall"), load_attacker("old-signed-image"))
    for wrong in (Produce(image="app", release=3), Produce(image="mcuboot", release=2)):
        with pytest.raises(NotEnabled, match="never made"):
            act(world, wrong)
    act(world, Publish(image="app", release=2))
    with pytest.raises(NotEnabled, match="has left production"):
        act(world, Produce(image="app", release=2))


def test_what_production_could_program_answers_no_question_but_those_about_what_has_been() -> None:
    who = load_attacker("old-signed-image")
    fall, rise = (Decider(_design(name), Theories(), {who}) for name in ("versions that fall", "versions"))
    plain, remembers = fall.reasoner(who), fall.reasoner(who, history=True)
    assert "produce app 2" in remembers.boot.moves
    assert not plain.boot.frame.history
    assert rise.reasoner(who) is rise.reasoner(who, history=True)


def test_older_releases_do_come_back_where_nothing_stops_them() -> None:
    assert any("older" in _follow("tests compared", "old-signed-image", seed, 100) for seed in range(8))


@pytest.mark.parametrize("attacker", ["remote-ota", "app-code-ns", "secure-partition", "debug-port", "power-cut"])
def test_an_image_in_parts_is_asked_about_where_lower_versions_are_refused(attacker):
    design = boot_go(shapes.s08(), mode=UpgradeMode.OVERWRITE, prevent_downgrade=True)
    report = ask(design, "no-downgrade", ("tfm+app",), load_attacker(attacker))
    assert not report.discrepancies
    assert report.findings


def test_a_release_that_code_wrote_and_nobody_booted_was_not_kept() -> None:
    counted, compared = (
        ask(_design(name), "no-downgrade", ("app",), load_attacker("app-code")).findings[0].verdict
        for name in ("counter", "versions")
    )
    assert (counted is Verdict.VIOLATED, compared) == (False, Verdict.VIOLATED)


@pytest.mark.parametrize(("level", "expected"), [(2, Verdict.HOLDS), (1, Verdict.UNKNOWN)])
def test_an_unprivileged_partition_writes_no_counter(level: int, expected: Verdict) -> None:
    change = {"chain.mcuboot.security_counter": True, "chain.tfm+app.trustzone": {"isolation_level": level}}
    assert verdict_of(edited("SB-S36", change), "no-downgrade", "tfm+app", "secure-partition") is expected
