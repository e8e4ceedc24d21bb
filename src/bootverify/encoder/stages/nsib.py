"""NSIB's choice between the slots of the next image (ncs-boot 1.1, 1.2, 1.4)."""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.design.boot import ChooseSlot, Image, SignatureType
from bootverify.design.design import Design
from bootverify.design.keys import InKmu, KeyKind
from bootverify.design.life import Behaviour
from bootverify.encoder.knowledge import forgeable
from bootverify.encoder.logic.terms import Term, and_, const, eq, ite, member, not_, or_, substitute, true
from bootverify.encoder.moves.move import choice
from bootverify.encoder.release import until
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.variables.cells import NotModelled, Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED, INVALIDATED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED

LAST_THAT_IGNORES = (3, 1)  # SDK: the last release in which a failed write of the counter is ignored
GENERATIONS = frozenset({242, 244, 246})  # KMU slots that NSIB tries, in this order (soc.md 5.3)


def generations_not_drawn(design: Design, image: Image) -> list[int]:
    """The slots of those in which the design puts no key that verifies `image`."""
    drawn = {
        slot
        for key in design.keys
        for place in key.placements
        if isinstance(place, InKmu) and any(use.image == image.name for use in key.uses)
        for slot in place.slots
    }
    return sorted(GENERATIONS - drawn)


def choose_slot(frame: Frame, step: ChooseSlot, goes: str, mark: str) -> list[Outcome]:
    """Which slot is taken, what trying the other one left, and what a cut leaves of it."""
    return list(_Choice(frame, step, goes, mark).outcomes())


class _Choice:
    def __init__(self, frame: Frame, step: ChooseSlot, goes: str, mark: str) -> None:
        self.frame = frame
        self.image: Image = frame.design.image(step.image)
        # Of an image of several parts NSIB finds the metadata in the first one, and marks it there (ncs-boot 1.1, 1.2).
        self.slots = tuple(frame.cells.of_slot(slot)[0] for slot in self.image.slots)
        if not 1 <= len(self.slots) <= 2:
            raise NotModelled(f"NSIB chooses `{self.image.name}` from one or two slots")
        self._generations()
        self._hashes()
        self.counter = frame.counter if step.counter else None
        self.room = frame.room if step.counter else None
        self.full_stops = self._full_stops(step)
        self.goes = goes
        self.mark = mark
        self.forgeable = forgeable(frame, self.image)

    def _generations(self) -> None:
        """NSIB on nRF54L consults three places; one that is not drawn may be empty, for secure code to fill.

        soc.md 5.3: "NSIB always tries 242, 244, 246 in order", and later secure code can provision an empty one.
        """
        design = self.frame.design
        by_kmu = design.soc.kmu_version > 1 and self.image.signature is SignatureType.ED25519
        missing = generations_not_drawn(design, self.image)
        if by_kmu and self.frame.runs_secure and missing:
            raise NotModelled(f"whether KMU slot {missing[0]}, which NSIB consults, is empty")

    def _hashes(self) -> None:
        """No hash has an erased half-word: "error for every validation, hence every slot gets invalidated" (1.3)."""
        stored = (key for key in self.frame.design.keys if key.kind is KeyKind.HASH and key.all_words_written is False)
        if any(use.image == self.image.name for key in stored for use in key.uses):
            raise NotModelled("a stored hash with an erased half-word, for which NSIB refuses every image")

    def _full_stops(self, step: ChooseSlot) -> bool:
        """A slot whose version finds no room in the counter is passed over; once it was started all the same.

        Since 2025-11 an error of the counter write stops the slot (ncs-boot 0.1).
        """
        if self.room is None or step.full_stops is not None:
            return bool(step.full_stops)
        told = self.frame.design.life
        if told.does(Behaviour.COUNTER_FAILS_OPEN) or told.does(Behaviour.COUNTER_FAILS_CLOSED):
            return not told.does(Behaviour.COUNTER_FAILS_OPEN)
        before = until(self.frame.design.sdk, LAST_THAT_IGNORES)
        if before is None:
            raise NotModelled("what NSIB does when its counter is full")
        return not before

    def outcomes(self) -> Iterator[Outcome]:
        for i, store in enumerate(self.slots):
            others = [other for j, other in enumerate(self.slots) if j != i]
            yield from self._take(store, others[0] if others else None, first=i == 0)
        yield from self._none()

    def _take(self, store: Store, other: Store | None, *, first: bool) -> Iterator[Outcome]:
        """`store` is started, tried before `other` or after it failed."""
        name = f"take {store.slot}"
        if other is None:
            yield from self._taken(name, store, true(), {})
            return
        ahead = or_(self._absent(other), self._newer(store, other, or_equal=first))
        yield from self._taken(name, store, ahead, {})
        behind = and_(self._newer(other, store, or_equal=not first), self._fails(other))
        marked = {self.frame.content(other): self._marked(other)}
        yield from self._taken(f"{name} after {other.slot} failed", store, behind, marked)

    def _taken(self, name: str, store: Store, guard: Term, updates: dict[Term, Term]) -> Iterator[Outcome]:
        frame = self.frame
        content = self._whole(store)
        claim = (
            choice(f"{self.mark}: {name}", "claimed version", self.counter.sort) if self.counter is not None else None
        )
        forged = and_(self.forgeable, self._not_below(claim))
        parts = [eq(frame.content(part), CRAFTED) for part in frame.cells.of_slot(store.slot)]
        accepts = [self._accepted_genuine(store), and_(*parts, forged)]
        active = frame.active.get(self.image.name)
        volatile = {} if active is None else {active: const(active.sort, store.slot)}
        raised = dict(updates)
        if self.counter is not None and claim is not None:
            raised |= self._counted(content, claim)
        inputs = () if claim is None else (claim,)
        done = Outcome(
            name=name,
            guard=and_(guard, or_(*accepts), self._readable()),
            goes=self.goes,
            updates={**raised, **volatile},
            inputs=inputs,
        )
        found = [done]
        if len(parts) > 1:  # an image of his may end before the last part, and he may seal over what another holds
            mixed = and_(guard, or_(*parts), not_(and_(*parts)), forged, self._readable())
            found.append(self._again(replace(done, guard=mixed, vague=True), f"{name}, of mixed parts"))
        for each in found:
            yield each
            if raised:
                after = (1 if updates else 0) + (1 if self.counter is not None else 0)
                yield from self._cut(each, "counted", {target: each.updates[target] for target in raised}, after)
            if updates and self.counter is not None:
                yield from self._cut(each, "marked", updates, 1)

    def _none(self) -> Iterator[Outcome]:
        """Every candidate fails, or there is none."""
        fails = and_(*(or_(self._absent(store), self._fails(store)) for store in self.slots))
        marked = {self.frame.content(store): self._marked(store) for store in self.slots}
        done = Outcome(name="take none", guard=fails, goes=HALTED, updates=marked)
        yield done
        for store in self.slots:
            updates = {self.frame.content(store): self._marked(store)}
            yield from self._cut(done, f"{store.slot} marked", updates, 1)
        if len(self.slots) > 1:
            yield from self._cut(done, "both marked", marked, 2)
        yield Outcome(name="stop", guard=not_(self.frame.provisioned), goes=HALTED)

    def _cut(self, done: Outcome, what: str, updates: dict[Term, Term], after: int) -> Iterator[Outcome]:
        if self.frame.cuts:
            cut = replace(done, goes="", updates=updates, cut=True, after=after)
            yield self._again(cut, f"{done.name}, cut when {what}")

    def _again(self, outcome: Outcome, name: str) -> Outcome:
        """The same under another name, with inputs of its own."""
        renamed = {each: choice(f"{self.mark}: {name}", "claimed version", each.sort) for each in outcome.inputs}
        return replace(
            outcome,
            name=name,
            guard=substitute(outcome.guard, renamed),
            updates={target: substitute(value, renamed) for target, value in outcome.updates.items()},
            inputs=tuple(renamed.values()),
        )

    def _readable(self) -> Term:
        """There is provision data to read: an erased page names neither slots nor keys."""
        return true() if self.frame.provision is None else not_(eq(self.frame.provision, "erased"))

    # -- one slot

    def _whole(self, store: Store) -> Term:
        """What the slot holds that begins with `store`, all of its parts."""
        several = len(self.slots) > 1
        return self.frame.content(store) if several else self.frame.taken(self.image.name)

    def _absent(self, store: Store) -> Term:
        """No metadata is found: the slot is no candidate."""
        return eq(self.frame.content(store), ERASED)

    def _accepted_genuine(self, store: Store) -> Term:
        """The owner's image for this slot, not marked, of a version that the counter admits."""
        content = self._whole(store)
        if self.counter is None:
            return member(content, self._own(store))
        return or_(*(
            and_(
                member(content, self._own(store, (release,))),
                self._counter_at_most(str(release)),
                self._finds_room(str(release)),
            )
            for release in self.frame.releases(self.image)
        ))  # fmt: skip

    def _finds_room(self, version: str) -> Term:
        """A version above the stored one has room in the counter, where that is asked for."""
        if self.room is None or not self.full_stops:
            return true()
        assert self.counter is not None
        return or_(not_(eq(self.room, "0")), eq(self.counter, version))

    def _fails(self, store: Store) -> Term:
        """The slot is a candidate that may fail; the attacker's image always may."""
        return or_(
            and_(not_(self._absent(store)), not_(self._accepted_genuine(store))),
            and_(not_(self.frame.provisioned), not_(self._absent(store))),
        )

    def _marked(self, store: Store) -> Term:
        """What failing leaves: NSIB's mark on an image, the attacker's bytes as they were."""
        content = self.frame.content(store)
        found = member(content, self.frame.genuine)
        if self.room is not None and self.full_stops:
            # What is passed over for want of room was found good, and is not marked.
            found = and_(found, not_(self._good_without_room(store)))
        return ite(found, self.frame.is_content(INVALIDATED), content)

    def _good_without_room(self, store: Store) -> Term:
        content = self._whole(store)
        return or_(*(
            and_(
                member(content, self._own(store, (release,))),
                self._counter_at_most(str(release)),
                not_(self._finds_room(str(release))),
            )
            for release in self.frame.releases(self.image)
        ))  # fmt: skip

    def _own(self, store: Store, releases: tuple[int, ...] | None = None) -> tuple[str, ...]:
        variant = store.slot if len(self.slots) > 1 else ""
        return self.frame.named(self.image.name, releases=releases, slot=variant)

    def _newer(self, one: Store, other: Store, *, or_equal: bool) -> Term:
        """Of two that are there `one` may come first: its version, not authenticated yet, is higher (or the same)."""
        frame = self.frame
        left, right = frame.content(one), frame.content(other)
        unclear = [CRAFTED, INVALIDATED]
        ranked = [
            and_(
                member(left, frame.named(self.image.name, releases=(release,))),
                member(right, frame.named(self.image.name, releases=range(1, release + or_equal))),
            )
            for release in frame.releases(self.image)
        ]
        return or_(member(left, unclear), member(right, unclear), *ranked)

    # -- the counter

    def _counter_at_most(self, version: str) -> Term:
        assert self.counter is not None
        values = self.counter.sort.values
        return member(self.counter, values[: values.index(version) + 1])

    def _not_below(self, claim: Term | None) -> Term:
        """The version that a crafted image claims is one that the counter admits."""
        if claim is None:
            return and_()
        return or_(*(
            and_(eq(claim, version), self._counter_at_most(str(version)), self._finds_room(str(version)))
            for version in claim.sort.values
        ))  # fmt: skip

    def _counted(self, content: Term, claim: Term) -> dict[Term, Term]:
        """Counter and room once that slot is taken: without room the counter stays."""
        assert self.counter is not None
        value = self._raised(content, claim)
        if self.room is None:
            return {self.counter: value}
        numbers = self.room.sort.values
        rises = and_(not_(eq(value, self.counter)), not_(eq(self.room, "0")))
        less = self.room
        for number, lower in zip(numbers[1:], numbers, strict=False):
            less = ite(eq(self.room, number), const(self.room.sort, lower), less)
        return {self.counter: ite(rises, value, self.counter), self.room: ite(rises, less, self.room)}

    def _raised(self, content: Term, claim: Term) -> Term:
        assert self.counter is not None
        raised = claim
        for release in self.frame.releases(self.image):
            named = member(content, self.frame.named(self.image.name, releases=(release,)))
            raised = ite(named, const(self.counter.sort, str(release)), raised)
        return raised
