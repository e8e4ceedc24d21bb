"""What happens to slots that MCUboot starts images from in place: updates arrive there, trailers are rewritten."""

from collections.abc import Iterator

from bootverify.design.attacker import Capability
from bootverify.design.boot import Image
from bootverify.design.protection import Access
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, member, not_, or_
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.environment import delivers
from bootverify.encoder.moves.move import Choices, Move, choice, chosen, move
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.machine.action import Action, Confirm, ForgeTrailer, Request


def in_place(frame: Frame, reach: Reach) -> Iterator[Move]:
    """The moves of update client, application and attacker; none where nothing starts in place."""
    for name in frame.in_place:
        image = frame.design.image(name)
        for slot in image.slots:
            if image.updatable:
                yield _deliver(frame, image, slot)
            if slot in frame.standings:
                yield _confirm(frame, image, slot)
                yield from _forge(frame, reach, name, slot)


def _runs_from(frame: Frame, image: Image, slot: str) -> Term:
    return eq(frame.active[image.name], slot)


def _deliver(frame: Frame, image: Image, slot: str) -> Move:
    """The client puts an update into the slot that the running application does not come from, nor may go back to.

    With revert it refuses to erase what a boot would revert to (Zephyr's img_mgmt_state.c, img_mgmt_slot_in_use).
    """
    sends, title = frame.attacker.can(Capability.SEND_UPDATE), f"deliver to {slot}"
    content, asked = choice(title, "content", frame.content_sort), choice(title, "request", REQUEST)
    built_for = slot if slot in frame.variants(image) else ""
    sent = [name for name in frame.named(image.name, slot=None if sends else built_for) if name in frame.published]
    allowed = [and_(eq(content, name), frame.published[name]) for name in sent]
    if sends:
        allowed.append(member(content, (CRAFTED, ERASED)))
    tests = [
        and_(_runs_from(frame, image, each), not_(eq(frame.standings[each], "perm")))
        for each in image.slots
        if each in frame.standings
    ]
    idle = not_(or_(_runs_from(frame, image, slot), *tests))
    updates = {frame.content(slot): content}
    if slot in frame.standings:
        updates[frame.standings[slot]] = asked
    guard = and_(frame.at_mark(frame.run_mark), idle, member(asked, ("test", "perm")), or_(*allowed))
    return chosen(title, guard, updates, (content, asked), delivers(frame, slot))


def _confirm(frame: Frame, image: Image, slot: str) -> Move:
    standing = frame.standings[slot]
    guard = and_(frame.at_mark(frame.run_mark), _runs_from(frame, image, slot), member(standing, ("test", "revert")))
    return move(f"confirm what {slot} holds", guard, {standing: const(REQUEST, "perm")}, Confirm())


def _forge(frame: Frame, reach: Reach, image: str, slot: str) -> Iterator[Move]:
    """Who writes the end of the slot has its trailer say what he likes."""
    title = f"forge the trailer of {slot}"
    asked = choice(title, "request", REQUEST)
    guard = reach.some(frame.cells.trailer(slot), Access.WRITE, reach.writer(image))

    def forges(choices: Choices) -> Action:
        return ForgeTrailer(image=image, request=Request(str(choices.get("request", "perm"))), slot=slot)

    if guard is not false():
        yield chosen(title, guard, {frame.standings[slot]: asked}, (asked,), forges)
