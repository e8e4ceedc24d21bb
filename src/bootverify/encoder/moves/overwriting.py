"""What an attacker writes to stores: bytes of his, nothing, or a release that everybody has."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bootverify.design.boot import EncryptionType, Image
from bootverify.design.protection import Access
from bootverify.encoder.knowledge import forgeable
from bootverify.encoder.logic.terms import Term, and_, const, eq, false, ite, member, not_, or_, true
from bootverify.encoder.moves.access import Reach
from bootverify.encoder.moves.environment import content_of
from bootverify.encoder.moves.move import Choices, Move, choice, chosen, move
from bootverify.encoder.variables.cells import Extent, Store
from bootverify.encoder.variables.contents import CRAFTED, ERASED, REQUEST
from bootverify.encoder.variables.frame import Frame
from bootverify.machine.action import Action, Overwrite, Upload
from bootverify.machine.content import Crafted


def overwriting(frame: Frame, reach: Reach) -> Iterator[Move]:
    """He writes to a store, as code, by probe, clip or cable."""
    yield from _written(frame, reach)
    for name in frame.ports:
        image = frame.design.image(name)
        if image.encryption is not EncryptionType.NONE and name not in frame.in_place:
            yield _decrypted(frame, reach, image)


def _decrypted(frame: Frame, reach: Reach, image: Image) -> Move:
    """A release that he sends by cable encrypted, and MCUboot decrypts where it then lies (boot_handle_enc_fw).

    Whether it is built to do so is not told, so proofs alone count with it; elsewhere what he was not shown he cannot
    write in clear.
    """
    (parts, _), (_, mark) = frame.pair(image.name), frame.ports[image.name]
    name = f"send {image.name} by cable"
    content = choice(name, "content", frame.content_sort)
    releases = [each for each in frame.named(image.name) if each in frame.published]
    guard = and_(frame.at_mark(mark), or_(*(and_(eq(content, each), frame.published[each]) for each in releases)))
    updates: dict[Term, Term] = {frame.content(part): content for part in parts}
    inputs: tuple[Term, ...] = (content,)
    for part in parts:
        spoilt, chosen_too, fits = _spoiled(frame, reach, part, name)
        updates, inputs = {**updates, **spoilt}, (*inputs, *chosen_too)
        guard = and_(guard, fits, _settled(frame, part))

    def sends(choices: Choices) -> Action:
        return Upload(partition=image.slots[0], content=content_of(frame, str(choices.get("content", ERASED))))

    return chosen(name, guard, updates, inputs, sends, vague=True)


def _written(frame: Frame, reach: Reach) -> Iterator[Move]:
    """Any writable granule makes a store the attacker's; a whole image needs them all."""
    # Later parts of an image first: what he writes into a bit of the first one boots when he seals it in the last.
    for store in reversed(frame.cells.stores.values()):
        some = reach.some(store.extent, Access.WRITE, reach.writer(store.image))
        if some is false():
            continue
        every = reach.every(frame.cells.taken_up(store), Access.WRITE, reach.writer(store.image))
        for behind, vague, how in _moments(frame, reach, store):
            name = f"overwrite {store.name}{how}"
            mixed, inputs, guard = _spoiled(frame, reach, store, name)
            yield move(
                name,
                and_(some, guard, behind),
                {**_mixed(frame, store), frame.content(store): frame.is_content(CRAFTED), **mixed},
                Overwrite(partition=store.name, content=Crafted()),
                inputs=inputs,
                vague=vague,
            )
        name = f"restore {store.name}"
        mixed, inputs, guard = _spoiled(frame, reach, store, name)
        content = choice(name, "content", frame.content_sort)
        fits = [each for each in frame.published if not store.image or frame.genuine[each].image == store.image]
        clear = frame.clear_in(store)  # what he has seen encrypted alone he cannot write in clear
        allowed = or_(*(and_(eq(content, each), frame.published[each], clear.get(each, true())) for each in fits))
        # What he cannot reach may be the rest of that release, or erased; of another release it is not, for each of
        # them differs in every granule.
        held = frame.content(store)
        whole = or_(every, and_(or_(not_(member(held, tuple(frame.genuine))), eq(content, held)), some))
        guard = and_(guard, and_(or_(eq(content, ERASED), allowed), whole), _settled(frame, store))
        updates = {frame.content(store): content, **mixed}
        yield chosen(name, guard, updates, (content, *inputs), _restores(frame, store.name))


def _moments(frame: Frame, reach: Reach, store: Store) -> list[tuple[Term, bool, str]]:
    """When he overwrites a part of an image: before the last part with the seal is his; after it, which is vague.

    He seals what the parts before hold as he does, and a content does not tell the order: what he changes behind his
    own seal may or may not boot, as proofs have it, and a trace has him seal in the end.

    The last part he seals over what he cannot change in its first granule; whether he reaches its seal with more than
    that out of his reach is not told, as images end anywhere.
    """
    parts = frame.cells.of_slot(store.slot) if store.slot else ()
    if not parts or _unsealed(frame, frame.design.image(store.image)):
        return [(true(), False, "")]
    if store is parts[-1]:
        seals = reach.every(_behind_the_first(store.extent), Access.WRITE, reach.writer(store.image))
        return [(seals, False, ""), (not_(seals), True, ", its seal perhaps not")]
    sealed = eq(frame.content(parts[-1]), CRAFTED)
    return [(not_(sealed), False, ""), (sealed, True, ", behind its seal")]


def _unsealed(frame: Frame, image: Image) -> bool:
    """Whether no seal makes an image of his start: nothing looks for one, or he never has the key to it."""
    return image.verified_by is None or forgeable(frame, image) is false()


def _behind_the_first(extent: Extent) -> Extent:
    """The granules of `extent` without the first one, where there are several."""
    return replace(extent, regions=extent.regions[1:] or extent.regions)


def _restores(frame: Frame, store: str) -> Callable[[Choices], Action]:
    def tells(choices: Choices) -> Action:
        return Overwrite(partition=store, content=content_of(frame, str(choices.get("content", ERASED))))

    return tells


def _spoiled(frame: Frame, reach: Reach, store: Store, name: str) -> tuple[dict[Term, Term], tuple[Term, ...], Term]:
    """What overwriting may do to the request in a trailer at the end of `store`."""
    every = reach.every(store.extent, Access.WRITE, reach.writer(store.image))
    if store.slot in frame.standings:
        gone, standing = choice(name, "trailer gone"), frame.standings[store.slot]
        return {standing: ite(gone, const(REQUEST, "none"), standing)}, (gone,), or_(gone, not_(every))
    for image, request in frame.requests.items():
        parts, staging = frame.pair(image)
        if store is parts[-1]:
            gone = choice(name, "request spoiled")
            return (
                {request: ite(and_(gone, eq(request, "revert")), const(REQUEST, "none"), request)},
                (gone,),
                true(),
            )
        if store is staging:
            left = choice(name, "request left", REQUEST)
            asked = member(request, ("test", "perm"))
            # Who writes all of it writes its trailer, and can ask for another upgrade after that; of a swap that was
            # cut the trailer of the slot tells, too (boot_write_swap_info).
            kept = and_(eq(left, request), not_(and_(every, asked, not_(frame.midway(image)))))
            return {request: left}, (left,), or_(kept, and_(asked, member(left, ("none", "revert"))))
    return {}, (), true()


def _mixed(frame: Frame, store: Store) -> dict[Term, Term]:
    """What a foreign write does to a pair that is midway: the swap may make anything of it."""
    updates: dict[Term, Term] = {}
    for image in frame.requests:
        parts, staging = frame.pair(image)
        pair = [*parts, *([staging] if staging else [])]
        flag = frame.midway(image)
        if store in pair and flag is not false():
            for half in pair:
                content = frame.content(half)
                updates[content] = ite(flag, frame.is_content(CRAFTED), content)
            updates |= {each: and_(each, not_(flag)) for each in frame.told_of_other_half(image, store)}
            updates |= frame.disturbs(image)
    return updates


def _settled(frame: Frame, store: Store) -> Term:
    return not_(frame.torn(store))
