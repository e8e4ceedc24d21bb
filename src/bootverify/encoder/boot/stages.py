"""The steps of the boot stages as transitions, one function per step (docs/SEMANTICS.md, "Steps")."""

from collections.abc import Iterator

from bootverify.design.boot import (
    Begin,
    BootGo,
    ChooseSlot,
    Image,
    Launch,
    Program,
    Protect,
    Run,
    SetUpTrustZone,
    Stage,
    UpgradeMode,
)
from bootverify.design.attacker import Capability
from bootverify.design.protection import Lock
from bootverify.encoder.boot.control import Control
from bootverify.encoder.boot.frame import CRAFTED, ERASED, HALTED, INVALIDATED, NONE, Frame, marks_of, named, variants
from bootverify.encoder.system import Transition
from bootverify.encoder.terms import Term, and_, const, eq, false, ite, not_, or_, substitute, true, var
from bootverify.encoder.boot.spu import RegionWrites

Updates = dict[Term, Term]


class Steps:
    """All steps of all stages of one design."""

    def __init__(self, frame: Frame, control: Control) -> None:
        self.frame = frame
        self.control = control
        self.design = frame.design

    def transitions(self) -> Iterator[tuple[Transition, Stage, int]]:
        """Each step's transitions, with the stage and the number of the step."""
        for stage in self.design.stages:
            marks = marks_of(stage)
            for number, step in enumerate(stage.steps):
                here = marks[number]
                after = marks[number + 1] if number + 1 < len(marks) else HALTED
                for transition in self._step(stage, step, here, after):
                    yield transition, stage, number

    def _step(self, stage: Stage, step: object, here: str, after: str) -> Iterator[Transition]:
        match step:
            case Protect():
                yield self._protect(step, here, after)
            case ChooseSlot():
                yield from self._choose_slot(step, here, after)
            case BootGo():
                yield from BootGoEncoding(self, step, here, after).transitions()
            case SetUpTrustZone():
                yield self._set_up_trustzone(stage, step, here, after)
            case Launch():
                yield self._plain(here, self.frame.first_mark(step.stage))
            case Begin():
                yield self._plain(here, after)
            case Run():
                return
        if self.control.can(Capability.CUT_POWER):
            yield Transition(name=f"cut {here}", guard=self.frame.is_at(here), updates=self.reset())

    def _plain(self, here: str, after: str) -> Transition:
        return Transition(name=here, guard=self.frame.is_at(here), updates={self.frame.at: self.frame.place(after)})

    def reset(self) -> Updates:
        """What every restart of the core does; an erased first stage does not start."""
        writes = RegionWrites(self.frame.regions)
        writes.reset()
        root = self.design.root
        empty = [self.frame.holds(cell.name, ERASED) for cell in self.frame.cells.of_image(self.design.image(root.image))]
        start = self.frame.place(self.frame.first_mark(root.name))
        updates = {self.frame.at: ite(or_(*empty), self.frame.place(HALTED), start), **writes.updates()}
        if len(self.frame.active.sort.values) > 1:
            updates[self.frame.active] = const(self.frame.active.sort, NONE)
        return updates

    def _protect(self, step: Protect, here: str, after: str) -> Transition:
        """fprotect: whole regions, secure, read and execute, locked; a ragged span makes the call fail."""
        writes = RegionWrites(self.frame.regions)
        place = after
        for span in step.spans:
            if not self.frame.cells.aligned(span.range):
                place = HALTED
                break
            numbers = self.frame.cells.regions_of(span.range)
            writes.write(numbers, secure=True, read=True, write=False, lock=step.lock is Lock.UNTIL_RESET)
        return Transition(
            name=here,
            guard=self.frame.is_at(here),
            updates={self.frame.at: self.frame.place(place), **writes.updates()},
        )

    def _set_up_trustzone(self, stage: Stage, step: SetUpTrustZone, here: str, after: str) -> Transition:
        """TF-M's order (soc.md 8.1): everything secure, its own code locked, then what is non-secure opened."""
        cells = self.frame.cells
        bootloaders = {
            number
            for image in self.design.images
            if image.name != stage.image and self.design.stages_of(image.name)[0].program in {Program.NSIB, Program.MCUBOOT}
            for cell in cells.of_image(image)
            for number in cell.regions
        }
        writes = RegionWrites(self.frame.regions)
        rest = [number for number in range(cells.count) if number not in bootloaders]
        writes.write(rest, secure=True, read=True, write=True, lock=False)
        writes.write(cells.regions_of(step.secure_code.range), secure=True, read=True, write=False, lock=True)
        for span in step.non_secure:
            writes.write(cells.regions_of(span.range), secure=False, read=True, write=True, lock=True)
        for span in step.non_secure_data:
            writes.write(cells.regions_of(span.range), secure=False, read=True, write=True, lock=True)
        return Transition(
            name=here,
            guard=self.frame.is_at(here),
            updates={self.frame.at: self.frame.place(after), **writes.updates()},
        )

    # -- NSIB

    def _choose_slot(self, step: ChooseSlot, here: str, after: str) -> Iterator[Transition]:
        """Try the candidates, higher version first; what fails is invalidated; none left: halted."""
        frame, image = self.frame, self.design.image(step.image)
        stores = [frame.cells.of_slot(slot)[0].name for slot in image.slots]
        for chosen, slot in enumerate(image.slots):
            pick = [var(f"{here} {slot} {what}") for what in ("accepts", "first")]
            mine = self._valid(image, stores[chosen], step, accepts=pick[0])
            others = [other for other in range(len(stores)) if other != chosen]
            raised, rise = self._raised(image, stores[chosen], step, f"{here} {slot}")
            updates: Updates = {frame.at: frame.place(after), frame.active: const(frame.active.sort, slot), **raised}
            guard = [frame.is_at(here), mine]
            for other in others:
                # The other one is tried before only if it claims a higher version (or as high, and comes first).
                before = self._before(image, stores[other], stores[chosen], earlier=other < chosen, claims=pick[1])
                theirs = self._surely_valid(image, stores[other], step)
                guard.append(not_(and_(before, theirs)))
                spoiled = and_(before, self._genuine(image, stores[other]), not_(theirs))
                updates[frame.content[stores[other]]] = ite(
                    spoiled,
                    const(frame.content[stores[other]].sort, INVALIDATED),
                    frame.content[stores[other]],
                )
            yield Transition(name=f"{here} takes {slot}", guard=and_(*guard), inputs=(*pick, *rise), updates=updates)
        none: Updates = {frame.at: frame.place(HALTED)}
        guard = [frame.is_at(here)]
        for store in stores:
            guard.append(not_(self._surely_valid(image, store, step)))
            none[frame.content[store]] = ite(
                self._genuine(image, store), const(frame.content[store].sort, INVALIDATED), frame.content[store]
            )
        yield Transition(name=f"{here} takes none", guard=and_(*guard), updates=none)

    def _genuine(self, image: Image, store: str) -> Term:
        return or_(*(self.frame.holds(store, named(image, release)) for release in self._releases()))

    def _surely_valid(self, image: Image, store: str, step: ChooseSlot) -> Term:
        """True iff NSIB accepts what the store holds, whatever an attacker put into a crafted one."""
        found = []
        for release in self._releases():
            fresh = self._not_below(release) if step.counter else true()
            found.append(and_(self.frame.holds(store, named(image, release)), fresh))
        return or_(*found)

    def _valid(self, image: Image, store: str, step: ChooseSlot, *, accepts: Term) -> Term:
        """True iff NSIB may accept it: a crafted image counts if its maker can sign, and made it so."""
        forged = and_(self.frame.holds(store, CRAFTED), self.control.signs(image), accepts)
        return or_(self._surely_valid(image, store, step), forged)

    def _not_below(self, release: int) -> Term:
        return or_(*(eq(self.frame.counter, str(stored)) for stored in range(1, release + 1)))

    def _before(self, image: Image, first: str, second: str, *, earlier: bool, claims: Term) -> Term:
        """True iff NSIB turns to store `first` before `second`."""
        found = []
        for mine in self._releases():
            for theirs in self._releases():
                if mine > theirs or (mine == theirs and earlier):
                    found.append(
                        and_(self.frame.holds(first, named(image, mine)), self.frame.holds(second, named(image, theirs)))
                    )
        crafted = or_(self.frame.holds(first, CRAFTED), self.frame.holds(second, CRAFTED))
        return or_(*found, and_(crafted, claims))

    def _raised(self, image: Image, store: str, step: ChooseSlot, name: str) -> tuple[Updates, tuple[Term, ...]]:
        """The counter follows the version that is about to be started; a forged one claims what it likes."""
        if not step.counter:
            return {}, ()
        frame = self.frame
        claimed = var(f"{name} version", frame.counter.sort)
        value = frame.counter
        for release in self._releases():
            higher = or_(*(eq(frame.counter, str(stored)) for stored in range(1, release)))
            value = ite(
                and_(frame.holds(store, named(image, release)), higher),
                const(frame.counter.sort, str(release)),
                value,
            )
            forged = and_(frame.holds(store, CRAFTED), eq(claimed, str(release)), higher)
            value = ite(forged, const(frame.counter.sort, str(release)), value)
        return {frame.counter: value}, (claimed,)

    def _releases(self) -> range:
        return range(1, self.design.releases + 1)


class BootGoEncoding:
    """boot_go of MCUboot on one pair of slots: primary P (its parts) and staged S, request T."""

    def __init__(self, steps: Steps, step: BootGo, here: str, after: str) -> None:
        self.steps = steps
        self.frame = steps.frame
        self.control = steps.control
        self.step = step
        self.here = here
        self.after = after
        self.design = steps.design
        self.image = self.design.image(step.image)
        self.parts = [cell.name for cell in self.frame.cells.of_slot(self.image.slots[0])]
        self.staged = self.image.staging
        self.swap = step.mode is UpgradeMode.SWAP_MOVE

    def transitions(self) -> Iterator[Transition]:
        """Every way in which the step can end, power cuts included where the attacker has them."""
        yield from self._boot_as_is()
        if self.staged is None:
            return
        yield from self._install_genuine()
        yield from self._install_crafted()
        yield from self._refuse()
        if self.swap:
            yield self._assertion()
        if self.step.bootloader:
            yield from self._bootloader_update(self.design.image(self.step.bootloader))

    # -- terms

    def _releases(self) -> range:
        return range(1, self.design.releases + 1)

    def _all_parts(self, value: str) -> Term:
        return and_(*(self.frame.holds(part, value) for part in self.parts))

    def _genuine(self) -> Term:
        return or_(*(self._all_parts(named(self.image, release)) for release in self._releases()))

    def _tampered(self) -> Term:
        return or_(*(self.frame.holds(part, CRAFTED) for part in self.parts))

    def _header(self, likes: Term) -> Term:
        """True iff P has an image header: a crafted one as its maker likes."""
        first = self.parts[0]
        return and_(not_(self.frame.holds(first, ERASED)), or_(not_(self.frame.holds(first, CRAFTED)), likes))

    def _boots(self, likes: Term) -> Term:
        """True iff P is started, as it stands."""
        if not self.step.validate:
            return self._header(likes)
        return or_(self._genuine(), and_(self._tampered(), self.control.signs(self.image), likes))

    def _requested(self, *kinds: str) -> Term:
        assert self.staged is not None
        return or_(*(eq(self.frame.request[self.staged], kind) for kind in kinds))

    def _pending(self) -> Term:
        """True iff a request is pending that this mode knows."""
        return self._requested("test", "perm", "revert") if self.swap else self._requested("test", "perm")

    def _staged(self, value: str) -> Term:
        assert self.staged is not None
        return self.frame.holds(self.staged, value)

    def _settled(self) -> Updates:
        """The trailer after an upgrade."""
        assert self.staged is not None
        request = self.frame.request[self.staged]
        none = const(request.sort, NONE)
        after = ite(eq(request, "test"), const(request.sort, "revert"), none) if self.swap else none
        return {request: after, self.frame.midway[self.staged]: false()}

    def _swapped_out(self) -> Term:
        """What S holds afterwards: the old P by its name, or nothing in overwrite mode."""
        assert self.staged is not None
        variable = self.frame.content[self.staged]
        if not self.swap:
            return const(variable.sort, ERASED)
        value = const(variable.sort, CRAFTED)
        for release in self._releases():
            name = named(self.image, release)
            value = ite(self._all_parts(name), const(variable.sort, name), value)
        erased = and_(*(self.frame.holds(part, ERASED) for part in self.parts))
        return ite(erased, const(variable.sort, ERASED), value)

    def _input(self, what: str) -> Term:
        return var(f"{self.here} {what}")

    def _allowed(self, release: int) -> Term:
        """True iff downgrade prevention lets `release` over P."""
        if not self.step.prevent_downgrade:
            return true()
        higher = [self._all_parts(named(self.image, other)) for other in self._releases() if other > release]
        return not_(or_(*higher))

    # -- transitions

    def _boot_as_is(self) -> Iterator[Transition]:
        frame = self.frame
        likes = self._input("as is: likes")
        quiet: Term = true()
        if self.staged is not None:
            quiet = not_(self._pending())
            if self.swap:
                quiet = or_(quiet, not_(self._header(likes)))
            quiet = and_(quiet, not_(frame.midway[self.staged]))
        yield from self._ends(f"{self.here} as is", and_(frame.is_at(self.here), quiet), likes, {})

    def _ends(self, name: str, guard: Term, likes: Term, updates: Updates) -> Iterator[Transition]:
        """P is started if it is good, else the stage gives up: two transitions, so that each knows what P was."""
        frame = self.frame
        for outcome, place in (("", self.after), (", nothing boots", HALTED)):
            own = var(f"{likes.name}{outcome}")
            boots = self._boots(own) if place == self.after else not_(self._boots(own))
            whole = and_(substitute(guard, {likes: own}), boots)
            yield Transition(
                name=name + outcome, guard=whole, inputs=(own,), updates={frame.at: frame.place(place), **updates}
            )

    def _install(self, name: str, guard: Term, likes: Term, inputs: tuple[Term, ...], parts: Updates) -> Iterator[Transition]:
        assert self.staged is not None
        frame = self.frame
        ready = and_(self._pending(), self._header(likes)) if self.swap else self._pending()
        whole = and_(frame.is_at(self.here), guard, or_(frame.midway[self.staged], ready))
        updates = {**parts, frame.content[self.staged]: self._swapped_out(), **self._settled()}
        yield Transition(
            name=name, guard=whole, inputs=(likes, *inputs), updates={frame.at: frame.place(self.after), **updates}
        )
        if self.control.can(Capability.CUT_POWER):
            # ... cut after it was done, or in the middle: the next boot resumes, whatever else it sees.
            late, midway = self._input(f"{name} cut late: likes"), self._input(f"{name} cut midway: likes")
            swap_input = {likes: late}
            yield Transition(
                name=f"{name}, cut late",
                guard=_renamed(whole, swap_input, inputs, "late"),
                inputs=(late, *_twins(inputs, "late")),
                updates={target: _renamed(value, swap_input, inputs, "late") for target, value in {**updates, **self.steps.reset()}.items()},
            )
            yield Transition(
                name=f"{name}, cut midway",
                guard=_renamed(whole, {likes: midway}, inputs, "midway"),
                inputs=(midway, *_twins(inputs, "midway")),
                updates={frame.midway[self.staged]: true(), **self.steps.reset()},
            )

    def _install_genuine(self) -> Iterator[Transition]:
        frame = self.frame
        found = []
        for release in self._releases():
            found.append(and_(self._staged(named(self.image, release)), self._allowed(release)))
        parts: Updates = {}
        for part in self.parts:
            variable = frame.content[part]
            value = variable
            for release in self._releases():
                name = named(self.image, release)
                value = ite(self._staged(name), const(variable.sort, name), value)
            parts[variable] = value
        yield from self._install(
            f"{self.here} installs", or_(*found), self._input("installs: likes"), (), parts
        )

    def _install_crafted(self) -> Iterator[Transition]:
        guard = and_(self._staged(CRAFTED), self.control.signs(self.image))
        if guard is false():
            return
        parts = {self.frame.content[part]: const(self.frame.content[part].sort, CRAFTED) for part in self.parts}
        likes = self._input("installs crafted: likes")
        yield from self._install(f"{self.here} installs crafted", guard, likes, (), parts)

    def _refuse(self) -> Iterator[Transition]:
        """S is not valid: it is erased, the request with it, and P is started if it is good."""
        assert self.staged is not None
        frame = self.frame
        likes = self._input("refuses: likes")
        good = [
            and_(self._staged(named(self.image, release)), self._allowed(release)) for release in self._releases()
        ]
        mine = [named(other, release, slot) for other, release, slot in self._own_updates()]
        handled = [self._staged(value) for value in mine]
        guard = and_(
            frame.is_at(self.here),
            self._pending(),
            not_(frame.midway[self.staged]),
            self._header(likes) if self.swap else true(),
            not_(or_(*good)),
            not_(or_(*handled)),
        )
        request = frame.request[self.staged]
        cleared: Updates = {
            frame.content[self.staged]: const(frame.content[self.staged].sort, ERASED),
            request: const(request.sort, NONE),
        }
        yield from self._ends(f"{self.here} refuses", guard, likes, cleared)
        if self.control.can(Capability.CUT_POWER):
            cut, done, left = (self._input(f"refuses, cut: {what}") for what in ("likes", "request gone", "bytes gone"))
            content = frame.content[self.staged]
            yield Transition(
                name=f"{self.here} refuses, cut",
                guard=_renamed(guard, {likes: cut}, (), ""),
                inputs=(cut, done, left),
                updates={
                    content: ite(left, const(content.sort, CRAFTED), const(content.sort, ERASED)),
                    request: ite(done, const(request.sort, NONE), request),
                    **self.steps.reset(),
                },
            )

    def _assertion(self) -> Transition:
        """A crafted header in P can make MCUboot assert while a request is pending."""
        return Transition(
            name=f"{self.here} asserts",
            guard=and_(self.frame.is_at(self.here), self._pending(), self.frame.holds(self.parts[0], CRAFTED)),
            updates={self.frame.at: self.frame.place(HALTED)},
        )

    def _own_updates(self) -> list[tuple[Image, int, str]]:
        """The updates of MCUboot itself that can be staged here."""
        if not self.step.bootloader:
            return []
        other = self.design.image(self.step.bootloader)
        return [(other, release, slot) for release in self._releases() for slot in variants(other)]

    def _bootloader_update(self, other: Image) -> Iterator[Transition]:
        """An update of MCUboot goes to the slot that is not active, and the device restarts; for the active one: erased."""
        assert self.staged is not None
        frame = self.frame
        request = frame.request[self.staged]
        cleared: Updates = {
            frame.content[self.staged]: const(frame.content[self.staged].sort, ERASED),
            request: const(request.sort, NONE),
        }
        for slot in variants(other):
            store = frame.cells.of_slot(slot or other.slots[0])[0].name
            variable = frame.content[store]
            staged = or_(*(self._staged(named(other, release, slot)) for release in self._releases()))
            value = variable
            for release in self._releases():
                value = ite(
                    self._staged(named(other, release, slot)), const(variable.sort, named(other, release)), value
                )
            running = eq(frame.active, slot) if slot else false()
            pending = and_(frame.is_at(self.here), self._pending(), not_(frame.midway[self.staged]))
            yield Transition(
                name=f"{self.here} installs {other.name} in {slot or store}",
                guard=and_(pending, staged, not_(running)),
                updates={variable: value, **cleared, **self.steps.reset()},
            )
            likes = self._input(f"drops {slot}: likes")
            yield from self._ends(
                f"{self.here} drops {other.name} for {slot or store}", and_(pending, staged, running), likes, cleared
            )
            forged = and_(pending, self._staged(CRAFTED), self.control.signs(self.image), not_(running))
            if forged is not false():
                yield Transition(
                    name=f"{self.here} installs crafted {other.name} in {slot or store}",
                    guard=forged,
                    updates={variable: const(variable.sort, CRAFTED), **cleared, **self.steps.reset()},
                )


def _twins(inputs: tuple[Term, ...], which: str) -> tuple[Term, ...]:
    return tuple(var(f"{each.name} {which}", each.sort) for each in inputs)


def _renamed(term: Term, by: dict[Term, Term], inputs: tuple[Term, ...], which: str) -> Term:
    """`term` over inputs of its own: no two transitions share an input."""

    return substitute(term, {**by, **dict(zip(inputs, _twins(inputs, which), strict=True))})
