"""MCUboot's boot_go where an image starts from either of two slots: where it lies (direct-xip) or from RAM (ram-load).

The higher version is tried first, the first slot where both are equal (loader.c, boot_load_and_validate_images). What
is refused is erased, but for an image that is linked for the other slot: that is passed over. With revert an image
needs a good magic, and one that had its start and was not confirmed is erased (boot_select_or_erase).
"""

from collections.abc import Iterator, Mapping, Sequence

from bootverify.design.boot import BootGo, EncryptionType, Image, UpgradeMode
from bootverify.design.keys import InImage, Purpose
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import Access
from bootverify.encoder.knowledge import forgeable, opens
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, ite, member, not_, or_, true
from bootverify.encoder.moves.move import choice
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.stages.rollback import Rollback
from bootverify.encoder.stages.slot_pair import whole_pages
from bootverify.encoder.variables.cells import NotModelled, Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED

STARTS = ("test", "perm")  # what the trailer says of an image that may start


def boot_go_in_place(frame: Frame, step: BootGo, goes: str, mark: str) -> list[Outcome]:
    """Which slot is started, what trying the other one left, and what a cut leaves of it."""
    return list(_InPlace(frame, step, goes, mark).outcomes())


class _InPlace:
    def __init__(self, frame: Frame, step: BootGo, goes: str, mark: str) -> None:
        self.frame, self.step, self.goes, self.mark = frame, step, goes, mark
        self.image: Image = frame.design.image(step.image)
        self.slots = frame.cells.of_image(self.image.name)
        self._told()
        self.loads = step.mode is UpgradeMode.RAM_LOAD
        self.forgeable = forgeable(frame, self.image)
        self.opens = opens(frame, self.image)
        self.rollback = Rollback(frame, step, frame.content(self.slots[0]), swaps=False)

    def _told(self) -> None:
        """Raises NotModelled for slots and images of which it is not told what becomes of them in this mode."""
        design, image, mode = self.frame.design, self.image, self.step.mode.value
        if any(other.staging in image.slots for other in design.images if other is not image):
            raise NotModelled(f"where MCUboot finds an update of its own in the mode {mode}")
        whole_pages(design, image, image.slots)
        external = [slot for slot in image.slots if design.partition(slot).memory is not MemoryKind.INTERNAL]
        if self.step.mode is UpgradeMode.DIRECT_XIP:
            if image.encryption is not EncryptionType.NONE:
                raise NotModelled(f"encrypted images in the mode {mode}, where they run as they lie")
            if external:
                raise NotModelled(f"code of `{image.name}` that runs from `{external[0]}` outside the chip")
            return
        if external and Access.WRITE in self.frame.clip:
            raise NotModelled(f"an image that is loaded from `{external[0]}`, which may answer two reads differently")
        if image.encryption is EncryptionType.NONE:
            return
        secrets = [key for key in design.keys if key.secret]
        if sum(use.purpose is Purpose.DECRYPT for key in secrets for use in key.uses) > 1:
            raise NotModelled(f"which of several keys opens `{image.name}` when it is loaded")
        inside = (place.image for key in secrets for place in key.placements if isinstance(place, InImage))
        if image.name in inside:
            raise NotModelled(f"what the copy of `{image.name}` in RAM shows of the secrets in it")

    def outcomes(self) -> Iterator[Outcome]:
        """Either slot is started, with the other one untouched or tried before; or none is."""
        first, second = self.slots
        for store, other in ((first, second), (second, first)):
            for failed in (False, True):
                name = f"start {store.slot}" + (f" after {other.slot} failed" if failed else "")
                yield from self._started(name, store, other if failed else None)
                yield from self._cut_erase(name.replace("start", "erase"), store, other if failed else None)
        fails = [or_(self._absent(store), self._fails(store)) for store in self.slots]
        yield self._outcome("nothing to start", and_(*fails), self.slots, goes=HALTED)

    # -- one slot

    def _absent(self, store: Store) -> Term:
        """There is no header."""
        return eq(self.frame.content(store), ERASED)

    def _own(self, store: Store) -> tuple[str, ...]:
        """The releases that start from that slot."""
        return self.frame.named(self.image.name, slot=store.slot if self.frame.variants(self.image) != ("",) else "")

    def _standing(self, store: Store) -> Term | None:
        return self.frame.standings.get(store.slot)

    def _may_start(self, store: Store) -> Term:
        standing = self._standing(store)
        return true() if standing is None else member(standing, STARTS)

    def _good(self, store: Store) -> Term:
        """The owner's image, for this slot, with a counter that is high enough."""
        content = self.frame.content(store)
        return and_(member(content, self._own(store)), self.rollback.admits(content)) if self.opens else not_(true())

    def _starts(self, store: Store) -> Term:
        forged = and_(eq(self.frame.content(store), CRAFTED), self.forgeable)
        return and_(or_(self._good(store), forged), self._may_start(store))

    def _fails(self, store: Store) -> Term:
        """It is tried and does not start; the attacker's bytes may always fail."""
        crafted = eq(self.frame.content(store), CRAFTED)
        bad = or_(crafted, not_(and_(self._good(store), self._may_start(store))), self.frame.erased_all)
        return and_(not_(self._absent(store)), bad)

    def _ahead(self, one: Store, other: Store) -> Term:
        """`one` may be tried first: its header, which nobody verified yet, has the higher version."""
        frame, order = self.frame, self.slots.index(one) < self.slots.index(other)
        left, right = frame.content(one), frame.content(other)
        releases = frame.releases(self.image)
        ranked = [
            and_(
                member(left, frame.named(self.image.name, releases=(release,))),
                member(right, frame.named(self.image.name, releases=self._below(release, releases, or_equal=order))),
            )
            for release in releases
        ]
        there = and_(not_(self._absent(one)), not_(self._absent(other)))
        return and_(there, or_(eq(left, CRAFTED), eq(right, CRAFTED), *ranked))

    def _below(self, release: int, releases: range, *, or_equal: bool) -> list[int]:
        version, most = self.rollback.version, self.rollback.version(release)
        return [each for each in releases if version(each) < most or (or_equal and version(each) == most)]

    def _refused(self, store: Store) -> Term:
        """It holds an image that is erased where it is found bad; one for the other slot is passed over."""
        return member(self.frame.content(store), self._own(store)) if self.opens else not_(true())

    def _tried(self, name: str, store: Store) -> tuple[dict[Term, Term], tuple[Term, ...]]:
        """What a slot that was tried in vain is left as, and what is open in that: bytes of his are erased or stay."""
        frame, content, standing = self.frame, self.frame.content(store), self._standing(store)
        may = choice(f"{self.mark}: {name}", f"{store.slot} erased")
        crafted, refused = eq(content, CRAFTED), self._refused(store)
        gone = or_(and_(refused, not_(frame.erased_all)), and_(or_(crafted, refused), may))
        updates = {content: ite(gone, frame.is_content(ERASED), content)}
        if standing is None:
            return updates, (may,)
        # His may be let start and have nothing to start: a header that says so is not refused but passed over.
        marks = choice(f"{self.mark}: {name}", f"{store.slot} marked")
        left = ite(and_(crafted, marks, eq(standing, "test")), const(REQUEST, "revert"), standing)
        updates[standing] = ite(gone, const(REQUEST, "none"), left)
        return updates, (may, marks)

    # -- outcomes

    def _outcome(
        self,
        name: str,
        guard: Term,
        failed: Sequence[Store],
        updates: Mapping[Term, Term] | None = None,
        inputs: tuple[Term, ...] = (),
        *,
        goes: str = "",
    ) -> Outcome:
        """The outcome in which the slots `failed` were tried in vain; it is a cut where it does not go on."""
        tried = [self._tried(name, store) for store in failed]
        left = {target: value for each, _ in tried for target, value in each.items()}
        return Outcome(
            name=name,
            guard=guard,
            goes=goes,
            updates={**left, **(updates or {})},
            inputs=(*(each for _, chosen in tried for each in chosen), *inputs),
            cut=not goes,
        )

    def _order(self, store: Store, failed: Store | None) -> Term:
        """It is the turn of `store`: it comes first, or `failed` did."""
        if failed is not None:
            return and_(self._ahead(failed, store), self._fails(failed))
        other = next(each for each in self.slots if each is not store)
        return or_(self._absent(other), self._ahead(store, other))

    def _started(self, name: str, store: Store, other: Store | None) -> Iterator[Outcome]:
        """`store` is started; its counter is stored at the end, where the image is there to stay."""
        frame, content, standing = self.frame, self.frame.content(store), self._standing(store)
        active = frame.active[self.image.name]
        failed, guard = [] if other is None else [other], and_(self._order(store, other), self._starts(store))
        marked: dict[Term, Term] = {}
        settled = true()
        if standing is not None:
            marked[standing] = ite(eq(standing, "test"), const(REQUEST, "revert"), standing)
            settled = true() if self.loads else eq(standing, "perm")
        chosen = {active: const(active.sort, store.slot)}
        raised, claim = self._raised(name, content, settled)
        able = and_(guard, or_(not_(settled), self.rollback.may_have_room(content)))
        yield self._outcome(name, able, failed, {**marked, **raised, **chosen}, claim, goes=self.goes)
        full = not_(self.rollback.has_room(content))
        if full is not false() and not self.step.full_refused:
            yield self._outcome(f"{name}, counter full", and_(guard, settled, full), failed, marked, goes=HALTED)
        if frame.cuts and (marked or failed):
            yield self._outcome(f"{name}, cut when marked", guard, failed, marked)
        if frame.cuts and raised:
            title = f"{name}, cut when counted"
            raised, claim = self._raised(title, content, settled)
            yield self._outcome(title, able, failed, {**marked, **raised}, claim)

    def _raised(self, name: str, content: Term, settled: Term) -> tuple[dict[Term, Term], tuple[Term, ...]]:
        """The counter once it has followed the release; of bytes of his it follows what they claim."""
        if self.rollback.stored is None:
            return {}, ()
        claim = choice(f"{self.mark}: {name}", "claimed counter", self.rollback.stored.sort)
        values = self.rollback.raised(content, claim)
        return {target: ite(settled, value, target) for target, value in values.items()}, (claim,)

    def _cut_erase(self, name: str, store: Store, other: Store | None) -> Iterator[Outcome]:
        """Power goes while `store` is erased, from the front: without its header what is left never starts."""
        if not self.frame.cuts:
            return
        frame, content, standing = self.frame, self.frame.content(store), self._standing(store)
        name = f"{name}, cut"
        rest = choice(f"{self.mark}: {name}", "some left")
        refused = or_(eq(content, CRAFTED), self._refused(store))
        updates, inputs = {content: ite(rest, frame.is_content(CRAFTED), frame.is_content(ERASED))}, [rest]
        if standing is not None:
            left = choice(f"{self.mark}: {name}", "trailer left", REQUEST)
            updates[standing] = ite(rest, standing, left)
            inputs.append(left)
        guard = and_(self._order(store, other), self._fails(store), refused)
        yield self._outcome(name, guard, [] if other is None else [other], updates, tuple(inputs))
