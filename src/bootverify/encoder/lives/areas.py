"""Areas drawn for the application, concluded: which write to a region's register counts, the first that locks it."""

from collections.abc import Iterator

from bootverify.design.attacker import Attacker
from bootverify.design.boot import Program, Protect, SetUpTrustZone
from bootverify.design.design import Design
from bootverify.design.memory import MemoryKind, Partition
from bootverify.design.protection import Attribution, Lock, UnitKind
from bootverify.encoder.lives.foe import foe
from bootverify.encoder.lives.updates import enough_entries, lockable
from bootverify.machine.judgement import Judgement, broken, kept, untold

# The one data area that TF-M's set-up knows by name, and what the SDK's maps put inside it (target_cfg_53_91.c): any
# other stays secure.
KNOWN_AREAS = frozenset(
    {"nonsecure_storage", "settings_storage", "littlefs_storage", "nvs_storage", "storage_partition"}
)
CLOSED, CODE, DATA = "closed", "code", "data"


def area_works(design: Design, area: Partition, attacker: Attacker) -> Judgement:
    """Works iff the first locking write to each region under it opens it, with execution for code."""
    if foe(design, attacker) not in {"operator-error", "app-code-ns", "remote-ota"}:
        return untold(f"what {attacker.name} does to the area", area.source)
    if not design.has_tfm:
        return _in_one_world(design, area)
    guard = design.soc.guard
    if area.attribution is not Attribution.NON_SECURE or area.memory not in {MemoryKind.INTERNAL, MemoryKind.EXTERNAL}:
        return untold("who opens the area", area.source)
    if any(stage.program is Program.SPM for stage in design.stages):
        return untold("what SPM leaves to the area", area.source)
    if area.memory is MemoryKind.EXTERNAL:  # "QSPI non-secure by default" (soc.md 6); the rules of the cards
        return kept("external memory answers whoever drives its bus", area.source)
    if design.soc.attribution is not None:
        return _above_start(design, area)
    if guard.kind is not UnitKind.SPU:
        return untold("who opens the area", area.source)
    if not _reaches_application(design):
        return untold("whether the application runs at all", area.source)
    code = any(stage.code == area.name for stage in design.stages)
    slot = any(area.name == image.staging for image in design.images)
    if not code and not slot and area.name not in KNOWN_AREAS:
        if "storage" in area.name or area.members:
            return untold(f"whether TF-M knows the area {area.name}", area.source)
        return broken("TF-M leaves what it does not recognise in the secure state", source=area.source)
    for region in range(area.range.start // guard.granule, -(-area.range.end // guard.granule)):
        start = region * guard.granule
        first = _first(design, start)
        if first == CLOSED or (code and first == DATA):
            return broken(f"the region at {start:#x} stays closed to the non-secure side", source=area.source)
    return kept("every region under it is opened before anything closes it", area.source)


def _above_start(design: Design, area: Partition) -> Judgement:
    """Works iff it lies above the start of the non-secure image, and no lock covers it (soc.md 8.2)."""
    set_up = [step for stage in design.stages for step in stage.steps if isinstance(step, SetUpTrustZone)]
    starts = [span.range.start for step in set_up for span in step.non_secure]
    protects = [step for stage in design.stages for step in stage.steps if isinstance(step, Protect)]
    if not starts or not all(lockable(design, step) for step in protects) or not enough_entries(design, protects):
        return untold("whether the application runs at all", area.source)
    if any(step.debug_build for step in set_up) or any(
        span.range.overlaps(area.range) for step in protects for span in step.spans
    ):
        return untold("what a lock, or a stop of TF-M, leaves of it", area.source)
    if area.range.start < min(starts):
        return broken("TF-M opens what lies above the start of the non-secure image alone", source=area.source)
    return kept("it lies above the start of the non-secure image", area.source)


def secure_side_closed(design: Design) -> bool | None:
    """Whether no region that something drawn secure touches is opened first; None where that is not judged."""
    guard = design.soc.guard
    if guard.kind is not UnitKind.SPU or not _reaches_application(design):
        return None
    secure = [
        part.range
        for part in design.partitions
        if part.attribution is Attribution.SECURE and part.memory is MemoryKind.INTERNAL
    ]
    touched = {
        region for area in secure for region in range(area.start // guard.granule, -(-area.end // guard.granule))
    }
    return all(_first(design, region * guard.granule) == CLOSED for region in touched)


def _in_one_world(design: Design, area: Partition) -> Judgement:
    """Works iff no lock of this boot touches it; locks that cannot be set stop the boot."""
    steps = [step for stage in design.stages for step in stage.steps if isinstance(step, Protect)]
    if area.memory is not MemoryKind.INTERNAL or not (
        all(lockable(design, step) for step in steps) and enough_entries(design, steps)
    ):
        return untold("whether the application runs at all", area.source)
    region = design.lifecycle.boot_region
    spans = [span for step in steps if step.lock is Lock.UNTIL_RESET for span in step.spans]
    if lock := next((span for span in spans if span.range.overlaps(area.range)), None):
        return broken(f"the lock over {lock.range} covers data of the application", source=lock.source)
    if region is not None and region.overlaps(area.range):
        return broken(f"the boot region {region} covers data of the application", source=design.lifecycle.source)
    return kept("every lock leaves it alone", area.source)


def _reaches_application(design: Design) -> bool:
    """Whether every lock of the boot stages can be set whole, and TF-M goes on where one is there already."""
    granule = design.soc.guard.granule
    steps = [step for stage in design.stages for step in stage.steps]
    protects = [step for step in steps if isinstance(step, Protect)]
    ends = (end for step in protects for span in step.spans for end in (span.range.start, span.range.end))
    stops = any(isinstance(step, SetUpTrustZone) and step.debug_build for step in steps)
    whole = not any(end % granule for end in ends)
    return whole and not stops and all(step.lock is Lock.UNTIL_RESET for step in protects)


def _first(design: Design, start: int) -> str:
    """What the first write that locks the region at `start` sets it to."""
    end = start + design.soc.guard.granule
    return next((kind for low, high, kind in _writes(design) if low < end and start < high), CLOSED)


def _writes(design: Design) -> Iterator[tuple[int, int, str]]:
    """The spans that are locked, in the order of the boot, and what they are set to."""
    for stage in design.stages:
        for step in stage.steps:
            match step:
                case Protect():
                    yield from ((span.range.start, span.range.end, CLOSED) for span in step.spans)
                case SetUpTrustZone():
                    if step.locks_first:
                        yield step.secure_code.range.start, step.secure_code.range.end, CLOSED
                    yield from ((span.range.start, span.range.end, CODE) for span in step.non_secure)
                    yield from ((span.range.start, span.range.end, DATA) for span in step.non_secure_data)
                case _:
                    continue
