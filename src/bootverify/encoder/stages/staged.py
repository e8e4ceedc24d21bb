"""What waits in the staging slot, as MCUboot checks it, and what the slots hold once it is installed.

After facts/ncs-boot 2.2 to 2.5.
"""

from collections.abc import Mapping

from bootverify.design.boot import Image, UpgradeMode
from bootverify.encoder.knowledge import key_left, opens, shared_key
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, ite, member, not_, or_, true
from bootverify.encoder.stages.own_update import OwnUpdate
from bootverify.encoder.stages.primary import Primary
from bootverify.encoder.variables.cells import Store
from bootverify.encoder.variables.contents import CRAFTED, REQUEST


class Staged:
    """The staging slot of an image: what it holds, and what is asked to be done with it."""

    def __init__(self, primary: Primary, store: Store, own: OwnUpdate) -> None:
        self.primary, self.store, self.own = primary, store, own
        self.frame, self.step, self.image = primary.frame, primary.step, primary.image
        self.content = self.frame.content(store)
        self.request = self.frame.requests[self.image.name]
        self.unshifted = self.frame.unshifted.get(self.image.name, false())

    def valid(self) -> Term:
        """MCUboot may find the staged image good for the slot; the attacker's may always be bad."""
        placed = not_(self._misplaced())
        foreign = [name for name in self.foreign() if shared_key(self.frame, self.image, self.owner(name))]
        if not opens(self.frame, self.image):
            return and_(eq(self.content, CRAFTED), self.primary.forgeable)
        installs = self.primary.rollback.may_install(self.content, self.request)
        named = and_(member(self.content, self.primary.genuine), installs, key_left(self.frame, self.image))
        his = and_(eq(self.content, CRAFTED), self.primary.forgeable)
        return or_(and_(placed, or_(named, member(self.content, foreign))), his)

    def invalid(self) -> Term:
        """MCUboot may find the staged image bad, or has no use for it."""
        return and_(
            or_(
                not_(member(self.content, self.primary.genuine)) if opens(self.frame, self.image) else true(),
                not_(self.primary.rollback.surely_installs(self.content, self.request)),
                self._misplaced(),
                self.frame.erased_all,
            ),
            not_(self.own.for_idle_slot(self.content)),
        )

    def _misplaced(self) -> Term:
        """A release that no swap is to take back lies in the first sector, where swap using offset refuses it."""
        return and_(self.unshifted, member(self.request, ("test", "perm")))

    def out_of_step(self) -> Term:
        """A release that a swap is to take back lies a sector higher than that swap reads it from."""
        if self.step.mode is not UpgradeMode.SWAP_OFFSET:
            return false()
        return and_(eq(self.request, "revert"), not_(self.unshifted))

    def foreign(self) -> list[str]:
        """The contents that are made for another image, but for updates of MCUboot itself."""
        return [
            name
            for name, each in self.frame.genuine.items()
            if each.image not in {self.image.name, self.step.bootloader}
        ]

    def owner(self, content: str) -> Image:
        """The image that a genuine content is a release of."""
        return self.frame.design.image(self.frame.genuine[content].image)

    def installed(self) -> dict[Term, Term]:
        """The pair after a swap or copy; a copy unmakes header and trailer of what was staged, no more."""
        frame = self.frame
        content, request = self.content, self.request
        own = member(content, self.primary.genuine)
        updates = {frame.content(part): ite(own, content, frame.is_content(CRAFTED)) for part in self.primary.parts}
        updates[content] = frame.taken(self.image.name) if self.primary.swaps else frame.is_content(CRAFTED)
        after = ite(eq(request, "test"), const(REQUEST, "revert"), const(REQUEST, "none"))
        updates[request] = after if self.primary.swaps else const(REQUEST, "none")
        if self.image.name in frame.unshifted:
            # What a swap takes out begins where the partition does; what one takes back is put a sector higher again.
            updates[self.unshifted] = and_(not_(eq(request, "revert")), member(updates[content], tuple(frame.genuine)))
        if self.primary.swaps and self.image.name in frame.bare:
            slot, staged = frame.bare[self.image.name]
            updates |= {slot: staged, staged: slot}
        return updates

    def moved(self, updates: Mapping[Term, Term]) -> dict[Term, Term]:
        """`updates` of a swap where nobody looked yet: what was out of step has come in a sector too high."""
        bad, out = self.frame.is_content(CRAFTED), self.out_of_step()
        held = {self.frame.content(part) for part in self.primary.parts}
        return {target: ite(out, bad, value) if target in held else value for target, value in updates.items()}
