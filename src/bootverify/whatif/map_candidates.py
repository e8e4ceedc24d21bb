"""Edits of the map and of what boot stages lock: borders that move, partitions that shrink or move, locks that grow."""

from collections.abc import Iterator
from typing import Any

from bootverify.design.boot import Image, Program
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.whatif.candidates import BOOTS, Edit

MAPS = (
    "map-no-overlap", "map-inside-memory", "slot-sizes-equal", "slots-on-pages", "boundary-alignment",
    "isolation-boundary", "lock-span-on-granule", "image-fits-slot",
)  # fmt: skip
LOCKED = (*BOOTS, "lock-span-on-granule", "bootable", "secret-confidential", "secret-use-restricted", "key-rotatable",
          "no-secret-in-updatable", "isolation-boundary")  # fmt: skip
SLOTS = (Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A, Role.VARIANT_B, Role.PRIMARY, Role.SECONDARY, Role.TFM)
MOST_PLACES = 4


def map_candidates(design: Design, plain: dict[str, Any], named: frozenset[str]) -> list[Edit]:
    """Single edits of the map around the partitions in `named`, and of every lock."""
    parts = [part for part in design.partitions if part.name in named and part.name in plain["partitions"]]
    return [
        *_locks(design, plain),
        *(edit for part in parts for edit in (*_placed(design, plain, part), *_spanned(plain, part))),
        *_pairs(design, plain),
        *_borders(design, plain, named),
        *_provision(design),
    ]


# -- locks


def _locks(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    """Each boot stage locks its own slots whole, outward to the granule, until reset; NSIB its page, too."""
    granule = design.soc.guard.granule
    for stage in design.stages:
        if stage.program not in {Program.NSIB, Program.MCUBOOT}:
            continue
        image = design.image(stage.image)
        at, entry = f"chain.{image.name}.protects", plain.get("chain", {}).get(image.name, {})
        listed = entry.get("protects")
        if listed is None:
            continue
        for i, span in enumerate(listed):
            if span.get("lock") == "none":
                words = f"{stage.name} locks until reset"
                yield Edit(change={f"{at}.{i}.lock": "until_reset"}, cost=1, words=words, helps=LOCKED)
        for start, end in _areas(design, image, granule):
            words = f"{stage.name} locks {start:#x}-{end:#x}"
            if listed:
                change = {
                    f"{at}.0.span.{i}": value for i, value in enumerate((start, end)) if listed[0]["span"][i] != value
                }
                yield Edit(change=change, cost=2, words=words, helps=LOCKED)
            yield Edit(
                change={at: [{"span": [start, end], "lock": "until_reset"}, *listed]}, cost=3, words=words, helps=LOCKED
            )
        words = f"{stage.name} locks what the vendor's program locks"
        yield Edit(drop=(at,), cost=2, words=words, helps=LOCKED)
        if entry.get("provision"):
            page = design.partition(entry["provision"]).range
            more = [*listed, {"span": [page.start, page.end], "lock": "until_reset", "when": "hand_over"}]
            words = f"{stage.name} locks its provision page {page} at hand-over"
            yield Edit(change={at: more}, cost=3, words=words, helps=LOCKED)


def _areas(design: Design, image: Image, granule: int) -> list[tuple[int, int]]:
    """From the first slot to the end of the last, to the next granule, and to the slot of what it starts."""
    slots = [design.partition(slot).range for slot in image.slots]
    start, end = min(slot.start for slot in slots) // granule * granule, max(slot.end for slot in slots)
    ends = [-(-end // granule) * granule]
    started = [
        other for other in design.images if other.verified_by and design.stage(other.verified_by).image == image.name
    ]
    ends += [design.partition(other.slots[0]).range.start for other in started]
    return [(start, each) for each in dict.fromkeys(ends) if each >= end]


# -- one partition


def _placed(design: Design, plain: dict[str, Any], part: Partition) -> Iterator[Edit]:
    """It shrinks to what comes next, grows or shrinks to pages, or moves: behind its neighbour, or where it fits."""
    entry, at = plain["partitions"][part.name], f"partitions.{part.name}"
    if "at" not in entry or part.members:
        return
    page, dear = design.soc.page, int(part.role in SLOTS)  # what holds code moves last
    others = [other for other in design.partitions if _beside(part, other)]
    for end in sorted({*_ends(design, part, others)}, key=lambda end: abs(end - part.range.end))[:MOST_PLACES]:
        if end > part.range.start and end != part.range.end:
            words, moved = f"end {part.name} at {end:#x}", abs(end - part.range.end)
            change = {f"{at}.size": end - part.range.start}
            yield Edit(change=change, cost=2 + dear, words=words, helps=MAPS, moved=moved)
    starts = {part.range.start // page * page, -(-part.range.start // page) * page}
    starts |= {other.range.end for other in others}
    starts |= {other.range.start - part.range.size for other in others}
    home = _home(design, part) or (0, max((other.range.end for other in (part, *others)), default=0))
    starts |= {home[0], home[1] - part.range.size}
    fitting = [start for start in starts if start >= 0 and _free(start, part.range.size, others, home)]
    near = sorted(set(fitting) - {part.range.start}, key=lambda start: abs(start - part.range.start))
    for start in near[:MOST_PLACES]:
        words, moved = f"move {part.name} to {start:#x}", abs(start - part.range.start)
        yield Edit(change={f"{at}.at": start}, cost=2 + dear, words=words, helps=MAPS, moved=moved)
    for other in others:
        if other.range.start < part.range.end <= other.range.end and other.range.start > part.range.start:
            continue
        if other.range.start <= part.range.start < other.range.end < part.range.end:
            change = {f"{at}.at": other.range.end, f"{at}.size": part.range.end - other.range.end}
            yield Edit(change=change, cost=3 + dear, words=f"start {part.name} at {other.range.end:#x}", helps=MAPS)


def _ends(design: Design, part: Partition, others: list[Partition]) -> Iterator[int]:
    page, home = design.soc.page, _home(design, part)
    yield part.range.end // page * page
    yield -(-part.range.end // page) * page
    yield from (other.range.start for other in others if other.range.start > part.range.start)
    if home:
        yield home[1]


def _beside(part: Partition, other: Partition) -> bool:
    plain = not other.members and other.role not in {Role.REST, Role.AREA} and bool(other.range.size)
    return plain and other.name != part.name and other.memory is part.memory


def _home(design: Design, part: Partition) -> tuple[int, int] | None:
    stated = next((each.range for each in design.memories if each.kind is part.memory), None)
    known = {MemoryKind.INTERNAL: design.soc.flash, MemoryKind.UICR: design.soc.uicr}.get(part.memory) or stated
    return (known.start, known.end) if known else None


def _free(start: int, size: int, others: list[Partition], home: tuple[int, int] | None) -> bool:
    inside = home is None or (home[0] <= start and start + size <= home[1])
    return inside and all(start + size <= other.range.start or other.range.end <= start for other in others)


def _spanned(plain: dict[str, Any], part: Partition) -> Iterator[Edit]:
    """A span is what its members are: nothing else needs to be said; an end that is written is start plus size."""
    entry, at = plain["partitions"][part.name], f"partitions.{part.name}"
    helps = ("map-spans-members", "slot-sizes-equal")
    if "span" in entry and "at" in entry:
        words = f"let the members say where {part.name} lies"
        yield Edit(drop=(f"{at}.at", f"{at}.size"), cost=2, words=words, helps=helps)
    if "end" in entry:
        yield Edit(drop=(f"{at}.end",), cost=2, words=f"say the size of {part.name} alone", helps=helps)


# -- several


def _pairs(design: Design, plain: dict[str, Any]) -> Iterator[Edit]:
    """The second of two slots has the size of the first, by itself or by its last member."""
    pairs = ((Role.PRIMARY, Role.SECONDARY), (Role.VARIANT_A, Role.VARIANT_B))
    for first, second in ((a, b) for pair in pairs for a, b in (pair, pair[::-1])):
        for one in (part for part in design.partitions if part.role is first):
            for other in (part for part in design.partitions if part.role is second and part.number == one.number):
                more = one.range.size - other.range.size
                last = _last(design, other)
                if more and last.range.size + more > 0 and "size" in plain["partitions"].get(last.name, {}):
                    change = {f"partitions.{last.name}.size": last.range.size + more}
                    words = f"give {other.name} the size of {one.name}"
                    yield Edit(change=change, cost=2, words=words, helps=("slot-sizes-equal", *MAPS))


def _last(design: Design, part: Partition) -> Partition:
    while part.members:
        part = max((design.partition(name) for name in part.members), key=lambda each: each.range.end)
    return part


def _borders(design: Design, plain: dict[str, Any], named: frozenset[str]) -> Iterator[Edit]:
    """The border of two neighbours moves to a granule, down or up."""
    unit = design.soc.attribution
    granules = {design.soc.guard.granule, design.soc.page, *([unit.granule] if unit is not None else [])}
    leaves = [part for part in design.partitions if "at" in plain["partitions"].get(part.name, {}) and not part.members]
    for left in leaves:
        for right in (part for part in leaves if part.range.start == left.range.end and part.memory is left.memory):
            if not {left.name, right.name} & named:
                continue
            border = left.range.end
            for to in sorted({at for g in granules for at in (border // g * g, -(-border // g) * g)} - {border}):
                if not left.range.start < to < right.range.end:
                    continue
                change = {
                    f"partitions.{left.name}.size": to - left.range.start,
                    f"partitions.{right.name}.at": to,
                    f"partitions.{right.name}.size": right.range.end - to,
                }
                words = f"move the border of {left.name} and {right.name} to {to:#x}"
                yield Edit(change=change, cost=3 + (to > border), words=words, helps=MAPS)


def _provision(design: Design) -> Iterator[Edit]:
    """A place for NSIB's keys and addresses in the OTP words."""
    rooted = any(part.role is Role.ROOT for part in design.partitions)
    if rooted and design.soc.otp is not None and not any(part.role is Role.PROVISION for part in design.partitions):
        entry = {"at": design.soc.otp.start, "size": 0x280, "memory": "uicr"}
        words = "keep the provision partition of the vendor's map"
        yield Edit(change={"partitions.provision": entry}, cost=3, words=words, helps=("provision-present",))
