"""What happens around every device: publishing, delivering, confirming, resetting."""

from collections.abc import Callable, Iterator

from bootverify.design.attacker import Capability
from bootverify.design.boot import EncryptionType
from bootverify.encoder.knowledge import decrypts, opened
from bootverify.encoder.logic.terms import and_, const, eq, member, not_, or_, true
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.move import Choices, Move, choice, chosen, move
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import HALTED
from bootverify.encoder.variables.second_core import FOREIGN
from bootverify.machine.action import Action, Confirm, Deliver, Inspect, Produce, Publish, Request, Reset
from bootverify.machine.content import Content, Crafted, Erased, Genuine, Invalidated

NO_UPDATE = Genuine("no image", 1)  # stands where no image is updated


def environment(frame: Frame, reach: Reach) -> Iterator[Move]:
    """The moves that need no capability, and those that a capability widens."""
    yield _reset(frame, reach)
    yield from _produce(frame)
    yield from _publish(frame)
    yield from _inspect(frame)
    yield from _deliver(frame)
    yield from _confirm(frame)


def content_of(frame: Frame, name: str) -> Content:
    """The content that a value of the frame names."""
    match name:
        case "crafted":
            return Crafted()
        case "erased":
            return Erased()
        case "invalidated":
            return Invalidated()
        case _:
            return frame.genuine[name] if name in frame.genuine else _of_network(frame, name)


def _of_network(frame: Frame, name: str) -> Genuine:
    """A release for the network core; any update of another image stands for all of them."""
    assert frame.second is not None
    if name == FOREIGN:
        return next((each for name, each in frame.genuine.items() if name in frame.published), NO_UPDATE)
    return frame.second.genuine(name)


def _reset(frame: Frame, reach: Reach) -> Move:
    anywhere = frame.cuts or frame.debugs
    guard = or_(frame.at_mark(frame.run_mark), frame.at_mark(HALTED), reach.code.any)
    return move("reset", true() if anywhere else guard, frame.reset(), Reset())


def _produce(frame: Frame) -> Iterator[Move]:
    """A device that production programs with a later release, of images whose updates need not come to it."""
    for name, releases in frame.made_later.items():
        image = frame.design.image(name)
        stores = frame.cells.of_slot(image.slots[0])
        untouched = and_(*(eq(variable, values[0]) for variable, values in frame.init.items()))
        bare = {flag: true() for flag in frame.bare.get(name, ())[:1]}
        for release in releases:
            (made,) = frame.named(name, releases=(release,), slot=frame.variants(image)[0])
            updates = {**{frame.content(store): frame.is_content(made) for store in stores}, **bare}
            yield move(f"produce {name} {release}", untouched, updates, Produce(image=name, release=release))


def _publish(frame: Frame) -> Iterator[Move]:
    for name, published in frame.published.items():
        each = frame.genuine[name]
        action = Publish(image=each.image, release=each.release, slot=each.slot)
        yield move(f"publish {name}", not_(published), {published: true()}, action)


def _inspect(frame: Frame) -> Iterator[Move]:
    """A published update shows its keys and its parts, if it is not encrypted or the attacker can decrypt it.

    A key of one update alone opens it, too: a swap notes those of both images in the trailer (MCUboot, swap_misc.c,
    swap_status_init). Whether it is the key of this one serves proofs, and no search.
    """
    for image in frame.design.images:
        opens = true() if image.encryption is EncryptionType.NONE else decrypts(frame, image)
        for name, updates in opened(frame, image.name).items():
            each = frame.genuine[name]
            action = Inspect(image=each.image, release=each.release, slot=each.slot)
            yield move(f"inspect {name}", and_(frame.published[name], opens), updates, action)
            if image.name in frame.status_read:
                title = f"inspect {name}, with an image key that a swap noted"
                guard = and_(frame.published[name], frame.status_read[image.name])
                yield move(title, guard, updates, action, vague=True)


def _deliver(frame: Frame) -> Iterator[Move]:
    """The running application's update client stores what it is sent and requests it."""
    sends = frame.attacker.can(Capability.SEND_UPDATE)
    for name, store in frame.cells.stores.items():
        if store.image:
            continue
        images = [image for image in frame.installs if frame.design.image(image).staging == name]
        transition = f"deliver to {name}"
        content = choice(transition, "content", frame.content_sort)
        asked = choice(transition, "request", REQUEST)
        here = [
            each for each in frame.published if sends or frame.design.image(frame.genuine[each].image).staging == name
        ]
        allowed = [and_(eq(content, each), frame.published[each]) for each in here]
        if sends:
            allowed.append(member(content, (CRAFTED, ERASED)))
        guard = and_(frame.at_mark(frame.run_mark), member(asked, ("test", "perm")), or_(*allowed))
        updates = {
            frame.content(name): content,
            **{frame.requests[image]: asked for image in images},
            **{target: value for image in images for target, value in frame.disturbs(image).items()},
        }
        yield chosen(transition, guard, updates, (content, asked), delivers(frame, name))


def delivers(frame: Frame, partition: str) -> Callable[[Choices], Action]:
    """The delivery that a move to `partition` stands for, by the choices it was taken with."""

    def tells(choices: Choices) -> Action:
        content = content_of(frame, str(choices.get("content", CRAFTED)))
        image = frame.design.image(content.image) if isinstance(content, Genuine) else None
        fits = isinstance(content, Genuine) and (content.image not in frame.in_place or content.slot in {"", partition})
        ours = image is not None and fits and partition in frame.design.update_places(image)
        return Deliver(
            partition=partition,
            content=content,
            request=Request(str(choices.get("request", "perm"))),
            by_attacker=not ours,
        )

    return tells


def _confirm(frame: Frame) -> Iterator[Move]:
    for image, request in frame.requests.items():
        guard = and_(frame.at_mark(frame.run_mark), eq(request, "revert"))
        yield move(f"confirm {image}", guard, {request: const(REQUEST, "none"), **frame.disturbs(image)}, Confirm())
