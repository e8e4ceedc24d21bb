"""The predicates of claims as terms over a frame, one function per name (docs/SEMANTICS.md, "Predicates")."""

from bootverify.design.boot import Image, Stage
from bootverify.design.keys import InImage, InKmu, Key
from bootverify.design.protection import Attribution
from bootverify.encoder.boot.control import Control
from bootverify.encoder.boot.frame import marks_of, named
from bootverify.encoder.terms import Term, and_, eq, not_, or_, true


class Predicates:
    """The predicates seen through one frame, in the presence of one attacker."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.frame = control.frame
        self.design = control.design

    def intact(self, stage: Stage) -> Term:
        """True iff every store of the stage's image holds release 1."""
        image = self.design.image(stage.image)
        return and_(*(self.frame.holds(cell.name, named(image, 1)) for cell in self.frame.cells.of_image(image)))

    def starting(self, image: Image) -> Term:
        """True iff the mark is the first one of the image's first stage."""
        return self.frame.is_at(self.frame.first_mark(self.design.stages_of(image.name)[0].name))

    def running(self, image: Image) -> Term:
        """True iff the mark belongs to one of its stages."""
        return self.frame.is_at(*(mark for stage in self.design.stages_of(image.name) for mark in marks_of(stage)))

    def authentic(self, image: Image) -> Term:
        """True iff the slot that this boot took it from holds the owner's image in all parts."""
        return or_(*(and_(self._taken(image, slot), self._owners(image, slot)) for slot in image.slots))

    def writable(self, image: Image) -> Term:
        """True iff he can change a byte of one of its slots now."""
        return or_(*(self.control.writes(cell) for cell in self.frame.cells.of_image(image)))

    def knows(self, key: Key) -> Term:
        """True iff the value is in his hands."""
        return self.frame.knows[key.name] if key.secret else true()

    def usable(self, key: Key) -> Term:
        """True iff he knows it, or controls secure code while the key is in a KMU slot that can be pushed."""
        pushed = [
            and_(self.control.by[Attribution.SECURE], not_(self.frame.wiped))
            for place in key.placements
            if isinstance(place, InKmu)
        ]
        return or_(self.knows(key), *pushed)

    def shipped(self, key: Key) -> Term:
        """True iff the value is part of a published update."""
        return or_(*(term for (name, _), term in self.frame.shipped.items() if name == key.name))

    def carried(self, key: Key, image: Image) -> Term:
        """True iff the value is part of a published update of that image."""
        return or_(*(term for at, term in self.frame.shipped.items() if at == (key.name, image.name)))

    def renewed(self, key: Key) -> Term:
        """True iff an image that carries the key is running in a later release than the factory's."""
        found = []
        for place in key.placements:
            if not isinstance(place, InImage):
                continue
            image = self.design.image(place.image)
            for slot in image.slots:
                for release in range(2, self.design.releases + 1):
                    whole = [self.frame.holds(cell.name, named(image, release)) for cell in self.frame.cells.of_slot(slot)]
                    found.append(and_(self.running(image), self._taken(image, slot), *whole))
        return or_(*found)

    def _taken(self, image: Image, slot: str) -> Term:
        return true() if len(image.slots) == 1 else eq(self.frame.active, slot)

    def _owners(self, image: Image, slot: str) -> Term:
        return and_(
            *(
                or_(*(self.frame.holds(cell.name, named(image, release)) for release in range(1, self.design.releases + 1)))
                for cell in self.frame.cells.of_slot(slot)
            )
        )
