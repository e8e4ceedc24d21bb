"""Everything that can be tried on a world, for random and exhaustive histories."""

from collections.abc import Iterator

from bootverify.design.attacker import TOLD_ONLY, Attacker, Capability
from bootverify.design.boot import ChooseSlot
from bootverify.design.design import Design
from bootverify.design.keys import InPartition
from bootverify.design.protection import Access, Attribution
from bootverify.executor.layout import staging_partitions, store_ranges
from bootverify.executor.network.path import update_path
from bootverify.executor.world import World
from bootverify.machine.action import (
    Action,
    Confirm,
    Deliver,
    EraseAll,
    FeedNetwork,
    FillSlot,
    ForgeTrailer,
    Inspect,
    Jump,
    Overwrite,
    PatchFetch,
    Probe,
    ProgramRegion,
    Publish,
    ReadOut,
    ReadSlot,
    Request,
    Reset,
    TakeStep,
    UseSlot,
)
from bootverify.machine.content import Content, Crafted, Erased, Genuine

EVERYTHING = Attacker(
    name="everything",
    title="can do all that is modelled",
    capabilities=frozenset(Capability) - TOLD_ONLY,
)
CODE_AND_CUTS = Attacker(
    name="code-and-cuts",
    title="runs the application and removes power",
    capabilities=frozenset({Capability.RUN_APPLICATION, Capability.CUT_POWER, Capability.SEND_UPDATE}),
)
PROBE_AND_CUTS = Attacker(
    name="probe-and-cuts",
    title="attaches a probe and removes power",
    capabilities=frozenset({Capability.DEBUG, Capability.CUT_POWER}),
)
MORE_ATTACKERS = {each.name: each for each in (EVERYTHING, CODE_AND_CUTS, PROBE_AND_CUTS)}


def releases(design: Design) -> Iterator[Genuine]:
    """Every update that the vendor can publish."""
    for image in design.images:
        if image.updatable:
            for release in range(1, design.releases + 1):
                for slot in design.variants(image):
                    yield Genuine(image.name, release, slot)


def step_of(world: World, **more: object) -> TakeStep | None:
    """The step that the device is about to take."""
    device = world.device
    return None if device.halted else TakeStep(stage=device.running, step=device.step, **more)


def around(design: Design) -> Iterator[Action]:
    """What the vendor, the update service and the user can do."""
    for each in releases(design):
        yield Publish(image=each.image, release=each.release, slot=each.slot)
        yield Inspect(image=each.image, release=each.release, slot=each.slot)
    yield Reset()
    yield Confirm()
    for name in staging_partitions(design):
        staged = [each for each in releases(design) if name in design.update_places(design.image(each.image))]
        for content in (*staged, Crafted()):
            for request in (Request.TEST, Request.PERM):
                yield Deliver(
                    partition=name, content=content, request=request, by_attacker=not isinstance(content, Genuine)
                )


def around_second_core(design: Design) -> Iterator[Action]:
    """What may happen to the network core: updates of it, commands, writes by code on it."""
    path = update_path(design)
    made: tuple[Content, ...] = ()
    for stage in design.network:
        if path is not None and not stage.boots:
            made = tuple(Genuine(stage.name, release) for release in range(1, design.releases + 1))
            yield from (Publish(image=stage.name, release=release) for release in range(1, design.releases + 1))
            yield from (ForgeTrailer(image=stage.name, request=request) for request in Request)
        yield from (Overwrite(partition=stage.partition, content=each) for each in (Crafted(), Erased(), *made))
        yield FeedNetwork(offset=0 if stage.boots else None)
    for content in (*made, *releases(design), Crafted(), Erased()) if path is not None else ():
        yield Overwrite(partition=path.staging, content=content)
        for by_attacker in (False, True):
            yield Deliver(partition=path.staging, content=content, request=Request.PERM, by_attacker=by_attacker)


def hostile(design: Design) -> Iterator[Action]:
    """What hostile code and a probe can do, but for the registers of the protection unit."""
    steps = [step for stage in design.stages for step in stage.steps if isinstance(step, ChooseSlot)]
    for name in (*store_ranges(design), *(step.provision for step in steps if step.provision)):
        contents: list[Content] = [Crafted(), Erased(), *releases(design)]
        yield from (Overwrite(partition=name, content=content) for content in contents)
    data = [place.partition for key in design.keys for place in key.placements if isinstance(place, InPartition)]
    for name in (*store_ranges(design), *data, "uicr"):
        yield ReadOut(partition=name)
        yield Probe(partition=name)
    for image in design.images:
        if image.staging:
            yield from (ForgeTrailer(image=image.name, request=request) for request in Request)
        for slot in image.slots if design.started_in_place(image) else ():
            yield from (ForgeTrailer(image=image.name, request=request, slot=slot) for request in Request)
    for key in design.keys:
        yield UseSlot(key=key.name)
        yield ReadSlot(key=key.name)
        yield FillSlot(key=key.name)
    yield from (PatchFetch(image=image.name) for image in design.images)
    yield from (Jump(stage=stage.name) for stage in design.stages)
    yield from (PatchFetch(image=image.name) for image in design.images)
    yield EraseAll()


SETTINGS = (
    (Attribution.NON_SECURE, frozenset(Access), False),
    (Attribution.SECURE, frozenset(Access), False),
    (Attribution.SECURE, frozenset(), True),
)


def registers(regions: tuple[int, ...]) -> Iterator[Action]:
    """Writes to the registers of these regions."""
    for region in regions:
        for attribution, permits, lock in SETTINGS:
            yield ProgramRegion(region=region, attribution=attribution, permits=permits, lock=lock)
