"""What the attacker can come to know, and what knowing lets him sign or decrypt."""

from collections.abc import Iterable, Sequence

from bootverify.design.boot import EncryptionType, Image, SignatureType
from bootverify.design.keys import HostOnly, InImage, InKmu, InUicr, Key, KeyKind, Purpose
from bootverify.encoder.logic.terms import Term, and_, eq, false, not_, or_, true
from bootverify.encoder.variables.cells import Store
from bootverify.encoder.variables.contents import CRAFTED
from bootverify.encoder.variables.frame import Frame


def forgeable(frame: Frame, image: Image) -> Term:
    """True iff an image that the attacker made passes the verification of `image`.

    After an erase-all the trust anchors may be his, and so they are in a provision page that he wrote.
    """
    if image.verified_by is None:
        return true()
    if not frame.makes:
        return false()  # what a cut leaves of a genuine image has lost its digest
    if image.signature is SignatureType.NONE:
        return true()
    known = [frame.knows(key) for key in frame.design.keys if _signs(key, image)]
    return or_(frame.erased_all, frame.misled(image), frame.filled(image), *known)


def sealed(frame: Frame, parts: Sequence[Store]) -> tuple[Term, Term]:
    """True iff the digest at the end of an image in `parts` is his as well; and iff it may be.

    He seals in the last part, for which he needs to know what goes before it. An image of his may end in a part before
    it, if all of that part is his: a content does not tell whether it is.
    """
    surely, perhaps, seen = false(), false(), true()
    for part in parts:
        content, clear = frame.content(part), frame.clear_in(part)
        surely, perhaps = and_(eq(content, CRAFTED), seen), or_(perhaps, surely)
        seen = and_(seen, *(or_(not_(eq(content, name)), shown) for name, shown in clear.items()))
    return surely, and_(perhaps, not_(surely))


def _signs(key: Key, image: Image) -> bool:
    """Whether the secret half of `key` signs what `image` is verified with."""
    purposes = {use.purpose for use in key.uses if use.image == image.name}
    match key.kind:
        case KeyKind.PRIVATE | KeyKind.SYMMETRIC:
            return bool(purposes & {Purpose.SIGN, Purpose.VERIFY})
        case KeyKind.PUBLIC | KeyKind.HASH:
            return key.published and bool(purposes & {Purpose.SIGN, Purpose.VERIFY})


def shared_key(frame: Frame, one: Image, other: Image) -> bool:
    """Whether a key verifies both images, so that either passes for the other."""
    if one.signature is SignatureType.NONE:
        return True
    wanted = {one.name, other.name}
    return any(
        wanted <= {use.image for use in key.uses if use.purpose in {Purpose.VERIFY, Purpose.SIGN}}
        for key in frame.design.keys
    )


def opens(frame: Frame, image: Image) -> bool:
    """Whether the device holds a key for updates of `image`, wherever it lies, if they are encrypted."""
    return image.encryption is EncryptionType.NONE or any(
        key.secret
        and any(use.purpose is Purpose.DECRYPT and use.image == image.name for use in key.uses)
        and any(not isinstance(place, HostOnly) for place in key.placements)
        for key in frame.design.keys
    )


def key_left(frame: Frame, image: Image) -> Term:
    """The device has what opens updates of `image`: an erase-all took it, and his own MCUboot has it where he does."""
    clear = image.encryption is EncryptionType.NONE
    return true() if clear else or_(not_(frame.erased_all), decrypts(frame, image))


def may_be_left(frame: Frame, image: Image, release: str, parts: Iterable[Store]) -> Term:
    """Bytes of those parts of `release` may be staged in clear: after an erase-all of it only what he then wrote."""
    _, staging = frame.pair(image.name)
    known = [frame.clear_in(part).get(release, true()) for part in parts]
    wiped = frame.erased_all if staging is not None and staging.extent.guarded else false()
    return or_(not_(wiped), *known, decrypts(frame, image))


def decrypts(frame: Frame, image: Image) -> Term:
    """True iff the attacker knows a key whose use is to decrypt updates of `image`."""
    return or_(
        *(
            frame.knows(key)
            for key in frame.design.keys
            if any(use.purpose is Purpose.DECRYPT and use.image == image.name for use in key.uses)
        )
    )


def opened(frame: Frame, image: str) -> dict[str, dict[Term, Term]]:
    """What becomes known to who opens an update of `image`, by the name of its release: its keys, and all of it."""
    shows: dict[str, dict[Term, Term]] = {}
    for key, known in frame.knowledge.items():
        for name in carries(frame, frame.design.key(key), image):
            shows.setdefault(name, {})[known] = true()
    for part in frame.cells.of_image(image):
        for name, clear in frame.clear_in(part).items():
            shows.setdefault(name, {}).update({clear: true(), frame.shown[part.name]: true()})
    return {name: updates for name, updates in shows.items() if name in frame.published}


def carries(frame: Frame, key: Key, image: str) -> tuple[str, ...]:
    """The releases of `image`, by the names of their contents, whose bytes hold `key`."""
    return frame.places_in(key, image)


def shipped(frame: Frame, key: Key, image: str) -> Term:
    """True iff the value of `key` is part of a published update of `image`, encrypted or not.

    A later release may carry another public key in the place of the factory's.
    """
    held = frame.carried.get((image, key.name))
    if held is not None:
        names = carries(frame, key, image) or frame.named(image)
        return and_(held, or_(*(frame.published[name] for name in names if name in frame.published)))
    if key.secret:
        return false()
    names = tuple(
        name
        for place in key.placements
        if isinstance(place, InImage) and place.image == image
        for name in carries(frame, key, image)
        if frame.genuine[name].release == (place.release or 1)
    )
    return or_(*(frame.published[name] for name in names if name in frame.published))


def kmu_slots(key: Key) -> tuple[InKmu, ...]:
    """The placements of `key` in the key management unit."""
    return tuple(place for place in key.placements if isinstance(place, InKmu))


def in_uicr(key: Key) -> bool:
    """Whether the value lies in the OTP words."""
    return any(isinstance(place, InUicr) for place in key.placements)
