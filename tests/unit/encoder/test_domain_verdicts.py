"""The first scenario cards come out as expected: proved by the invariant, or broken by a path."""

import time
from collections.abc import Callable
from functools import cache

import pytest
from tests.designs import shapes

from bootverify.check.proof.fixpoint import candidate_lemmas
from bootverify.check.proof.search import Path, shortest
from bootverify.check.solver import Unsat, solve
from bootverify.design.design import Design
from bootverify.design.protection import Lock
from bootverify.encoder.boot_system import BootSystem, system_for
from bootverify.encoder.concretize import actions
from bootverify.encoder.logic.obligations import all_preserved, all_start, implied
from bootverify.encoder.logic.terms import Op, Term, and_, not_
from bootverify.machine.action import EraseAll, Inspect, Overwrite, Publish, ReadOut, TakeStep

DESIGNS: dict[str, Callable[[], Design]] = {
    "s01": shapes.s01,
    "s01 without lock": lambda: shapes.s01(lock=None),
    "s01 not locked": lambda: shapes.s01(lock=Lock.NONE),
    "s02": shapes.s02,
    "s05": shapes.s05,
    "s06": shapes.s06,
    "s08": shapes.s08,
}
HOLDS = [
    ("s01", "rot-immutable", "mcuboot", "remote-ota"),
    ("s01", "rot-immutable", "mcuboot", "app-code-secure"),
    ("s01", "no-secret-in-updatable", "enc_priv", "remote-ota"),
    ("s01", "secret-confidential", "enc_priv", "debug-port"),
    ("s01", "authentic-only", "app", "app-code-secure"),
    ("s02", "rot-immutable", "b0", "remote-ota"),
    ("s02", "authentic-only", "app", "remote-ota"),
    ("s02", "authentic-only", "mcuboot", "app-code-secure"),
    ("s02", "boot-write-denied", "mcuboot", "app-code-secure"),
    ("s05", "secret-confidential", "kek", "app-code-ns"),
    ("s05", "no-secret-in-updatable", "kek", "remote-ota"),
    ("s05", "boot-write-denied", "mcuboot", "app-code-ns"),
    ("s05", "authentic-only", "tfm+app", "app-code-ns"),
    ("s05", "authentic-only", "tfm+app", "power-cut"),
    ("s05", "authentic-only", "mcuboot", "power-cut"),
    ("s06", "secret-confidential", "kek", "app-code-secure"),
    ("s08", "authentic-only", "tfm+app", "remote-ota"),
    ("s08", "rot-immutable", "b0", "remote-ota"),
    ("s08", "boot-write-denied", "mcuboot", "app-code-ns"),
]
VIOLATED = [
    ("s01", "secret-confidential", "enc_priv", "app-code-secure"),
    ("s01", "rot-immutable", "mcuboot", "debug-port"),
    ("s01 without lock", "rot-immutable", "mcuboot", "app-code-secure"),
    ("s01 not locked", "rot-immutable", "mcuboot", "app-code-secure"),
    ("s02", "no-secret-in-updatable", "enc_priv", "remote-ota"),
    ("s02", "secret-confidential", "enc_priv", "remote-ota"),
    ("s05", "secret-use-restricted", "kek", "secure-partition"),
    ("s06", "secret-use-restricted", "kek", "app-code-secure"),
    ("s08", "key-rotatable", "img_verify_pub", "remote-ota"),  # a goal that is reached
]


@cache
def _boot(design: str, attacker: str) -> BootSystem:
    return system_for(DESIGNS[design](), shapes.ATTACKERS[attacker])


@cache
def _invariant(design: str, attacker: str) -> tuple[Term, ...]:
    boot = _boot(design, attacker)
    erased = boot.frame.erased_all
    mode = erased if erased.op is Op.VAR else None
    lemmas = [lemma.term for lemma in candidate_lemmas(boot.system, boot.location, mode)]
    for obligation in (all_start(boot.system, lemmas), all_preserved(boot.system, lemmas)):
        assert isinstance(solve(obligation.text), Unsat), obligation.name
    return tuple(lemmas)


def _bad(boot: BootSystem, policy: str, subject: str) -> Term:
    design, ask = boot.frame.design, boot.predicates
    match policy:
        case "rot-immutable":
            return not_(ask.intact(design.stage(subject)))
        case "authentic-only":
            image = design.image(subject)
            return and_(ask.starting(image), not_(ask.authentic(image)))
        case "boot-write-denied":
            return ask.writable(design.image(subject))
        case "no-secret-in-updatable":
            return ask.shipped(design.key(subject))
        case "secret-confidential":
            return ask.knows(design.key(subject))
        case "secret-use-restricted":
            return ask.usable(design.key(subject))
        case "key-rotatable":
            return ask.renewed(design.key(subject))
        case _:
            raise KeyError(policy)


@pytest.mark.parametrize(("design", "policy", "subject", "attacker"), HOLDS)
def test_what_should_hold_follows_from_the_invariant(design, policy, subject, attacker):
    claim = not_(_bad(_boot(design, attacker), policy, subject))
    if claim.op is Op.CONST:
        assert claim.value is True
        return
    assert isinstance(solve(implied(claim, _invariant(design, attacker)).text), Unsat)


@pytest.mark.parametrize(("design", "policy", "subject", "attacker"), VIOLATED)
def test_what_should_break_has_a_path(design, policy, subject, attacker):
    boot = _boot(design, attacker)
    path = shortest(boot.system, _bad(boot, policy, subject))
    assert isinstance(path, Path)
    assert actions(boot, path.steps)


def test_the_key_of_an_immutable_bootloader_is_read_once_the_application_runs():
    boot = _boot("s01", "app-code-secure")
    path = shortest(boot.system, _bad(boot, "secret-confidential", "enc_priv"))
    *steps, last = actions(boot, path.steps)
    assert last == ReadOut(partition="mcuboot")
    assert [(step.stage, step.step) for step in steps] == [
        ("mcuboot", 0),
        ("mcuboot", 1),
        ("mcuboot", 2),
        ("app", 0),
    ]


def test_a_published_bootloader_shows_the_key_it_carries():
    boot = _boot("s02", "remote-ota")
    path = shortest(boot.system, _bad(boot, "secret-confidential", "enc_priv"))
    assert actions(boot, path.steps) == [
        Publish(image="mcuboot", release=1, slot="s0"),
        Inspect(image="mcuboot", release=1, slot="s0"),
    ]


def test_a_span_that_is_not_locked_is_opened_again_before_it_is_written():
    boot = _boot("s01 not locked", "app-code-secure")
    told = actions(boot, shortest(boot.system, _bad(boot, "rot-immutable", "mcuboot")).steps)
    assert isinstance(told[-1], Overwrite)
    assert {type(each).__name__ for each in told} == {"TakeStep", "ProgramRegion", "Overwrite"}
    assert min(each.region for each in told if hasattr(each, "region")) < 3


def test_an_erase_all_is_the_probe_s_way_to_the_root_of_trust():
    boot = _boot("s01", "debug-port")
    told = actions(boot, shortest(boot.system, _bad(boot, "rot-immutable", "mcuboot")).steps)
    assert told == [EraseAll()]
    assert not any(isinstance(each, TakeStep) for each in told)


def test_a_secure_attacker_is_answered_over_all_regions():
    design = shapes.s02()
    started = time.perf_counter()
    boot = system_for(design, shapes.ATTACKERS["app-code-secure"])
    built = time.perf_counter()
    lemmas = [lemma.term for lemma in candidate_lemmas(boot.system, boot.location)]
    found = time.perf_counter()
    assert isinstance(solve(all_preserved(boot.system, lemmas).text), Unsat)
    claim = not_(_bad(boot, "rot-immutable", "b0"))
    assert isinstance(solve(implied(claim, lemmas).text), Unsat)
    proved = time.perf_counter()
    assert sum(len(region.members) for region in boot.frame.regions) == 64
    print(
        f"built {1e3 * (built - started):.0f} ms, fixpoint {1e3 * (found - built):.0f} ms,"
        f" proof {1e3 * (proved - found):.0f} ms"
    )
