"""Crossing 3: every power cut of an update, nested and torn; what is midway is completed by the next boot."""

import hashlib
from collections.abc import Hashable
from dataclasses import replace

import pytest
from tests.designs import shapes
from tests.differential.designs import ATTACKERS
from tests.differential.following import Followed
from tests.differential.histories import step_of

from bootverify.check.replays.replay import UNCUT
from bootverify.design.boot import UpgradeMode
from bootverify.design.design import Design
from bootverify.machine.action import Deliver, Publish, Request, Reset, TakeStep
from bootverify.machine.content import Crafted, Genuine
from bootverify.machine.tear import HALF

CUTTER = ATTACKERS["code-and-cuts"]
SWAPS = pytest.mark.parametrize("mode", [mode for mode in UpgradeMode if mode.swaps])
TORN = pytest.mark.parametrize("torn", [pytest.param(False, marks=pytest.mark.slow), True])
NESTED = pytest.mark.parametrize(
    "nested", ["", pytest.param("some", marks=pytest.mark.slow), pytest.param("all", marks=pytest.mark.slow)]
)
# Each request, torn or not, cut once or at some places again. What a trailer asks for changes nothing in how slots are
# swapped, and all pairs of cuts take long: one request has each of them torn, the other one whole.
WAYS = [
    pytest.param(asked, torn, nested, marks=() if asked is Request.TEST and torn and not nested else pytest.mark.slow)
    for asked in (Request.TEST, Request.PERM)
    for torn in (False, True)
    for nested in ("", "some", "all")
    if nested != "all" or torn is (asked is Request.TEST)
]


def _boots(followed: Followed) -> None:
    while followed.facts["at"] not in {"halted", followed.steps.boot.frame.run_mark}:
        followed.does(step_of(followed.world))


def _before(design: Design, mark: str, content: Genuine | Crafted, request: Request, boots: int = 1) -> Followed:
    """A device about to take the step at `mark` with an update staged; `boots` 2: the first swap is to be reverted."""
    followed = Followed(design, CUTTER)
    _boots(followed)
    if isinstance(content, Genuine):
        followed.does(Publish(image=content.image, release=content.release, slot=content.slot))
    where = design.images[-1].staging
    sent = Deliver(partition=where, content=content, request=request, by_attacker=isinstance(content, Crafted))
    followed.does(sent)
    for boot in range(boots):
        followed.does(Reset())
        while followed.facts["at"] != mark:
            followed.does(step_of(followed.world))
        if boot < boots - 1:
            _boots(followed)
    return followed


def _twin(followed: Followed) -> Followed:
    twin = object.__new__(Followed)
    twin.steps, twin.history = followed.steps, list(followed.history)
    twin.world, twin.inclusion = followed.world.copy(), followed.inclusion.copy()
    return twin


def _writes(followed: Followed) -> int:
    """How many lasting writes the next step makes."""
    twin = _twin(followed)
    twin.does(replace(step_of(twin.world), cut_after=UNCUT))
    return twin.world.spent


def _cut(followed: Followed, after: int, *, torn: bool) -> Followed:
    twin = _twin(followed)
    twin.does(
        TakeStep(
            stage=twin.world.device.running, step=twin.world.device.step, cut_after=after, torn=HALF if torn else None
        )
    )
    return twin


def _ends(followed: Followed) -> tuple[str, ...]:
    """The contents of all stores once the device has booted."""
    _boots(followed)
    contents = tuple(str(value) for name, value in followed.facts.items() if name.startswith("content["))
    return (str(followed.facts["at"]), *contents)


def _state(followed: Followed) -> Hashable:
    """What the next boot of a device that was cut starts from, and what the encoder makes of it."""
    device = followed.world.device
    memories = hashlib.sha256(device.flash.data + device.uicr.data).digest()
    told = tuple(tuple(each.values()) for each in followed.inclusion.instants)
    return memories, str(device.kmu), str(device.counters), str(device.spoiled), told


def _swept(before: Followed, *, torn: bool, nested: str) -> dict[tuple[str, ...], int]:
    """How the device ends after each cut of the next step, and how often; `nested`: cut again in the boot after."""
    mark = before.facts["at"]
    ends: dict[tuple[str, ...], int] = {}
    known: dict[Hashable, tuple[str, ...]] = {}  # where a device that was cut ends, by all that it goes on from
    for after in range(_writes(before)):  # after the last write it is just another boot
        cut = _cut(before, after, torn=torn)
        seconds: list[int] = []
        if cut.facts["at"] != mark and nested:
            while cut.facts["at"] not in {mark, "halted"}:
                cut.does(step_of(cut.world))
        if nested and cut.facts["at"] == mark:
            left = _writes(cut)
            seconds = [each for each in range(left) if nested == "all" or each in {1, left // 2, left - 1}]
        for twin in [_cut(cut, second, torn=torn) for second in seconds] or [cut]:
            state = _state(twin)
            if state not in known:
                known[state] = _ends(twin)
            ends[known[state]] = ends.get(known[state], 0) + 1
    return ends


@SWAPS
@pytest.mark.parametrize(("request_", "torn", "nested"), WAYS)
def test_a_swap_cut_anywhere_is_completed(request_, mode, torn, nested):
    before = _before(shapes.small(mode), "mcuboot.boot_go", Genuine("app", 2), request_)
    ends = _swept(before, torn=torn, nested=nested)
    assert set(ends) == {("app.run", "mcuboot 1", "app 2", "app 1")}
    assert sum(ends.values()) > 80


@NESTED
@TORN
@SWAPS
def test_a_revert_cut_anywhere_is_completed(mode, torn, nested):
    before = _before(shapes.small(mode), "mcuboot.boot_go", Genuine("app", 2), Request.TEST, boots=2)
    assert before.facts["request[app]"] == "revert"
    ends = _swept(before, torn=torn, nested=nested)
    reverted, forgotten = ("app.run", "mcuboot 1", "app 1", "app 2"), ("app.run", "mcuboot 1", "app 2", "app 1")
    astray = {("app.run", "mcuboot 1", "app 1", "crafted"), ("halted", "mcuboot 1", "app 2", "app 1")}
    again = {forgotten, *(astray if mode is UpgradeMode.SWAP_OFFSET else ())}  # what asks for it is unmade first
    assert ends.pop(reverted) > 80
    assert set(ends) <= (again if nested else set())


@NESTED
@TORN
def test_an_overwrite_cut_anywhere_is_done_again(torn, nested):
    before = _before(shapes.small(UpgradeMode.OVERWRITE), "mcuboot.boot_go", Genuine("app", 2), Request.PERM)
    ends = _swept(before, torn=torn, nested=nested)
    assert {end[:3] for end in ends} == {("app.run", "mcuboot 1", "app 2")}


@TORN
@pytest.mark.parametrize(
    "mode", [mode for mode in UpgradeMode if mode is not UpgradeMode.SINGLE_SLOT and not mode.in_place]
)
def test_a_refusal_cut_anywhere_leaves_the_old_image(mode, torn):
    before = _before(shapes.small(mode), "mcuboot.boot_go", Crafted(), Request.TEST)
    ends = _swept(before, torn=torn, nested="")
    assert {end[:3] for end in ends} == {("app.run", "mcuboot 1", "app 1")}


@TORN
def test_a_choice_of_nsib_cut_anywhere_is_made_again(torn):
    followed = Followed(shapes.s08(), CUTTER)
    followed.does(step_of(followed.world))
    ends = _swept(followed, torn=torn, nested="all")
    assert {end[0] for end in ends} == {"app.run"}


@pytest.mark.slow
@TORN
def test_a_bootloader_update_cut_anywhere_leaves_a_device_that_boots(torn):
    before = _before(shapes.s02(), "mcuboot.boot_go", Genuine("mcuboot", 2, "s1"), Request.PERM)
    ends = _swept(before, torn=torn, nested="")
    assert {end[0] for end in ends} == {"app.run"}
