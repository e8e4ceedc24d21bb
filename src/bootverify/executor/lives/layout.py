"""The next map on stages in the field, enacted: each stage looks where it was built to look.

Rules: SEMANTICS, "What is told", map_fits.
"""

from bootverify.design.attacker import Attacker
from bootverify.design.boot import ChooseSlot, Image
from bootverify.design.design import Design
from bootverify.design.memory import Partition
from bootverify.machine.judgement import Judgement, broken, kept, untold
from bootverify.ranges import AddressRange


def map_fits(design: Design, thing: Design, attacker: Attacker) -> Judgement:
    """Install a release linked for the proposed map on a device whose stages know the old one."""
    del thing, attacker
    if not design.proposed or not design.images:
        return untold("which map is proposed")
    new = {part.name: part for part in design.proposed}
    looked_at = [
        part for image in design.images if _stays(image) for slot in image.slots for part in _plain(design, slot)
    ]
    for name, movable in _looked_at(design).items():
        old = design.partition(name)
        plain = _plain(design, name)
        if any(part.name not in new or new[part.name].members for part in plain):
            return untold(f"where the parts of {name} lie in the proposed map", old.source)
        there = [new[part.name] for part in plain]
        span = AddressRange(min(part.range.start for part in there), max(part.range.end for part in there))
        # What a stage copies and starts is the whole and its first program; borders behind that are the image's own.
        first = [(each.range.start, each.memory) for each in (*plain[:2], *there[:2])]
        same_start = first[: len(plain[:2])] == first[len(plain[:2]) :]
        if span != old.range or not same_start:
            if movable:
                return untold(f"whether the stage that knows {name} is updated first", old.source)
            return broken(
                f"{name} moves from {old.range} to {span}", "stages in the field look where it was", source=old.source
            )
        looked_at += plain
    return _room(design, looked_at)


def _room(design: Design, looked_at: list[Partition]) -> Judgement:
    known = {part.name for part in looked_at}
    plain = sorted((part for part in design.proposed if not part.members), key=lambda part: part.range)
    for i, part in enumerate(plain):
        for other in plain[i + 1 :]:
            if part.memory is other.memory and part.range.overlaps(other.range):
                return broken(f"{other.name} is laid over {part.name}", "both cannot lie there", source=other.source)
    for part in design.proposed:
        for old in looked_at:
            apart = part.name in known or part.members or part.memory is not old.memory
            if not apart and part.range.overlaps(old.range):
                return broken(f"{part.name} is laid over {old.name}", "stages in the field use it", source=old.source)
    return kept("every slot that a stage in the field knows stays where it is")


def _looked_at(design: Design) -> dict[str, bool]:
    """The partitions that stages in the field look at; True where only a stage that can be updated does."""
    found: dict[str, bool] = {}
    for image in design.images:
        movable = image.verified_by is not None and image.updatable and _brings(design, image.verified_by)
        for name in () if _stays(image) else (*image.slots, *([image.staging] if image.staging else [])):
            found[name] = found.get(name, True) and movable
    for stage in design.stages:
        for step in stage.steps:
            if isinstance(step, ChooseSlot) and step.provision:
                found[step.provision] = False
    for part in design.partitions:
        if "scratch" in part.name:
            found.setdefault(part.name, False)
    return found


def _stays(image: Image) -> bool:
    """Whether it lies where reset starts it and is never written again: no stage reads how large its partition is."""
    return image.verified_by is None and not image.updatable


def _brings(design: Design, stage: str) -> bool:
    return design.image(design.stage(stage).image).updatable


def _plain(design: Design, name: str) -> list[Partition]:
    """The partitions that `name` consists of, by address."""
    part = design.partition(name)
    plain = [each for member in part.members for each in _plain(design, member)] or [part]
    return sorted(plain, key=lambda each: each.range)
