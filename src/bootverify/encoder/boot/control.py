"""Who is hostile at an instant, and what his accesses reach (docs/SEMANTICS.md, "Who is hostile")."""

from functools import cached_property

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import Image, Program, Run, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Purpose
from bootverify.design.protection import Access, Attribution
from bootverify.encoder.boot.cells import Cell
from bootverify.encoder.boot.frame import CRAFTED, Frame, marks_of
from bootverify.encoder.terms import Term, and_, eq, false, or_, true
from bootverify.encoder.boot.spu import permits


class Control:
    """An attacker in a design, seen through a frame."""

    def __init__(self, frame: Frame, attacker: Attacker) -> None:
        self.frame = frame
        self.design: Design = frame.design
        self.attacker = attacker
        self._reach: dict[tuple[tuple[int, ...], Access, bool], Term] = {}

    def can(self, capability: Capability) -> bool:
        """Whether he has a capability."""
        return self.attacker.can(capability)

    @cached_property
    def loops(self) -> tuple[str, ...]:
        """The marks at which an application stays."""
        return tuple(
            mark
            for stage in self.design.stages
            for mark, step in zip(marks_of(stage), stage.steps, strict=True)
            if isinstance(step, Run)
        )

    @cached_property
    def by(self) -> dict[Attribution, Term]:
        """True iff he acts with that attribution now."""
        secure: list[Term] = []
        open_: list[Term] = []
        bucket = {Attribution.SECURE: secure, Attribution.NON_SECURE: open_}
        for stage in self.design.stages:
            if stage.program is Program.APPLICATION:
                loop = self.frame.is_at(*(mark for mark in marks_of(stage) if mark in self.loops))
                if self.can(Capability.RUN_APPLICATION):
                    bucket[stage.attribution].append(loop)
                if self.can(Capability.RUN_SECURE_PARTITION) and self.design.has_tfm:
                    secure.append(loop)
            bucket[stage.attribution].append(and_(self.frame.is_at(*marks_of(stage)), self.crafted(stage)))
            for other in self.design.stages_of(stage.image):
                if other.program is Program.TFM and stage.program is Program.APPLICATION:
                    bucket[other.attribution].append(and_(self.frame.is_at(*marks_of(stage)), self.crafted(other)))
        if self.can(Capability.DEBUG):
            life = self.design.lifecycle
            wiped = self.frame.wiped
            port = wiped if life.approtect else true()
            open_.append(port)
            secure.append(port if not life.secure_approtect else wiped)
        return {Attribution.SECURE: or_(*secure), Attribution.NON_SECURE: or_(*open_)}

    @cached_property
    def hostile(self) -> Term:
        """True iff he controls running code, or the open port."""
        return or_(*self.by.values())

    def crafted(self, stage: Stage) -> Term:
        """True iff the code of the running copy of `stage` is the attacker's."""
        image = self.design.image(stage.image)
        found = []
        for slot in image.slots:
            for cell in self.frame.cells.of_slot(slot):
                if cell.stage in {"", stage.name}:
                    here = true() if len(image.slots) == 1 else eq(self.frame.active, slot)
                    found.append(and_(here, self.frame.holds(cell.name, CRAFTED)))
        return or_(*found)

    def reaches(self, regions: tuple[int, ...], access: Access, *, everywhere: bool) -> Term:
        """True iff he gets `access` in some of the regions, or in each of them."""
        at = (regions, access, everywhere)
        if at not in self._reach:
            found = []
            for initiator, acting in self.by.items():
                each = [permits(self.frame.regions[number], access, initiator) for number in regions]
                inside = (and_(*each) if everywhere else or_(*each)) if each else false()
                found.append(and_(acting, inside))
            self._reach[at] = or_(*found)
        return self._reach[at]

    def writes(self, cell: Cell, *, everywhere: bool = False) -> Term:
        """True iff he can change a byte of the store, or every byte."""
        if not cell.regions:
            return self.hostile  # memory outside the unit's reach belongs to whoever drives the bus
        return self.reaches(cell.regions, Access.WRITE, everywhere=everywhere)

    def reads(self, regions: tuple[int, ...]) -> Term:
        """True iff he can read every byte of what lies in the regions."""
        return self.reaches(regions, Access.READ, everywhere=True) if regions else self.hostile

    def signs(self, image: Image) -> Term:
        """True iff he can sign `image` so that its verifier accepts it."""
        found = []
        for key in self.design.keys:
            for use in key.uses:
                if use.image != image.name:
                    continue
                if use.purpose is Purpose.SIGN and key.secret:
                    found.append(self.frame.knows[key.name])
                if use.purpose in {Purpose.VERIFY, Purpose.SIGN} and key.published:
                    found.append(true())
        return or_(*found)

    def opens(self, image: Image) -> Term:
        """True iff he can decrypt the updates of `image`."""
        found = []
        for key in self.design.keys:
            if key.secret and any(use.purpose is Purpose.DECRYPT and use.image == image.name for use in key.uses):
                found.append(self.frame.knows[key.name])
        return or_(*found)


