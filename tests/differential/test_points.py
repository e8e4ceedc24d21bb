"""Crossing 1: pairs of rules on concrete values, exhaustively where the table is small, else on every border."""

from itertools import product

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS, designs
from tests.differential.following import Followed, instants_of
from tests.differential.histories import step_of

from bootverify.check.replays.inclusion import explains
from bootverify.design.protection import Access, Attribution
from bootverify.encoder.logic.terms import evaluate
from bootverify.encoder.units import spu as told
from bootverify.encoder.variables.cells import Cells
from bootverify.encoder.variables.region import region
from bootverify.executor.layout import stores_of
from bootverify.executor.units.spu import EXECUTE, LOCK, READ, SECURE, WRITE, Spu

BITS = (SECURE, READ, WRITE, EXECUTE, LOCK)
REGISTERS = [sum(bit for bit, on in zip(BITS, chosen, strict=True) if on) for chosen in product((0, 1), repeat=5)]


def _assigned(term, register, *, tampered=False):
    values = {field: bool(register & bit) for field, bit in zip(term.fields, BITS, strict=True)}
    return {**values, term.tampered: tampered}


@pytest.mark.parametrize("register", REGISTERS)
def test_a_register_permits_the_same_on_both_sides(register):
    unit, term = Spu(0, 0x4000, 2), region((1,))
    unit.registers[1] = register
    for access, who, at in product(Access, Attribution, (0x4000, 0x4001, 0x7FFF)):
        here = unit.permits(at, access, who)
        assert here == evaluate(told.permits(term, access, who), _assigned(term, register))
        assert evaluate(told.permits(term, access, who), _assigned(term, register, tampered=True))


@pytest.mark.parametrize("old", REGISTERS)
def test_a_register_takes_the_same_write_on_both_sides(old):
    for new in REGISTERS:
        unit, term = Spu(0, 0x4000, 2), region((1,))
        unit.registers[1] = old
        unit.write_register(1, new)
        setting = tuple(bool(new & bit) for bit in BITS)
        updates = told.programmed(term, setting)
        after = {field: evaluate(value, _assigned(term, old)) for field, value in updates.items()}
        assert after == {field: bool(unit.registers[1] & bit) for field, bit in zip(term.fields, BITS, strict=True)}


@pytest.mark.parametrize("name", sorted(designs()))
def test_stores_are_the_same_ranges_on_both_sides(name):
    design = designs()[name]
    cells = Cells(design)
    here = {store.name: store for image in design.images for store in stores_of(design, image)}
    there = {store.name: store for store in cells.stores.values() if store.image}
    assert here.keys() == there.keys()
    for name_, store in here.items():
        extent = there[name_].extent
        if extent.guarded:
            assert (store.range.start, store.range.end) == (extent.start, extent.end)
            start, end, edges = store.range.start, store.range.end, cells.edges
            assert set(extent.regions) == {i for i in range(cells.count) if edges[i] < end and start < edges[i + 1]}


def _following(steps, instant):
    facts = {variable.name: value for variable, value in instant.items()}
    return [steps.instant(each.after) for each in steps.successors(facts)]


@pytest.mark.parametrize("attacker", ["everything", "app-code-secure"])
def test_what_may_follow_an_instant_may_follow_a_wider_one(attacker):
    """A region that is called tampered stands for any setting: whatever the setting allows is told of it too."""
    steps = instants_of(shapes.small(), ATTACKERS[attacker])
    frame = steps.boot.frame
    followed = Followed(shapes.small(), ATTACKERS[attacker])
    seen = set()
    while (here := followed.facts["at"]) not in seen:
        seen.add(here)
        narrow = followed.inclusion.instants[0]
        for each in frame.regions:
            wide = {**narrow, each.tampered: True}
            reached = _following(steps, wide)
            for after in _following(steps, narrow):
                assert any(explains(frame, other, after) for other in (wide, *reached))
        if (step := step_of(followed.world)) is not None:
            followed.does(step)
    assert here == "app.run"
