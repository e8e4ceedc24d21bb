"""What hostile code, a probe or a clip on the external chip reads: keys, and images that updates keep from him."""

from collections.abc import Iterable, Iterator, Mapping

from bootverify.dataclass import dataclass
from bootverify.design.boot import EncryptionType
from bootverify.design.protection import Access
from bootverify.encoder.access import Initiator, Reach
from bootverify.encoder.cells import Extent, Place, Store
from bootverify.encoder.frame import Frame
from bootverify.encoder.frame_contents import CRAFTED, INVALIDATED
from bootverify.encoder.knowledge import decrypts, in_uicr
from bootverify.encoder.move import Move, choice, move
from bootverify.encoder.terms import Term, and_, eq, false, not_, or_, true
from bootverify.machine.action import Action, Probe, ReadOut

Secret = tuple[Term, Extent, Term]  # whether he knows it, its bytes, whether they are there


def reading(frame: Frame, reach: Reach) -> Iterator[Move]:
    """He reads a store, a data partition, or the OTP words."""
    shown, left = _keys(frame)
    for name in dict.fromkeys([*shown, *frame.cells.stores]):
        for title, by, action in readings(reach, name):
            learned = _learned(reach, shown.get(name, ()), by)
            sights = tuple(_sights(frame, reach, name, by))
            yield from _read(title, {**learned, **{each.clear: each.whole for each in sights}}, action)
            remains = _learned(reach, left.get(name, ()), by)
            yield from _read(f"{title}, what is left in it", remains, action, vague=True)
            some = ((each.release, each.clear, each.some) for each in sights)
            yield from pieced(frame, title, some, learned, action)


def readings(reach: Reach, name: str) -> tuple[tuple[str, Initiator, Action], ...]:
    """Who can read `name`, and how that is told."""
    return (
        (f"read out {name}", reach.code, ReadOut(partition=name)),
        (f"probe {name}", reach.probe, Probe(partition=name)),
    )


def _read(title: str, learned: Mapping[Term, Term], action: Action, *, vague: bool = False) -> Iterator[Move]:
    """The move by which he learns each thing when its condition holds; a crafted content does not tell what it left.

    So what is left there serves proofs, and no search.
    """
    guard = or_(*learned.values())
    if guard is not false():
        yield move(title, guard, {known: or_(known, sees) for known, sees in learned.items()}, action, vague=vague)


# -- keys


def _keys(frame: Frame) -> tuple[dict[str, list[Secret]], dict[str, list[Secret]]]:
    """By what is read, the keys that lie there, and those that may be left there."""
    shown: dict[str, list[Secret]] = {}
    left: dict[str, list[Secret]] = {}
    for key in frame.design.keys:
        known = frame.knowledge.get(key.name)
        if known is None:
            continue
        for place in frame.cells.places(key):
            shown.setdefault(place.store, []).append((known, place.extent, _lies(frame, place)))
            left.setdefault(place.store, []).append((known, place.extent, _left(frame, place)))
        for partition, extent in frame.cells.data_places(key):
            there = not_(frame.erased_all) if extent.guarded else true()
            shown.setdefault(partition, []).append((known, extent, there))
        if in_uicr(key):
            uicr = Extent(start=0, end=0, regions=(), guarded=False, secure_only=True)
            shown.setdefault("uicr", []).append((known, uicr, not_(frame.erased_all)))
    return shown, left


def _learned(reach: Reach, secrets: Iterable[Secret], by: Initiator) -> dict[Term, Term]:
    """When `by` reads each of `secrets` where it is there, by the variable that tells of it."""
    learned: dict[Term, Term] = {}
    for known, extent, there in secrets:
        sees = and_(reach.some(extent, Access.READ, by), there)
        learned[known] = or_(learned.get(known, false()), sees)
    return learned


def _lies(frame: Frame, place: Place) -> Term:
    """The store holds the bytes of the key in clear."""
    image = frame.design.image(place.image)
    releases = None if place.release is None else (place.release,)
    named = frame.may_hold(place.store, *frame.named(image.name, releases=releases))
    if frame.cells.stores[place.store].image:
        # NSIB's mark spoils one word of a release, of which it leaves the rest.
        marked = false() if releases else and_(frame.may_hold(place.store, INVALIDATED), not_(frame.erased_all))
        return or_(named, marked)
    whole = and_(named, _begins_so(frame, place))
    clear = image.encryption is EncryptionType.NONE
    return whole if clear else and_(whole, or_(decrypts(frame, image), frame.staged_bare(image.name)))


def _begins_so(frame: Frame, place: Place) -> Term:
    """What is staged begins where `place` counts from, or nobody can tell in the middle of a swap."""
    for image, unshifted in frame.unshifted.items():
        if frame.design.image(image).staging == place.store:
            return or_(frame.torn(place.store), not_(unshifted) if place.shifted else unshifted)
    return true()


def _left(frame: Frame, place: Place) -> Term:
    """The store may hold them still: in what a partial overwrite or a copy left of a release."""
    if frame.cells.stores[place.store].image:
        marks = (CRAFTED, INVALIDATED) if place.release else (CRAFTED,)
        return and_(frame.may_hold(place.store, *marks), not_(frame.erased_all))
    encrypted = frame.design.image(place.image).encryption is not EncryptionType.NONE and place.image not in frame.bare
    return false() if encrypted else frame.may_hold(place.store, CRAFTED)


# -- images


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """When he is shown all, or some, of what `release` puts into a store, in clear; `clear` tells that he had all."""

    release: str
    clear: Term
    whole: Term
    some: Term


def _sights(frame: Frame, reach: Reach, name: str, by: Initiator) -> Iterator[_Sight]:
    """What `name` shows of images that updates keep from him."""
    store = frame.cells.stores.get(name)
    if store is None:
        return
    some, every = (each(store.extent, Access.READ, by) for each in (reach.some, reach.every))
    left = and_(frame.may_hold(store, CRAFTED, INVALIDATED), not_(frame.erased_all))
    for part, in_clear in _shown_in(frame, store):
        for release, clear in frame.clear_in(part).items():
            there = and_(frame.may_hold(store, release), in_clear)
            yield _Sight(
                release=release,
                clear=clear,
                whole=and_(every, eq(frame.content(store), release), not_(frame.torn(store)), in_clear),
                some=and_(some, or_(there, left)),
            )


def _shown_in(frame: Frame, store: Store) -> Iterator[tuple[Store, Term]]:
    """The parts of images that may lie in clear in `store`, and when they do."""
    if store.image:
        yield store, true()
    for image in frame.bare:
        if frame.design.image(image).staging == store.name:
            yield from ((part, frame.staged_bare(image)) for part in frame.cells.of_image(image))


def pieced(
    frame: Frame, title: str, some: Iterable[tuple[str, Term, Term]], learned: Mapping[Term, Term], action: Action
) -> Iterator[Move]:
    """Bit by bit, here and elsewhere, he comes to have all of a release: proofs count with it, for any that he reads.

    `some` says of which release that is, what tells that he has all of it, and when he reads of it; `learned` are the
    keys that he may see by the way.
    """
    title = f"{title}, bit by bit"
    one = choice(title, "release", frame.content_sort)
    seen = {clear: and_(eq(one, release), reads) for release, clear, reads in some}
    guard = or_(*seen.values())
    if guard is not false():
        updates = {known: or_(known, sees) for known, sees in {**learned, **seen}.items()}
        yield move(title, guard, updates, action, inputs=(one,), vague=True)
