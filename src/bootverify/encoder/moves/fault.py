"""A stage of which nothing is left: the CPU faults where it is to fetch it."""

from collections.abc import Iterator

from bootverify.design.boot import Stage
from bootverify.encoder.logic.terms import Term, and_, eq, false, not_
from bootverify.encoder.moves.move import Move, move
from bootverify.encoder.variables.contents import ERASED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED, NO_SLOT
from bootverify.machine.action import TakeStep


def fault(frame: Frame) -> Iterator[Move]:
    """A stage whose store is erased cannot take its step: the device halts."""
    for stage in frame.design.stages:
        gone = nothing_lies(frame, stage)
        for i, mark in enumerate(frame.marks[stage.name]):
            guard = and_(frame.at_mark(mark), gone)
            updates = {frame.at: frame.go(HALTED)}
            step = TakeStep(stage=stage.name, step=i)
            yield move(f"{mark}: fault", guard, updates, step, undisturbed=True)


def nothing_lies(frame: Frame, stage: Stage) -> Term:
    """What the CPU is to fetch of `stage` is erased."""
    active, several = frame.active.get(stage.image), len(frame.cells.of_stage(stage)) > 1
    held = frame.taken(stage.image) if several else frame.content(frame.cells.of_stage(stage)[0])
    unchosen = eq(active, NO_SLOT) if active is not None else false()
    return and_(eq(held, ERASED), not_(unchosen))
