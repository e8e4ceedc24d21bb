"""MCUboot's rules against older images: versions compared with the slot's, counters with what hardware keeps.

After bootutil's loader: versions are compared where a staged image is to be installed, never where a swap is taken
back; a security counter at every validation of an image, and it rises when the image is there to stay.
"""

from bootverify.design.boot import BootGo, Image
from bootverify.encoder.logic.terms import Term, and_, const, eq, ite, member, not_, or_, true
from bootverify.encoder.variables.contents import CRAFTED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.rollback import at_most


class Rollback:
    """The rules of one `boot_go`; a term about a content speaks of the owner's releases only."""

    def __init__(self, frame: Frame, step: BootGo, header: Term, *, swaps: bool) -> None:
        self.frame, self.step, self.header, self.swaps = frame, step, header, swaps
        self.image: Image = frame.design.image(step.image)
        self.genuine = frame.named(self.image.name)
        self.stored = frame.stored.get(step.image)
        self.room = frame.stored_room.get(step.image)

    # -- what is staged

    def may_install(self, content: Term, request: Term) -> Term:
        """The rules may let the staged release in; a header that says anything may say a low version."""
        return and_(self._compared(content, request, doubt=True), self.admits(content))

    def surely_installs(self, content: Term, request: Term) -> Term:
        """The rules let the staged release in, whatever the primary header says."""
        return and_(self._compared(content, request, doubt=False), self.admits(content))

    def _compared(self, content: Term, request: Term, *, doubt: bool) -> Term:
        if not self.step.prevent_downgrade:
            return true()
        ranked = self._ranked(content)
        if doubt:
            ranked = or_(not_(member(self.header, self.genuine)), ranked)
        if not self.swaps:
            return ranked
        free = ["none", "revert", *(["perm"] if self.step.test_only else [])]
        return or_(member(request, free), ranked)

    def _ranked(self, content: Term) -> Term:
        """The version of the staged release is no lower than the primary's."""
        frame, name = self.frame, self.image.name
        releases = frame.releases(self.image)
        return or_(*(
            and_(
                member(content, frame.named(name, releases=(release,))),
                member(
                    self.header,
                    frame.named(
                        name, releases=[each for each in releases if self.version(each) <= self.version(release)]
                    ),
                ),
            )
            for release in releases
        ))  # fmt: skip

    def version(self, release: int) -> tuple[int, ...]:
        """What is compared."""
        return self.frame.version_in(self.image, release, with_build=self.step.with_build)

    # -- the counter

    def admits(self, content: Term) -> Term:
        """The counter of the release is no lower than the stored one, and can be stored where that is asked for."""
        if self.stored is None:
            return true()
        high = or_(*(
            and_(member(content, names), at_most(self.stored, value)) for names, value in self._by_counter()
        ))  # fmt: skip
        return and_(high, self.has_room(content)) if self.step.full_refused else high

    def _by_counter(self) -> list[tuple[tuple[str, ...], str]]:
        frame = self.frame
        return [
            (frame.named(self.image.name, releases=(release,)), frame.counter_in(self.image, release))
            for release in frame.releases(self.image)
        ]

    def has_room(self, content: Term) -> Term:
        """The counter can take that of `content`: it does not rise, or there is room."""
        if self.stored is None or self.room is None:
            return true()
        order = self.stored.sort.values
        level = [
            and_(member(content, names), member(self.stored, order[order.index(value) :]))
            for names, value in self._by_counter()
        ]
        return or_(not_(eq(self.room, "0")), *level)

    def may_have_room(self, content: Term) -> Term:
        """The counter may take that of `content`: the attacker's may be the stored one, and need no room."""
        return or_(self.has_room(content), eq(content, CRAFTED))

    def raised(self, content: Term, claim: Term | None) -> dict[Term, Term]:
        """The counter once it has followed `content`; of the attacker's image it follows `claim`."""
        if self.stored is None or claim is None:
            return {}
        value = claim
        for names, number in self._by_counter():
            value = ite(member(content, names), const(self.stored.sort, number), value)
        order = self.stored.sort.values
        higher = or_(*(
            and_(eq(value, one), at_most(self.stored, order[i - 1])) for i, one in enumerate(order) if i > 0
        ))  # fmt: skip
        if self.room is not None:
            higher = and_(higher, not_(eq(self.room, "0")))
        updates = {self.stored: ite(higher, value, self.stored)}
        if self.room is not None:
            less, numbers = self.room, self.room.sort.values
            for number, lower in zip(numbers[1:], numbers, strict=False):
                less = ite(eq(self.room, number), const(self.room.sort, lower), less)
            updates[self.room] = ite(higher, less, self.room)
        return updates
