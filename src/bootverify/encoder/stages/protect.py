"""The step `protect`: fprotect of the vendor's library, one function a unit (soc.md 3)."""

from bootverify.design.boot import Program, Protect
from bootverify.design.protection import Access, Lock, Span, UnitKind
from bootverify.encoder.logic.terms import Term, and_, const, eq, ite, member, not_, or_, true
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.units import acl, bprot, rramc, spu
from bootverify.encoder.variables.cells import NotModelled
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED


def protect(frame: Frame, step: Protect, goes: str) -> list[Outcome]:
    """Each span in order; one that is refused stops the stage, and what was set before stays."""
    kind = frame.cells.kind
    if kind is not UnitKind.SPU and step.lock is not Lock.UNTIL_RESET:
        raise NotModelled(f"a lock by {kind.value} that does not last until reset")
    match kind:
        case UnitKind.SPU:
            return [_by_spu(frame, step, goes)]
        case UnitKind.ACL if step.counts_entries:
            return [_by_counted_acl(frame, step, goes)]
        case UnitKind.ACL:
            return _by_acl(frame, step, goes)
        case UnitKind.BPROT:
            return [_by_bprot(frame, step, goes)]
        case UnitKind.RRAMC:
            return _by_rramc(frame, step, goes)


def _by_spu(frame: Frame, step: Protect, goes: str) -> Outcome:
    writes: dict[int, list[spu.Setting]] = {}
    for span in step.spans:
        start, end = span.range.start, span.range.end
        if not frame.cells.aligned(start, end):
            goes = HALTED
            break
        for i in frame.cells.regions(start, end):
            writes.setdefault(i, []).append((True, True, False, True, step.lock is Lock.UNTIL_RESET))
    return Outcome(name="done", guard=true(), goes=goes, updates=programmed(frame, writes))


def _by_acl(frame: Frame, step: Protect, goes: str) -> list[Outcome]:
    """Every span takes an entry; the library looks for a free one before it looks at the span."""
    guard = frame.design.soc.guard
    outcomes: list[Outcome] = []
    enough: Term = true()
    updates: dict[Term, Term] = {}
    for taken, span in enumerate(step.spans):
        full, again = _full(frame, taken), ", again" * [*map(_shown, step.spans[:taken])].count(_shown(span))
        title = f"no entry left for {_shown(span)}{again}"
        outcomes.append(_stopped(title, and_(enough, full), frame, updates, taken))
        enough = not_(or_(*(_full(frame, less) for less in range(taken + 1))))
        if not acl.accepts(span.range.start, span.range.end, page=guard.granule, largest=guard.largest):
            outcomes.append(_stopped(f"{_shown(span)} refused", enough, frame, updates, taken))
            return outcomes
        for region in frame.regions_of(frame.cells.regions(span.range.start, span.range.end)):
            updates = {**updates, **acl.denied(region, step.deny)}
    done = {**updates, **_counted(frame, len(step.spans))}
    return [*outcomes, Outcome(name="done", guard=enough, goes=goes, updates=done)]


def _by_counted_acl(frame: Frame, step: Protect, goes: str) -> Outcome:
    """The library of before 2021-06: a stage counts its own entries from 0, and what is in use ignores the write.

    Nobody reads back what the unit made of it. Entries fill from 0 on, so one number tells which are in use.
    """
    assert frame.entries is not None
    guard, values = frame.design.soc.guard, frame.entries.sort.values
    stage = next(stage for stage in frame.design.stages if any(each is step for each in stage.steps))
    before = stage.steps[: next(i for i, each in enumerate(stage.steps) if each is step)]
    number = sum(len(each.spans) for each in before if isinstance(each, Protect))
    updates: dict[Term, Term] = {}
    used: Term = frame.entries
    for span in step.spans:
        start, end = span.range.start, span.range.end
        if number >= guard.entries or not acl.accepts(start, end, page=guard.granule, largest=guard.largest):
            goes = HALTED
            break
        free = member(frame.entries, values[: number + 1])
        for region in frame.regions_of(frame.cells.regions(start, end)):
            for field, denied in acl.denied(region, step.deny).items():
                updates[field] = and_(updates.get(field, field), or_(not_(free), denied))
        used = ite(free, const(frame.entries.sort, values[number + 1]), used)
        number += 1
    return Outcome(name="done", guard=true(), goes=goes, updates={**updates, frame.entries: used})


def _by_bprot(frame: Frame, step: Protect, goes: str) -> Outcome:
    cells, updates = frame.cells, dict[Term, Term]()
    for span in step.spans:
        start, end = span.range.start, span.range.end
        if not bprot.accepts(start, end, block=cells.granule, memory=(cells.base, cells.end)):
            goes = HALTED
            break
        for region in frame.regions_of(cells.regions(start, end)):
            updates |= bprot.denied(region)
    return Outcome(name="done", guard=true(), goes=goes, updates=updates)


def _by_rramc(frame: Frame, step: Protect, goes: str) -> list[Outcome]:
    """One span a boot: region 4 is free, then it is not; the boot region may hold region 3 already."""
    if Access.READ in step.deny:
        return [_all_of_itself(frame, step, goes)]
    guard = frame.design.soc.guard
    first, *more = step.spans
    assert guard.largest is not None
    needed = rramc.regions_needed(first.range.start, first.range.end, largest=guard.largest)
    full = _full(frame, 0)
    refused = needed is None
    outcomes = [Outcome(name="no region left", guard=full, goes=HALTED)] if not refused else []
    if needed == 2 and frame.design.lifecycle.boot_region is not None:
        stays = frame.erased_all  # after an erase-all UICR names no boot region
        outcomes.append(Outcome(name="region 3 is taken", guard=not_(stays), goes=HALTED))
        full = or_(full, not_(stays))
    if refused:
        return [Outcome(name=f"{_shown(first)} refused", guard=true(), goes=HALTED)]
    updates: dict[Term, Term] = {}
    for region in frame.regions_of(frame.cells.regions(first.range.start, first.range.end)):
        updates |= rramc.denied(region)
    updates |= _counted(frame, 1)
    outcomes.append(Outcome(name="done", guard=not_(full), goes=HALTED if more else goes, updates=updates))
    return outcomes


def _all_of_itself(frame: Frame, step: Protect, goes: str) -> Outcome:
    """A stage takes all access from its own region at hand-over: NSIB from region 3, MCUboot from region 4 (soc.md 3).

    A region that has a size keeps it: NSIB's is then the boot region, whatever the span.
    """
    design = frame.design
    stage = next(stage for stage in design.stages if step in stage.steps)
    span, updates = step.spans[0].range, dict[Term, Term]()
    start, end = span.start, span.end
    if stage.program is Program.NSIB:
        start = design.soc.flash.start
        end = start + span.size
        area = design.lifecycle.boot_region
        if area is not None:
            start, end = area.start, area.end
    else:
        others = [each for other in design.stages for each in other.steps if isinstance(each, Protect) and each != step]
        if any(Access.READ not in each.deny for each in others):
            raise NotModelled(f"`{stage.name}` closes region 4, which another step may hold already")
        updates = _counted(frame, 1)
    for region in frame.regions_of(frame.cells.regions(start, end)):
        updates |= rramc.closed(region)
    return Outcome(name="done", guard=true(), goes=goes, updates=updates)


def _full(frame: Frame, taken: int) -> Term:
    """No entry is free once `taken` more are in use."""
    assert frame.entries is not None
    values = frame.entries.sort.values
    return eq(frame.entries, values[len(values) - 1 - taken]) if taken < len(values) else true()


def _counted(frame: Frame, more: int) -> dict[Term, Term]:
    """The number of entries in use after `more` were taken."""
    assert frame.entries is not None
    values = frame.entries.sort.values
    number: Term = const(frame.entries.sort, values[-1])
    for i in range(len(values) - more):
        number = ite(eq(frame.entries, values[i]), const(frame.entries.sort, values[i + more]), number)
    return {frame.entries: number} if more else {}


def _stopped(name: str, guard: Term, frame: Frame, updates: dict[Term, Term], taken: int) -> Outcome:
    return Outcome(name=name, guard=guard, goes=HALTED, updates={**updates, **_counted(frame, taken)})


def _shown(span: Span) -> str:
    return f"[{span.range.start:#x}, {span.range.end:#x})"


def programmed(frame: Frame, writes: dict[int, list[spu.Setting]]) -> dict[Term, Term]:
    """The registers of an SPU after a sequence of writes to each."""
    updates: dict[Term, Term] = {}
    for region in frame.regions:
        # The members of a group are written alike, so the first tells for all.
        setting = spu.settled(writes.get(region.members[0], []))
        if setting is not None:
            updates.update(spu.programmed(region, setting))
    return updates
