"""MCUboot's boot_go on one slot pair: pending requests, then the check of the primary image.

After facts/ncs-boot 2.1 to 2.5.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bootverify.design.boot import BootGo, EncryptionType, Image, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.life import Behaviour
from bootverify.encoder.knowledge import forgeable, key_left, may_be_left, opens, sealed, shared_key
from bootverify.encoder.logic.terms import (
    Term,
    and_,
    const,
    eq,
    false,
    ite,
    member,
    not_,
    or_,
    substitute,
    true,
)
from bootverify.encoder.moves.move import choice
from bootverify.encoder.release import until
from bootverify.encoder.stages.erase import SHOWS, cut_erase
from bootverify.encoder.stages.in_place import boot_go_in_place
from bootverify.encoder.stages.meddled import Meddled
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.stages.own_update import OwnUpdate
from bootverify.encoder.stages.rollback import Rollback
from bootverify.encoder.stages.slot_pair import exchanges
from bootverify.encoder.stages.taken_out import opening
from bootverify.encoder.variables.cells import NotModelled, Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED

# "bootutil: fix swap with move reset issue" (mcuboot, pull request 1597, February 2023), behind the release of 2.2.
LAST_THAT_FORGETS = (2, 2)


def not_resumed(design: Design) -> bool:
    """In the first sector of a swap using move a cut is for good: the next boot looks for its header where none is."""
    forgets = until(design.sdk, LAST_THAT_FORGETS) is True
    return forgets and not design.life.does(Behaviour.SWAP_CUT_SURVIVES)


def boot_go(frame: Frame, step: BootGo, goes: str, mark: str) -> list[Outcome]:
    """How the step can end, with and without a pending request, and what a cut leaves of it."""
    if step.mode.in_place:
        return boot_go_in_place(frame, step, goes, mark)
    boot = _BootGo(frame, step, goes, mark)
    return [opening(frame, step.image, each) for each in (*boot.outcomes(), *boot.meddled.vague())]


class _BootGo:
    def __init__(self, frame: Frame, step: BootGo, goes: str, mark: str) -> None:
        self.frame, self.step, self.goes, self.mark = frame, step, goes, mark
        self.image: Image = frame.design.image(step.image)
        if len(self.image.slots) != 1:
            raise NotModelled(f"MCUboot starts `{self.image.name}` from one of several slots")
        self.parts, self.staging = frame.pair(self.image.name)
        self.swaps = step.mode.swaps
        # Without a header in the primary slot a request is ignored (boot_read_image_headers); using scratch it is not.
        self.headed = step.mode in {UpgradeMode.SWAP_MOVE, UpgradeMode.SWAP_OFFSET}
        self.unshifted = frame.unshifted.get(self.image.name, false())
        self.unresumed = step.mode is UpgradeMode.SWAP_MOVE and not_resumed(frame.design)
        self.genuine = frame.named(self.image.name)
        self.header = frame.content(self.parts[0])
        self.forgeable = forgeable(frame, self.image)
        self.rollback = Rollback(frame, step, self.header, swaps=self.swaps)
        self.meddled = Meddled(frame, step, goes, mark)
        self.own = OwnUpdate(frame, step, mark)

    def outcomes(self) -> Iterator[Outcome]:
        if self.staging is None:
            yield from self._single()
            return
        request = self.frame.requests[self.image.name]
        if not exchanges(self.frame.design, self.step):
            asked = not_(eq(request, "none"))
            own = and_(asked, self.own.for_idle_slot(self.frame.content(self.staging)))
            yield from self._checked("slots do not fit each other", not_(own), {})
            yield from self.own.outcomes(asked, self._checked)
            return
        settled = not_(self.frame.midway(self.image.name))
        idle = eq(request, "none")
        ignored = member(self.header, (ERASED, CRAFTED)) if self.headed else false()
        yield from self._checked("nothing to do", and_(settled, or_(idle, ignored)), {})
        pending = and_(settled, not_(idle), not_(eq(self.header, ERASED)) if self.headed else true())
        if self.swaps:
            stuck = and_(pending, not_(self._whole_genuine()))
            yield Outcome(name="assert on the primary header", guard=stuck, goes=HALTED)
            if self.image.encryption is not EncryptionType.NONE:
                yield self._stopped(self.staging, request, stuck)
        yield from self._install(self.staging, request, pending)
        yield from self._refuse(self.staging, request, pending)
        yield from self._pass_over(self.staging, request, pending)
        yield from self.own.outcomes(and_(settled, not_(idle)), self._checked)
        if self.frame.cuts:
            yield from self._complete(self.staging, request)
        held = {self.frame.content(part) for part in self.parts}
        settles = {each: value for each, value in self._installed(self.staging, request).items() if each not in held}
        yield from self.meddled.copied(and_(pending, self._staged_valid(self.staging)), settles)

    # -- the primary image

    def _single(self) -> Iterator[Outcome]:
        """The loader for a single slot (single_loader.c): no counter rises, flags for encryption do not matter."""
        if self.step.validate:
            valid, doubtful, invalid = self._judged(true())
            yield Outcome(name="image valid", guard=valid, goes=self.goes)
            yield Outcome(name="image perhaps valid", guard=doubtful, goes=self.goes, vague=True)
            yield Outcome(name="image bad", guard=invalid, goes=HALTED)
            return
        found = not_(member(self.header, (ERASED, "invalidated")))
        yield Outcome(name="header found", guard=found, goes=self.goes)
        yield Outcome(name="no header", guard=not_(member(self.header, self.genuine)), goes=HALTED)

    def _judged(self, accepted: Term) -> tuple[Term, Term, Term]:
        """Whether the primary image can pass validation, may pass it as far as is known, and may fail.

        `accepted`: what else it needs.
        """
        genuine = and_(self._whole_genuine(), self.rollback.admits(self.frame.taken(self.image.name)), accepted)
        forged = and_(not_(eq(self.header, ERASED)), self.forgeable)
        surely, perhaps = (and_(each, forged) for each in sealed(self.frame, self.parts))
        return or_(genuine, surely), perhaps, or_(not_(genuine), self.frame.erased_all)

    def _checked(self, name: str, guard: Term, updates: dict[Term, Term]) -> Iterator[Outcome]:
        """The primary image, untouched by `updates`, is checked; a bad one: halted."""
        taken, settled = self.frame.taken(self.image.name), self._settled(updates)
        room = or_(not_(settled), self.rollback.has_room(taken))
        if not self.step.validate:
            # The header's magic is all that is looked at (vectors/mcuboot, README).
            spoilt = not_(self._whole_genuine())  # then its counter may be any, or gone, and the stored one cannot rise
            found = and_(not_(member(self.header, (ERASED, "invalidated"))), or_(room, spoilt))
            yield self._raising(f"{name}, header found", and_(guard, found), updates, content=taken, settled=settled)
            uncounted = not_(true()) if self.rollback.stored is None else and_(settled, spoilt)
            none = or_(not_(member(self.header, self.genuine)), not_(room), uncounted)
            yield Outcome(name=f"{name}, no header", guard=and_(guard, none), goes=HALTED, updates=updates)
            return
        # Without a key this MCUboot is built without decryption and refuses the flag in the header.
        refused = not_(true()) if opens(self.frame, self.image) else member(self.header, self.genuine)
        valid, doubtful, invalid = self._judged(and_(not_(refused), room))
        for word, vague, each in (("valid", False, valid), ("perhaps valid", True, doubtful)):
            known = self._raising(f"{name}, image {word}", and_(guard, each), updates, content=taken, settled=settled)
            yield replace(known, vague=vague)
        yield Outcome(name=f"{name}, image bad", guard=and_(guard, invalid), goes=HALTED, updates=updates)

    def _settled(self, updates: Mapping[Term, Term]) -> Term:
        """No swap waits to be confirmed once `updates` are made: the image is there to stay."""
        request = self.frame.requests.get(self.image.name)
        if request is None or not self.swaps:
            return true()
        return not_(eq(updates.get(request, request), "revert"))

    def _raising(
        self, name: str, guard: Term, updates: Mapping[Term, Term], *, content: Term, settled: Term
    ) -> Outcome:
        """The outcome that goes on, with the counter that follows `content` where the image is settled."""
        if self.rollback.stored is None:
            return Outcome(name=name, guard=guard, goes=self.goes, updates=updates)
        claim = choice(f"{self.mark}: {name}", "claimed counter", self.rollback.stored.sort)
        raised = {target: ite(settled, value, target) for target, value in self.rollback.raised(content, claim).items()}
        return Outcome(name=name, guard=guard, goes=self.goes, updates={**updates, **raised}, inputs=(claim,))

    def _whole_genuine(self) -> Term:
        """All parts hold the owner's image, of one release.

        That each part does follows; it is said for whoever looks at one variable at a time.
        """
        parts = [member(self.frame.content(part), self.genuine) for part in self.parts]
        return and_(member(self.frame.taken(self.image.name), self.genuine), *parts)

    # -- the staged image

    def _staged_valid(self, staging: Store) -> Term:
        """MCUboot may find the staged image good for the slot; the attacker's may always be bad."""
        content = self.frame.content(staging)
        placed = not_(self._misplaced())
        foreign = [name for name in self._foreign() if shared_key(self.frame, self.image, self._owner(name))]
        if not opens(self.frame, self.image):
            return and_(eq(content, CRAFTED), self.forgeable)
        installs = self.rollback.may_install(content, self._request())
        named = and_(member(content, self.genuine), installs, key_left(self.frame, self.image))
        return or_(and_(placed, or_(named, member(content, foreign))), and_(eq(content, CRAFTED), self.forgeable))

    def _misplaced(self) -> Term:
        """A release that no swap is to take back lies in the first sector, where swap using offset refuses it."""
        return and_(self.unshifted, member(self._request(), ("test", "perm")))

    def _out_of_step(self) -> Term:
        """A release that a swap is to take back lies a sector higher than that swap reads it from."""
        if self.step.mode is not UpgradeMode.SWAP_OFFSET:
            return false()
        return and_(eq(self._request(), "revert"), not_(self.unshifted))

    def _request(self) -> Term:
        return self.frame.requests[self.image.name]

    def _staged_invalid(self, staging: Store) -> Term:
        """MCUboot may find the staged image bad, or has no use for it."""
        content = self.frame.content(staging)
        return and_(
            or_(
                not_(member(content, self.genuine)) if opens(self.frame, self.image) else true(),
                not_(self.rollback.surely_installs(content, self._request())),
                self._misplaced(),
                self.frame.erased_all,
            ),
            not_(self.own.for_idle_slot(content)),
        )

    def _foreign(self) -> list[str]:
        return [
            name
            for name, each in self.frame.genuine.items()
            if each.image not in {self.image.name, self.step.bootloader}
        ]

    def _owner(self, content: str) -> Image:
        return self.frame.design.image(self.frame.genuine[content].image)

    # -- installing

    def _installed(self, staging: Store, request: Term) -> dict[Term, Term]:
        """The pair after a swap or copy; a copy unmakes header and trailer of what was staged, no more."""
        frame = self.frame
        content = frame.content(staging)
        own = member(content, self.genuine)
        updates = {frame.content(part): ite(own, content, frame.is_content(CRAFTED)) for part in self.parts}
        updates[content] = frame.taken(self.image.name) if self.swaps else frame.is_content(CRAFTED)
        after = ite(eq(request, "test"), const(REQUEST, "revert"), const(REQUEST, "none"))
        updates[request] = after if self.swaps else const(REQUEST, "none")
        if self.image.name in frame.unshifted:
            # What a swap takes out begins where the partition does; what one takes back is put a sector higher again.
            updates[self.unshifted] = and_(not_(eq(request, "revert")), member(updates[content], tuple(frame.genuine)))
        if self.swaps and self.image.name in frame.bare:
            slot, staged = frame.bare[self.image.name]
            updates |= {slot: staged, staged: slot}
        return updates

    def _moved(self, updates: Mapping[Term, Term]) -> dict[Term, Term]:
        """`updates` of a swap where nobody looked yet: what was out of step has come in a sector too high."""
        bad, out = self.frame.is_content(CRAFTED), self._out_of_step()
        held = {self.frame.content(part) for part in self.parts}
        return {target: ite(out, bad, value) if target in held else value for target, value in updates.items()}

    def _install(self, staging: Store, request: Term, pending: Term) -> Iterator[Outcome]:
        guard = and_(pending, self._staged_valid(staging))
        updates = self._installed(staging, request)
        name = "swap" if self.swaps else "overwrite"
        content, settled = self.frame.content(staging), self._settled(updates)
        room = or_(not_(settled), self.rollback.may_have_room(content))
        whole = or_(not_(self._out_of_step()), eq(content, CRAFTED))
        yield self._raising(name, and_(guard, room, whole), updates, content=content, settled=settled)
        shifted = and_(guard, self._out_of_step())
        yield Outcome(name=f"{name}, a sector too high", guard=shifted, goes=HALTED, updates=self._moved(updates))
        elsewhere = and_(guard, member(content, self._foreign()))
        yield Outcome(name=f"{name}, linked for another place", guard=elsewhere, goes=HALTED, updates=updates)
        yield from self._foreign_out(name, staging, and_(guard, room), updates)
        yield from self._parts_back(name, staging, and_(guard, room), updates)
        if not self.step.full_refused:
            yield from self._counter_full(name, and_(guard, settled), updates, content, request)
        if not self.frame.cuts:
            return
        flag = self.frame.midway(self.image.name)
        yield Outcome(name=f"{name}, cut midway", guard=guard, updates={flag: true()}, cut=True)
        yield from self._cut_late(name, guard, updates, content, request)

    def _cut_late(
        self, name: str, guard: Term, updates: Mapping[Term, Term], content: Term, request: Term
    ) -> Iterator[Outcome]:
        """Power goes when all is moved: at the end of a swap, or while what was copied is erased."""
        if self.swaps:
            moved = self._moved(updates)
            done = Outcome(name=f"{name}, cut at its end", guard=guard, updates=moved, cut=True, after=10_000)
        else:
            copied = self._copied(updates, content, request)
            done = cut_erase(self.frame, self.image.name, (self.mark, f"{name}, cut after the copy"), guard, copied)
        yield from self._counted_or_not(done, content)

    def _counter_full(
        self, name: str, guard: Term, updates: Mapping[Term, Term], content: Term, request: Term
    ) -> Iterator[Outcome]:
        """The write of the counter fails when all is copied; a copy is begun again at each boot."""
        full = not_(self.rollback.has_room(content))
        left = updates if self.swaps else self._copied(updates, content, request)
        if full is not false():
            yield Outcome(name=f"{name}, counter full", guard=and_(guard, full), goes=HALTED, updates=left)

    @staticmethod
    def _copied(updates: Mapping[Term, Term], content: Term, request: Term) -> dict[Term, Term]:
        return {target: value for target, value in updates.items() if target not in (content, request)}

    def _counted_or_not(self, cut: Outcome, content: Term) -> Iterator[Outcome]:
        """Power goes before the counter is written, or behind that."""
        yield cut
        if self.rollback.stored is None:
            return
        name = f"{cut.name}, counted"
        inputs = {each: choice(f"{self.mark}: {name}", f"again {i}", each.sort) for i, each in enumerate(cut.inputs)}
        claim = choice(f"{self.mark}: {name}", "claimed counter", self.rollback.stored.sort)
        updates = {target: substitute(value, inputs) for target, value in cut.updates.items()}
        yield replace(
            cut,
            name=name,
            guard=substitute(cut.guard, inputs),
            updates={**updates, **self.rollback.raised(content, claim)},
            inputs=(*inputs.values(), claim),
        )

    def _foreign_out(self, name: str, staging: Store, guard: Term, updates: dict[Term, Term]) -> Iterator[Outcome]:
        """What somebody put into the primary slot may be an update of another image: swapped out, it is staged."""
        if not self.swaps:
            return
        for content, made in self.frame.genuine.items():
            if content not in self.frame.published:
                continue  # no update of it is in anybody's hands
            if made.image != self.image.name and self._owner(content).staging == staging.name:
                put = and_(guard, eq(self.header, CRAFTED), self.frame.published[content])
                staged = {**updates, self.frame.content(staging): self.frame.is_content(content)}
                if self.image.name in self.frame.unshifted:
                    staged[self.unshifted] = not_(eq(self._request(), "revert"))
                words, new = f"{name}, {content} comes out", self.frame.content(staging)
                yield self._raising(words, put, staged, content=new, settled=self._settled(updates))

    def _parts_back(self, name: str, staging: Store, guard: Term, updates: dict[Term, Term]) -> Iterator[Outcome]:
        """Bytes of his in the first part, or the last, leave the others what they are: those of a release, perhaps.

        A swap takes first parts out that he left alone. After an erase-all nothing is in clear but what he was shown.
        """
        content, settled = self.frame.content(staging), self._settled(updates)
        staged = and_(guard, eq(content, CRAFTED))
        kept = {"parts": self.parts[1:], **({"first parts": self.parts[:-1]} if self.swaps else {})}
        for release in self.genuine if len(self.parts) > 1 else ():
            for word, others in kept.items():
                back = {**updates, **{self.frame.content(part): self.frame.is_content(release) for part in others}}
                there = and_(staged, may_be_left(self.frame, self.image, release, others))
                words = f"{name}, {word} of {release} come back"
                known = self._raising(words, there, back, content=content, settled=settled)
                yield replace(known, vague=word != "parts")

    def _stopped(self, staging: Store, request: Term, stuck: Term) -> Outcome:
        """A swap stops where the primary image says that it is encrypted and its wrapped key is gone (loader.c).

        The header says so in the first part; the key is with the TLVs in the last, which somebody overwrote, or a write
        to the chip came in the middle of a swap and changed them alone. How far the swap has come is not told: whose
        bytes then lie in which part is vague.
        """
        name = "stopped while swapping"
        asks = choice(f"{self.mark}: {name}", "request left", REQUEST)
        mixed = {self.frame.content(each): self.frame.is_content(CRAFTED) for each in (*self.parts, staging)}
        return Outcome(
            name=name, guard=stuck, goes=HALTED, updates={**mixed, request: asks}, inputs=(asks,), vague=True
        )

    def _complete(self, staging: Store, request: Term) -> Iterator[Outcome]:
        """A swap or copy that was cut is completed, whatever else the trailers say."""
        frame = self.frame
        flag = frame.midway(self.image.name)
        content = frame.content(staging)
        updates = {**self._installed(staging, request), **frame.settles(self.image.name)}
        unchecked = true() if not self.step.validate else self.forgeable
        out = self._out_of_step()
        good = or_(and_(member(content, self.genuine), not_(out)), and_(not_(eq(content, ERASED)), unchecked))
        settled = self._settled(updates)
        room = or_(not_(settled), self.rollback.may_have_room(content))
        bad = or_(not_(member(content, self.genuine)), frame.erased_all, out)
        yield self._raising("complete", and_(flag, good, room), updates, content=content, settled=settled)
        yield from self._foreign_out("complete", staging, and_(flag, good, room), updates)
        yield from self._parts_back("complete", staging, and_(flag, good, room), updates)
        yield Outcome(name="complete, image bad", guard=and_(flag, bad), goes=HALTED, updates=self._moved(updates))
        yield from self._counter_full("complete", and_(flag, settled), updates, content, request)
        if self.swaps:
            yield from self._lost(staging, request, updates)
        if self.unresumed:
            yield Outcome(name="complete, no header", guard=flag, goes=HALTED, updates={}, vague=True)
        if self.unresumed and self.image.encryption is not EncryptionType.NONE:
            # Whether and how far it encrypts what it takes out, it then asks the new header.
            mixed, guard = {**updates, content: frame.is_content(CRAFTED)}, and_(flag, good, room)
            known = self._raising("complete, other header", guard, mixed, content=content, settled=settled)
            yield replace(known, vague=True)
        yield from self._cut_late("complete", flag, updates, content, request)

    def _lost(self, staging: Store, request: Term, updates: Mapping[Term, Term]) -> Iterator[Outcome]:
        """A revert that is cut again as it begins is forgotten: what asks for it lies in the trailer that it unmakes.

        Using offset, MCUboot may then find a status that it cannot explain, and stops at every boot; or it comes to its
        end, and what it takes out is a mixture.
        """
        flag = self.frame.midway(self.image.name)
        again = and_(flag, eq(request, "revert"))
        forgotten = {**self.frame.settles(self.image.name), request: const(REQUEST, "none")}
        yield Outcome(name="complete, cut and forgotten", guard=again, updates=forgotten, cut=True, vague=True)
        if self.step.mode is UpgradeMode.SWAP_OFFSET:
            mixed = {**updates, self.frame.content(staging): self.frame.is_content(CRAFTED)}
            yield Outcome(name="complete, stopped", guard=again, goes=HALTED, updates={}, vague=True)
            yield Outcome(name="complete, mixed", guard=again, goes=self.goes, updates=mixed, vague=True)

    def _refuse(self, staging: Store, request: Term, pending: Term) -> Iterator[Outcome]:
        guard = and_(pending, self._staged_invalid(staging))
        for left in SHOWS:
            updates = {self.frame.content(staging): self.frame.is_content(ERASED), request: const(REQUEST, left)}
            yield from self._checked(f"erase what is staged, {left} left", guard, updates)
        if self.frame.cuts:
            yield cut_erase(self.frame, self.image.name, (self.mark, "erase what is staged, cut"), guard)

    def _pass_over(self, staging: Store, request: Term, pending: Term) -> Iterator[Outcome]:
        """Where no header is staged the slot stays, and only a swap unmakes its trailer (boot_validate_slot)."""
        guard = and_(pending, member(self.frame.content(staging), (CRAFTED, ERASED)))
        if not self.swaps:
            yield from self._checked("no header staged", guard, {})
            return
        for left in SHOWS:
            yield from self._checked(f"no header staged, {left} left", guard, {request: const(REQUEST, left)})
