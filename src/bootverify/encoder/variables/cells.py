"""The address arithmetic of the encoder: which cells a store, span, trailer or key touches.

With an SPU a cell is a region of the unit. With other units it is a stretch of memory between two addresses where some
rule may change: borders of spans, partitions, trailers, keys, blocks.

Nothing here depends on the state; every question is answered once, when the system is built.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from bootverify.dataclass import dataclass
from bootverify.design.boot import BootGo, Image, Program, Protect, SetUpTrustZone, Stage, UpgradeMode
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InPartition, Key
from bootverify.design.memory import UNGUARDED, MemoryKind, Partition
from bootverify.design.protection import UnitKind
from bootverify.errors import BootverifyError

KEY_SIZE = 32


class NotModelled(BootverifyError):  # noqa: N818 - reads as what it says
    """The design holds something that has no terms; an admission, never a verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Bytes from `start` up to `end` of a memory, and the granules that decide accesses to them.

    `guarded`: the guard of the internal flash stands before them. `secure_only`: the hardware
    answers secure code alone.
    """

    start: int
    end: int
    regions: tuple[int, ...]
    guarded: bool
    secure_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A place of code whose content has a name.

    It is all or part of the slot `slot` of `image`; both are empty for a staging partition.
    """

    name: str
    extent: Extent
    image: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the bytes of a key lie while `store` holds a release of `image` that carries it.

    `shifted`: a release that begins a sector behind the start of the store, as swap using offset wants updates.
    """

    key: str
    store: str
    image: str
    release: int | None
    extent: Extent
    shifted: bool = False


class Cells:
    """The map of `design`, cut at granules."""

    def __init__(self, design: Design) -> None:
        """Raises NotModelled where the map is of a kind that has no terms yet."""
        self.design = design
        self.kind = design.soc.guard.kind
        self.granule = design.soc.guard.granule
        self.base, self.end = design.soc.flash.start, design.soc.flash.end

    @cached_property
    def edges(self) -> tuple[int, ...]:
        """Where cells meet: cell i runs from edge i to edge i + 1."""
        if self.kind is UnitKind.SPU:
            count = min(self.design.soc.guard.entries, -(-(self.end - self.base) // self.granule))
            return tuple(self.base + i * self.granule for i in range(count + 1))
        inside = {at for pair in self._pairs() for at in pair if self.base < at < self.end}
        return (self.base, *sorted(inside), self.end)

    @property
    def count(self) -> int:
        """How many cells there are."""
        return len(self.edges) - 1

    # -- ranges

    def regions(self, start: int, end: int) -> tuple[int, ...]:
        """The cells that the internal bytes from `start` up to `end` touch.

        soc.md 8.1: from the region of the first byte to that of the last.
        """
        start, end = max(start, self.base), min(end, self.end)
        if end <= start:
            return ()
        first, last = bisect_right(self.edges, start) - 1, bisect_left(self.edges, end) - 1
        return tuple(range(first, min(last, self.count - 1) + 1))

    def opened(self, step: SetUpTrustZone) -> tuple[int, int]:
        """What TF-M opens on a part with MPC and SAU: from the block of the first non-secure byte up to the UICR.

        soc.md 8.2; the override's start address keeps no bits below 4 KiB (recorded register set-up). SPM opens from
        the region of that byte to the end of flash.
        """
        unit = self.design.soc.attribution
        if step.by is Program.SPM:
            start = min(span.range.start for span in step.non_secure)
            return start - (start - self.base) % self.granule, self.end
        if unit is None or not step.non_secure:
            return self.end, self.end
        start = min(span.range.start for span in step.non_secure)
        return start - start % unit.granule, min(unit.end, self.end)

    @cached_property
    def boot_cells(self) -> frozenset[int]:
        """The cells of the boot region that hardware sets at reset."""
        area = self.design.lifecycle.boot_region
        return frozenset() if area is None else frozenset(self.regions(area.start, area.end))

    def _pairs(self) -> Iterator[tuple[int, int]]:
        """Ranges of internal memory whose borders may matter."""
        design = self.design
        for partition in design.partitions:
            if partition.memory is MemoryKind.INTERNAL:
                start, end = partition.range.start, partition.range.end
                yield start, end
                yield max(start, end - design.soc.page), end
        for key in design.keys:
            for placement in key.placements:
                if isinstance(placement, InImage):
                    image = design.image(placement.image)
                    for name in (*image.slots, *([image.staging] if image.staging else [])):
                        partition = design.partition(name)
                        first = partition.range.start + self._lead(image) + placement.offset
                        for start in (first + shift for shift in self._shifts(name)):
                            if partition.memory is MemoryKind.INTERNAL:
                                yield start, min(start + KEY_SIZE, partition.range.end)
        if design.lifecycle.boot_region is not None:
            yield design.lifecycle.boot_region.start, design.lifecycle.boot_region.end
        for stage in design.stages:
            for step in stage.steps:
                if isinstance(step, Protect):
                    yield from ((span.range.start, span.range.end) for span in step.spans)
                elif isinstance(step, SetUpTrustZone):
                    yield self.opened(step)

    def aligned(self, start: int, end: int) -> bool:
        """Whether start and length are multiples of the granule, as fprotect wants them."""
        return start % self.granule == 0 and (end - start) % self.granule == 0

    def extent(self, partition: Partition, start: int, end: int) -> Extent:
        """Bytes of `partition`, addressed as it is.

        Raises NotModelled for memory that no unit of this core stands before.
        """
        if partition.memory in UNGUARDED:
            raise NotModelled(f"partition `{partition.name}` lies in {partition.memory.value} memory")
        guarded = partition.memory is MemoryKind.INTERNAL
        return Extent(
            start=start,
            end=end,
            regions=self.regions(start, end) if guarded else (),
            guarded=guarded,
            secure_only=partition.memory is MemoryKind.UICR,
        )

    def whole(self, name: str) -> Extent:
        """All of the partition called `name`."""
        partition = self.design.partition(name)
        return self.extent(partition, partition.range.start, partition.range.end)

    def start_of(self, name: str) -> Extent:
        """The bytes at the start of the partition where production puts the keys that lie in it."""
        partition = self.design.partition(name)
        start = partition.range.start
        return self.extent(partition, start, min(start + KEY_SIZE, partition.range.end))

    def taken_up(self, store: Store) -> Extent:
        """What releases take up of `store`: no update is longer than the slot that it is for."""
        for image in self.design.images:
            if image.staging == store.name:
                longest = max(self.design.partition(slot).range.size for slot in image.slots)
                longest += max(self._shifts(store.name))
                partition = self.design.partition(store.name)
                end = min(partition.range.start + longest, partition.range.end)
                return self.extent(partition, partition.range.start, end)
        return store.extent

    def trailer(self, name: str) -> Extent:
        """The last page of the partition called `name`, where a slot's trailer ends."""
        partition = self.design.partition(name)
        start, end = partition.range.start, partition.range.end
        return self.extent(partition, max(start, end - self.design.soc.page), end)

    def boot_regions(self) -> frozenset[int]:
        """The granules that a slot of a boot stage touches; TF-M leaves them alone."""
        boot = {stage.image for stage in self.design.stages if stage.program in {Program.NSIB, Program.MCUBOOT}}
        slots = [slot for image in self.design.images if image.name in boot for slot in image.slots]
        return frozenset(region for slot in slots for region in self.whole(slot).regions)

    # -- groups

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The regions, together where no step, store, trailer or key tells them apart.

        Boot programs treat the members of a group alike, and any of them lets an attacker reach the
        same things, so one register stands for all. What he programs himself is told by a flag.
        """
        marks: list[set[int]] = [set() for _ in range(self.count)]
        for number, regions in enumerate(self._told_apart()):
            for i in regions:
                marks[i].add(number)
        found: dict[frozenset[int], list[int]] = {}
        for i, mark in enumerate(marks):
            found.setdefault(frozenset(mark), []).append(i)
        return tuple(tuple(members) for members in found.values())

    @cached_property
    def group_of(self) -> dict[int, int]:
        """The number of the group of each region."""
        return {i: number for number, members in enumerate(self.groups) for i in members}

    def _told_apart(self) -> Iterator[Iterable[int]]:
        design = self.design
        yield self.boot_regions()
        yield self.boot_cells
        for partition in design.partitions:
            if partition.memory is MemoryKind.INTERNAL:
                yield self.whole(partition.name).regions
        for store in self.stores.values():
            yield store.extent.regions
        for image in design.images:
            for name in (*image.slots, *([image.staging] if image.staging else [])):
                yield self.whole(name).regions
                yield self.trailer(name).regions
        for key in design.keys:
            yield from (place.extent.regions for place in self.places(key))
            yield from (extent.regions for _, extent in self.data_places(key))
        for stage in design.stages:
            for step in stage.steps:
                if isinstance(step, Protect):
                    spans = step.spans
                elif isinstance(step, SetUpTrustZone):
                    spans = (step.secure_code, *step.non_secure, *step.non_secure_data)
                    yield self.regions(*self.opened(step))
                else:
                    continue
                yield from (self.regions(span.range.start, span.range.end) for span in spans)

    # -- stores

    @cached_property
    def stores(self) -> dict[str, Store]:
        """Every store by name: slots and parts in boot order, then staging partitions."""
        found = {store.name: store for image in self.design.images for store in self._slots(image)}
        for image in self.design.images:
            if image.staging and image.staging not in found:
                found[image.staging] = Store(name=image.staging, extent=self.whole(image.staging))
        return found

    def of_image(self, image: str) -> tuple[Store, ...]:
        """The stores of all slots of `image`; the parts of one slot follow each other."""
        return tuple(store for store in self.stores.values() if store.image == image)

    def of_slot(self, slot: str) -> tuple[Store, ...]:
        """The parts that `slot` holds, in boot order; itself where its image has one part."""
        return tuple(store for store in self.stores.values() if store.slot == slot)

    def of_stage(self, stage: Stage) -> tuple[Store, ...]:
        """The stores that `stage` may run from: its part, or each slot of its image."""
        stores = self.of_image(stage.image)
        parts = self.design.stages_of(stage.image)
        return (stores[parts.index(stage)],) if len(parts) > 1 else stores

    def _slots(self, image: Image) -> Iterable[Store]:
        parts = self.design.stages_of(image.name)
        if len(parts) < 2:
            return [Store(name=slot, extent=self.whole(slot), image=image.name, slot=slot) for slot in image.slots]
        if len(image.slots) != 1:
            raise NotModelled(f"image `{image.name}` has several parts and several slots")
        slot = self.design.partition(image.slots[0])
        codes = [self.design.partition(part.code) for part in parts if part.code is not None]
        if len(codes) != len(parts):
            raise NotModelled(f"image `{image.name}` has several parts; one has no code partition")
        starts = [slot.range.start, *(code.range.start for code in codes[1:])]
        ends = [*starts[1:], slot.range.end]
        if image.verified_by is None:  # no signature ties what lies between the parts to them
            drawn = [each.range.start for each in self.design.partitions if each.memory is slot.memory]
            ends = [
                min([end, *(at for at in drawn if at >= code.range.end)]) for code, end in zip(codes, ends, strict=True)
            ]
        if starts != sorted(starts):
            raise NotModelled(f"the parts of image `{image.name}` do not follow each other in boot order")
        return [
            Store(
                name=code.name,
                extent=self.extent(slot, start, end),
                image=image.name,
                slot=slot.name,
            )
            for code, start, end in zip(codes, starts, ends, strict=True)
        ]

    # -- keys

    def places(self, key: Key) -> tuple[Place, ...]:
        """Every store in which a release of an image may show `key`, and the bytes that do."""
        found = []
        for placement in key.placements:
            if not isinstance(placement, InImage):
                continue
            image = self.design.image(placement.image)
            homes = [
                *self.of_image(image.name),
                *(self.stores[name] for name in [image.staging] if name),
            ]
            for store, shift in [(each, shift) for each in homes for shift in self._shifts(each.name)]:
                start = self._payload(image, store) + placement.offset + shift
                low, high = max(start, store.extent.start), min(start + KEY_SIZE, store.extent.end)
                if low < high:
                    extent = self.extent(self.design.partition(store.slot or store.name), low, high)
                    place = Place(
                        key=key.name,
                        store=store.name,
                        image=image.name,
                        release=placement.release,
                        extent=extent,
                        shifted=shift > 0,
                    )
                    found.append(place)
        return tuple(found)

    def code(self, store: Store) -> Extent:
        """The first bytes behind the image's header, or of a later part of it, in `store`; as many as a key has."""
        partition = self.design.partition(store.slot)
        start = max(store.extent.start, partition.range.start + self.design.soc.header)
        return self.extent(partition, start, start + KEY_SIZE)

    def _payload(self, image: Image, store: Store) -> int:
        return self.design.partition(store.slot or store.name).range.start + self._lead(image)

    def _shifts(self, partition: str) -> tuple[int, ...]:
        """How far behind its start an image may begin there."""
        steps = (step for stage in self.design.stages for step in stage.steps)
        modes = {
            step.mode
            for step in steps
            if isinstance(step, BootGo) and self.design.image(step.image).staging == partition
        }
        return (0, self.design.soc.page) if UpgradeMode.SWAP_OFFSET in modes else (0,)

    def _lead(self, image: Image) -> int:
        """Bytes between the start of a slot and the payload of `image`."""
        verifier = image.verified_by
        behind_header = verifier is not None and self.design.stage(verifier).program is Program.MCUBOOT
        return self.design.soc.header if behind_header else 0

    def data_places(self, key: Key) -> tuple[tuple[str, Extent], ...]:
        """The data partitions that hold `key`, whole; a value that is no secret is not looked for.

        Nor is one where no unit stands before it and that opens or signs nothing: only who asks for it misses it.
        """
        if not key.secret or (not key.uses and self.beyond(key)):
            return ()
        names = [placement.partition for placement in key.placements if isinstance(placement, InPartition)]
        return tuple((name, self.whole(name)) for name in names)

    def beyond(self, key: Key) -> bool:
        """Whether `key` lies in memory that no unit of this core stands before."""
        places = (self.design.partition(each.partition) for each in key.placements if isinstance(each, InPartition))
        return any(place.memory in UNGUARDED for place in places)
