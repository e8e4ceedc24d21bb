"""The next map on stages in the field, concluded: equal ranges for what they know, no overlap with the rest."""

from bootverify.design.attacker import Attacker
from bootverify.design.design import Design
from bootverify.machine.judgement import Judgement, broken, kept, untold

Extent = tuple[str, int, int]


def map_fits(design: Design, thing: Design, attacker: Attacker) -> Judgement:
    """Fits iff each partition that a fielded stage looks at has the same extent in both maps, and stays its own."""
    del thing, attacker
    if not design.proposed or not design.images:
        return untold("which map is proposed")
    after = {part.name: (part.memory.value, part.range.start, part.range.end) for part in design.proposed}
    fixed, movable = _looked_at(design)
    moved = [name for name, extent in fixed.items() if after.get(name) != extent]
    if any(after.get(name) != extent for name, extent in movable.items()):
        return untold("whether the stage that looks there is updated first")
    if moved:
        return broken(
            f"{moved[0]} is not where an immutable stage looks for it", source=design.partition(moved[0]).source
        )
    known = {**fixed, **movable}
    for name, (memory, start, end) in after.items():
        for other, (where, low, high) in known.items():
            if name not in known and memory == where and start < high and low < end:
                return broken(f"{name} takes room of {other}", source=design.partition(other).source)
    return kept("nothing that a fielded stage looks at has moved")


def _looked_at(design: Design) -> tuple[dict[str, Extent], dict[str, Extent]]:
    """Plain partitions under the slots: of stages that never change, and of those that an update may bring along."""
    fixed: dict[str, Extent] = {}
    movable: dict[str, Extent] = {}
    for image in design.images:
        verifier = design.stage(image.verified_by) if image.verified_by else None
        brings = image.updatable and verifier is not None and design.image(verifier.image).updatable
        names = [*image.slots, *([image.staging] if image.staging else [])]
        while names:
            part = design.partition(names.pop())
            if part.members:
                names += part.members
                continue
            target = movable if brings else fixed
            target[part.name] = (part.memory.value, part.range.start, part.range.end)
    return fixed, {name: extent for name, extent in movable.items() if name not in fixed}
