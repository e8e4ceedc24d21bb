"""Code in a boot stage, concluded: the spans that are locked before it can run, put end to end."""

from collections.abc import Iterable, Iterator
from itertools import takewhile

from bootverify.design.boot import ChooseSlot, Image, Program, Protect, Stage, Step
from bootverify.design.design import Design
from bootverify.design.keys import Purpose
from bootverify.design.protection import Access, Lock
from bootverify.encoder.lives.updates import enough_entries, lockable
from bootverify.machine.judgement import Judgement, broken, kept, untold

Spans = list[tuple[int, int]]


def closed_to_code(design: Design, image: Image) -> Judgement:
    """Closed iff the locks set before his code can run cover every slot of the stage."""
    if not _locks_work(design):
        return untold("what happens when a lock cannot be set", image.source)
    for slot in image.slots:
        if not all(_covered(design, slot, spans) for _, spans in _moments(design, image)):
            return broken(f"a part of {slot} is locked after his code can run, or never", source=image.source)
    return kept("locks cover it before he can run", image.source)


def root_kept(design: Design, stage: Stage) -> Judgement:
    """Kept iff its flash, its provision page and the key slots it consults are out of reach, and nothing patches it."""
    (first, *_), image = design.stages, design.image(stage.image)
    if first is not stage:
        return untold("it is not the first stage", stage.source)
    if design.lifecycle.flash_patch or image.updatable:
        return broken("it can be patched, or updated", source=stage.source)
    if (flash := closed_to_code(design, image)).kept is not True:
        return flash
    pages = [step.provision for step in stage.steps if isinstance(step, ChooseSlot) and step.provision is not None]
    left = {who for page in pages for who, spans in _moments(design, image) if not _covered(design, page, spans)}
    if left - {stage.name}:
        return broken("the page that names its keys is open to the stage behind it", source=stage.source)
    if left:
        return untold("whether code in the first stage itself is meant", stage.source)
    if any(key.fillable for key in design.keys if Purpose.VERIFY in {use.purpose for use in key.uses}):
        return broken("an empty key slot is consulted", source=stage.source)
    return kept("all of it is locked before he can run", stage.source)


def reaches_slots(design: Design, image: Image) -> bool | None:
    """Whether code in the boot stage `image` can write the slots it is started from; None: not judged."""
    (stage, *_) = design.stages_of(image.name)
    if stage.program not in {Program.NSIB, Program.MCUBOOT} or image.verified_by is None or not _locks_work(design):
        return None
    (_, spans), *_ = _moments(design, image)
    return not all(_covered(design, slot, spans) for slot in image.slots)


def _moments(design: Design, image: Image) -> Iterator[tuple[str, Spans]]:
    """Where his code may run, and what is locked by then: in the stage, and in the boot stage behind it."""
    number = [stage.image for stage in design.stages].index(image.name)
    region = design.lifecycle.boot_region
    spans: Spans = [] if region is None else [(region.start, region.end)]
    for at, stage in enumerate(design.stages[: number + 2]):
        first = takewhile(lambda step: isinstance(step, Protect), stage.steps)
        if at >= number and stage.program in {Program.NSIB, Program.MCUBOOT}:
            yield stage.name, [*spans, *_locked(first)]
        spans += _locked(stage.steps)


def _locked(steps: Iterable[Step]) -> Spans:
    locks = [step for step in steps if isinstance(step, Protect)]
    lasting = [step for step in locks if step.lock is Lock.UNTIL_RESET and Access.WRITE in step.deny]
    return [(span.range.start, span.range.end) for step in lasting for span in step.spans]


def _covered(design: Design, partition: str, spans: Spans) -> bool:
    at, end = design.partition(partition).range.start, design.partition(partition).range.end
    for low, high in sorted(spans):
        at = max(at, high) if low <= at else at
    return at >= end


def _locks_work(design: Design) -> bool:
    """Whether every lock of the boot stages can be set, so that each boot gets past them."""
    steps = [step for stage in design.stages for step in stage.steps if isinstance(step, Protect)]
    counted = any(step.counts_entries for step in steps)
    return not counted and all(lockable(design, step) for step in steps) and enough_entries(design, steps)
