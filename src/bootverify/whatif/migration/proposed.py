"""A document that draws two maps, the one in the field and the one of the next release: the design of that release."""

from dataclasses import replace

from bootverify.design.boot import SetUpTrustZone, Stage, Step
from bootverify.design.design import Design
from bootverify.design.memory import Partition
from bootverify.design.openpoint import MAP_CONFLICT, OpenPoint
from bootverify.design.protection import Span
from bootverify.errors import InputError
from bootverify.ranges import AddressRange
from bootverify.sources.resolve_map import contradiction


def split(design: Design) -> tuple[Design, Design]:
    """The design in the field and the proposed one.

    Raises:
        InputError: no map is proposed, or it lacks a partition of the chain.
    """
    file = design.files[0].file if design.files else design.name
    if not design.proposed:
        raise InputError.at(file, 0, "no map is proposed in it; name the deployed design and the new one")
    field = replace(design, proposed=())
    return field, _next(field, {part.name: part for part in design.proposed}, file)


def _next(field: Design, new: dict[str, Partition], file: str) -> Design:
    partitions = dict(new)
    for part in field.partitions:
        if part.members and part.name not in partitions:
            partitions[part.name] = _span(part, partitions, file)
    used = {slot for image in field.images for slot in (*image.slots, *([image.staging] if image.staging else []))}
    used |= {stage.code for stage in field.stages if stage.code}
    for name in sorted(used - set(partitions)):
        raise InputError.at(file, 0, f"the proposed map lacks `{name}`, which the chain uses; add it")
    conflict = contradiction(partitions, used, field.soc)
    points = tuple(point for point in field.open_points if point.name != MAP_CONFLICT)
    if conflict:
        text = f"the proposed map contradicts itself: {conflict}"
        points = (*points, OpenPoint(name=MAP_CONFLICT, statement=text))
    moved = {part.range: partitions[part.name].range for part in field.partitions if part.name in partitions}
    return replace(
        field,
        name=f"{field.name} (proposed)",
        partitions=tuple(partitions.values()),
        open_points=points,
        stages=tuple(_stage(field, stage, moved) for stage in field.stages),
    )


def _span(part: Partition, new: dict[str, Partition], file: str) -> Partition:
    members = [new[name] for name in part.members if name in new]
    if len(members) < len(part.members):
        missing = next(name for name in part.members if name not in new)
        raise InputError.at(file, part.source.line, f"the proposed map lacks `{missing}`, a part of `{part.name}`")
    hull = AddressRange(min(each.range.start for each in members), max(each.range.end for each in members))
    return replace(part, range=hull, memory=members[0].memory, source=members[0].source)


def _stage(field: Design, stage: Stage, moved: dict[AddressRange, AddressRange]) -> Stage:
    """What an image that is updated attributes follows the map; what is locked is as the document lists it."""
    if not field.image(stage.image).updatable:
        return stage
    return replace(stage, steps=tuple(_step(step, moved) for step in stage.steps))


def _step(step: Step, moved: dict[AddressRange, AddressRange]) -> Step:
    if not isinstance(step, SetUpTrustZone):
        return step

    def follow(span: Span) -> Span:
        return replace(span, range=moved.get(span.range, span.range))

    return replace(
        step,
        secure_code=follow(step.secure_code),
        non_secure=tuple(map(follow, step.non_secure)),
        non_secure_data=tuple(map(follow, step.non_secure_data)),
    )
