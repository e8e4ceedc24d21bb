"""What hostile code, a probe or a clip on the external chip reads: keys, and images that updates keep from him."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bootverify.dataclass import dataclass
from bootverify.design.boot import EncryptionType, UpgradeMode
from bootverify.design.protection import Access
from bootverify.encoder.knowledge import decrypts, in_uicr
from bootverify.encoder.logic.terms import Term, and_, eq, false, not_, or_, true
from bootverify.encoder.moves.access import Initiator, Reach
from bootverify.encoder.moves.move import Move, choice, move
from bootverify.encoder.variables.cells import Extent, Place, Store
from bootverify.encoder.variables.contents import CRAFTED, INVALIDATED
from bootverify.encoder.variables.frame import Frame
from bootverify.machine.action import Action, Probe, ReadOut

Secret = tuple[Term, Extent, Term]  # whether he knows it, its bytes, whether they are there


def reading(frame: Frame, reach: Reach) -> Iterator[Move]:
    """He reads a store, a data partition, or the OTP words."""
    shown, left = _keys(frame)
    for name in dict.fromkeys([*shown, *frame.cells.stores]):
        for title, by, action in readings(reach, name):
            learned = _learned(reach, shown.get(name, ()), by)
            sights = tuple(_sights(frame, reach, name, by))
            surely = (each for sight in sights for each in sight.surely() if each[1] is not false())
            noted = _noted(frame, reach, name, by)
            yield from _read(title, _joined((*learned.items(), *surely, *noted.items())), action)
            yield from _remains(title, sights, _learned(reach, left.get(name, ()), by), noted, action)
            inside = tuple(_with_image(frame, reach, name, by))
            yield from pieced(frame, title, sights, learned | noted, action, inside=inside)


def readings(reach: Reach, name: str) -> tuple[tuple[str, Initiator, Action], ...]:
    """Who can read `name`, and how that is told."""
    return (
        (f"read out {name}", reach.code, ReadOut(partition=name)),
        (f"probe {name}", reach.probe, Probe(partition=name)),
    )


def _read(title: str, learned: Mapping[Term, Term], action: Action) -> Iterator[Move]:
    """The move by which he learns each thing when its condition holds."""
    guard = or_(*learned.values())
    if guard is not false():
        yield move(title, guard, {known: or_(known, sees) for known, sees in learned.items()}, action)


def _noted(frame: Frame, reach: Reach, name: str, by: Initiator) -> dict[Term, Term]:
    """When he reads the end of a slot, where swaps note image keys: of the staging one, only if they use offset."""
    noted: dict[Term, Term] = {}
    for image, read in frame.status_read.items():
        parts, staging = frame.pair(image)
        ends = {parts[-1].name: parts[-1].slot}
        if staging is not None and frame.installs[image][1].mode is UpgradeMode.SWAP_OFFSET:
            ends[staging.name] = staging.name
        if name in ends:
            end = frame.cells.trailer(ends[name])
            # An erase takes them, and a device without a key to open images with notes no new ones.
            gone = frame.erased_all if end.guarded else false()
            noted[read] = and_(reach.some(end, Access.READ, by), not_(gone))
    return noted


def _remains(
    title: str, sights: Sequence["Sight"], left: Mapping[Term, Term], noted: Mapping[Term, Term], action: Action
) -> Iterator[Move]:
    """A crafted content does not tell which keys, and which code, it left: this serves proofs, and no search."""
    guard = or_(*left.values())
    if guard is false():
        return
    title = f"{title}, what is left in it"
    code = choice(title, "code")
    seen = _joined((*left.items(), *noted.items(), *((each.shown, and_(code, each.some)) for each in sights)))
    updates = {known: or_(known, sees) for known, sees in seen.items()}
    yield move(title, guard, updates, action, inputs=(code,) if sights else (), vague=True)


def _joined(told: Iterable[tuple[Term, Term]]) -> dict[Term, Term]:
    """When each thing is told, by what tells of it."""
    found: dict[Term, Term] = {}
    for known, sees in told:
        found[known] = or_(found.get(known, false()), sees)
    return found


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
            # Nothing tells where in it: a search looks where production puts it, and no proof leaves a byte of it out.
            start = frame.cells.start_of(partition)
            shown.setdefault(partition, []).append((known, start, there))
            if extent.regions != start.regions:
                left.setdefault(partition, []).append((known, extent, there))
        if in_uicr(key):
            uicr = Extent(start=0, end=0, regions=(), guarded=False, secure_only=True)
            shown.setdefault("uicr", []).append((known, uicr, not_(frame.erased_all)))
    return shown, left


def _learned(reach: Reach, secrets: Iterable[Secret], by: Initiator) -> dict[Term, Term]:
    """When `by` reads each of `secrets` where it is there, by the variable that tells of it."""
    return _joined((known, and_(reach.some(extent, Access.READ, by), there)) for known, extent, there in secrets)


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
    """The store may hold them still: in what a partial overwrite, a copy or a swap left of a release."""
    if frame.cells.stores[place.store].image:
        marks = (CRAFTED, INVALIDATED) if place.release else (CRAFTED,)
        return and_(frame.may_hold(place.store, *marks), not_(frame.erased_all))
    if frame.design.image(place.image).encryption is EncryptionType.NONE or place.image in frame.bare:
        return frame.may_hold(place.store, CRAFTED)
    releases = None if place.release is None else (place.release,)
    return _left_open(frame, place.image, frame.named(place.image, releases=releases))


def _with_image(frame: Frame, reach: Reach, name: str, by: Initiator) -> Iterator[tuple[str, Term, Term]]:
    """By release, the keys that he has with all of it, where a swap took it out to `name` so that he reads it."""
    for key, known in frame.knowledge.items():
        for place in frame.cells.places(frame.design.key(key)):
            if place.store != name or frame.design.image(place.image).staging != name:
                continue
            reaches = reach.some(place.extent, Access.READ, by)
            releases = None if place.release is None else (place.release,)
            for release in frame.named(place.image, releases=releases):
                yield release, known, and_(reaches, _left_open(frame, place.image, (release,)))


def _left_open(frame: Frame, image: str, releases: Iterable[str]) -> Term:
    """Staged for `image` may be one of `releases`, or what is left of it, taken out so that he reads it."""
    staging = frame.design.image(image).staging
    if staging is None or image not in frame.left_open:
        return false()
    gone = frame.erased_all if frame.cells.stores[staging].extent.guarded else false()
    return and_(frame.left_open[image], frame.may_hold(staging, CRAFTED, *releases), not_(gone))


# -- images


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What he may be shown in clear of one release: `clear` tells that he had all of it, `shown` that he had some.

    `whole` and `code` say when he has all and some of it, `some` when he may have; `closed`: he may have closed some
    of the regions that stand for all.
    """

    release: str
    clear: Term
    shown: Term
    whole: Term
    code: Term
    some: Term
    closed: Term = false()

    def surely(self) -> tuple[tuple[Term, Term], ...]:
        """What becomes true, and when."""
        return (self.clear, self.whole), (self.shown, self.code)


def _sights(frame: Frame, reach: Reach, name: str, by: Initiator) -> Iterator[Sight]:
    """What `name` shows of images that updates keep from him."""
    store = frame.cells.stores.get(name)
    if store is None:
        return
    some, every = (each(store.extent, Access.READ, by) for each in (reach.some, reach.every))
    code = reach.some(frame.cells.code(store), Access.READ, by) if store.image else every
    left = and_(frame.may_hold(store, CRAFTED, INVALIDATED), not_(frame.erased_all))
    closed = or_(*(region.tampered for region in frame.regions_of(store.extent.regions)))
    for part, in_clear in _shown_in(frame, store):
        for release, clear in frame.clear_in(part).items():
            lies = and_(eq(frame.content(store), release), not_(frame.torn(store)), in_clear)
            yield Sight(
                release=release,
                clear=clear,
                shown=frame.shown[part.name],
                whole=and_(every, lies),
                code=and_(code, lies),
                some=and_(some, or_(and_(frame.may_hold(store, release), in_clear), left)),
                closed=closed,
            )
    yield from _taken_out(frame, store, some)


def _taken_out(frame: Frame, store: Store, some: Term) -> Iterator[Sight]:
    """What a swap may have taken out to `store` so that he can read it."""
    for image in frame.left_open:
        if frame.design.image(image).staging != store.name:
            continue
        for part in frame.cells.of_image(image):
            for release, clear in frame.clear_in(part).items():
                held, shown = and_(some, _left_open(frame, image, (release,))), frame.shown[part.name]
                yield Sight(release=release, clear=clear, shown=shown, whole=false(), code=false(), some=held)


def _shown_in(frame: Frame, store: Store) -> Iterator[tuple[Store, Term]]:
    """The parts of images that may lie in clear in `store`, and when they do."""
    if store.image:
        yield store, true()
    for image in frame.bare:
        if frame.design.image(image).staging == store.name:
            yield from ((part, frame.staged_bare(image)) for part in frame.cells.of_image(image))


def pieced(
    frame: Frame,
    title: str,
    sights: Sequence[Sight],
    learned: Mapping[Term, Term],
    action: Action,
    *,
    inside: Sequence[tuple[str, Term, Term]] = (),
) -> Iterator[Move]:
    """Bit by bit, here and elsewhere, he comes to have all of a release: proofs count with it, for any that he reads.

    Or he has some, and no whole release: a lock of his own may hide the rest of a region that others stand for. Or of
    an image of several parts he has all of some. `learned` are the keys that he may see by the way, `inside` those that
    he may have with a release that he opens.
    """
    title = f"{title}, bit by bit"
    one = choice(title, "release", frame.content_sort)
    parts = dict.fromkeys(each.shown for each in sights)
    had = {part: choice(title, part.name) if len(parts) > 1 else true() for part in parts}
    whole = ((each.clear, and_(had[each.shown], eq(one, each.release), each.some)) for each in sights)
    keys = choice(title, "keys")
    held = [(known, and_(keys, eq(one, release), sees)) for release, known, sees in inside if sees is not false()]
    seen = _joined((*learned.items(), *whole, *held))
    seen |= _joined((each.shown, each.some) for each in sights)
    named = or_(*(and_(eq(one, each.release), each.some) for each in sights))
    full = or_(*(and_(each.whole, not_(each.closed)) for each in sights))
    little = and_(or_(*(each.some for each in sights)), not_(full))
    if (guard := or_(named, little)) is not false():
        updates = {known: or_(known, sees) for known, sees in seen.items()}
        inputs = (one, *(each for each in had.values() if each is not true()), *([keys] if held else []))
        yield move(title, guard, updates, action, inputs=inputs, vague=True)
