"""The image in the primary slot, as MCUboot checks it, and what a boot makes of the check.

After facts/ncs-boot 2.1 to 2.5.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bootverify.design.boot import BootGo, Image
from bootverify.encoder.knowledge import forgeable, opens, sealed
from bootverify.encoder.logic.terms import Term, and_, eq, ite, member, not_, or_, true
from bootverify.encoder.moves.move import choice
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.stages.rollback import Rollback
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.contents import ERASED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED


class Primary:
    """The primary slot of an image with one; `goes` is where a boot gets on that finds it good."""

    def __init__(self, frame: Frame, step: BootGo, goes: str, mark: str) -> None:
        self.frame, self.step, self.goes, self.mark = frame, step, goes, mark
        self.image: Image = frame.design.image(step.image)
        if len(self.image.slots) != 1:
            raise NotModelled(f"MCUboot starts `{self.image.name}` from one of several slots")
        self.parts, self.staging = frame.pair(self.image.name)
        self.swaps = step.mode.swaps
        self.genuine = frame.named(self.image.name)
        self.header = frame.content(self.parts[0])
        self.forgeable = forgeable(frame, self.image)
        self.rollback = Rollback(frame, step, self.header, swaps=self.swaps)

    def single(self) -> Iterator[Outcome]:
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
        genuine = and_(self.whole_genuine(), self.rollback.admits(self.frame.taken(self.image.name)), accepted)
        forged = and_(not_(eq(self.header, ERASED)), self.forgeable)
        surely, perhaps = (and_(each, forged) for each in sealed(self.frame, self.parts))
        return or_(genuine, surely), perhaps, or_(not_(genuine), self.frame.erased_all)

    def checked(self, name: str, guard: Term, updates: dict[Term, Term]) -> Iterator[Outcome]:
        """The primary image, untouched by `updates`, is checked; a bad one: halted."""
        taken, settled = self.frame.taken(self.image.name), self.settled(updates)
        room = or_(not_(settled), self.rollback.has_room(taken))
        if not self.step.validate:
            # The header's magic is all that is looked at (vectors/mcuboot, README).
            spoilt = not_(self.whole_genuine())  # then its counter may be any, or gone, and the stored one cannot rise
            found = and_(not_(member(self.header, (ERASED, "invalidated"))), or_(room, spoilt))
            yield self.raising(f"{name}, header found", and_(guard, found), updates, content=taken, settled=settled)
            uncounted = not_(true()) if self.rollback.stored is None else and_(settled, spoilt)
            none = or_(not_(member(self.header, self.genuine)), not_(room), uncounted)
            yield Outcome(name=f"{name}, no header", guard=and_(guard, none), goes=HALTED, updates=updates)
            return
        # Without a key this MCUboot is built without decryption and refuses the flag in the header.
        refused = not_(true()) if opens(self.frame, self.image) else member(self.header, self.genuine)
        valid, doubtful, invalid = self._judged(and_(not_(refused), room))
        for word, vague, each in (("valid", False, valid), ("perhaps valid", True, doubtful)):
            known = self.raising(f"{name}, image {word}", and_(guard, each), updates, content=taken, settled=settled)
            yield replace(known, vague=vague)
        yield Outcome(name=f"{name}, image bad", guard=and_(guard, invalid), goes=HALTED, updates=updates)

    def settled(self, updates: Mapping[Term, Term]) -> Term:
        """No swap waits to be confirmed once `updates` are made: the image is there to stay."""
        request = self.frame.requests.get(self.image.name)
        if request is None or not self.swaps:
            return true()
        return not_(eq(updates.get(request, request), "revert"))

    def raising(self, name: str, guard: Term, updates: Mapping[Term, Term], *, content: Term, settled: Term) -> Outcome:
        """The outcome that goes on, with the counter that follows `content` where the image is settled."""
        if self.rollback.stored is None:
            return Outcome(name=name, guard=guard, goes=self.goes, updates=updates)
        claim = choice(f"{self.mark}: {name}", "claimed counter", self.rollback.stored.sort)
        raised = {target: ite(settled, value, target) for target, value in self.rollback.raised(content, claim).items()}
        return Outcome(name=name, guard=guard, goes=self.goes, updates={**updates, **raised}, inputs=(claim,))

    def whole_genuine(self) -> Term:
        """All parts hold the owner's image, of one release.

        That each part does follows; it is said for whoever looks at one variable at a time.
        """
        parts = [member(self.frame.content(part), self.genuine) for part in self.parts]
        return and_(member(self.frame.taken(self.image.name), self.genuine), *parts)
