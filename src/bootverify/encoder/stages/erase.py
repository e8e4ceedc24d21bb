"""What is left where a staged image is erased: of its request, and of all of it when power goes meanwhile."""

from collections.abc import Mapping

from bootverify.encoder.logic.terms import Sort, Term, and_, eq, ite, member, or_
from bootverify.encoder.moves.move import choice
from bootverify.encoder.stages.outcome import Outcome
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame

# The request once that of the staging slot is gone: what is to be reverted shows again, even where only hostile code
# can have asked for that (overwriting obeys such a request too: recorded).
SHOWS = ("none", "revert")
LEFT = Sort("Left", ("kept", "partial", "erased"))  # what an erase that was cut leaves of a staged image


def cut_erase(
    frame: Frame, image: str, at: tuple[str, str], guard: Term, before: Mapping[Term, Term] | None = None
) -> Outcome:
    """Power goes while what is staged for `image` is erased: any of it may be left, the request too.

    `at` is the step's mark and the name of the outcome; `before` is what the step had done by then.
    """
    mark, name = at
    left = choice(f"{mark}: {name}", "left", LEFT)
    asks = choice(f"{mark}: {name}", "request left", REQUEST)
    _, staging = frame.pair(image)
    assert staging is not None
    content, request = frame.content(staging), frame.requests[image]
    remains = ite(eq(left, "partial"), frame.is_content(CRAFTED), frame.is_content(ERASED))
    updates = {**(before or {}), content: ite(eq(left, "kept"), content, remains), request: asks}
    if image in frame.unshifted:
        updates[frame.unshifted[image]] = and_(frame.unshifted[image], eq(left, "kept"))
    if image in frame.bare:
        _, staged = frame.bare[image]
        updates[staged] = and_(staged, eq(left, "kept"))
    guard = and_(guard, or_(eq(asks, request), member(asks, SHOWS)))
    return Outcome(name=name, guard=guard, updates=updates, inputs=(left, asks), cut=True)
