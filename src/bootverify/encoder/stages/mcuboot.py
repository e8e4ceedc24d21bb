"""MCUboot's boot_go on one slot pair: pending requests, then the check of the primary image.

After facts/ncs-boot 2.1 to 2.5.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bootverify.design.boot import BootGo, EncryptionType, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.life import Behaviour
from bootverify.encoder.knowledge import may_be_left
from bootverify.encoder.logic.terms import (
    Term,
    and_,
    const,
    eq,
    false,
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
from bootverify.encoder.stages.primary import Primary
from bootverify.encoder.stages.slot_pair import exchanges
from bootverify.encoder.stages.staged import Staged
from bootverify.encoder.stages.taken_out import opening
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
    primary, own = Primary(frame, step, goes, mark), OwnUpdate(frame, step, mark)
    meddled = Meddled(frame, step, goes, mark)
    if primary.staging is None:
        found = primary.single()
    else:
        found = _Pair(primary, Staged(primary, primary.staging, own), own, meddled).outcomes()
    return [opening(frame, step.image, each) for each in (*found, *meddled.vague())]


class _Pair:
    """A primary slot and the slot in which updates of it wait."""

    def __init__(self, primary: Primary, staged: Staged, own: OwnUpdate, meddled: Meddled) -> None:
        self.primary, self.staged, self.own, self.meddled = primary, staged, own, meddled
        self.frame, self.step, self.goes, self.mark = primary.frame, primary.step, primary.goes, primary.mark
        self.image, self.swaps, self.rollback = primary.image, primary.swaps, primary.rollback
        self.content, self.request = staged.content, staged.request

    def outcomes(self) -> Iterator[Outcome]:
        """How a boot can end."""
        checked, idle = self.primary.checked, eq(self.request, "none")
        if not exchanges(self.frame.design, self.step):
            own = and_(not_(idle), self.own.for_idle_slot(self.content))
            yield from checked("slots do not fit each other", not_(own), {})
            yield from self.own.outcomes(not_(idle), checked)
            return
        settled = not_(self.frame.midway(self.image.name))
        # Without a header in the primary slot a request is ignored (boot_read_image_headers); using scratch it is not.
        headed = self.step.mode in {UpgradeMode.SWAP_MOVE, UpgradeMode.SWAP_OFFSET}
        header = self.primary.header
        ignored = member(header, (ERASED, CRAFTED)) if headed else false()
        yield from checked("nothing to do", and_(settled, or_(idle, ignored)), {})
        pending = and_(settled, not_(idle), not_(eq(header, ERASED)) if headed else true())
        if self.swaps:
            stuck = and_(pending, not_(self.primary.whole_genuine()))
            yield Outcome(name="assert on the primary header", guard=stuck, goes=HALTED)
            if self.image.encryption is not EncryptionType.NONE:
                yield self._stopped(stuck)
        yield from self._install(pending)
        yield from self._refuse(pending)
        yield from self._pass_over(pending)
        yield from self.own.outcomes(and_(settled, not_(idle)), checked)
        if self.frame.cuts:
            yield from self._complete()
        held = {self.frame.content(part) for part in self.primary.parts}
        settles = {each: value for each, value in self.staged.installed().items() if each not in held}
        yield from self.meddled.copied(and_(pending, self.staged.valid()), settles)

    def _install(self, pending: Term) -> Iterator[Outcome]:
        guard = and_(pending, self.staged.valid())
        updates = self.staged.installed()
        name = "swap" if self.swaps else "overwrite"
        content, settled = self.content, self.primary.settled(updates)
        room = or_(not_(settled), self.rollback.may_have_room(content))
        whole = or_(not_(self.staged.out_of_step()), eq(content, CRAFTED))
        yield self.primary.raising(name, and_(guard, room, whole), updates, content=content, settled=settled)
        shifted = and_(guard, self.staged.out_of_step())
        yield Outcome(name=f"{name}, a sector too high", guard=shifted, goes=HALTED, updates=self.staged.moved(updates))
        elsewhere = and_(guard, member(content, self.staged.foreign()))
        yield Outcome(name=f"{name}, linked for another place", guard=elsewhere, goes=HALTED, updates=updates)
        yield from self._foreign_out(name, and_(guard, room), updates)
        yield from self._parts_back(name, and_(guard, room), updates)
        if not self.step.full_refused:
            yield from self._counter_full(name, and_(guard, settled), updates)
        if not self.frame.cuts:
            return
        flag = self.frame.midway(self.image.name)
        yield Outcome(name=f"{name}, cut midway", guard=guard, updates={flag: true()}, cut=True)
        yield from self._cut_late(name, guard, updates)

    def _cut_late(self, name: str, guard: Term, updates: Mapping[Term, Term]) -> Iterator[Outcome]:
        """Power goes when all is moved: at the end of a swap, or while what was copied is erased."""
        if self.swaps:
            moved = self.staged.moved(updates)
            done = Outcome(name=f"{name}, cut at its end", guard=guard, updates=moved, cut=True, after=10_000)
        else:
            copied = self._copied(updates)
            done = cut_erase(self.frame, self.image.name, (self.mark, f"{name}, cut after the copy"), guard, copied)
        yield from self._counted_or_not(done)

    def _counter_full(self, name: str, guard: Term, updates: Mapping[Term, Term]) -> Iterator[Outcome]:
        """The write of the counter fails when all is copied; a copy is begun again at each boot."""
        full = not_(self.rollback.has_room(self.content))
        left = updates if self.swaps else self._copied(updates)
        if full is not false():
            yield Outcome(name=f"{name}, counter full", guard=and_(guard, full), goes=HALTED, updates=left)

    def _copied(self, updates: Mapping[Term, Term]) -> dict[Term, Term]:
        return {target: value for target, value in updates.items() if target not in (self.content, self.request)}

    def _counted_or_not(self, cut: Outcome) -> Iterator[Outcome]:
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
            updates={**updates, **self.rollback.raised(self.content, claim)},
            inputs=(*inputs.values(), claim),
        )

    def _foreign_out(self, name: str, guard: Term, updates: dict[Term, Term]) -> Iterator[Outcome]:
        """What somebody put into the primary slot may be an update of another image: swapped out, it is staged."""
        if not self.swaps:
            return
        for content, made in self.frame.genuine.items():
            if content not in self.frame.published:
                continue  # no update of it is in anybody's hands
            if made.image != self.image.name and self.staged.owner(content).staging == self.staged.store.name:
                put = and_(guard, eq(self.primary.header, CRAFTED), self.frame.published[content])
                staged = {**updates, self.content: self.frame.is_content(content)}
                if self.image.name in self.frame.unshifted:
                    staged[self.staged.unshifted] = not_(eq(self.request, "revert"))
                words, settled = f"{name}, {content} comes out", self.primary.settled(updates)
                yield self.primary.raising(words, put, staged, content=self.content, settled=settled)

    def _parts_back(self, name: str, guard: Term, updates: dict[Term, Term]) -> Iterator[Outcome]:
        """Bytes of his in the first part, or the last, leave the others what they are: those of a release, perhaps.

        A swap takes first parts out that he left alone. After an erase-all nothing is in clear but what he was shown.
        """
        content, settled = self.content, self.primary.settled(updates)
        staged = and_(guard, eq(content, CRAFTED))
        kept = {"parts": self.primary.parts[1:], **({"first parts": self.primary.parts[:-1]} if self.swaps else {})}
        for release in self.primary.genuine if len(self.primary.parts) > 1 else ():
            for word, others in kept.items():
                back = {**updates, **{self.frame.content(part): self.frame.is_content(release) for part in others}}
                there = and_(staged, may_be_left(self.frame, self.image, release, others))
                words = f"{name}, {word} of {release} come back"
                known = self.primary.raising(words, there, back, content=content, settled=settled)
                yield replace(known, vague=word != "parts")

    def _stopped(self, stuck: Term) -> Outcome:
        """A swap stops where the primary image says that it is encrypted and its wrapped key is gone (loader.c).

        The header says so in the first part; the key is with the TLVs in the last, which somebody overwrote, or a write
        to the chip came in the middle of a swap and changed them alone. How far the swap has come is not told: whose
        bytes then lie in which part is vague.
        """
        name = "stopped while swapping"
        asks = choice(f"{self.mark}: {name}", "request left", REQUEST)
        contents = (self.content, *(self.frame.content(part) for part in self.primary.parts))
        mixed = {**dict.fromkeys(contents, self.frame.is_content(CRAFTED)), self.request: asks}
        return Outcome(name=name, guard=stuck, goes=HALTED, updates=mixed, inputs=(asks,), vague=True)

    def _complete(self) -> Iterator[Outcome]:
        """A swap or copy that was cut is completed, whatever else the trailers say."""
        frame = self.frame
        flag = frame.midway(self.image.name)
        content = self.content
        updates = {**self.staged.installed(), **frame.settles(self.image.name)}
        unchecked = true() if not self.step.validate else self.primary.forgeable
        out = self.staged.out_of_step()
        good = or_(and_(member(content, self.primary.genuine), not_(out)), and_(not_(eq(content, ERASED)), unchecked))
        settled = self.primary.settled(updates)
        room = or_(not_(settled), self.rollback.may_have_room(content))
        bad = or_(not_(member(content, self.primary.genuine)), frame.erased_all, out)
        yield self.primary.raising("complete", and_(flag, good, room), updates, content=content, settled=settled)
        yield from self._foreign_out("complete", and_(flag, good, room), updates)
        yield from self._parts_back("complete", and_(flag, good, room), updates)
        yield Outcome(
            name="complete, image bad", guard=and_(flag, bad), goes=HALTED, updates=self.staged.moved(updates)
        )
        yield from self._counter_full("complete", and_(flag, settled), updates)
        if self.swaps:
            yield from self._lost(updates)
        unresumed = self.step.mode is UpgradeMode.SWAP_MOVE and not_resumed(frame.design)
        if unresumed:
            yield Outcome(name="complete, no header", guard=flag, goes=HALTED, updates={}, vague=True)
        if unresumed and self.image.encryption is not EncryptionType.NONE:
            # Whether and how far it encrypts what it takes out, it then asks the new header.
            mixed, guard = {**updates, content: frame.is_content(CRAFTED)}, and_(flag, good, room)
            known = self.primary.raising("complete, other header", guard, mixed, content=content, settled=settled)
            yield replace(known, vague=True)
        yield from self._cut_late("complete", flag, updates)

    def _lost(self, updates: Mapping[Term, Term]) -> Iterator[Outcome]:
        """A revert that is cut again as it begins is forgotten: what asks for it lies in the trailer that it unmakes.

        Using offset, MCUboot may then find a status that it cannot explain, and stops at every boot; or it comes to its
        end, and what it takes out is a mixture.
        """
        flag = self.frame.midway(self.image.name)
        again = and_(flag, eq(self.request, "revert"))
        forgotten = {**self.frame.settles(self.image.name), self.request: const(REQUEST, "none")}
        yield Outcome(name="complete, cut and forgotten", guard=again, updates=forgotten, cut=True, vague=True)
        if self.step.mode is UpgradeMode.SWAP_OFFSET:
            mixed = {**updates, self.content: self.frame.is_content(CRAFTED)}
            yield Outcome(name="complete, stopped", guard=again, goes=HALTED, updates={}, vague=True)
            yield Outcome(name="complete, mixed", guard=again, goes=self.goes, updates=mixed, vague=True)

    def _refuse(self, pending: Term) -> Iterator[Outcome]:
        guard = and_(pending, self.staged.invalid())
        for left in SHOWS:
            updates = {self.content: self.frame.is_content(ERASED), self.request: const(REQUEST, left)}
            yield from self.primary.checked(f"erase what is staged, {left} left", guard, updates)
        if self.frame.cuts:
            yield cut_erase(self.frame, self.image.name, (self.mark, "erase what is staged, cut"), guard)

    def _pass_over(self, pending: Term) -> Iterator[Outcome]:
        """Where no header is staged the slot stays, and only a swap unmakes its trailer (boot_validate_slot)."""
        guard = and_(pending, member(self.content, (CRAFTED, ERASED)))
        if not self.swaps:
            yield from self.primary.checked("no header staged", guard, {})
            return
        for left in SHOWS:
            yield from self.primary.checked(
                f"no header staged, {left} left", guard, {self.request: const(REQUEST, left)}
            )
