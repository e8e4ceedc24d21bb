"""A staged update of MCUboot itself, behind NSIB: copied to the slot that is not running, or dropped.

After swap_nsib of the nRF Connect SDK (facts/ncs-boot 2.3).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

from bootverify.design.boot import BootGo, EncryptionType, Image, UpgradeMode
from bootverify.encoder.knowledge import forgeable, key_left
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, member, not_, or_
from bootverify.encoder.stages.erase import SHOWS, cut_erase
from bootverify.encoder.stages.meddled import clipped
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.variables.cells import NotModelled, Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import NO_SLOT

Checked = Callable[[str, Term, dict[Term, Term]], Iterator[Outcome]]


class OwnUpdate:
    """What one `boot_go` does with a staged bootloader; nothing where none is staged in its secondary slot."""

    def __init__(self, frame: Frame, step: BootGo, mark: str) -> None:
        self.frame, self.step, self.mark = frame, step, mark
        self.loader: Image | None = None if step.bootloader is None else frame.design.image(step.bootloader)
        if self.loader is not None and step.mode is UpgradeMode.SWAP_OFFSET:
            raise NotModelled("where MCUboot finds an update of its own with swap using offset")

    def outcomes(self, pending: Term, checked: Checked) -> Iterator[Outcome]:
        """A bootloader is installed, or dropped and the primary image `checked`; `pending`: a request is looked at."""
        if self.loader is None:
            return
        _, staging = self.frame.pair(self.step.image)
        assert staging is not None
        content = self.frame.content(staging)
        yield from self._replaced(self.loader, content, pending)
        yield from self._dropped(self.loader, content, pending, checked)

    def for_idle_slot(self, content: Term) -> Term:
        """The staged image is a genuine bootloader for a slot that is surely not running."""
        loader, active = self.loader, self._active()
        if loader is None or active is None:
            return false()
        if loader.encryption is not EncryptionType.NONE:
            return false()  # whose key opens it, and what its reset vector reads as before, is not documented
        return or_(*(
            and_(member(content, self.frame.named(loader.name, slot=slot)), not_(member(active, (slot, NO_SLOT))))
            for slot in loader.slots
        ))  # fmt: skip

    def _replaced(self, loader: Image, content: Term, pending: Term) -> Iterator[Outcome]:
        """The idle slot is written, staging erased, the device resets."""
        frame, active = self.frame, self._active()
        if active is None:
            raise NotModelled(f"`{loader.name}` is to install itself over its only slot")
        for store in frame.cells.of_image(loader.name):
            guard = and_(pending, self._fits(loader, store, content), not_(eq(active, store.slot)))
            copied = {frame.content(store): content}
            name = f"copy the bootloader to {store.slot}"
            for words, left, vague in self._left():
                yield Outcome(name=f"{name}, {words}", guard=guard, updates={**copied, **left}, vague=vague)
            if frame.cuts:
                torn = {frame.content(store): frame.is_content(CRAFTED)}
                yield Outcome(name=f"{name}, cut midway", guard=guard, updates=torn, cut=True)
                yield cut_erase(frame, self.step.image, (self.mark, f"{name}, cut after the copy"), guard, copied)

    def _fits(self, loader: Image, store: Store, content: Term) -> Term:
        """What is staged is the owner's for that slot, or anything that the application's key signs."""
        forged = and_(eq(content, CRAFTED), forgeable(self.frame, self.frame.design.image(self.step.image)))
        named = member(content, self.frame.named(loader.name, slot=store.slot))
        return or_(and_(named, key_left(self.frame, loader)), forged)

    def _dropped(self, loader: Image, content: Term, pending: Term, checked: Checked) -> Iterator[Outcome]:
        """A staged bootloader for the running slot is erased, whatever the primary slot holds."""
        frame, active = self.frame, self._active()
        running = [
            and_(eq(active, slot), member(content, frame.named(loader.name, slot=slot)))
            for slot in loader.slots
            if active is not None
        ]
        guard = and_(pending, or_(eq(content, CRAFTED), *running))
        for words, left, vague in self._left():
            for outcome in checked(f"erase the staged bootloader, {words}", guard, left):
                yield replace(outcome, vague=outcome.vague or vague)
        if frame.cuts:
            yield cut_erase(frame, self.step.image, (self.mark, "erase the staged bootloader, cut"), guard)

    def _active(self) -> Term | None:
        """The slot that MCUboot runs from; None where it has one."""
        return None if self.loader is None else self.frame.active.get(self.loader.name)

    def _left(self) -> Iterator[tuple[str, dict[Term, Term], bool]]:
        """Nothing is staged any more, by each request that shows again; whether that is vague.

        A clip may have staged it in the middle of a swap: then other bytes are behind it, which nobody looked at.
        """
        _, staging = self.frame.pair(self.step.image)
        assert staging is not None
        content, request = self.frame.content(staging), self.frame.requests[self.step.image]
        behind = ((ERASED, ""), (CRAFTED, ", bytes behind it")) if clipped(self.frame, staging) else ((ERASED, ""),)
        for (bytes_, words), shown in product(behind, SHOWS):
            updates = {content: self.frame.is_content(bytes_), request: const(REQUEST, shown)}
            yield f"{shown} left{words}", updates, bool(words)
