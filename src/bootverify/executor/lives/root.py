"""The first stage, enacted: code behind it tries each page of the first stage and of its provision data."""

from bootverify.design.boot import ChooseSlot, Protect
from bootverify.design.design import Design
from bootverify.design.protection import Access, Lock
from bootverify.ranges import AddressRange


def page_of_root(design: Design) -> str:
    """The partition with the first page that such code changes; empty when every page refuses."""
    names = list(design.image(design.root.image).slots[:1])
    names += [step.provision for step in design.root.steps if isinstance(step, ChooseSlot) and step.provision]
    closed = _closed(design)
    for name in names:
        area, size = design.partition(name).range, min(design.soc.page, design.soc.guard.granule)
        pages = [AddressRange(at, min(at + size, area.end)) for at in range(area.start, area.end, size)]
        if not all(any(lock.covers(page) for lock in closed) for page in pages):
            return name
    return ""


def _closed(design: Design) -> list[AddressRange]:
    """What nobody writes any more once the first stage has handed over."""
    found = [] if design.lifecycle.boot_region is None else [design.lifecycle.boot_region]
    for step in design.root.steps:
        if isinstance(step, Protect) and step.lock is Lock.UNTIL_RESET and Access.WRITE in step.deny:
            found += [span.range for span in step.spans]
    return found
