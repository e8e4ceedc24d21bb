"""The next map on stages in the field, enacted: each stage looks where it was built to look.

Rules: SEMANTICS, "What is told", map_fits.
"""

from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.design.memory import Partition
from bootverify.machine.judgement import Judgement, broken, kept, untold


def map_fits(design: Design, thing: Design, attacker: Attacker) -> Judgement:
    """Install a release linked for the proposed map on a device whose stages know the old one."""
    del thing, attacker
    if not design.proposed or not design.images:
        return untold("which map is proposed")
    new = {part.name: part for part in design.proposed}
    for image in design.images:
        for name in (*image.slots, *([image.staging] if image.staging else [])):
            for part in _plain(design, name):
                there = new.get(part.name)
                if there is None or (there.range, there.memory) != (part.range, part.memory):
                    if image.verified_by is not None and image.updatable and _known_to_updatable(design, image.name):
                        return untold(f"whether the stage that knows {part.name} is updated first", part.source)
                    where = there.range if there else "nowhere"
                    return broken(
                        f"{part.name} moves from {part.range} to {where}",
                        "stages in the field look where it was",
                        source=part.source,
                    )
    knowing = [
        part
        for image in design.images
        for name in (*image.slots, *([image.staging] if image.staging else []))
        for part in _plain(design, name)
    ]
    known = {part.name for part in knowing}
    for part in design.proposed:
        for old in knowing:
            if part.name not in known and part.memory is old.memory and part.range.overlaps(old.range):
                return broken(f"{part.name} is laid over {old.name}, which stages in the field use", source=part.source)
    return kept("every partition that a stage in the field knows stays where it is")


def _plain(design: Design, name: str) -> list[Partition]:
    part = design.partition(name)
    return [each for member in part.members for each in _plain(design, member)] or [part]


def _known_to_updatable(design: Design, image: str) -> bool:
    """Whether the only stage that looks there is one whose updates can bring the new map."""
    verifier = design.image(image).verified_by
    return verifier is not None and design.image(design.stage(verifier).image).updatable
