"""The first stage, concluded: whether who runs in the stage behind it leaves it, and what it trusts, as they are."""

from bootverify.design.boot import ChooseSlot, Protect
from bootverify.design.design import Design
from bootverify.design.protection import Access, Lock


def exposed_root(design: Design) -> str:
    """What of the first stage code behind it can change; empty when the first stage's own locks leave nothing.

    A lock counts from the first stage's step until reset, and BOOTCONF from reset on (soc.md 2.2 to 2.4).
    """
    root = design.stages[0]
    slot = design.image(root.image).slots[0]
    pages = [step.provision for step in root.steps if isinstance(step, ChooseSlot) and step.provision is not None]
    for name in (slot, *pages):
        area = design.partition(name).range
        if not any(start <= area.start and area.end <= end for start, end in _locked(design)):
            return name
    return ""


def _locked(design: Design) -> list[tuple[int, int]]:
    spans = [
        (span.range.start, span.range.end)
        for step in design.stages[0].steps
        if isinstance(step, Protect) and step.lock is Lock.UNTIL_RESET and Access.WRITE in step.deny
        for span in step.spans
    ]
    region = design.lifecycle.boot_region
    return spans if region is None else [*spans, (region.start, region.end)]
