"""Everything that happens from outside a boot stage: the vendor, the update service, hostile code, the probe.

One transition per choice that matters, with the action it stands for (docs/SEMANTICS.md, "Actions").
"""

from collections.abc import Callable, Iterator, Mapping

from bootverify.design.attacker import Capability
from bootverify.design.boot import Image, Program
from bootverify.design.keys import InImage, InKmu, InPartition, InUicr, PushTarget
from bootverify.design.protection import Access, Attribution
from bootverify.encoder.boot.control import Control
from bootverify.encoder.boot.frame import CRAFTED, ERASED, HALTED, NONE, Frame, marks_of, named, variants
from bootverify.encoder.boot.stages import Steps
from bootverify.encoder.system import Transition
from bootverify.encoder.terms import Term, Value, and_, const, eq, false, ite, not_, or_, true, var
from bootverify.encoder.boot.spu import RegionWrites
from bootverify.machine.action import (
    Action,
    Confirm,
    Deliver,
    EraseAll,
    ForgeTrailer,
    Inspect,
    Jump,
    Overwrite,
    ProgramRegion,
    Publish,
    ReadOut,
    ReadSlot,
    Request,
    Reset,
    UseSlot,
)
from bootverify.machine.content import Crafted, Erased, Genuine

Make = Callable[[Mapping[str, Value]], Action]
Pair = tuple[Transition, Make]


class Outside:
    """The actions around the boot of one design in the presence of one attacker."""

    def __init__(self, frame: Frame, control: Control, steps: Steps) -> None:
        self.frame = frame
        self.control = control
        self.steps = steps
        self.design = frame.design

    def transitions(self) -> Iterator[Pair]:
        """All of them, in a fixed order."""
        yield self._reset()
        yield from self._publish_and_inspect()
        yield from self._deliver()
        yield from self._confirm()
        if self.control.hostile is not false():
            yield from self._overwrite()
            yield from self._forge_trailer()
            yield from self._program_regions()
            yield from self._read_out()
            yield from self._key_slots()
            yield from self._jump()
        if self.control.can(Capability.DEBUG) and not self.design.lifecycle.eraseprotect:
            yield self._erase_all()

    def _loop(self) -> Term:
        return self.frame.is_at(*self.control.loops)

    def _reset(self) -> Pair:
        anywhere = self.control.can(Capability.CUT_POWER) or self.control.can(Capability.DEBUG)
        guard = true() if anywhere else or_(self._loop(), self.frame.is_at(HALTED), self.control.hostile)
        return Transition(name="reset", guard=guard, updates=self.steps.reset()), lambda _: Reset()

    # -- the vendor and the update service

    def _publish_and_inspect(self) -> Iterator[Pair]:
        for (name, release, slot), published in reversed(self.frame.published.items()):
            image = self.design.image(name)
            inside = [
                key.name
                for key in self.design.keys
                if key.secret
                and any(
                    isinstance(place, InImage) and place.image == name and place.release in {None, release}
                    for place in key.placements
                )
            ]
            updates: dict[Term, Term] = {published: true()}
            updates |= {self.frame.shipped[key, name]: true() for key in inside}
            publish = Publish(image=name, release=release, slot=slot)
            shown = named(image, release, slot)
            yield Transition(name=f"publish {shown}", guard=not_(published), updates=updates), _always(publish)
            readable = true() if image.encryption.value == "none" else self.control.opens(image)
            if inside and readable is not false():
                inspect = Inspect(image=name, release=release, slot=slot)
                yield (
                    Transition(
                        name=f"inspect {shown}",
                        guard=and_(published, readable),
                        updates={self.frame.knows[key]: true() for key in inside},
                    ),
                    _always(inspect),
                )

    def _deliver(self) -> Iterator[Pair]:
        for staged, request in self.frame.request.items():
            content = self.frame.content[staged]
            base: dict[Term, Term] = {self.frame.midway[staged]: false()}
            for image in self.design.images:
                if image.staging != staged or not image.updatable:
                    continue
                for release in range(1, self.design.releases + 1):
                    for slot in variants(image):
                        shown = named(image, release, slot)
                        test = var(f"deliver {shown}: test")
                        asked = ite(test, const(request.sort, "test"), const(request.sort, "perm"))
                        yield (
                            Transition(
                                name=f"deliver {shown}",
                                guard=and_(self._loop(), self.frame.published[image.name, release, slot]),
                                inputs=(test,),
                                updates={**base, content: const(content.sort, shown), request: asked},
                            ),
                            _deliver(staged, Genuine(image.name, release, slot), test.name, self.control),
                        )
            if self.control.can(Capability.SEND_UPDATE):
                test = var(f"deliver crafted to {staged}: test")
                asked = ite(test, const(request.sort, "test"), const(request.sort, "perm"))
                yield (
                    Transition(
                        name=f"deliver crafted to {staged}",
                        guard=self._loop(),
                        inputs=(test,),
                        updates={**base, content: const(content.sort, CRAFTED), request: asked},
                    ),
                    _deliver(staged, Crafted(), test.name, self.control),
                )

    def _confirm(self) -> Iterator[Pair]:
        application = self.design.application
        if application is None:
            return
        staged = self.design.image(application.image).staging
        if staged is not None:
            request = self.frame.request[staged]
            yield (
                Transition(
                    name="confirm",
                    guard=and_(self._loop(), eq(request, "revert")),
                    updates={request: const(request.sort, NONE)},
                ),
                _always(Confirm()),
            )

    # -- hostile code and the probe

    def _overwrite(self) -> Iterator[Pair]:
        for store, content in self.frame.content.items():
            cell = self.frame.cells.by_name[store]
            some = self.control.writes(cell)
            if some is false():
                continue
            request, asked = self._request_beside(store), self._request_beside(store)
            keeps = var(f"overwrite {store} with crafted: keeps")
            yield (
                Transition(
                    name=f"overwrite {store} with crafted",
                    guard=some,
                    inputs=(keeps,) if request is not None else (),
                    updates={content: const(content.sort, CRAFTED), **_dropped(asked, keeps)},
                ),
                _always(Overwrite(partition=store, content=Crafted())),
            )
            whole = self.control.writes(cell, everywhere=True)
            dropped = {request: const(request.sort, NONE)} if request is not None else {}
            yield (
                Transition(
                    name=f"overwrite {store} with nothing",
                    guard=whole,
                    updates={content: const(content.sort, ERASED), **dropped},
                ),
                _always(Overwrite(partition=store, content=Erased())),
            )
            yield from self._overwrite_with_genuine(store, whole, dropped)

    def _overwrite_with_genuine(self, store: str, whole: Term, dropped: dict[Term, Term]) -> Iterator[Pair]:
        content = self.frame.content[store]
        cell = self.frame.cells.by_name[store]
        for (name, release, slot), published in self.frame.published.items():
            image = self.design.image(name)
            if cell.slot:
                fits = cell.image == name and slot in {"", cell.slot}
                value = named(image, release)
            else:
                fits = image.staging == store
                value = named(image, release, slot)
            if fits:
                yield (
                    Transition(
                        name=f"overwrite {store} with {named(image, release, slot)}",
                        guard=and_(whole, published),
                        updates={content: const(content.sort, value), **dropped},
                    ),
                    _always(Overwrite(partition=store, content=Genuine(name, release, slot))),
                )

    def _request_beside(self, store: str) -> Term | None:
        """The request whose trailer an overwritten store may hold: staging, or the end of the primary slot."""
        if store in self.frame.request:
            return self.frame.request[store]
        cell = self.frame.cells.by_name[store]
        image = self.design.image(cell.image)
        if image.staging is None or image.slots[0] != cell.slot or len(image.slots) > 1:
            return None
        return self.frame.request[image.staging]

    def _forge_trailer(self) -> Iterator[Pair]:
        for image in self.design.images:
            if image.staging is None or len(image.slots) > 1 or not self._booted_by_mcuboot(image):
                continue
            request = self.frame.request[image.staging]
            for kind in Request:
                home = image.staging if kind in {Request.TEST, Request.PERM} else image.slots[0]
                area = self.design.partition(home).range
                if not self.frame.cells.internal(home):
                    guard = self.control.hostile
                else:
                    last = self.frame.cells.regions(area.end - self.design.soc.page, area.end)
                    guard = self.control.reaches(last, Access.WRITE, everywhere=True)
                if guard is not false():
                    yield (
                        Transition(
                            name=f"forge {kind.value} for {image.name}",
                            guard=guard,
                            updates={request: const(request.sort, kind.value)},
                        ),
                        _always(ForgeTrailer(image=image.name, request=kind)),
                    )

    def _booted_by_mcuboot(self, image: Image) -> bool:
        return image.verified_by is not None and self.design.stage(image.verified_by).program is Program.MCUBOOT

    def _program_regions(self) -> Iterator[Pair]:
        secure = self.control.by[Attribution.SECURE]
        if secure is false():
            return
        for number, region in enumerate(self.frame.regions):
            inputs = tuple(var(f"program {number}: {part}") for part in ("secure", "read", "write", "lock"))
            yield (
                Transition(
                    name=f"program region {number}",
                    guard=and_(secure, not_(region.locked)),
                    inputs=inputs,
                    updates=dict(
                        zip((region.secure, region.read, region.write, region.locked), inputs, strict=True)
                    ),
                ),
                _program(number),
            )

    def _read_out(self) -> Iterator[Pair]:
        for key in self.design.keys:
            if not key.secret:
                continue
            for place in key.placements:
                learned = {self.frame.knows[key.name]: true()}
                match place:
                    case InImage():
                        image = self.design.image(place.image)
                        for cell in self.frame.cells.of_image(image):
                            regions = self.frame.cells.key_regions(image, cell.slot, place.offset)
                            if not set(regions) & set(cell.regions):
                                continue
                            releases = [place.release] if place.release else range(1, self.design.releases + 1)
                            there = or_(*(self.frame.holds(cell.name, named(image, release)) for release in releases))
                            yield from self._read(f"{cell.name} for {key.name}", cell.name, and_(there, self.control.reads(regions)), learned)
                    case InPartition():
                        area = self.design.partition(place.partition).range
                        regions = self.frame.cells.regions_of(area) if self.frame.cells.internal(place.partition) else ()
                        guard = and_(self.control.reads(regions), not_(self.frame.wiped))
                        yield from self._read(f"{place.partition} for {key.name}", place.partition, guard, learned)
                    case InUicr():
                        guard = and_(self.control.by[Attribution.SECURE], not_(self.frame.wiped))
                        yield from self._read(f"uicr for {key.name}", "uicr", guard, learned)
                    case _:
                        continue

    def _read(self, name: str, partition: str, guard: Term, learned: dict[Term, Term]) -> Iterator[Pair]:
        if guard is not false():
            yield Transition(name=f"read {name}", guard=guard, updates=learned), _always(ReadOut(partition=partition))

    def _key_slots(self) -> Iterator[Pair]:
        """The KMU answers secure code; a push to RAM, or a readable slot, shows the value (soc.md 5.1)."""
        guard = and_(self.control.by[Attribution.SECURE], not_(self.frame.wiped))
        if guard is false():
            return
        for key in self.design.keys:
            for place in key.placements:
                if key.secret and isinstance(place, InKmu):
                    learned = {self.frame.knows[key.name]: true()}
                    if place.push_to is PushTarget.RAM:
                        yield Transition(name=f"push {key.name}", guard=guard, updates=learned), _always(UseSlot(key=key.name))
                    if place.readable:
                        yield Transition(name=f"read slot {key.name}", guard=guard, updates=learned), _always(ReadSlot(key=key.name))

    def _jump(self) -> Iterator[Pair]:
        for number, stage in enumerate(self.design.stages):
            if stage.program is Program.APPLICATION:
                continue
            hostile = and_(self.frame.is_at(*marks_of(stage)), self.control.hostile)
            if hostile is false():
                continue
            for later in self.design.stages[number + 1 :]:
                yield (
                    Transition(
                        name=f"jump from {stage.name} to {later.name}",
                        guard=hostile,
                        updates={self.frame.at: self.frame.place(self.frame.first_mark(later.name))},
                    ),
                    _always(Jump(stage=later.name)),
                )

    def _erase_all(self) -> Pair:
        writes = RegionWrites(self.frame.regions)
        writes.reset()
        updates = {
            self.frame.at: self.frame.place(HALTED),
            self.frame.wiped: true(),
            **{content: const(content.sort, ERASED) for content in self.frame.content.values()},
            **{request: const(request.sort, NONE) for request in self.frame.request.values()},
            **{midway: false() for midway in self.frame.midway.values()},
            **writes.updates(),
        }
        if len(self.frame.active.sort.values) > 1:
            updates[self.frame.active] = const(self.frame.active.sort, NONE)
        updates[self.frame.counter] = const(self.frame.counter.sort, "1")
        return Transition(name="erase all", guard=true(), updates=updates), _always(EraseAll())


def _dropped(request: Term | None, keeps: Term) -> dict[Term, Term]:
    return {} if request is None else {request: ite(keeps, request, const(request.sort, NONE))}


def _always(action: Action) -> Make:
    return lambda _: action


def _deliver(staged: str, content: Genuine | Crafted, test: str, control: Control) -> Make:
    by_attacker = isinstance(content, Crafted) or (
        control.can(Capability.SEND_UPDATE) and control.can(Capability.REPLAY_RELEASE)
    )
    return lambda inputs: Deliver(
        partition=staged,
        content=content,
        request=Request.TEST if inputs[test] else Request.PERM,
        by_attacker=by_attacker,
    )


def _program(number: int) -> Make:
    def make(inputs: Mapping[str, Value]) -> Action:
        chosen = {part: bool(inputs[f"program {number}: {part}"]) for part in ("secure", "read", "write", "lock")}
        permits = {Access.READ} if chosen["read"] else set()
        permits |= {Access.WRITE} if chosen["write"] else set()
        return ProgramRegion(
            region=number,
            attribution=Attribution.SECURE if chosen["secure"] else Attribution.NON_SECURE,
            permits=frozenset(permits),
            lock=chosen["lock"],
        )

    return make
