"""The steps that change nothing but the mark: handing over, beginning."""

from bootverify.design.boot import Stage
from bootverify.encoder.frame import Frame
from bootverify.encoder.knowledge import carries
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.terms import and_, member, or_, true


def goes_on(frame: Frame, stage: Stage, goes: str) -> list[Outcome]:
    """`launch` and `begin`: the mark changes, and a release copies the keys that it brings into the KMU."""
    updates = {}
    for key in frame.design.keys:
        held = frame.delivered.get(key.name)
        carriers = [name for name in carries(frame, key, stage.image) if held is not None]
        if held is not None and carriers:
            parts = frame.cells.of_stage(stage) if len(frame.design.stages_of(stage.image)) > 1 else ()
            whole = [member(frame.content(part), carriers) for part in parts]
            updates[held] = or_(held, and_(member(frame.taken(stage.image), carriers), *whole))
    return [Outcome(name="done", guard=true(), goes=goes, updates=updates)]
