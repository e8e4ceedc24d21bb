"""The steps that change nothing but the mark: handing over, beginning."""

from bootverify.design.boot import Program, Stage
from bootverify.encoder.knowledge import carries
from bootverify.encoder.logic.terms import Term, and_, member, or_, true
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.variables.frame import Frame


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
    return [Outcome(name="done", guard=true(), goes=goes, updates={**updates, **_of_network(frame, stage)})]


def _of_network(frame: Frame, stage: Stage) -> dict[Term, Term]:
    """MCUboot that feeds the network core closes the command block before it hands over; the application lets it go."""
    core = frame.second
    if core is None:
        return {}
    if stage.program is Program.APPLICATION:
        return core.begun
    closes = stage.name == core.fed.stage.name and core.application.transfer_locked
    return {core.closed: true()} if closes else {}
