"""A recovery is proved only where each of its steps gets on and some step can be taken until it is over."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS

from bootverify.check.proof.prove import Reasoner
from bootverify.check.proof.theory import Theories
from bootverify.design.protection import Lock
from bootverify.encoder.boot_system import BootSystem, system_for
from bootverify.encoder.claims.recovery import _rises, recovering
from bootverify.encoder.logic.terms import Sort, const, eq, evaluate, false, ite, true, var
from bootverify.encoder.moves.move import Move, move
from bootverify.machine.action import TakeStep


def _boot() -> BootSystem:
    return system_for(shapes.small(), ATTACKERS["remote-ota"])


def _of(boot: BootSystem, boots: int = 1) -> Reasoner:
    """What can be said of the recovery of `boot`."""
    reasoner = Reasoner(boot.frame.design, ATTACKERS["remote-ota"], Theories(), boots=boots)
    reasoner.__dict__["boot"] = recovering(boot, boots)
    return reasoner


def _with(boot: BootSystem, moves: dict[str, Move]) -> BootSystem:
    return replace(
        boot, moves=moves, system=replace(boot.system, transitions=tuple(each.transition for each in moves.values()))
    )


def _more(boot: BootSystem, at: str, to: str | None) -> BootSystem:
    """The same with a step that somebody takes at one mark, to another or to none."""
    frame = boot.frame
    updates = {} if to is None else {frame.at: frame.go(to)}
    step = move("more", frame.at_mark(at), updates, TakeStep(stage="mcuboot", step=0), undisturbed=True)
    return _with(boot, {**boot.moves, "more": step})


def _less(boot: BootSystem, at: str) -> BootSystem:
    """The same without what a boot does at a mark."""
    kept = {name: each for name, each in boot.moves.items() if not name.startswith(f"{at}:")}
    assert len(kept) < len(boot.moves)
    return _with(boot, kept)


FIRST, SECOND, LAST = "mcuboot.boot_go", "mcuboot.protect", "app.begin"
STUCK: dict[str, Callable[[BootSystem], BootSystem]] = {
    "a step that leads nowhere": lambda boot: _more(boot, SECOND, None),
    "a step that stays": lambda boot: _more(boot, SECOND, SECOND),
    "a step that goes back": lambda boot: _more(boot, LAST, SECOND),
    "a step that restarts whenever it comes": lambda boot: _more(_less(boot, LAST), LAST, FIRST),
    "no step where one is due": lambda boot: _less(boot, SECOND),
}


@pytest.mark.parametrize("boots", [1, 2])
def test_a_boot_is_proved_to_come_to_its_end_and_to_nothing_that_is_not_so_then(boots):
    reasoner = _of(_boot(), boots)
    frame = reasoner.boot.frame
    assert reasoner.recovers(reasoner.recovery(frame.at_mark(frame.run_mark))) is not None
    for wrong in (false(), frame.at_mark("halted"), eq(frame.content("mcuboot_primary"), "app 1")):
        assert reasoner.recovers(reasoner.recovery(wrong)) is None


@pytest.mark.parametrize("boots", [1, 2])
@pytest.mark.parametrize("how", STUCK)
def test_a_recovery_that_does_not_get_on_is_not_proved(how, boots):
    reasoner = _of(STUCK[how](_boot()), boots)
    assert reasoner.recovers(reasoner.recovery(true())) is None


def test_a_step_that_may_restart_the_device_gets_on_where_another_may_be_taken():
    reasoner = _of(_more(_boot(), LAST, FIRST))
    assert reasoner.recovers(reasoner.recovery(true())) is not None


def test_a_recovery_in_which_a_boot_stage_of_somebody_else_runs_is_not_proved():
    for lock, proved in ((Lock.UNTIL_RESET, True), (None, False)):
        boot = system_for(shapes.s01(lock=lock), ATTACKERS["app-code-secure"])
        reasoner = _of(boot)
        found = reasoner.recovers(reasoner.recovery(true()))
        assert (found is not None) is proved
        unsaid = replace(reasoner.boot.procedure, hijacked=false())
        reasoner.__dict__["boot"] = replace(reasoner.boot, procedure=unsaid)
        assert reasoner.recovers(reasoner.recovery(true())) is not None


BOOTS = Sort("Boots", ("none", "1", "1 again", "2"))
COUNTER = var("boots", BOOTS)
AFTER = (
    *(const(BOOTS, value) for value in BOOTS.values),
    COUNTER,
    var("other", BOOTS),
    ite(eq(COUNTER, "1"), const(BOOTS, "1 again"), const(BOOTS, "none")),
    ite(eq(COUNTER, "none"), const(BOOTS, "2"), COUNTER),
)


@pytest.mark.parametrize("after", AFTER, ids=str)
def test_what_rises_is_later_than_before_whatever_it_was(after):
    for now, other in product(BOOTS.values, repeat=2):
        here = {COUNTER: now, var("other", BOOTS): other}
        later = BOOTS.values.index(str(evaluate(after, here))) > BOOTS.values.index(now)
        assert evaluate(_rises(COUNTER, after), here) is later
