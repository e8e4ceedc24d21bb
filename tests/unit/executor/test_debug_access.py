"""The debug port in a device: what production's words make of it on each part, and what erase-all does to it."""

from dataclasses import replace
from itertools import product

import pytest

from bootverify.api import ask
from bootverify.check.verdict import Verdict
from bootverify.design.design import Design
from bootverify.design.keys import InImage, Key, KeyKind
from bootverify.executor.actions.attack import port_open, secure_port_open
from bootverify.executor.run import act
from bootverify.executor.units.debug_port import Reset as Cause
from bootverify.executor.world import NotEnabled, World
from bootverify.machine.action import EraseAll, Jump
from bootverify.sources.attackers import load_attacker
from bootverify.sources.design_file import load_design

PROBE = load_attacker("debug-port")
DESIGNS = (
    "tests/designs/today.yaml",
    "tests/scenarios/SB-S15.yaml",
    "tests/scenarios/SB-S16.yaml",
    "tests/scenarios/SB-S18.yaml",
)


def guarded(path: str, *, approtect: bool, secure: bool, erase: bool = False) -> Design:
    design = load_design(path)
    life = replace(design.lifecycle, approtect=approtect, secure_approtect=secure, eraseprotect=erase)
    return replace(design, lifecycle=life)


@pytest.mark.parametrize("path", DESIGNS)
def test_the_port_of_every_part_answers_as_the_life_cycle_says(path):
    for approtect, secure in product((True, False), repeat=2):
        design = guarded(path, approtect=approtect, secure=secure)
        world = World.start(design, PROBE)
        assert port_open(world) is not approtect
        assert secure_port_open(world) is (not approtect and not secure)


@pytest.mark.parametrize("cause", list(Cause))
def test_no_reset_changes_what_the_words_say(cause):
    for approtect in (True, False):
        world = World.start(guarded(DESIGNS[0], approtect=approtect, secure=approtect), PROBE)
        world.device.reset(cause)
        assert port_open(world) is not approtect


def test_words_lie_in_the_uicr_where_their_place_is_known():
    world = World.start(guarded(DESIGNS[0], approtect=False, secure=True, erase=True), PROBE)
    start = world.design.soc.uicr.start
    read = [int.from_bytes(world.device.uicr.read(start + offset, 4), "little") for offset in (0x0, 0x1C, 0x20)]
    assert read == [0x50FA50FA, 0, 0]


def test_erase_protection_refuses_erase_all_and_its_absence_opens_the_port():
    with pytest.raises(NotEnabled, match="erase protection is on"):
        act(World.start(guarded(DESIGNS[0], approtect=True, secure=True, erase=True), PROBE), EraseAll())
    world = World.start(guarded(DESIGNS[0], approtect=True, secure=True), PROBE)
    act(world, EraseAll())
    assert port_open(world)
    assert secure_port_open(world)
    world.device.reset()
    assert port_open(world)


def test_a_part_without_erase_protection_is_always_erased():
    world = World.start(guarded("tests/scenarios/SB-S18.yaml", approtect=True, secure=True), PROBE)
    act(world, EraseAll())
    assert world.device.flash.read(world.device.flash.start, 4) == b"\xff" * 4


def test_a_copy_of_the_device_has_a_port_of_its_own():
    world = World.start(guarded(DESIGNS[0], approtect=True, secure=True), PROBE)
    twin = world.copy()
    act(twin, EraseAll())
    assert not port_open(world)
    assert world.device.port.approtect == 0


def test_a_probe_leads_a_cpu_in_secure_state_only_through_the_secure_port():
    jump = Jump(stage="app")
    for secure in (True, False):
        world = World.start(guarded("tests/scenarios/SB-S15.yaml", approtect=False, secure=secure), PROBE)
        if secure:
            with pytest.raises(NotEnabled):
                act(world, jump)
        else:
            act(world, jump)
            assert world.device.running == "app"


@pytest.mark.parametrize(("secure", "expected"), [(True, Verdict.HOLDS), (False, Verdict.VIOLATED)])
def test_the_non_secure_port_alone_does_not_show_what_the_boot_stage_holds(secure, expected):
    report = ask(_with_a_key(secure=secure), "secret-confidential", ("enc",), PROBE)
    assert [finding.verdict for finding in report.findings] == [expected]


def _with_a_key(*, secure: bool) -> Design:
    design = guarded("tests/scenarios/SB-S15.yaml", approtect=False, secure=secure)
    key = Key(name="enc", kind=KeyKind.PRIVATE, placements=(InImage(image="mcuboot"),))
    return replace(design, keys=(*design.keys, key))
