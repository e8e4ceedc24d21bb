"""Where the steps of a counterexample stand in the user's files: the line of the stage, partition, image or key."""

from bootverify.design.design import Design
from bootverify.design.source import Source
from bootverify.machine.action import Action, TakeStep


def source_of(design: Design, action: Action) -> Source | None:
    """The line that the action is about; None where the design has no word of it."""
    if isinstance(action, TakeStep):
        return _of_step(design, action)
    named = (
        (design.partitions, getattr(action, "partition", None)),
        (design.keys, getattr(action, "key", None)),
        (design.stages, getattr(action, "stage", None)),
        (design.images, getattr(action, "image", None)),
    )
    for things, name in named:
        found = next((thing.source for thing in things if name and thing.name == name), None)
        if found is not None and found.line:
            return found
    return design.lifecycle.source if type(action).__name__ == "EraseAll" else None


def _of_step(design: Design, action: TakeStep) -> Source | None:
    stage = next((each for each in design.stages if each.name == action.stage), None)
    if stage is None:
        return None
    files = {each.file for each in design.files}
    places = [stage.steps[action.step].source] if 0 <= action.step < len(stage.steps) else []
    return next((place for place in (*places, stage.source) if place.line and place.file in files), None)
