"""TF-M's attribution of memory: SPU regions (soc.md 8.1), or one MPC override (soc.md 8.2); and that of SPM."""

from dataclasses import replace

from bootverify.design.boot import Program, SetUpTrustZone
from bootverify.design.protection import UnitKind
from bootverify.encoder.logic.terms import Term, not_, or_, true
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.stages.protect import programmed
from bootverify.encoder.units import mpc, spu
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED


def set_up_trustzone(frame: Frame, step: SetUpTrustZone, goes: str) -> list[Outcome]:
    """What is locked stays; what is opened stays open until reset."""
    if step.by is Program.SPM:
        return [_by_spm(frame, step, goes)]
    if frame.cells.kind is UnitKind.SPU:
        done = _by_spu(frame, step, goes)
        return _by_debug_build(frame, step, done) if step.debug_build else [done]
    if frame.design.soc.attribution is None:
        raise NotModelled(f"TF-M on {frame.design.soc.name}, which has no TrustZone")
    return [_by_mpc(frame, step, goes)]


def _by_debug_build(frame: Frame, step: SetUpTrustZone, done: Outcome) -> list[Outcome]:
    """The vendor's access layer asserts before each write that the register is not locked (soc.md 2.1).

    What is set before it stops is left as it was: no code runs after it, and a reset clears it.
    """
    if frame.debugs:
        raise NotModelled("what a probe finds where a debug build of TF-M has stopped")
    cells = frame.cells
    boot = cells.boot_regions()
    locking: set[int] = set()
    again = False
    for span in (*([step.secure_code] if step.locks_first else []), *step.non_secure, *step.non_secure_data):
        regions = set(cells.regions(span.range.start, span.range.end))
        again = again or bool(regions & locking)
        locking |= regions
    written = locking | {i for i in range(cells.count) if i not in boot}
    stops = true() if again else or_(*(region.locked for region in frame.regions_of(sorted(written))))
    halted = Outcome(name="assertion", guard=stops, goes=HALTED)
    return [replace(done, guard=not_(stops)), halted]


def _by_spu(frame: Frame, step: SetUpTrustZone, goes: str) -> Outcome:
    cells = frame.cells
    boot = cells.boot_regions()
    writes: dict[int, list[spu.Setting]] = {
        i: [(True, True, True, True, False)] for i in range(cells.count) if i not in boot
    }
    passes = [
        ((step.secure_code,) if step.locks_first else (), (True, True, False, True, True)),
        (step.non_secure, (False, True, True, True, True)),
        (step.non_secure_data, (False, True, True, False, True)),
    ]
    for spans, setting in passes:
        for span in spans:
            for i in cells.regions(span.range.start, span.range.end):
                writes.setdefault(i, []).append(setting)
    return Outcome(name="done", guard=true(), goes=goes, updates=programmed(frame, writes))


def _by_spm(frame: Frame, step: SetUpTrustZone, goes: str) -> Outcome:
    """SPM writes each region once, from the border upward as non-secure (nRF Connect SDK 1.5, subsys/spm/spm.c)."""
    cells = frame.cells
    if cells.kind is not UnitKind.SPU:
        raise NotModelled(f"SPM on {frame.design.soc.name}, which has no SPU")
    above = set(cells.regions(*cells.opened(step)))
    writes = {i: [(i not in above, True, True, True, True)] for i in range(cells.count)}
    return Outcome(name="done", guard=true(), goes=goes, updates=programmed(frame, writes))


def _by_mpc(frame: Frame, step: SetUpTrustZone, goes: str) -> Outcome:
    """One override from the block of the first non-secure byte up to the UICR; a secure boot region stays secure.

    "The HAL asserts that both are multiples of 4096, release builds write the value as it is" (soc.md 2.5).
    """
    unit = frame.design.soc.attribution
    starts = [span.range.start for span in step.non_secure]
    ragged = unit is not None and bool(starts) and min(starts) % unit.granule != 0
    if step.debug_build and ragged:
        return Outcome(name="assertion", guard=true(), goes=HALTED)  # before anything is opened
    updates: dict[Term, Term] = {}
    for region in frame.regions_of(frame.cells.regions(*frame.cells.opened(step))):
        if region.members[0] not in frame.cells.boot_cells:
            updates |= mpc.opened(region)
    return Outcome(name="done", guard=true(), goes=goes, updates=updates)
