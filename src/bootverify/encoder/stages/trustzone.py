"""TF-M's attribution of memory: SPU regions (soc.md 8.1), or one MPC override (soc.md 8.2)."""

from bootverify.design.boot import SetUpTrustZone
from bootverify.design.protection import UnitKind
from bootverify.encoder.cells import NotModelled
from bootverify.encoder.frame import Frame
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.stages.protect import programmed
from bootverify.encoder.terms import Term, true
from bootverify.encoder.units import mpc, spu


def set_up_trustzone(frame: Frame, step: SetUpTrustZone, goes: str) -> list[Outcome]:
    """What is locked stays; what is opened stays open until reset."""
    if frame.cells.kind is UnitKind.SPU:
        return [_by_spu(frame, step, goes)]
    if frame.design.soc.attribution is None:
        raise NotModelled(f"TF-M on {frame.design.soc.name}, which has no TrustZone")
    return [_by_mpc(frame, step, goes)]


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


def _by_mpc(frame: Frame, step: SetUpTrustZone, goes: str) -> Outcome:
    """One override from the block of the first non-secure byte up to the UICR; a secure boot region stays secure."""
    updates: dict[Term, Term] = {}
    for region in frame.regions_of(frame.cells.regions(*frame.cells.opened(step))):
        if region.members[0] not in frame.cells.boot_cells:
            updates |= mpc.opened(region)
    return Outcome(name="done", guard=true(), goes=goes, updates=updates)
