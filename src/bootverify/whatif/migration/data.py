"""Does the new application find what the old one kept: bytes in data partitions, keys in hardware?"""

from collections.abc import Callable, Iterator

from bootverify.check.verdict import Fact, Verdict
from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.keys import InKmu, InPartition, Key, Placement
from bootverify.design.memory import Partition
from bootverify.design.protection import Access, Attribution
from bootverify.executor.field.film import Scene, contents, found_again
from bootverify.executor.field.nvs import misread
from bootverify.executor.field.release import Release, in_hardware, provisioned
from bootverify.executor.field.storage import Drawer, bulky, data_partitions, drawers
from bootverify.executor.field.unit import Snapshot, Unit
from bootverify.whatif.migration.fleet import History
from bootverify.whatif.migration.questions import Answer, Question

Reverted = Callable[[], tuple[Unit, tuple[Scene, ...]] | None]
TO_DO = (
    "Keep the partition where it is. Or let the new application copy it on its first run, before anything is written "
    "there, and again if the power fails meanwhile."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One thing that is not kept; `sure` False where it depends on something that nothing tells."""

    why: str
    facts: tuple[Fact, ...]
    sure: bool = True
    scenes: tuple[Scene, ...] = ()


def kept(unit: Unit, history: History, data: dict[str, bytes], after: Snapshot, reverted: Reverted) -> Answer:
    """What is kept on `unit`, which has taken the release and holds `after`; `data` is what it kept before.

    `reverted` gives the unit after the new application ran once and was not confirmed.
    """
    unit.restore(after)
    unit.boot()
    old, new = history.releases[-1], history.new
    losses = [
        *_partitions(unit, old, new, data),
        *_bulky(old.design, new.design),
        *_begun(unit, old.design, new),
        *_keys(history),
        *_laid_open(unit, old.design, new.design, data),
    ]
    back = reverted() if not losses else None
    if back is not None:
        losses += _after_revert(back, old, data)
    verdict = Verdict.HOLDS
    if losses:
        verdict = Verdict.VIOLATED if any(loss.sure for loss in losses) else Verdict.UNDEFINED
    first = sorted(losses, key=lambda loss: not loss.sure)[:1]
    return Answer(
        question=Question.KEEPS,
        verdict=verdict,
        because="; ".join(loss.why for loss in losses) if losses else _all_kept(old.design, new.design),
        strength="replayed" if verdict is not Verdict.UNDEFINED else "",
        facts=tuple(dict.fromkeys(fact for loss in losses for fact in loss.facts)),
        scenes=first[0].scenes if first else (),
        to_do=TO_DO if verdict is Verdict.VIOLATED else "",
    )


def _all_kept(old: Design, new: Design) -> str:
    names = [drawer.name for drawer in drawers(old)]
    keys = [key.name for key in new.keys if in_hardware(key)]
    words = f"every byte of {', '.join(names)} is where the new application looks" if names else "no data partition"
    return words + (f"; {', '.join(keys)} are as provisioned" if keys else "")


def _partitions(unit: Unit, old: Release, new: Release, data: dict[str, bytes]) -> Iterator[Loss]:
    mine = {drawer.name: drawer for drawer in drawers(new.design)}
    for drawer in drawers(old.design):
        held = data.get(drawer.name)
        if held is None:
            continue
        there = mine.get(drawer.name)
        facts = _facts(drawer.partition, there.partition if there else None)
        if there is None:
            sure = _overlaid(new.design, drawer.partition)
            over = f", and {sure.name} is laid over it" if sure else "; nothing tells what becomes of it"
            why = f"the release draws no {drawer.name}{over}"
            yield Loss(why=why, facts=facts + (_fact(sure) if sure else ()), sure=False)
        elif not found_again(unit, there, held):
            yield Loss(why=_moved(unit, drawer, there, held) + _with_it(old.design, drawer.name), facts=facts)
        elif drawer.partition.store == "nvs" == there.partition.store:
            yield from _store(unit, drawer, there, facts)
        elif there.range.size < drawer.range.size:
            why = (
                f"{drawer.name} shrinks from {drawer.range.size:#x} to {there.range.size:#x} bytes: the rest is cut off"
            )
            yield Loss(why=why, facts=facts)
        elif there.range.size > drawer.range.size:
            why = f"{drawer.name} grows, and nothing tells whether its store bears more sectors (a wrapped one may not)"
            yield Loss(why=why, facts=facts, sure=False)
        elif not _usable(unit, there):
            who = there.user.value.replace("_", "-")
            yield Loss(why=f"{who} code may no longer read and write {drawer.name}", facts=facts)


def _begun(unit: Unit, old: Design, new: Release) -> Iterator[Loss]:
    """New data partitions that units in the field do not let the application write, or do not leave alone."""
    before = {part.name for part in data_partitions(old)}
    flash = unit.device.flash
    for drawer in drawers(new.design):
        if drawer.name in before or flash.read(drawer.range.start, drawer.range.size) == contents(new, drawer):
            continue
        done = "is overwritten by a stage of the field" if _usable(unit, drawer) else "cannot be written in the field"
        yield Loss(why=f"{drawer.name}, which is new, {done}", facts=_fact(drawer.partition))


def _store(unit: Unit, old: Drawer, new: Drawer, facts: tuple[Fact, ...]) -> Iterator[Loss]:
    """A settings store is a ring: with another number of sectors it may be read from another end."""
    flash = unit.device.flash
    count, later = (each.partition.sectors or each.range.size // flash.page for each in (old, new))
    if count == later:
        return
    start = new.range.start + count * flash.page
    behind = flash.read(start, (later - count) * flash.page) if later > count else b""
    bad = misread(count, later, sector=flash.page, align=flash.align, behind=behind)
    if bad is not None:
        words = f"the store in {old.name}, of {count} sectors, is misread as one of {later}"
        why = f"{words}: from when it is written in sector {bad}"
        yield Loss(why=why, facts=facts)


def _bulky(old: Design, new: Design) -> Iterator[Loss]:
    """Data partitions whose contents are not played: they are kept where they are, or they are not."""
    mine = {part.name: part for part in data_partitions(new)}
    for part in bulky(old):
        there = mine.get(part.name)
        if there is None:
            yield Loss(why=f"the release draws no {part.name}", facts=_facts(part, None), sure=False)
        elif (there.range, there.memory) != (part.range, part.memory):
            yield Loss(why=f"{part.name} is looked for at {there.range}", facts=_facts(part, there))


def _moved(unit: Unit, old: Drawer, new: Drawer, held: bytes) -> str:
    flash = unit.device.flash
    intact = flash.read(old.range.start, old.range.size) == held
    if old.range == new.range:
        return f"what was in {old.name} ({old.range}) is overwritten"
    still = "is still where it was" if intact else "is overwritten"
    return f"{old.name} is looked for at {new.range}; what was kept at {old.range} {still}"


def _with_it(design: Design, partition: str) -> str:
    """Which keys lie there."""
    names = [key.name for key in design.keys if any(_lies_in(place, partition) for place in key.placements)]
    return f" ({', '.join(names)} with it)" if names else ""


def _lies_in(place: Placement, partition: str) -> bool:
    return isinstance(place, InPartition) and place.partition == partition


def _usable(unit: Unit, drawer: Drawer) -> bool:
    return all(unit.reaches(drawer.range, access, drawer.user) for access in (Access.READ, Access.WRITE))


def _overlaid(new: Design, part: Partition) -> Partition | None:
    plain = [each for each in new.partitions if not each.members and each.memory is part.memory]
    return next((each for each in plain if each.range.overlaps(part.range)), None)


# -- keys


def _keys(history: History) -> Iterator[Loss]:
    """Keys that the release takes to be in hardware, and that production did not put there."""
    root, new = history.releases[0], history.new
    there = {key.name for key in provisioned(new.design.keys, root.design)}
    old = {key.name: key for key in root.design.keys}
    for key in new.design.keys:
        if key.name not in there:
            facts: tuple[Fact, ...] = (Fact(source=key.source, text=f"{key.name}: {_place(key)}"),)
            before = old.get(key.name)
            facts += (
                (Fact(source=before.source, text=f"{before.name} in the field: {_place(before)}"),) if before else ()
            )
            yield Loss(why=f"{key.name} is not in {_place(key)} of units in the field", facts=facts)


def _place(key: Key) -> str:
    for place in key.placements:
        if isinstance(place, InKmu):
            return f"KMU slots {', '.join(map(str, place.slots))}"
    names = [type(place).__name__ for place in key.placements]
    return "OTP words" if "InUicr" in names else ", ".join(names) or "no place"


# -- what lies open, and what a revert leaves


def _laid_open(unit: Unit, old: Design, new: Design, data: dict[str, bytes]) -> Iterator[Loss]:
    """Secure data of the old release that non-secure code of the new one reads: it was left where a border moved."""
    if not new.has_tfm:
        return
    ours = {drawer.range for drawer in drawers(new) if drawer.user is Attribution.SECURE}
    for drawer in drawers(old):
        secret = drawer.user is Attribution.SECURE and old.has_tfm and drawer.range not in ours
        if not secret or drawer.name not in data:
            continue
        page = unit.device.flash.page
        for at in range(drawer.range.start, drawer.range.end, page):
            held = unit.device.flash.read(at, page)
            place = at - drawer.range.start
            if held == data[drawer.name][place : place + page] and unit.device.allows(
                at, Access.READ, Attribution.NON_SECURE
            ):
                why = f"non-secure code reads what the secure side had kept in {drawer.name}, at {at:#x}"
                yield Loss(why=why, facts=_fact(drawer.partition))
                break


def _after_revert(back: tuple[Unit, tuple[Scene, ...]], old: Release, data: dict[str, bytes]) -> Iterator[Loss]:
    unit, scenes = back
    for drawer in drawers(old.design):
        if drawer.name in data and not found_again(unit, drawer, data[drawer.name]):
            why = f"when the new release is not confirmed, the old one comes back without what it kept in {drawer.name}"
            yield Loss(why=why, facts=_fact(drawer.partition), scenes=scenes)


def _facts(old: Partition, new: Partition | None) -> tuple[Fact, ...]:
    found = (Fact(source=old.source, text=f"{old.name} in the field: {old.range}"),)
    return found + ((Fact(source=new.source, text=f"{new.name} as released: {new.range}"),) if new else ())


def _fact(part: Partition) -> tuple[Fact, ...]:
    return (Fact(source=part.source, text=f"{part.name}: {part.range}"),)
