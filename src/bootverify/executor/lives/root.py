"""The first stage, enacted: code behind it tries each page of the first stage and of its provision data."""

from collections.abc import Iterable

from bootverify.design.boot import ChooseSlot, Protect, Stage
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import Access, Lock
from bootverify.ranges import AddressRange


def page_of_root(design: Design, behind: Iterable[Stage] = ()) -> str:
    """The partition with the first page that such code changes; empty when every page refuses.

    `behind`: the stages after the first that have set their locks when it tries.
    """
    names = list(design.image(design.root.image).slots[:1])
    names += [step.provision for step in design.root.steps if isinstance(step, ChooseSlot) and step.provision]
    closed = _closed(design, [design.root, *behind])
    return next((name for name in names if not all(_refusals(design, name, closed))), "")


def refused(design: Design, names: Iterable[str]) -> bool | None:
    """Let the application write each page of the partitions: True if all refuse, False if none does, None otherwise."""
    obeyed = [design.root] if page_of_root(design, design.stages) else design.stages
    closed = _closed(design, obeyed)
    seen: set[bool] = set()
    for name in names:
        if design.partition(name).memory is not MemoryKind.INTERNAL:
            return None
        pages = _refusals(design, name, closed)
        touched = any(lock.overlaps(design.partition(name).range) for lock in closed)
        if touched and not all(pages):
            return None
        seen.update(pages)
    return seen.pop() if len(seen) == 1 else None


def _refusals(design: Design, name: str, closed: list[AddressRange]) -> list[bool]:
    """For each page of the partition, whether a write to it is refused."""
    area, size = design.partition(name).range, min(design.soc.page, design.soc.guard.granule)
    pages = [AddressRange(at, min(at + size, area.end)) for at in range(area.start, area.end, size)]
    return [any(lock.covers(page) for lock in closed) for page in pages]


def _closed(design: Design, stages: Iterable[Stage]) -> list[AddressRange]:
    """What nobody writes any more once these stages have handed over."""
    found = [] if design.lifecycle.boot_region is None else [design.lifecycle.boot_region]
    for step in (step for stage in stages for step in stage.steps):
        if isinstance(step, Protect) and step.lock is Lock.UNTIL_RESET and Access.WRITE in step.deny:
            found += [span.range for span in step.spans]
    return found
