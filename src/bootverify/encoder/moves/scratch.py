"""MCUboot's scratch area in the reach of the attacker: what he writes there, and what he may read.

Swap using scratch keeps its record of progress there (swap_scratch.c, boot_status_tables), so whoever writes it has a
swap go on that nobody began, with sectors of his own; `stages.meddled` says what may come of it. What passes through
stays there until the next swap, in clear where updates are opened as they are copied.
"""

from collections.abc import Container, Iterable, Iterator

from bootverify.design.keys import InImage
from bootverify.design.protection import Access
from bootverify.encoder.logic.terms import Term, and_, false, not_, or_, true
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.move import Move, move
from bootverify.encoder.moves.reading import Sight, pieced, readings
from bootverify.encoder.variables.cells import NotModelled, Store
from bootverify.encoder.variables.frame import Frame
from bootverify.machine.action import Overwrite
from bootverify.machine.content import Crafted


def scratch(frame: Frame, reach: Reach) -> Iterator[Move]:
    """He writes to it, and reads there what images carry.

    Raises:
        NotModelled: it lies outside, and he writes there in the middle of a step.
    """
    for name, spoiled in frame.spoiled.items():
        extent = frame.cells.whole(name)
        if not extent.guarded and Access.WRITE in frame.clip:
            raise NotModelled("what somebody who writes the external chip makes of a scratch area there")
        guard = and_(not_(spoiled), reach.some(extent, Access.WRITE, reach.anyone))
        yield move(f"overwrite {name}", guard, {spoiled: true()}, Overwrite(partition=name, content=Crafted()))
        images = {image for image, (_, step) in frame.installs.items() if step.scratch == name}
        parts = [store for store in frame.cells.stores.values() if store.image in images]
        for title, by, action in readings(reach, name):
            shown = reach.some(extent, Access.READ, by)
            updates = {known: or_(known, shown) for known in _passing(frame, images)}
            if updates:
                yield move(title, shown, updates, action, vague=True)
            yield from pieced(frame, title, list(_passed(frame, parts, shown)), {}, action)


def _passed(frame: Frame, parts: Iterable[Store], shown: Term) -> Iterator[Sight]:
    """What may have passed through of each release of `parts`, while the area is `shown` to him."""
    for part in parts:
        for release, clear in frame.clear_in(part).items():
            some = frame.shown[part.name]
            yield Sight(release=release, clear=clear, shown=some, whole=false(), code=false(), some=shown)


def _passing(frame: Frame, images: Container[str]) -> Iterator[Term]:
    """Whether he knows each key that may have passed through in one of `images`."""
    for key, known in frame.knowledge.items():
        if any(place.image in images for place in frame.design.key(key).placements if isinstance(place, InImage)):
            yield known
