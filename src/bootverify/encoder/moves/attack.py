"""What hostile code and a debug probe can do to the device."""

from collections.abc import Callable, Iterator
from functools import partial

from bootverify.design.boot import Program
from bootverify.design.keys import Key, Purpose
from bootverify.design.protection import Access, Attribution, UnitKind
from bootverify.encoder.knowledge import kmu_slots, opened
from bootverify.encoder.logic.system import Transition
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, ite, member, not_, or_, true
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.move import Choices, Move, choice, chosen, move
from bootverify.encoder.moves.overwriting import overwriting
from bootverify.encoder.moves.reading import reading
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.contents import ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED
from bootverify.machine.action import (
    Action,
    EraseAll,
    FillSlot,
    ForgeTrailer,
    Jump,
    Overwrite,
    PatchFetch,
    ProgramRegion,
    ReadSlot,
    Request,
    UseSlot,
)
from bootverify.machine.content import Crafted, Erased


def attack(frame: Frame, reach: Reach) -> Iterator[Move]:
    """The hostile moves, cheapest to tell first."""
    yield from _jump(frame, reach)
    yield from overwriting(frame, reach)
    yield from _provision(frame, reach)
    yield from _patch(frame, reach)
    yield from _forge(frame, reach)
    yield from reading(frame, reach)
    yield from _kmu(frame, reach)
    yield from _fill(frame, reach)
    yield from _erase_all(frame)
    yield from _program(frame, reach)


# -- code


def _jump(frame: Frame, reach: Reach) -> Iterator[Move]:
    stages = frame.design.stages
    for i, target in enumerate(stages):
        earlier = [stage for stage in stages[:i] if stage.program is not Program.APPLICATION]
        hostile = (or_(reach.crafted(stage), reach.led(stage)) for stage in earlier)
        guard = or_(*(and_(frame.at_stage(stage), each) for stage, each in zip(earlier, hostile, strict=True)))
        if guard is not false():
            updates = {frame.at: frame.go(frame.marks[target.name][0])}
            yield move(f"jump to {target.name}", guard, updates, Jump(stage=target.name))


# -- memory


def _provision(frame: Frame, reach: Reach) -> Iterator[Move]:
    """The page that tells NSIB whom to trust becomes the attacker's, counter included, or empty."""
    if frame.provision is None or frame.provision_page is None:
        return
    partition = frame.design.partition(frame.provision_page)
    start = partition.range.start
    extent = frame.cells.extent(partition, start, min(start + frame.design.soc.page, partition.range.end))
    guard = reach.some(extent, Access.WRITE, reach.anyone)
    if guard is false():
        return
    for value, content in (("crafted", Crafted()), ("erased", Erased())):
        name = f"overwrite {partition.name}: {value}"
        updates: dict[Term, Term] = {frame.provision: const(frame.provision.sort, value)}
        if frame.counter is not None:
            updates[frame.counter] = const(frame.counter.sort, "0")
        if frame.room is not None:
            raise NotModelled("a page with a counter that is short of room, in the reach of the attacker")
        yield move(name, guard, updates, Overwrite(partition=partition.name, content=content))


def _patch(frame: Frame, reach: Reach) -> Iterator[Move]:
    """Hostile code has the CPU fetch other words; nothing is written, so no lock is asked."""
    for image, patched in frame.patches.items():
        guard = and_(reach.anyone.any, not_(patched))
        yield move(f"patch what is fetched of {image}", guard, {patched: true()}, PatchFetch(image=image))


def _forge(frame: Frame, reach: Reach) -> Iterator[Move]:
    """A request lies in the trailers: test and perm in staging, none and revert in the slot."""
    for image, request in frame.requests.items():
        slot, staging = frame.design.image(image).slots[0], frame.design.image(image).staging
        assert staging is not None
        name = f"forge the trailers of {image}"
        asked = choice(name, "request", REQUEST)
        staged = reach.some(frame.cells.trailer(staging), Access.WRITE, reach.anyone)
        primary = reach.some(frame.cells.trailer(slot), Access.WRITE, reach.writer(image))
        guard = or_(and_(member(asked, ("test", "perm")), staged), and_(member(asked, ("none", "revert")), primary))
        if guard is not false():
            yield chosen(name, guard, {request: asked, **frame.disturbs(image)}, (asked,), _forges(image))


def _forges(image: str) -> Callable[[Choices], Action]:
    return lambda choices: ForgeTrailer(image=image, request=Request(str(choices.get("request", "perm"))))


def _program(frame: Frame, reach: Reach) -> Iterator[Move]:
    """A secure attacker programs regions of an SPU that are not locked as he likes, a probe too (soc.md 2.1).

    What he can do to the other units only takes access away, from him too.
    """
    hostile = reach.anyone.secure
    if hostile is false() or frame.cells.kind is not UnitKind.SPU:
        return
    for region in frame.regions:
        name = f"program {region.secure.name.removesuffix('.secure')}"
        guard = and_(hostile, not_(region.locked), not_(region.tampered))
        actions: tuple[Action, ...] = tuple(
            ProgramRegion(region=i, attribution=Attribution.NON_SECURE, permits=frozenset(Access), lock=False)
            for i in region.members
        )
        updates = {region.tampered: true()}
        transition = Transition(name=name, guard=guard, updates=updates)
        yield Move(transition=transition, tells=partial(_told, actions))


def _told(actions: tuple[Action, ...], _: Choices) -> tuple[Action, ...]:
    return actions


# -- secrets


def _kmu(frame: Frame, reach: Reach) -> Iterator[Move]:
    for key in frame.design.keys:
        known = frame.knowledge.get(key.name)
        guard = and_(reach.anyone.secure, frame.in_kmu(key))
        places = kmu_slots(key)
        if known is None or guard is false():
            continue
        if any(place.push_to.value == "ram" for place in places):
            yield move(f"use the KMU slot of {key.name}", guard, {known: true()}, UseSlot(key=key.name))
        # "There is no read-back of key values" on nRF54L (soc.md 5.3), whatever the design wishes.
        if frame.design.soc.kmu_version == 1 and any(place.readable for place in places):
            yield move(f"read the KMU slot of {key.name}", guard, {known: true()}, ReadSlot(key=key.name))
        yield from _opened_by_engine(frame, key, guard if places else false())


def _opened_by_engine(frame: Frame, key: Key, guard: Term) -> Iterator[Move]:
    """What he has an engine open with `key` nobody follows: it serves proofs, and no search."""
    images = [use.image for use in key.uses if use.purpose is Purpose.DECRYPT]
    for name, updates in ((name, each) for image in images for name, each in opened(frame, image).items()):
        asked, action = and_(guard, frame.published[name]), UseSlot(key=key.name)
        yield move(f"have {key.name} open {name}", asked, updates, action, vague=True)


def _fill(frame: Frame, reach: Reach) -> Iterator[Move]:
    """An empty generation that a bootloader consults takes a key of any secure code (soc.md 5.3)."""
    for key, filled in frame.fillings.items():
        guard = and_(reach.anyone.secure, not_(filled))
        yield move(f"fill the KMU slot of {key}", guard, {filled: true()}, FillSlot(key=key))


def _erase_all(frame: Frame) -> Iterator[Move]:
    if frame.erased_all is false():
        return
    # "ERASEALL wipes flash, UICR, RAM and peripheral settings" (soc.md 4.3).
    updates = {**frame.reset(), frame.at: frame.go(HALTED), frame.erased_all: true()}
    # The UICR that names a boot region is gone, too.
    updates |= {each.write: true() for each in frame.regions_of(sorted(frame.cells.boot_cells))}
    inside = [store for store in frame.cells.stores.values() if store.extent.guarded]
    updates |= {frame.content(store): frame.is_content(ERASED) for store in inside}
    updates |= {flag: not_(true()) for flag in (*frame.patches.values(), *frame.fillings.values())}
    if frame.provision is not None:
        updates[frame.provision] = const(frame.provision.sort, "erased")
    for image, request in frame.requests.items():
        _, staging = frame.pair(image)
        none = const(REQUEST, "none")
        # What a trailer in external memory asks for outlives the erase; a revert is asked for by both slots.
        outlives = staging is not None and not staging.extent.guarded
        updates[request] = ite(eq(request, "revert"), none, request) if outlives else none
    wiped = {store.slot for store in inside}
    updates |= {each: const(REQUEST, "none") for slot, each in frame.standings.items() if slot in wiped}
    updates |= {each: false() for each in frame.halfway}
    updates |= {held: not_(true()) for held in frame.delivered.values()}
    if frame.counter is not None:
        updates[frame.counter] = const(frame.counter.sort, "0")
    if frame.room is not None:
        updates[frame.room] = const(frame.room.sort, "0")
    updates |= frame.rollback_start()
    if frame.second is not None:
        updates |= frame.second.erased
    yield move("erase all", true(), updates, EraseAll())
