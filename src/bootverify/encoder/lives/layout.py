"""The next map on stages in the field, concluded: equal extents for what they know, no overlap with the rest."""

from bootverify.design.attacker import Attacker
from bootverify.design.boot import ChooseSlot, Image
from bootverify.design.design import Design
from bootverify.machine.judgement import Judgement, broken, kept, untold

Extent = tuple[str, int, int]


def map_fits(design: Design, thing: Design, attacker: Attacker) -> Judgement:
    """Fits iff each thing that a fielded stage looks at has the same extent and first program, and stays its own."""
    del thing, attacker
    if not design.proposed or not design.images:
        return untold("which map is proposed")
    before = {part.name: _extent(design, part.name) for part in design.partitions}
    after = {part.name: (part.memory.value, part.range.start, part.range.end) for part in design.proposed}
    spans = {part.name for part in design.proposed if part.members}
    judged: list[Judgement] = []
    leaves = {leaf for image in design.images for slot in _unread(image) for leaf in _leaves(design, slot)}
    for name, fixed in _fixed(design).items():
        parts = sorted(_leaves(design, name), key=lambda each: before[each][1])
        if any(each not in after or each in spans for each in parts):
            return untold(f"where the parts of {name} lie in the proposed map", design.partition(name).source)
        low, high = min(after[each][1] for each in parts), max(after[each][2] for each in parts)
        memories = {after[each][0] for each in parts[:2]} | {before[each][0] for each in parts[:2]}
        heads = all(after[each][1] == before[each][1] for each in parts[:2])
        if (low, high) != before[name][1:] or not heads or len(memories) > 1:
            why = f"{name} is not where a stage in the field looks for it"
            source = design.partition(name).source
            judged.append(
                broken(why, source=source) if fixed else untold(f"whether {name} moves with its stage", source)
            )
        leaves.update(parts)
    if judged:
        return judged[0]
    apart: dict[str, int] = {}  # how far the partitions so far reach, by memory
    for name, (memory, start, end) in sorted(after.items(), key=lambda item: item[1]):
        if name not in spans and start < apart.get(memory, start):
            return broken(f"{name} begins before what lies below it ends")
        if name not in spans:
            apart[memory] = end
    for name, (memory, start, end) in after.items():
        for other in leaves:
            where, low, high = before[other]
            if name not in leaves | spans and memory == where and start < high and low < end:
                return broken(f"{name} takes room of {other}", source=design.partition(other).source)
    return kept("nothing that a fielded stage looks at has moved")


def _extent(design: Design, name: str) -> Extent:
    part = design.partition(name)
    return part.memory.value, part.range.start, part.range.end


def _leaves(design: Design, name: str) -> list[str]:
    members = design.partition(name).members
    return [leaf for member in members for leaf in _leaves(design, member)] if members else [name]


def _unread(image: Image) -> set[str]:
    """The slots of what is neither verified nor replaced; only that nothing else comes to lie there matters."""
    return set() if image.verified_by or image.updatable else {*image.slots}


def _fixed(design: Design) -> dict[str, bool]:
    """What stages look at, and whether some stage that never changes does."""
    found: dict[str, bool] = {}
    for image in design.images:
        verifier = design.stage(image.verified_by) if image.verified_by else None
        moves = image.updatable and verifier is not None and design.image(verifier.image).updatable
        for name in [each for each in (*image.slots, image.staging) if each and each not in _unread(image)]:
            found[name] = found.get(name, False) or not moves
    pages = [step.provision for stage in design.stages for step in stage.steps if isinstance(step, ChooseSlot)]
    found.update({page: True for page in pages if page})
    for part in design.partitions:
        if part.name not in found and "scratch" in part.name:
            found[part.name] = True
    return found
