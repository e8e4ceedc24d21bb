"""The steps that every boot program has: protecting flash, handing over, beginning."""

from bootverify.design.boot import Protect, SetUpTrustZone
from bootverify.design.protection import Lock
from bootverify.encoder.frame import HALTED, Frame
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.terms import Term, true
from bootverify.encoder.units import spu


def goes_on(goes: str) -> list[Outcome]:
    """`launch` and `begin`: nothing but the mark changes."""
    return [Outcome(name="done", guard=true(), goes=goes)]


def protect(frame: Frame, step: Protect, goes: str) -> list[Outcome]:
    """Each span in order (fprotect, soc.md 3); a misaligned one stops the stage."""
    writes: dict[int, list[spu.Setting]] = {}
    for span in step.spans:
        start, end = span.range.start, span.range.end
        if not frame.cells.aligned(start, end):
            goes = HALTED
            break
        for i in frame.cells.regions(start, end):
            writes.setdefault(i, []).append((True, True, False, True, step.lock is Lock.UNTIL_RESET))
    return [Outcome(name="done", guard=true(), goes=goes, updates=_programmed(frame, writes))]


def set_up_trustzone(frame: Frame, step: SetUpTrustZone, goes: str) -> list[Outcome]:
    """TF-M's attribution of flash, in the order of soc.md 8.1; what is locked stays."""
    cells = frame.cells
    boot = cells.boot_regions()
    writes: dict[int, list[spu.Setting]] = {
        i: [(True, True, True, True, False)] for i in range(cells.count) if i not in boot
    }
    passes = [
        ((step.secure_code,) if step.locks_code else (), (True, True, False, True, True)),
        (step.non_secure, (False, True, True, True, True)),
        (step.non_secure_data, (False, True, True, False, True)),
    ]
    for spans, setting in passes:
        for span in spans:
            for i in cells.regions(span.range.start, span.range.end):
                writes.setdefault(i, []).append(setting)
    return [Outcome(name="done", guard=true(), goes=goes, updates=_programmed(frame, writes))]


def _programmed(frame: Frame, writes: dict[int, list[spu.Setting]]) -> dict[Term, Term]:
    updates: dict[Term, Term] = {}
    for region in frame.regions:
        # The members of a group are written alike, so the first tells for all.
        setting = spu.settled(writes.get(region.members[0], []))
        if setting is not None:
            updates.update(spu.programmed(region, setting))
    return updates
