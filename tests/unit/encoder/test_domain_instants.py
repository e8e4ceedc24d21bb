"""Instants in plain values: what they follow from, and which successors they allow."""

from dataclasses import replace

import pytest
from tests.designs import shapes

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import SignatureType
from bootverify.design.protection import Access, Attribution, FlashGuard, Lock, UnitKind
from bootverify.encoder.boot_system import system_for
from bootverify.encoder.instant import Instants, values
from bootverify.encoder.units import spu
from bootverify.encoder.variables.cells import Cells, NotModelled
from bootverify.machine.action import ProgramRegion, Reset, TakeStep


def _instants(design, attacker="app-code-secure"):
    return Instants(system_for(design, shapes.ATTACKERS[attacker]))


def _after(instants, facts, transition):
    return next(dict(each.after) for each in instants.successors(facts) if each.transition == transition)


def _booted(instants, *transitions):
    facts = instants.start()
    for transition in transitions:
        facts = _after(instants, facts, transition)
    return facts


S01_BOOT = (
    "mcuboot.boot_go: nothing to do, image valid",
    "mcuboot.protect: done",
    "mcuboot.launch: done",
    "app.begin: done",
)


def test_every_region_has_a_register_and_groups_split_at_every_border():
    cells = Cells(shapes.s05())
    assert sorted(i for group in cells.groups for i in group) == list(range(64))
    for border in (0x8000, 0x1C000, 0x30000, 0x3C000, 0x90000, 0xF0000, 0xF8000):
        assert cells.group_of[border // 0x4000] != cells.group_of[border // 0x4000 - 1]


def test_a_range_touches_the_regions_of_its_first_and_last_byte_and_all_between():
    cells = Cells(shapes.s01())
    assert cells.regions(0x0, 0x4000) == (0,)
    assert cells.regions(0x3FFF, 0x4001) == (0, 1)
    assert cells.regions(0x4000, 0x4000) == ()
    assert cells.aligned(0x4000, 0xC000)
    assert not cells.aligned(0x4000, 0xC200)


def test_the_first_write_that_locks_a_register_ends_the_sequence():
    locks = (True, True, False, True, True)
    opens = (False, True, True, True, True)
    assert spu.settled([(True, True, True, True, False), locks, opens]) == locks
    assert spu.settled([]) is None


def test_protecting_a_span_that_is_not_aligned_halts_the_stage():
    design = shapes.s01()
    mcuboot = design.stage("mcuboot")
    protect = replace(mcuboot.steps[1], spans=(shapes.span(0, 0xC200),))
    stages = (
        replace(mcuboot, steps=(mcuboot.steps[0], protect, mcuboot.steps[2])),
        design.stages[1],
    )
    facts = _booted(_instants(replace(design, stages=stages)), S01_BOOT[0], S01_BOOT[1])
    assert facts["at"] == "halted"
    assert not any(value for name, value in facts.items() if name.endswith(".locked"))


def test_trustzone_leaves_secure_code_locked_and_opens_what_is_non_secure():
    instants = _instants(shapes.s05(), "app-code-ns")
    facts = _booted(
        instants,
        "b0.protect: done",
        "b0.choose_slot: take s0",
        "b0.launch: done",
        "mcuboot.boot_go: nothing to do, image valid",
        "mcuboot.protect: done",
        "mcuboot.launch: done",
        "tfm.set_up_trustzone: done",
    )
    assert facts["taken[mcuboot]"] == "mcuboot 1 for s0"
    cells = instants.boot.frame.cells
    names = [region.secure.name for region in instants.boot.frame.regions]
    secure = {i: facts[names[cells.group_of[i]]] for i in range(64)}
    assert [i for i in range(64) if not secure[i]] == [*range(15, 60), 62, 63]


def test_programmed_registers_are_covered_and_locked_ones_stay():
    instants = _instants(shapes.s01())
    run = _booted(instants, *S01_BOOT)
    frame = instants.boot.frame
    opened = dict(run)
    last = frame.regions[frame.cells.group_of[63]]
    opened |= {last.secure.name: False, last.locked.name: True}
    write = ProgramRegion(region=63, attribution=Attribution.NON_SECURE, permits=frozenset(Access), lock=True)
    assert instants.allows(run, opened, write)
    assert not instants.allows(run, opened, Reset())
    assert run["region[0].locked"]
    unlocked = {**run, "region[0].write": True}
    assert not instants.allows(run, unlocked)


def test_a_reset_forgets_locks_and_keeps_contents():
    instants = _instants(shapes.s01())
    run = _booted(instants, *S01_BOOT)
    assert instants.allows(run, instants.start(), Reset())
    assert not instants.allows(run, {**instants.start(), "content[mcuboot]": "crafted"})
    assert not instants.allows(run, instants.start(), TakeStep(stage="app", step=1))


def test_what_is_taken_follows_from_contents_and_choice():
    frame = system_for(shapes.s08(), shapes.ATTACKERS["remote-ota"]).frame
    facts = {
        variable.name: next(iter(frame.init[variable]))
        for variable in frame.variables
        if not variable.name.startswith("taken[")
    }
    facts |= {"active[mcuboot]": "s1", "content[s1]": "mcuboot 2 for s1", "content[app]": "tfm+app 2"}
    taken = {each.name: value for each, value in values(frame, facts).items()}
    assert taken["taken[mcuboot]"] == "mcuboot 2 for s1"
    assert taken["taken[tfm+app]"] == "crafted"


def test_a_test_image_is_swapped_in_and_reverted():
    instants = _instants(shapes.s01(), "remote-ota")
    facts = _booted(instants, *S01_BOOT, "publish app 2")
    delivered = {
        **facts,
        "content[mcuboot_secondary]": "app 2",
        "request[app]": "test",
    }
    assert instants.allows(facts, delivered)
    facts = _after(instants, _after(instants, delivered, "reset"), "mcuboot.boot_go: swap")
    assert facts["content[mcuboot_primary]"] == "app 2"
    assert facts["content[mcuboot_secondary]"] == "app 1"
    assert facts["request[app]"] == "revert"
    again = {**facts, "at": "mcuboot.boot_go"}
    facts = _after(instants, again, "mcuboot.boot_go: swap")
    assert facts["content[mcuboot_primary]"] == "app 1"
    assert facts["request[app]"] == "none"


def test_a_swap_that_was_cut_is_completed_by_the_next_boot():
    instants = _instants(shapes.s01(), "power-cut")
    start = {
        **instants.start(),
        "published[app 2]": True,
        "content[mcuboot_secondary]": "app 2",
        "request[app]": "perm",
    }
    torn = _after(instants, start, "mcuboot.boot_go: swap, cut midway")
    assert torn == {**start, "midway[app]": True}
    done = _after(instants, torn, "mcuboot.boot_go: complete")
    assert done["content[mcuboot_primary]"] == "app 2"
    assert not done["midway[app]"]


def test_nsib_refuses_a_version_below_its_counter_and_marks_it():
    instants = _instants(shapes.s08(), "remote-ota")
    facts = {
        **instants.start(),
        "at": "b0.choose_slot",
        "counter": "2",
        "content[s1]": "mcuboot 2 for s1",
    }
    taken = [each for each in instants.successors(facts) if each.transition.startswith("b0.choose")]
    assert {each.after["active[mcuboot]"] for each in taken} == {"s1"}
    alone = {**facts, "content[s1]": "erased"}
    halted = _after(instants, alone, "b0.choose_slot: take none")
    assert halted["at"] == "halted"
    assert halted["content[s0]"] == "invalidated"


def test_other_units_and_capabilities_are_admitted_as_not_modelled():
    design = shapes.s01()
    soc = replace(design.soc, guard=FlashGuard(kind=UnitKind.ACL, granule=0x1000, entries=8))
    unlocked = replace(shapes.s01(lock=Lock.NONE), soc=soc)
    with pytest.raises(NotModelled, match="acl"):
        system_for(unlocked, shapes.ATTACKERS["remote-ota"])
    insider = Attacker(name="factory-insider", title="", capabilities=frozenset({Capability.READ_FACTORY_FILES}))
    with pytest.raises(NotModelled, match="factory"):
        system_for(design, insider)


def test_generations_that_nsib_consults_on_nrf54l_and_nobody_drew_are_an_admission():
    design = shapes.s02()
    images = tuple(
        replace(each, signature=SignatureType.ED25519) if each.name == "mcuboot" else each for each in design.images
    )
    soc = replace(design.soc, kmu_slots=250, kmu_version=2)
    drawn = replace(design, soc=soc, images=images)
    with pytest.raises(NotModelled, match="242"):
        system_for(drawn, shapes.ATTACKERS["app-code-secure"])
    assert system_for(drawn, shapes.ATTACKERS["remote-ota"])
