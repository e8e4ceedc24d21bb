"""Executor against encoder, unit by unit: after the same protecting steps both permit the same at every border.

Spans sit on every granule border and beside it, at the largest size and beyond, and run out of entries.
"""

from dataclasses import replace
from itertools import product

import pytest
from tests.designs import shapes

from bootverify.design.boot import Image, Launch, Program, Protect, SetUpTrustZone
from bootverify.design.protection import Access, Attribution, UnitKind
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants
from bootverify.encoder.logic.terms import evaluate
from bootverify.encoder.moves.access import Reach
from bootverify.executor.device import Device
from bootverify.executor.stages.protect import protect
from bootverify.executor.stages.tfm import set_up_trustzone
from bootverify.ranges import AddressRange
from bootverify.sources.models import load_soc

LOCKING = ["nrf52840", "nrf52832", "nrf5340-net", "nrf54l15", "nrf54lm20a", "nrf5340", "nrf9160"]


def _design(soc_name, calls, *, boot_region=None, tfm=None):
    """A chain whose first stage protects once per entry of `calls`, each a list of spans; then TF-M, if asked."""
    soc = load_soc(soc_name)
    base = shapes.s01(lock=None)
    first, app = base.stages
    others = [step for step in first.steps if not isinstance(step, Protect)]
    steps = [*(Protect(spans=tuple(shapes.span(*span) for span in call)) for call in calls), *([tfm] if tfm else [])]
    at, top = soc.flash.start, soc.flash.size
    third = top // 3 // soc.page * soc.page
    parts = (
        shapes.at("mcuboot", at, at + 0xC000),
        shapes.at("mcuboot_primary", at + 0x10000, at + third),
        shapes.at("mcuboot_secondary", at + third, at + 2 * third),
    )
    life = replace(base.lifecycle, boot_region=AddressRange.sized(0, boot_region) if boot_region else None)
    return replace(
        base,
        soc=soc,
        partitions=parts,
        keys=(),
        lifecycle=life,
        stages=(replace(first, steps=(*steps, *others)), app),
    )


def _addresses(cells):
    near = {edge + d for edge in cells.edges for d in (-1, 0, 1, 0x200)}
    return sorted(address for address in near if cells.base <= address < cells.end)


def _after(design, operations):
    """Both sides after the first steps: the executor's device, and the encoder's instants that may follow."""
    device = Device.blank(design)
    area = design.lifecycle.boot_region
    if area is not None:
        device.uicr.load(device.uicr.start + 0x80, (0x200D | area.size // 1024 << 16).to_bytes(4, "little"))
        device.reset_units()
    instants = Instants(system_for(design, shapes.ATTACKERS["remote-ota"]))
    facts = [instants.start()]
    for operation in operations:
        if device.halted is None:
            stage = device.stage
            operation(device)
            device.step += device.stage == stage
        mark = facts[0]["at"]
        facts = [
            dict(each.after)
            for fact in facts
            for each in instants.successors(fact)
            if each.transition.startswith(f"{mark}: ") and not each.transition.endswith("fault")
        ] or facts
    return device, instants, facts


def _same(device, instants, facts):
    """Both halted or both not, and the same accesses permitted at each border and its neighbours."""
    frame = instants.boot.frame
    (fact,) = facts
    assert (fact["at"] == "halted") == (device.halted is not None)
    reach = Reach(frame)
    values = {variable: fact[variable.name] for variable in frame.variables}
    worlds = list(Attribution) if device.design.soc.trustzone else [Attribution.SECURE]
    for address in _addresses(frame.cells):
        (region,) = frame.regions_of(frame.cells.regions(address, address + 1))
        for access, who in product(Access, worlds):
            expected = device.allows(address, access, who)
            assert evaluate(reach.permits(region, access, who), values) == expected, (hex(address), access, who)


def _spans(soc):
    unit, largest = soc.guard.granule, soc.guard.largest or soc.guard.granule * 4
    base = soc.flash.start
    lengths = (0, unit, unit - 4, unit + 4, 3 * unit, largest, largest + unit, 2 * largest, 2 * largest + unit)
    return [(base + start, base + start + length) for start in (0, unit, unit // 2) for length in lengths]


@pytest.mark.parametrize("name", LOCKING)
def test_one_protecting_call_leaves_the_same_permissions(name) -> None:
    soc = load_soc(name)
    for span in _spans(soc):
        if span[1] > soc.flash.end or (soc.guard.kind is UnitKind.SPU and span[1] - span[0] > 0x40000):
            continue
        design = _design(name, [[span]])
        step = design.stages[0].steps[0]
        _same(*_after(design, [lambda device, step=step: protect(device, step)]))


@pytest.mark.parametrize("name", ["nrf52840", "nrf5340-net"])
def test_the_ninth_entry_is_refused_by_both(name) -> None:
    soc = load_soc(name)
    page, base = soc.page, soc.flash.start
    for count in (7, 8, 9):
        spans = [(base + 2 * i * page, base + (2 * i + 1) * page) for i in range(count)]
        design = _design(name, [spans[:4], spans[4:]])
        steps = design.stages[0].steps[:2]
        device, instants, facts = _after(design, [lambda d, s=step: protect(d, s) for step in steps])
        assert (device.halted is not None) == (count > soc.guard.entries)
        _same(device, instants, facts)


@pytest.mark.parametrize("count", [2, 8, 9])
def test_a_span_that_is_protected_again_takes_another_entry(count) -> None:
    design = _design("nrf52840", [[(0, 0x1000)] * count])
    step = design.stages[0].steps[0]
    device, instants, facts = _after(design, [lambda d: protect(d, step)])
    assert (device.halted is not None) == (count > 8)
    _same(device, instants, facts)


@pytest.mark.parametrize("boot_region", [None, 0x400, 0x7C00])
def test_a_second_lock_and_the_boot_region_leave_the_same_on_nrf54l(boot_region) -> None:
    for first, second in [((0, 0x7C00), (0x8000, 0x9000)), ((0x8000, 0xC000), None), ((0, 0xC000), None)]:
        design = _design("nrf54l15", [[span] for span in (first, second) if span], boot_region=boot_region)
        steps = [step for step in design.stages[0].steps if isinstance(step, Protect)]
        device, instants, facts = _after(design, [lambda d, s=step: protect(d, s) for step in steps])
        two_regions = first[1] - first[0] > 0x7C00
        assert (device.halted is not None) == (second is not None or (two_regions and boot_region is not None))
        _same(device, instants, facts)


@pytest.mark.parametrize("start", [0x80000, 0x7F800, 0x80020, 0x80FE0, 0x81000])
def test_tfm_opens_the_same_memory_on_nrf54l(start) -> None:
    tfm = SetUpTrustZone(
        secure_code=shapes.span(0x10000, start), non_secure=(shapes.span(start, 0x100000),), non_secure_data=()
    )
    design = _with_tfm("nrf54l15", tfm)
    device, instants, facts = _after(design, [lambda d: set_up_trustzone(d, tfm)])
    _same(device, instants, facts)
    assert not device.by_cpu(start - 4, Access.READ, Attribution.NON_SECURE)
    assert device.by_dma(start - 4, Access.READ, Attribution.NON_SECURE) == (start % 0x1000 != 0)


@pytest.mark.parametrize("locks_first", [True, False])
@pytest.mark.parametrize("border", [0x40000, 0x40200])
def test_tfm_leaves_the_same_regions_on_an_spu(locks_first, border) -> None:
    tfm = SetUpTrustZone(
        secure_code=shapes.span(0x30000, border),
        non_secure=(shapes.span(border, 0x60000),),
        non_secure_data=(shapes.span(0x61000, 0x62000),),
        locks_first=locks_first,
    )
    design = _with_tfm("nrf5340", tfm)
    device, instants, facts = _after(design, [lambda d: set_up_trustzone(d, tfm)])
    _same(device, instants, facts)
    shared_opened = device.allows(border - 4, Access.READ, Attribution.NON_SECURE)
    assert shared_opened == (border % 0x4000 != 0 and not locks_first)


@pytest.mark.parametrize("name", ["nrf52840", "nrf5340-net"])
def test_an_entry_without_access_denies_reading_and_executing_too(name) -> None:
    soc = load_soc(name)
    start, page = soc.flash.start, soc.page
    design = _design(name, [[(start, start + 2 * page)], [(start + page, start + 3 * page)]])
    first, app = design.stages
    closed = replace(first.steps[0], deny=frozenset(Access))
    design = replace(design, stages=(replace(first, steps=(closed, *first.steps[1:])), app))
    steps = design.stages[0].steps[:2]
    device, instants, facts = _after(design, [lambda d, s=step: protect(d, s) for step in steps])
    _same(device, instants, facts)
    assert [device.allows(start + i * page, Access.READ, Attribution.SECURE) for i in range(3)] == [False, False, True]
    assert [device.allows(start + i * page, Access.WRITE, Attribution.SECURE) for i in range(3)] == [False] * 3


@pytest.mark.parametrize("split", [(1, 1), (2, 1), (1, 2), (4, 4), (8, 2), (9, 0)])
def test_a_library_that_counts_leaves_a_later_stage_unprotected(split) -> None:
    page = 0x1000
    spans = [(2 * i * page, (2 * i + 1) * page) for i in range(sum(split))]
    design = _design("nrf52840", [spans[: split[0]], *([spans[split[0] :]] if split[1] else [])])
    first, app = design.stages
    one, *more = [replace(step, counts_entries=True) for step in first.steps if isinstance(step, Protect)]
    rest = [step for step in first.steps if not isinstance(step, Protect)]
    # Two programs: the second is a stage of its own, and its count starts over.
    second = replace(first, name="second", image="second", steps=(*more, *rest))
    design = replace(
        design,
        partitions=(*design.partitions, shapes.at("second", 0xC000, 0x10000)),
        images=(*design.images, Image(name="second", slots=("second",), verified_by="mcuboot")),
        stages=(replace(first, steps=(one, Launch(stage="second"))), second, app),
    )
    operations = [lambda d: protect(d, one)]
    if more:
        operations += [lambda d: d.enter("second"), lambda d: protect(d, more[0])]
    device, instants, facts = _after(design, operations)
    _same(device, instants, facts)
    if more and device.halted is None:
        last = spans[-1][0]
        assert device.allows(last, Access.WRITE, Attribution.SECURE) == (split[1] <= split[0])


@pytest.mark.parametrize("boot_region", [None, 0x4000])
@pytest.mark.parametrize("program", [Program.NSIB, Program.MCUBOOT])
def test_a_stage_on_nrf54l_takes_all_access_from_itself(program, boot_region) -> None:
    design = _design("nrf54l15", [[(0, 0x7800)]], boot_region=boot_region)
    first, app = design.stages
    closed = replace(first.steps[0], deny=frozenset(Access))
    design = replace(design, stages=(replace(first, program=program, steps=(closed, *first.steps[1:])), app))
    device, instants, facts = _after(design, [lambda d: protect(d, closed)])
    _same(device, instants, facts)
    whole = program is Program.MCUBOOT or boot_region is None
    assert device.allows(0x7000, Access.READ, Attribution.SECURE) != whole
    assert not device.allows(0x3FFF, Access.READ, Attribution.SECURE)


@pytest.mark.parametrize("border", [0x40000, 0x40200])
@pytest.mark.parametrize("data", [(0x61000, 0x62000), (0x5C000, 0x62000)])
@pytest.mark.parametrize("lock", [None, (0x30000, 0x34000)])
def test_a_debug_build_of_tfm_stops_where_a_release_build_drops_a_write(border, data, lock) -> None:
    tfm = SetUpTrustZone(
        secure_code=shapes.span(0x30000, border),
        non_secure=(shapes.span(border, 0x60000),),
        non_secure_data=(shapes.span(*data),),
        debug_build=True,
    )
    design = _with_tfm("nrf5340", tfm, calls=[[lock]] if lock else [])
    steps = [step for step in design.stages[0].steps if isinstance(step, Protect)]
    operations = [*(lambda d, s=step: protect(d, s) for step in steps), lambda d: set_up_trustzone(d, tfm)]
    device, _, facts = _after(design, operations)
    stops = border % 0x4000 != 0 or data[0] < 0x60000 or lock is not None
    assert (device.halted is not None) == stops
    assert (facts[0]["at"] == "halted") == stops


def _with_tfm(name, tfm, calls=()):
    """A design in which the first stage sets TrustZone up, so that its cells and attributions are those of TF-M."""
    design = _design(name, calls, tfm=tfm)
    first, app = design.stages

    return replace(
        design, stages=(replace(first, program=Program.TFM), replace(app, attribution=Attribution.NON_SECURE))
    )
