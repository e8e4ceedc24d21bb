"""The first stage, concluded: whether who runs in the stage behind it leaves it, and what it trusts, as they are."""

from collections.abc import Sequence

from bootverify.design.boot import ChooseSlot, Protect, Stage
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import Access, Lock


def exposed_root(design: Design) -> str:
    """What of the first stage code behind it can change; empty when the first stage's own locks leave nothing.

    A lock counts from its step until reset, and BOOTCONF from reset on (soc.md 2.2 to 2.4).
    """
    return _unlocked(design, design.stages[:1])


def exposed_to_application(design: Design) -> str:
    """What of the first stage application code can change; empty when the locks of all stages together leave nothing.

    They stand before it runs, and as long as they leave nothing of the first stage, each of them is what that verified.
    """
    return _unlocked(design, design.stages)


def _unlocked(design: Design, stages: Sequence[Stage]) -> str:
    """A partition of the first stage that the locks of `stages` leave some of; empty when there is none."""
    root = design.stages[0]
    slot = design.image(root.image).slots[0]
    pages = [step.provision for step in root.steps if isinstance(step, ChooseSlot) and step.provision is not None]
    for name in (slot, *pages):
        area = design.partition(name).range
        if not any(start <= area.start and area.end <= end for start, end in _locked(design, stages)):
            return name
    return ""


def locked_away(design: Design, names: Sequence[str]) -> bool | None:
    """Whether the locks until reset leave application code no byte of the partitions; False: they leave it all.

    The locks of a stage behind the first stand while the first is as it was. None: they leave some of it.
    """
    stages = design.stages[:1] if exposed_to_application(design) else design.stages
    spans = sorted(_locked(design, stages))
    left = []
    for name in names:
        part = design.partition(name)
        if part.memory is not MemoryKind.INTERNAL:
            return None
        at, end = part.range.start, part.range.end
        if any(low < end and at < high for low, high in spans):
            for low, high in spans:
                at = max(at, high) if low <= at else at
            left.append(None if at < end else True)
        else:
            left.append(False)
    return left[0] if left and len(set(left)) == 1 else None


def _locked(design: Design, stages: Sequence[Stage]) -> list[tuple[int, int]]:
    spans = [
        (span.range.start, span.range.end)
        for stage in stages
        for step in stage.steps
        if isinstance(step, Protect) and step.lock is Lock.UNTIL_RESET and Access.WRITE in step.deny
        for span in step.spans
    ]
    region = design.lifecycle.boot_region
    return spans if region is None else [*spans, (region.start, region.end)]
