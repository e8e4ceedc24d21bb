"""Verification keys, concluded: conditions on storage, order and locks."""

from bootverify.design.attacker import Attacker
from bootverify.design.boot import Program, Protect
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, InPartition, InUicr, Key, KeyKind, Placement, Purpose
from bootverify.encoder.lives.foe import who_reaches
from bootverify.encoder.lives.root import exposed_root, exposed_to_application, locked_away
from bootverify.encoder.stages.nsib import generations_not_drawn
from bootverify.machine.judgement import Judgement, broken, kept, untold

SECURE_CODE = ("app-code-secure", "secure-partition")
ANY_CODE = (*SECURE_CODE, "app-code", "app-code-ns")
WRITERS = (*SECURE_CODE, "app-code")  # whom no attribution keeps out
SENDERS = ("remote-ota", "old-signed-image", "ext-flash-read", "ext-flash-write")
NO_CODE = ("remote-ota", "old-signed-image", "operator-error", "ext-flash-read", "ext-flash-write")


def _rank(design: Design, key: Key) -> tuple[int, list[str]] | None:
    """The key's place among those that verify the same image from the same kind of storage; None when it has none."""
    images = {use.image for use in key.uses if use.purpose is Purpose.VERIFY}
    if len(images) != 1 or not key.placements:
        return None
    ring = [
        other
        for other in design.keys
        if other.kind is key.kind
        and {use.image for use in other.uses if use.purpose is Purpose.VERIFY} == images
        and other.placements
        and type(other.placements[0]) is type(key.placements[0])
        and not other.empty
    ]
    # NSIB and MCUboot try KMU generations by slot, stored hashes in the order of provisioning (ncs-boot 1.3, 2.7).
    ring.sort(key=lambda other: min(place.slots) if isinstance(place := other.placements[0], InKmu) else 0)
    names = [other.name for other in ring]
    return (names.index(key.name), names) if key in ring else None


def _in_ring(design: Design, key: Key) -> bool:
    """Whether the key is one of several that a boot stage tries: hashes of NSIB, generations in a KMU of nRF54L."""
    in_kmu = bool(key.placements) and all(isinstance(place, InKmu) for place in key.placements)
    generation = key.kind is KeyKind.PUBLIC and in_kmu and design.soc.kmu_version > 1
    return key.kind is KeyKind.HASH or generation


def _destroyed(design: Design, key: Key) -> bool | None:
    """Whether a boot with a later key takes this one away; None: nothing tells.

    NSIB invalidates hashes, and destroys KMU generations that can be revoked; MCUboot's option is off by default
    (ncs-boot 1.3, 2.7).
    """
    if key.kind is KeyKind.HASH:
        return True
    return key.revocable if _starts_by_nsib(design, key) else None


def _starts_by_nsib(design: Design, key: Key) -> bool:
    images = [use.image for use in key.uses if use.purpose is Purpose.VERIFY and use.image]
    by = [design.image(image).verified_by for image in images[:1]]
    return any(name is not None and design.stage(name).program is Program.NSIB for name in by)


def invalidated(design: Design, key: Key) -> bool:
    """Whether an image made with a later key has booted, under a stage that then takes the earlier ones away."""
    told, ranked = design.life.deployed, _rank(design, key)
    if told is None or not told.booted or ranked is None or not _in_ring(design, key):
        return False
    place, names = ranked
    later = any(told.key in {name, name.rpartition("_")[2]} for name in names[place + 1 :])
    return later and told.image in {use.image for use in key.uses} and _destroyed(design, key) is True


def key_dead(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Dead iff an image made with a later key has booted, and nobody can give the storage back its first value."""
    told, ranked = design.life.deployed, _rank(design, key)
    last = (
        ranked is not None
        and ranked[0] + 1 == len(ranked[1])
        and _in_ring(design, key)
        and _starts_by_nsib(design, key)
    )
    if told is None and last and who_reaches(design, attacker) == "bootloader-code":
        return broken("it is the last of its ring, which no later key retires", source=key.source)
    if told is None or ranked is None or not _in_ring(design, key):
        return untold("which image was booted, and with which key it was made", key.source)
    place, names = ranked
    used = [i for i, name in enumerate(names) if told.key in {name, name.rpartition("_")[2]}]
    if not used or all(use.image != told.image for use in key.uses):
        return untold(f"which of the keys `{told.key}` is", told.source)
    who = who_reaches(design, attacker)
    if who == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("an erase-all makes the storage of the keys new", source=key.source)
        return untold("what the probe reaches with erase protection on", key.source)
    destroyed = _destroyed(design, key)
    if told.booted and place < used[0] and destroyed is None:
        return untold("whether a boot with a later key destroys this one", key.source)
    if not (told.booted and place < used[0] and destroyed):
        if who == "bootloader-code":
            return broken("the key is valid until an image made with a later one has booted", source=told.source)
        return untold("whether he gets an image made with the key into a slot", told.source)
    if who in NO_CODE or (
        who in (*ANY_CODE, "bootloader-code")
        and all(_stays(design, each) for each in key.placements)
        and not key.reusable
        and (who == "app-code-ns" or not (exposed_root(design) or design.lifecycle.flash_patch))
    ):
        return kept("the first boot with a later key invalidated it for good", told.source)
    return untold("whether he can rewrite the storage of the keys", key.source)


def _stays(design: Design, place: Placement) -> bool:
    """No code can undo a write there: OTP, or a page inside one lock of the first stage."""
    if isinstance(place, InUicr | InKmu):  # a revoked slot takes no new key before an erase-all
        return True
    if not isinstance(place, InPartition):
        return False
    area = design.partition(place.partition).range
    return any(
        span.range.start <= area.start and area.end <= span.range.end
        for step in design.stages[0].steps
        if isinstance(step, Protect)
        for span in step.spans
    )


def key_followed(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Followed iff it is not the last of its ring and the image it verifies is updated."""
    ranked = _rank(design, key)
    if (
        not _in_ring(design, key)
        or ranked is None
        or who_reaches(design, attacker) not in {"remote-ota", "old-signed-image", "operator-error"}
    ):
        return untold("how the key would be replaced", key.source)
    image = next(use.image for use in key.uses if use.purpose is Purpose.VERIFY)
    if not design.image(image).updatable:
        return untold("whether the image it verifies is updated", key.source)
    place, names = ranked
    if place + 1 == len(names):
        return broken("no further generation was provisioned", source=key.source)
    return kept("a further generation was provisioned", key.source)


def key_usable(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Unusable iff the attacker reaches its storage and the storage takes a revocation."""
    who = who_reaches(design, attacker)
    if who == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("an erase-all takes it away", source=key.source)
        if not design.lifecycle.approtect:
            return untold("what an open port writes", design.lifecycle.source)
        return kept("nothing is erased", key.source)
    if who in SENDERS and len(key.placements) == 1:
        return _from_afar(design, key)
    if who == "bootloader-code" and key.kind is KeyKind.HASH and (ranked := _rank(design, key)) is not None:
        turn, names = ranked
        known = {other.name for other in design.keys if other.published}
        if not known.isdisjoint(names[turn + 1 :]):
            return broken("a boot with a later key, which he has, invalidates it", source=key.source)
    in_hardware = all(isinstance(each, InKmu | InUicr) for each in key.placements)
    boots = who == "bootloader-code" and in_hardware
    if not (boots or who in ANY_CODE) or len(key.placements) != 1:
        return untold("what he can do to the key", key.source)
    (place,) = key.placements
    reaches = boots or who in SECURE_CODE
    if isinstance(place, InKmu) and design.soc.kmu_version == 2:
        if not reaches or key.revocable is False:
            return kept("the KMU does not revoke it for him", key.source)
        if key.revocable is None:
            return untold("whether the slot can be revoked", key.source)
        return broken("revocable slots may be revoked by any secure code", source=key.source)
    if isinstance(place, InUicr) and key.kind is KeyKind.HASH and design.soc.trustzone:
        if not reaches:
            return kept("OTP words answer secure code only", key.source)
        return broken("NSIB never locks its OTP words: secure code can invalidate the key", source=key.source)
    shut = _shut(design, place)
    if shut and not design.lifecycle.flash_patch:
        return kept("a lock covers where it lies before he runs", key.source)
    if shut is False and who in WRITERS:
        return broken("nothing locks where it lies: code erases it", source=key.source)
    return untold("whether he can write where the key lies", key.source)


def _shut(design: Design, place: Placement) -> bool | None:
    """Whether locks keep code from a value in flash; None where they keep a part of it, or an update replaces it."""
    match place:
        case InPartition():
            return locked_away(design, [place.partition])
        case InImage():
            image = design.image(place.image)
            shut = locked_away(design, image.slots)
            return None if shut and image.updatable else shut
        case _:
            return None


def _from_afar(design: Design, key: Key) -> Judgement:
    """Without code on the device only a signature by a later key takes one away, or an update that carries it."""
    images = {use.image for use in key.uses if use.purpose is Purpose.VERIFY}
    his = any(other.published and images & {use.image for use in other.uses} for other in design.keys)
    (place,) = key.placements
    travels = isinstance(place, InImage) and design.image(place.image).updatable
    if not images or his or travels or not isinstance(place, InImage | InKmu | InUicr | InPartition):
        return untold("whether something he sends changes the key", key.source)
    return kept("nothing that he can send writes where the key lies", key.source)


def key_final(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Final iff every word was written, or he cannot write OTP words at all, and nobody erases them."""
    who = who_reaches(design, attacker)
    if len(key.placements) != 1:
        return untold("where it lies", key.source)
    (place,) = key.placements
    if isinstance(place, InPartition | InImage):
        return _flash_final(design, key, place, who)
    if isinstance(place, InKmu):
        return _slots_final(design, key, who)
    if not isinstance(place, InUicr) or design.soc.otp is None:
        if isinstance(place, InUicr) and who in WRITERS:
            return broken("words that are no OTP take further writes, which clear bits", source=key.source)
        return untold("whether its storage takes a value once only", key.source)
    if who == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("an erase-all clears OTP words", source=key.source)
        if not design.lifecycle.approtect and not key.all_words_written:
            return untold("what an open port writes", design.lifecycle.source)
        return kept("nothing is erased", design.lifecycle.source)
    if who not in (*ANY_CODE, "bootloader-code", "remote-ota", "old-signed-image"):
        return untold("what he can write", key.source)
    # A hash with an erased half-word has NSIB refuse everything (ncs-boot 1.3), so on a device that boots none has one.
    refused = key.kind is KeyKind.HASH and key.all_words_written is None and _starts_by_nsib(design, key)
    if who not in (*SECURE_CODE, "bootloader-code") or key.all_words_written or refused:
        return kept("a word takes one value, and none is left to fill for him", key.source)
    if key.all_words_written is None:
        return untold("whether a word of it still reads as erased", key.source)
    return broken("what still reads as erased can be filled", source=key.source)


def _slots_final(design: Design, key: Key, who: str) -> Judgement:
    """A slot takes a value while it is erased; what cannot be revoked is erased with the whole chip alone."""
    if who == "debug-port" and not design.lifecycle.eraseprotect:
        return broken("an erase-all clears the slots", source=key.source)
    if key.fillable and who in (*SECURE_CODE, "bootloader-code"):
        return broken("its slot is erased, or can be made so, and then takes a value", source=key.source)
    locked = design.soc.kmu_version > 1 and key.revocable is False
    if who == "app-code-ns" or (locked and who in (*SECURE_CODE, "bootloader-code")):
        return kept("no path of his leads to an erased slot", key.source)
    return untold("whether its slots take another value", key.source)


def _flash_final(design: Design, key: Key, place: InPartition | InImage, who: str) -> Judgement:
    """In flash a value is as final as the lock over it, and as the port is closed to an erase-all."""
    shut = _shut(design, place)
    if who == "debug-port" and not design.lifecycle.eraseprotect:
        return broken("an erase-all clears the flash too", source=key.source)
    if who in ANY_CODE and shut and not design.lifecycle.flash_patch:
        return kept("a lock covers where it lies before he runs", key.source)
    if who in WRITERS and shut is False:
        return broken("nothing locks where it lies", source=key.source)
    return untold("whether he can write where the key lies", key.source)


def key_alone(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Alone iff nobody erases the storage and no path of the attacker leads into it."""
    verifies = any(use.purpose is Purpose.VERIFY for use in key.uses)
    if not verifies or len(key.placements) != 1:
        return untold("where the trust of the first stage lies", key.source)
    (place,) = key.placements
    who, life = who_reaches(design, attacker), design.lifecycle
    if who == "debug-port":
        if life.eraseprotect and life.approtect:
            return kept("the port is closed and refuses to erase", life.source)
        if life.eraseprotect:
            return untold("what an open port writes", life.source)
        return broken("after an erase-all another key can be provisioned", source=key.source)
    travels = isinstance(place, InImage) and design.image(place.image).updatable
    if who in ("remote-ota", "old-signed-image", "ext-flash-read", "ext-flash-write", "power-cut"):
        return (
            untold("whether its image counts as the first stage", key.source)
            if travels
            else kept("no update reaches it", key.source)
        )
    if who == "app-code-ns" and isinstance(place, InKmu | InUicr):
        return kept("non-secure code does not reach its storage", key.source)
    obeyed = not (exposed_to_application(design) or design.lifecycle.flash_patch)
    if who in ANY_CODE and isinstance(place, InPartition | InImage):
        shut = _shut(design, place)
        if shut is False and who in WRITERS:
            return broken("nothing locks where it lies: code puts another there", source=key.source)
        if shut and obeyed:
            return kept("a lock covers where it lies before he runs", key.source)
    if who in SECURE_CODE and isinstance(place, InKmu) and key.fillable:
        return broken("its slot takes a key of his", source=key.source)
    if who in SECURE_CODE and isinstance(place, InKmu) and _in_ring(design, key) and obeyed:
        return _generations_kept(design, key)
    if who in ANY_CODE and isinstance(place, InUicr) and key.kind is KeyKind.HASH and design.soc.otp and obeyed:
        return kept("a hash once written is final, and their number too", key.source)
    return untold("what he can put beside the key", key.source)


def _generations_kept(design: Design, key: Key) -> Judgement:
    """None of the slots that are consulted for the key's image may take a key of his.

    "NSIB always tries 242, 244, 246 in order", MCUboot those that it is built with, one by default (soc.md 5.3).
    """
    images = {use.image for use in key.uses if use.purpose is Purpose.VERIFY}
    consulted = [
        other
        for other in design.keys
        if any(isinstance(each, InKmu) for each in other.placements)
        and images & {use.image for use in other.uses if use.purpose is Purpose.VERIFY}
    ]
    for other in consulted:
        if other.fillable:
            return broken(f"the slot of {other.name}, which is consulted too, takes a key of his", source=other.source)
    if None in {other.revocable for other in consulted}:
        return untold("whether the policy of a slot lets it take another key", key.source)
    by_nsib = _starts_by_nsib(design, key)
    if by_nsib and any(generations_not_drawn(design, design.image(name)) for name in images if name):
        return untold("whether every slot that NSIB consults is filled", key.source)
    return kept("every slot that is consulted is filled for good", key.source)
