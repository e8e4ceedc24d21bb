"""What hostile code and a debug probe can do to the device."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from bootverify.design.boot import Image, Program
from bootverify.design.keys import Key, Purpose
from bootverify.design.protection import Access, Attribution, UnitKind
from bootverify.encoder.knowledge import forgeable, kmu_slots, opened
from bootverify.encoder.logic.system import Transition
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, ite, member, not_, or_, true
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.environment import content_of
from bootverify.encoder.moves.move import Choices, Move, choice, chosen, move
from bootverify.encoder.moves.reading import reading
from bootverify.encoder.variables.cells import Extent, NotModelled, Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
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
    yield from _overwrite(frame, reach)
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


def _overwrite(frame: Frame, reach: Reach) -> Iterator[Move]:
    """Any writable granule makes a store the attacker's; a whole image needs them all."""
    # Later parts of an image first: what he writes into a bit of the first one boots when he seals it in the last.
    for store in reversed(frame.cells.stores.values()):
        some = reach.some(store.extent, Access.WRITE, reach.writer(store.image))
        if some is false():
            continue
        every = reach.every(frame.cells.taken_up(store), Access.WRITE, reach.writer(store.image))
        for behind, vague, how in _moments(frame, reach, store):
            name = f"overwrite {store.name}{how}"
            mixed, inputs, guard = _spoiled(frame, reach, store, name)
            yield move(
                name,
                and_(some, guard, behind),
                {**_mixed(frame, store), frame.content(store): frame.is_content(CRAFTED), **mixed},
                Overwrite(partition=store.name, content=Crafted()),
                inputs=inputs,
                vague=vague,
            )
        name = f"restore {store.name}"
        mixed, inputs, guard = _spoiled(frame, reach, store, name)
        content = choice(name, "content", frame.content_sort)
        fits = [each for each in frame.published if not store.image or frame.genuine[each].image == store.image]
        clear = frame.clear_in(store)  # what he has seen encrypted alone he cannot write in clear
        allowed = or_(*(and_(eq(content, each), frame.published[each], clear.get(each, true())) for each in fits))
        # What he cannot reach may be the rest of that release, or erased; of another release it is not, for each of
        # them differs in every granule.
        held = frame.content(store)
        whole = or_(every, and_(or_(not_(member(held, tuple(frame.genuine))), eq(content, held)), some))
        guard = and_(guard, and_(or_(eq(content, ERASED), allowed), whole), _settled(frame, store))
        updates = {frame.content(store): content, **mixed}
        yield chosen(name, guard, updates, (content, *inputs), _restores(frame, store.name))


def _moments(frame: Frame, reach: Reach, store: Store) -> list[tuple[Term, bool, str]]:
    """When he overwrites a part of an image: before the last part with the seal is his; after it, which is vague.

    He seals what the parts before hold as he does, and a content does not tell the order: what he changes behind his
    own seal may or may not boot, as proofs have it, and a trace has him seal in the end.

    The last part he seals over what he cannot change in its first granule; whether he reaches its seal with more than
    that out of his reach is not told, as images end anywhere.
    """
    parts = frame.cells.of_slot(store.slot) if store.slot else ()
    if not parts or _unsealed(frame, frame.design.image(store.image)):
        return [(true(), False, "")]
    if store is parts[-1]:
        seals = reach.every(_behind_the_first(store.extent), Access.WRITE, reach.writer(store.image))
        return [(seals, False, ""), (not_(seals), True, ", its seal perhaps not")]
    sealed = eq(frame.content(parts[-1]), CRAFTED)
    return [(not_(sealed), False, ""), (sealed, True, ", behind its seal")]


def _unsealed(frame: Frame, image: Image) -> bool:
    """Whether no seal makes an image of his start: nothing looks for one, or he never has the key to it."""
    return image.verified_by is None or forgeable(frame, image) is false()


def _behind_the_first(extent: Extent) -> Extent:
    """The granules of `extent` without the first one, where there are several."""
    return replace(extent, regions=extent.regions[1:] or extent.regions)


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


def _restores(frame: Frame, store: str) -> Callable[[Choices], Action]:
    def tells(choices: Choices) -> Action:
        return Overwrite(partition=store, content=content_of(frame, str(choices.get("content", ERASED))))

    return tells


def _spoiled(frame: Frame, reach: Reach, store: Store, name: str) -> tuple[dict[Term, Term], tuple[Term, ...], Term]:
    """What overwriting may do to the request in a trailer at the end of `store`."""
    every = reach.every(store.extent, Access.WRITE, reach.writer(store.image))
    if store.slot in frame.standings:
        gone, standing = choice(name, "trailer gone"), frame.standings[store.slot]
        return {standing: ite(gone, const(REQUEST, "none"), standing)}, (gone,), or_(gone, not_(every))
    for image, request in frame.requests.items():
        parts, staging = frame.pair(image)
        if store is parts[-1]:
            gone = choice(name, "request spoiled")
            return (
                {request: ite(and_(gone, eq(request, "revert")), const(REQUEST, "none"), request)},
                (gone,),
                true(),
            )
        if store is staging:
            left = choice(name, "request left", REQUEST)
            asked = member(request, ("test", "perm"))
            # Who writes all of it writes its trailer, and can ask for another upgrade after that; of a swap that was
            # cut the trailer of the slot tells, too (boot_write_swap_info).
            kept = and_(eq(left, request), not_(and_(every, asked, not_(frame.midway(image)))))
            return {request: left}, (left,), or_(kept, and_(asked, member(left, ("none", "revert"))))
    return {}, (), true()


def _mixed(frame: Frame, store: Store) -> dict[Term, Term]:
    """What a foreign write does to a pair that is midway: the swap may make anything of it."""
    updates: dict[Term, Term] = {}
    for image in frame.requests:
        parts, staging = frame.pair(image)
        pair = [*parts, *([staging] if staging else [])]
        flag = frame.midway(image)
        if store in pair and flag is not false():
            for half in pair:
                content = frame.content(half)
                updates[content] = ite(flag, frame.is_content(CRAFTED), content)
            updates |= {each: and_(each, not_(flag)) for each in frame.told_of_other_half(image, store)}
            updates |= frame.disturbs(image)
    return updates


def _settled(frame: Frame, store: Store) -> Term:
    return not_(frame.torn(store))


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
