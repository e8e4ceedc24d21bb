"""The crossings as one ordered battery, quick ones first; the name of the first that notices a fault is its catcher."""

import inspect
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from tests.designs import shapes
from tests.differential import (
    test_erase_all,
    test_external_chip,
    test_forged,
    test_found,
    test_found_rules,
    test_found_wide,
    test_in_place,
    test_modes,
    test_network_core,
    test_nsib_choice,
    test_offers,
    test_points,
    test_rare_rules,
    test_rollback,
    test_slot_pairs,
    test_sweep,
    test_witness,
)
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed, instants_of
from tests.differential.histories import around, hostile, registers, step_of
from tests.differential.small_scope import numbers, small
from tests.differential.walks import walk
from tests.unit.executor import test_mcuboot_unequal_slots

from bootverify.check.conform import mcuboot, nsib
from bootverify.encoder.variables.cells import NotModelled
from bootverify.errors import InputError
from bootverify.executor.making.factory import Factory
from bootverify.machine.action import Request
from bootverify.machine.content import Genuine

RECORDED = Path(__file__).parent.parent / "outside"
PATIENCE_S = 60  # of the processor, so that a busy machine catches nothing


def _marks(*pairs: tuple[str, str]) -> None:
    """From each mark of a boot, every action: foreseen, and seen alike."""
    for name, attacker in pairs:
        followed = Followed(designs()[name], ATTACKERS[attacker])
        seen = set()
        while (here := followed.facts["at"]) not in seen:
            seen.add(here)
            groups = followed.steps.boot.frame.cells.groups
            for action in (*around(followed.world.design), *hostile(followed.world.design), *registers(groups[0][:1])):
                start, inclusion = followed.world.copy(), followed.inclusion.copy()
                if followed.tries(action):
                    assert not followed.disagreements(), action
                followed.world, followed.inclusion = start, inclusion
            if (step := step_of(followed.world)) is not None:
                followed.does(step)
        assert len(seen) > 3, "the device boots"


def _points() -> None:
    """One register and one access; one register and one write."""
    for register in test_points.REGISTERS:
        test_points.test_a_register_permits_the_same_on_both_sides(register)
        test_points.test_a_register_takes_the_same_write_on_both_sides(register)
    for name in ("small", "s08"):
        test_points.test_stores_are_the_same_ranges_on_both_sides(name)


def _steps() -> None:
    _marks(("small", "everything"), ("s08", "app-code-ns"))


def _lives() -> None:
    """Whole lives of some designs of the small scope, the same ones each time."""
    for number in numbers(60, start=1000):
        try:
            followed = Followed(small(number).design, ATTACKERS["code-and-cuts" if number % 2 else "everything"])
        except (InputError, NotModelled):
            continue
        walk(followed, Random(number), tries=8)


def _more_steps() -> None:
    _marks(("s05", "secure-partition"), ("open port", "debug-port"), ("readable slot", "secure-partition"))
    _marks(("open non-secure port", "debug-port"), ("sb-s07", "everything"), ("signing key out", "remote-ota"))
    _marks(("pushed to ram", "app-code-secure"), ("key in uicr", "secure-partition"), ("overwrite", "code-and-cuts"))
    _marks(("key in uicr", "app-code-ns"), ("open port", "app-code-ns"), ("one slot of two locked", "secure-partition"))


def _found() -> None:
    _run(test_found_rules, test_found_wide, test_found, test_forged, test_rare_rules, test_modes)


def _apart() -> None:
    """Rules of what stands apart: NSIB's slots, images that start in place, the network core, slots of unequal size."""
    _run(test_nsib_choice, test_in_place, test_network_core, test_mcuboot_unequal_slots)


def _run(*modules: ModuleType) -> None:
    """The tests of some modules, quick ones, that ask for nothing but values that stand beside them."""
    for module in modules:
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_"):
                for values in _given(test):
                    with suppress(pytest.skip.Exception):
                        test(**values)


def _given(test: Callable[..., None]) -> Iterator[dict[str, object]]:
    """Each set of arguments that the marks of a test name; none where it wants more, or is slow."""
    marks = getattr(test, "pytestmark", ())
    sets = [[_named(mark.args[0], row) for row in mark.args[1]] for mark in marks if mark.name == "parametrize"]
    for parts in product(*sets) if "slow" not in {mark.name for mark in marks} else ():
        values = {name: value for part in parts for name, value in part.items()}
        if values.keys() == inspect.signature(test).parameters.keys():
            yield values


def _named(names: str | tuple[str, ...], row: object) -> dict[str, object]:
    return {names: row} if isinstance(names, str) else dict(zip(names, row, strict=True))


def _pairs() -> None:
    """Slots that do not fit each other, counters that are full, what an erase-all takes."""
    _run(test_slot_pairs, test_rollback, test_erase_all)


def _sweep() -> None:
    before = test_sweep._before(shapes.small(), "mcuboot.boot_go", Genuine("app", 2), Request.TEST)
    ends = test_sweep._swept(before, torn=True, nested="")
    assert set(ends) == {("app.run", "mcuboot 1", "app 2", "app 1")}


def _witness() -> None:
    test_witness.test_what_the_encoder_tells_of_a_small_device_can_be_replayed()


def _recorded() -> None:
    """Boots that were recorded of the vendors' own code."""
    for kind, conform in {"mcuboot": mcuboot, "nsib": nsib}.items():
        assert conform.run(RECORDED / kind).disagreements == []


def _offers() -> None:
    """The other half of inclusion."""
    for design, attacker in test_offers.PAIRS:
        assert test_offers.offers(design, attacker)
    for situation in test_offers.SITUATIONS:
        test_offers.test_of_an_odd_update_no_more_is_offered_than_happens(situation)


def _chip() -> None:
    """Lives with a clip on the external chip."""
    test_external_chip.test_the_copy_takes_what_the_check_did_not_see()
    test_external_chip.test_what_is_not_looked_at_after_the_copy_is_his()
    test_external_chip.test_what_a_clip_on_the_chip_does_is_foreseen("clip")


CROSSINGS: dict[str, Callable[[], None]] = {
    "point": _points,
    "step": _steps,
    "lives": _lives,
    "found": _found,
    "more steps": _more_steps,
    "witness": _witness,
    "sweep": _sweep,
    "chip": _chip,
    "apart": _apart,
    "recorded": _recorded,
    "offers": _offers,
    "pairs": _pairs,
}


class OutOfPatience(Exception):  # noqa: N818 - an event, not an error
    """A fault made something run for ever."""


def catcher(likely: str = "") -> str:
    """The first crossing that notices something is wrong, the `likely` one asked before all; empty when none does."""
    _forget()
    try:
        return _first(sorted(CROSSINGS, key=lambda name: name != likely))
    finally:
        _forget()  # what was made with the fault must serve nobody else


def _forget() -> None:
    instants_of.cache_clear()
    Factory.of.cache_clear()


def _first(names: list[str]) -> str:
    for name in names:
        signal.signal(signal.SIGPROF, _out)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
        try:
            CROSSINGS[name]()
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever goes wrong shows the fault
            return name
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


def _out(*_: object) -> None:
    raise OutOfPatience
