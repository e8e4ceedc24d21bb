"""What happens to the network core beside the boot: updates of it, and what hostile code on either core does."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bootverify.design.attacker import Capability
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Access, Attribution
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, ite, member, not_, or_, true
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.attack import attack
from bootverify.encoder.moves.environment import content_of
from bootverify.encoder.moves.move import Choices, Move, choice, chosen, move
from bootverify.encoder.moves.scratch import scratch
from bootverify.encoder.variables.contents import REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.second_core import CRAFTED, ERASED, FOREIGN, NONE, SecondCore
from bootverify.machine.action import Action, Deliver, FeedNetwork, ForgeTrailer, Overwrite, Publish, Request, Reset
from bootverify.machine.content import Crafted, Erased, Genuine


def network_moves(frame: Frame, core: SecondCore, reach: Reach) -> Iterator[Move]:
    """Every move that is about the network core and no step of the boot."""
    yield from _updates(frame, core, reach)
    yield from _fed(frame, core, reach)
    yield from _written(frame, core)
    yield from _restarted(frame, core, reach)
    if reaches_over(frame, core):
        yield from _over_there(frame, core)


def reaches_over(frame: Frame, core: SecondCore) -> bool:
    """Whether code of his may run on the network core that he could not as well run as the application.

    He has it there from the start; or he has a clip on the chip from which b0n is fed.
    """
    clipped = core.staged is not None and not core.extent.guarded and Access.WRITE in frame.clip
    return _own(frame) or clipped


def feeds(frame: Frame, core: SecondCore, reach: Reach) -> Term:
    """He can command b0n: the RAM is writable for secure code, and for the network core where that is secure.

    TF-M gives the region to the non-secure side, and what MCUboot did not lock it leaves writable as long as it is to
    be provisioned (TF-M's Nordic target_cfg, REGION_PCD_SRAM).
    """
    application = frame.design.application
    assert application is not None, "it lets the network core run"
    there, anyone = core.hostile(own=_own(frame)), reach.anyone.secure
    if frame.design.has_tfm:
        behind = frame.at_stage(application)
        return and_(not_(core.closed), or_(anyone, and_(behind, or_(reach.anyone.non_secure, there))))
    return and_(not_(core.closed), or_(anyone, there if application.attribution is Attribution.SECURE else false()))


def writes(frame: Frame, core: SecondCore, stage: NetworkStage) -> Term:
    """His code on the core can change a byte of that program."""
    return and_(core.hostile(own=_own(frame)), core.some(stage))


def _own(frame: Frame) -> bool:
    return frame.attacker.can(Capability.RUN_NETWORK_CORE)


# -- updates


def _updates(frame: Frame, core: SecondCore, reach: Reach) -> Iterator[Move]:
    for name, published in core.published.items():
        made = core.genuine(name)
        action = Publish(image=made.image, release=made.release)
        yield move(f"publish {name}", not_(published), {published: true()}, action)
    if core.staged is None or core.asked is None:
        return
    yield from _delivered(frame, core, core.staged, core.asked)
    yield from _overwritten(frame, core, reach, (core.staged, core.asked))


def _delivered(frame: Frame, core: SecondCore, staged: Term, asked: Term) -> Iterator[Move]:
    """The application's update client stages what it is sent."""
    title = f"deliver to {core.fed.staging}"
    content, request = choice(title, "content", staged.sort), choice(title, "request", REQUEST)
    allowed = [and_(eq(content, name), published) for name, published in core.published.items()]
    sends = frame.attacker.can(Capability.SEND_UPDATE)
    allowed += [member(content, (CRAFTED, ERASED))] if sends else []
    guard = and_(frame.at_mark(frame.run_mark), member(request, ("test", "perm")), or_(*allowed))

    def tells(choices: Choices) -> Action:
        held = content_of(frame, str(choices.get("content", CRAFTED)))
        ours = isinstance(held, Genuine) and held.image == core.application.name
        asks = Request(str(choices.get("request", "perm")))
        return Deliver(partition=core.fed.staging, content=held, request=asks, by_attacker=not ours)

    yield chosen(title, guard, {staged: content, asked: true()}, (content, request), tells)
    if sends:
        other = Deliver(
            partition=core.fed.staging, content=content_of(frame, FOREIGN), request=Request.PERM, by_attacker=True
        )  # fmt: skip
        known = and_(frame.at_mark(frame.run_mark), or_(*frame.published.values()))
        taken = {staged: core.content(FOREIGN), asked: true()}
        # Whether it is small enough is not looked at.
        yield move(f"deliver another update to {core.fed.staging}", known, taken, other, vague=True)


def _overwritten(frame: Frame, core: SecondCore, reach: Reach, held: tuple[Term, Term]) -> Iterator[Move]:
    """As of any staging partition: a writable granule makes it his, a whole release needs them all."""
    (staged, asked), where = held, core.fed.staging
    trailer = reach.some(core.trailer, Access.WRITE, reach.anyone)
    forged = ForgeTrailer(image=core.application.name, request=Request.PERM)
    yield move(f"forge the trailer of {where}", trailer, {asked: true()}, forged)
    some = reach.some(core.extent, Access.WRITE, reach.anyone)
    every = reach.every(core.extent, Access.WRITE, reach.anyone)
    if some is false():
        return
    title = f"overwrite {where}"
    spoilt = choice(title, "request spoiled")
    guard = and_(some, or_(spoilt, not_(every)))
    updates = {staged: core.content(CRAFTED), asked: and_(asked, not_(spoilt))}
    yield move(title, guard, updates, Overwrite(partition=where, content=Crafted()), inputs=(spoilt,))
    for title, whole, vague in ((f"restore {where}", every, False), (f"restore parts of {where}", some, True)):
        content, spoilt = choice(title, "content", staged.sort), choice(title, "request spoiled")
        known = [and_(eq(content, name), published) for name, published in core.published.items()]
        known += [and_(eq(content, FOREIGN), or_(*frame.published.values()))] if vague else []
        guard = and_(whole, or_(eq(content, ERASED), *known), or_(spoilt, not_(every)))
        updates = {staged: content, asked: and_(asked, not_(spoilt))}
        yield chosen(title, guard, updates, (content, spoilt), _writes(frame, where), vague=vague)


def _writes(frame: Frame, where: str) -> Callable[[Choices], Action]:
    return lambda choices: Overwrite(
        partition=where, content=content_of(frame, str(choices.get("content", ERASED)))
    )  # fmt: skip


# -- commands


def _fed(frame: Frame, core: SecondCore, reach: Reach) -> Iterator[Move]:
    """b0n copies an image of his, whose digest is right, and starts it; or faults at what it has locked itself."""
    guard = feeds(frame, core, reach)
    if guard is false():
        return
    spoilt = ite(core.as_made, core.content(CRAFTED), core.slot)
    updates = {core.slot: spoilt, core.runs: core.run(CRAFTED), core.locked: core.as_made}
    yield move("command b0n", guard, updates, FeedNetwork())
    down = {core.runs: core.run(NONE), core.locked: false()}
    yield move("command b0n in vain", guard, down, FeedNetwork(offset=0))
    if core.some(core.boots) is true():
        good = and_(guard, member(core.slot, core.names))
        taken = {core.first: const(core.first.sort, CRAFTED), core.runs: core.run(CRAFTED), core.locked: false()}
        yield move("command b0n to copy over itself", good, taken, FeedNetwork(offset=0))
        title = "command b0n to copy over a part of itself"
        goes = choice(title, "goes on")
        half = {**taken, core.runs: ite(goes, core.run(CRAFTED), core.run(NONE))}
        yield move(title, guard, half, FeedNetwork(offset=0), inputs=(goes,), vague=True)


# -- code on the network core


def _written(frame: Frame, core: SecondCore) -> Iterator[Move]:
    """Its own flash, where b0n has locked none of it."""
    here = core.hostile(own=_own(frame))
    crafted, erased = Crafted(), Erased()
    for content, value in ((crafted, CRAFTED), (erased, ERASED)):
        slot, first = core.application.partition, core.boots.partition
        title = f"write to {slot} from there: {value}"
        whole = core.some(core.application) if value == CRAFTED else core.every(core.application)
        done = {core.slot: core.content(value)}
        yield move(title, and_(here, whole), done, Overwrite(partition=slot, content=content))
        title = f"write to {first} from there: {value}"
        taken = {core.first: const(core.first.sort, CRAFTED)}
        yield move(title, and_(here, core.some(core.boots)), taken, Overwrite(partition=first, content=content))
    for name, published in core.published.items():
        title = f"write {name} from there"
        action = Overwrite(partition=core.application.partition, content=core.genuine(name))
        guard = and_(here, core.some(core.application), published)
        yield move(title, guard, {core.slot: core.content(name)}, action)


def _restarted(frame: Frame, core: SecondCore, reach: Reach) -> Iterator[Move]:
    """Hostile code of the application core holds the core off, or lets it go; on the network core, it restarts it.

    That is no action of the executor's, which comes to the same states by a reset; proofs count it.
    """
    anybody = or_(reach.anyone.any, core.hostile(own=_own(frame)))
    off = {core.runs: core.run(NONE), core.locked: false()}
    yield move("hold the network core off", anybody, off, Reset(), vague=True)
    yield move("restart the network core", anybody, core.begun, Reset(), vague=True)


def _over_there(frame: Frame, core: SecondCore) -> Iterator[Move]:
    """His code there does to this core what the application's code can; what it really reaches is not settled."""
    reach = Reach(frame, over_there=True)
    moves = [*attack(frame, reach), *scratch(frame, reach)]
    if core.staged is not None and core.asked is not None:
        moves += _overwritten(frame, core, reach, (core.staged, core.asked))
    for each in moves:
        known = each.transition
        name = f"from the network core: {known.name}"
        renamed = {old: choice(name, f"input {i}", old.sort) for i, old in enumerate(known.inputs)}
        yield replace(each, transition=known.vaguely(name, renamed))
