"""The variables of one instant that hardware holds: the mark, registers, counters; and what a reset does.

What each of them means stands in `frame`.
"""

from collections.abc import Iterable
from functools import cached_property

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import ChooseSlot, Protect, Stage, operation
from bootverify.design.design import Design
from bootverify.design.life import Recovery
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import Access, Attribution, UnitKind
from bootverify.encoder.logic.terms import Sort, Term, const, eq, false, member, not_, true, var
from bootverify.encoder.variables.cells import Cells, NotModelled
from bootverify.encoder.variables.region import Region, region

HALTED = "halted"
NO_SLOT = "none"
ABOVE = "above"

MAKING = frozenset(
    {
        Capability.SEND_UPDATE,
        Capability.RUN_APPLICATION,
        Capability.RUN_SECURE_PARTITION,
        Capability.DEBUG,
        Capability.WRITE_EXTERNAL,
        Capability.USE_CABLE,
        Capability.RUN_NETWORK_CORE,
    }
)
# What a clip on the external chip allows, at any time and whatever runs.
CLIPS = {Capability.READ_EXTERNAL: Access.READ, Capability.WRITE_EXTERNAL: Access.WRITE}


class HardwareFrame:
    """The mark, the registers and what a reset does to them, of `design` in the presence of `attacker`."""

    def __init__(self, design: Design, attacker: Attacker) -> None:
        self.design = design
        self.attacker = attacker
        self.cells = Cells(design)
        self.cuts = attacker.can(Capability.CUT_POWER)
        self.debugs = attacker.can(Capability.DEBUG)
        # Whether bytes of his own making can come to lie anywhere; without it, `crafted` is what a cut left.
        useful = _useful(design, attacker)
        self.makes = bool(useful & MAKING)
        self.clip = frozenset(access for able, access in CLIPS.items() if able in useful)

    # -- marks

    @cached_property
    def marks(self) -> dict[str, tuple[str, ...]]:
        """The marks of each stage, in step order."""
        found = {}
        for stage in self.design.stages:
            seen: dict[str, int] = {}
            names = []
            for step in stage.steps:
                name = operation(step)
                seen[name] = seen.get(name, 0) + 1
                names.append(f"{stage.name}.{name}" + (str(seen[name]) if seen[name] > 1 else ""))
            if not names:
                raise NotModelled(f"stage `{stage.name}` has no steps")
            found[stage.name] = tuple(names)
        return found

    @cached_property
    def at(self) -> Term:
        """The mark."""
        return var("at", Sort("Mark", (*(mark for marks in self.marks.values() for mark in marks), HALTED)))

    @cached_property
    def first_mark(self) -> str:
        """Where every boot starts."""
        return self.marks[self.design.root.name][0]

    @cached_property
    def run_mark(self) -> str | None:
        """Where the running application stays; None when the chain ends before."""
        application = self.design.application
        return None if application is None else self.marks[application.name][-1]

    def at_mark(self, mark: str | None) -> Term:
        """The device is at `mark`; never, where there is no such mark."""
        return false() if mark is None else eq(self.at, mark)

    def at_stage(self, *stages: Stage) -> Term:
        """The device is at a mark of one of `stages`."""
        return member(self.at, [mark for stage in stages for mark in self.marks[stage.name]])

    def go(self, mark: str) -> Term:
        """The mark as a value of `at`."""
        return const(self.at.sort, mark)

    @cached_property
    def runs_secure(self) -> bool:
        """Running code of his has what answers secure code alone: UICR, KMU and secure memory.

        soc.md 8.3: at level 2 only the PSA root of trust is privileged, and a partition of his is not.
        """
        application, design = self.design.application, self.design
        secure = application is not None and application.attribution is Attribution.SECURE
        partition = self.attacker.can(Capability.RUN_SECURE_PARTITION) and design.isolation_level == 1
        return partition or (self.attacker.can(Capability.RUN_APPLICATION) and secure)

    # -- hardware

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The registers of the flash regions, one for each group of `cells`."""
        soc = self.design.soc
        attributed = soc.attribution is not None and self.design.has_tfm
        return tuple(region(members, soc.guard.kind, attributed=attributed) for members in self.cells.groups)

    def regions_of(self, numbers: Iterable[int]) -> tuple[Region, ...]:
        """The registers that stand for the regions with these numbers."""
        groups = dict.fromkeys(self.cells.group_of[i] for i in numbers)
        return tuple(self.regions[group] for group in groups)

    @cached_property
    def active(self) -> dict[str, Term]:
        """The slot that this boot took of each image that has several."""
        several = (image for image in self.design.images if len(image.slots) > 1)
        return {
            image.name: var(f"active[{image.name}]", Sort(f"Slot {image.name}", (NO_SLOT, *image.slots)))
            for image in several
        }

    def reset(self) -> dict[Term, Term]:
        """What every reset does."""
        updates = {self.at: self.go(self.first_mark)}
        for each in self.regions:
            updates.update({field: truth(value) for field, value in each.start.items()})
            updates.update(self._boot_region(each))
        if self.entries is not None:
            updates[self.entries] = const(self.entries.sort, "0")
        updates.update({active: const(active.sort, NO_SLOT) for active in self.active.values()})
        return updates

    @cached_property
    def entries(self) -> Term | None:
        """How many entries of the guard are in use, where they can run out."""
        guard = self.design.soc.guard
        if guard.kind in {UnitKind.SPU, UnitKind.BPROT}:
            return None
        most = guard.entries if guard.kind is UnitKind.ACL else 1
        steps = (step for stage in self.design.stages for step in stage.steps)
        if not any(isinstance(step, Protect) for step in steps):
            return None
        return var("entries", Sort("Entries", tuple(str(number) for number in range(most + 1))))

    def _boot_region(self, each: Region) -> dict[Term, Term]:
        """Hardware loads the boot region at reset, while UICR holds its setting (soc.md 2.4)."""
        if each.members[0] not in self.cells.boot_cells:
            return {}
        return {each.write: self.erased_all}

    @cached_property
    def counter(self) -> Term | None:
        """NSIB's stored version."""
        if not any(
            isinstance(step, ChooseSlot) and step.counter for stage in self.design.stages for step in stage.steps
        ):
            return None
        numbers = (str(number) for number in range(self.design.releases + 1))
        return var("counter", Sort("Version", (*numbers, ABOVE)))

    @cached_property
    def erased_all(self) -> Term:
        """The probe erased the device."""
        return var("erased_all") if self.debugs and not self.design.lifecycle.eraseprotect else false()


def _useful(design: Design, attacker: Attacker) -> frozenset[Capability]:
    """What he can do that bears on the design: a clip needs a chip, a cable an open port."""
    useless: set[Capability] = set()
    if not any(part.memory is MemoryKind.EXTERNAL for part in design.partitions):
        useless |= CLIPS.keys()
    if design.life.recovery is not Recovery.OPEN:
        useless.add(Capability.USE_CABLE)
    return attacker.capabilities - useless


def truth(value: bool) -> Term:
    """The constant."""
    return true() if value else not_(true())
