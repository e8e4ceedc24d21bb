"""The encoder's address arithmetic: stores, and the regions of the protection unit that they touch.

Regions are numbered from the start of the flash; "touches" means at least one byte in common.
"""

from dataclasses import dataclass

from bootverify.design.boot import Image, Program
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import UnitKind
from bootverify.ranges import AddressRange

HEADER_BYTES = 0x200  # in front of an image that MCUboot boots (docs/SEMANTICS.md, "Hardware")
SECRET_BYTES = 32


class NotModelled(Exception):  # noqa: N818 - becomes an admission in the report
    """The design holds something that this encoder has no clauses for; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A store of code with the regions it touches; `slot` empty for a staging partition."""

    name: str
    start: int
    end: int
    image: str
    slot: str
    stage: str
    regions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Every store of a design by name, slots before staging partitions."""

    design: Design
    granule: int
    count: int
    by_name: dict[str, Cell]

    def of_slot(self, slot: str) -> tuple[Cell, ...]:
        """The stores that make up a slot, in order of address."""
        return tuple(cell for cell in self.by_name.values() if cell.slot == slot)

    def of_image(self, image: Image) -> tuple[Cell, ...]:
        """The stores of all slots of an image."""
        return tuple(cell for slot in image.slots for cell in self.of_slot(slot))

    def regions(self, start: int, end: int) -> tuple[int, ...]:
        """The regions that bytes from `start` to before `end` lie in; those outside the flash do not count."""
        base = self.design.soc.flash.start
        if end <= start:
            return ()
        first, last = (start - base) // self.granule, (end - 1 - base) // self.granule
        return tuple(range(max(first, 0), min(last, self.count - 1) + 1))

    def regions_of(self, area: AddressRange) -> tuple[int, ...]:
        """The regions that `area` lies in."""
        return self.regions(area.start, area.end)

    def aligned(self, area: AddressRange) -> bool:
        """Whether `area` consists of whole regions."""
        base = self.design.soc.flash.start
        return (area.start - base) % self.granule == 0 and (area.end - base) % self.granule == 0

    def key_regions(self, image: Image, slot: str, offset: int) -> tuple[int, ...]:
        """The regions in which a secret lies that is `offset` bytes into the payload of `image` in `slot`."""
        start = self.design.partition(slot).range.start
        if image.verified_by is not None and self.design.stage(image.verified_by).program is Program.MCUBOOT:
            start += HEADER_BYTES
        return self.regions(start + offset, start + offset + SECRET_BYTES)

    def internal(self, partition: str) -> bool:
        """Whether a partition lies in the memory that the unit guards."""
        return self.design.partition(partition).memory is MemoryKind.INTERNAL


def cells_of(design: Design) -> Cells:
    """The cells of `design`.

    Raises:
        NotModelled: its flash is guarded by a unit other than an SPU, or a slot lies outside the internal flash.
    """
    guard = design.soc.guard
    if guard.kind is not UnitKind.SPU:
        raise NotModelled(f"flash protection by {guard.kind.value.upper()} ({design.soc.name})")
    cells = Cells(design=design, granule=guard.granule, count=guard.entries, by_name={})
    for image in design.images:
        parts = [stage for stage in design.stages_of(image.name) if stage.code]
        for slot in image.slots:
            where = design.partition(slot)
            if where.memory is not MemoryKind.INTERNAL:
                raise NotModelled(f"slot `{slot}` in {where.memory.value} memory")
            cuts = [where.range.start]
            for stage in parts[1:]:
                assert stage.code is not None
                cuts.append(design.partition(stage.code).range.start)
            cuts.append(where.range.end)
            names = [(stage.code or slot, stage.name) for stage in parts] or [(slot, "")]
            for (name, stage_name), start, end in zip(names, cuts, cuts[1:], strict=False):
                cells.by_name[name] = Cell(
                    name=name,
                    start=start,
                    end=end,
                    image=image.name,
                    slot=slot,
                    stage=stage_name,
                    regions=cells.regions(start, end),
                )
    for image in design.images:
        if image.staging is not None and image.staging not in cells.by_name:
            where = design.partition(image.staging)
            inside = where.memory is MemoryKind.INTERNAL
            cells.by_name[image.staging] = Cell(
                name=image.staging,
                start=where.range.start,
                end=where.range.end,
                image="",
                slot="",
                stage="",
                regions=cells.regions(where.range.start, where.range.end) if inside else (),
            )
    return cells
