"""Verification keys, concluded: conditions on storage, order and locks."""

from bootverify.design.attacker import Attacker
from bootverify.design.boot import Protect
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, InPartition, InUicr, Key, KeyKind, Placement, Purpose
from bootverify.machine.judgement import Judgement, broken, kept, untold

SECURE_CODE = ("app-code-secure", "secure-partition")
ANY_CODE = (*SECURE_CODE, "app-code", "app-code-ns")
NO_CODE = ("remote-ota", "old-signed-image", "operator-error", "ext-flash-read", "ext-flash-write")


def _rank(design: Design, key: Key) -> tuple[int, list[str]] | None:
    """The key's place among those that verify the same image from the same kind of storage; None when it has none."""
    images = {use.image for use in key.uses if use.purpose is Purpose.VERIFY}
    if len(images) != 1 or not key.placements:
        return None
    names = [
        other.name
        for other in design.keys
        if other.kind is key.kind
        and {use.image for use in other.uses if use.purpose is Purpose.VERIFY} == images
        and other.placements
        and type(other.placements[0]) is type(key.placements[0])
    ]
    return names.index(key.name), names


def key_dead(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Dead iff an image made with a later key has booted, and nobody can give the storage back its first value."""
    told, ranked = design.life.deployed, _rank(design, key)
    if told is None or ranked is None or key.kind is not KeyKind.HASH:
        return untold("which image was booted, and with which key it was made", key.source)
    place, names = ranked
    used = [i for i, name in enumerate(names) if told.key in {name, name.rpartition("_")[2]}]
    if not used or all(use.image != told.image for use in key.uses):
        return untold(f"which of the keys `{told.key}` is", told.source)
    who = attacker.name
    if who == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("an erase-all makes the storage of the keys new", source=key.source)
        return untold("what the probe reaches with erase protection on", key.source)
    if not (told.booted and place < used[0]):
        if who == "bootloader-code":
            return broken("the key is valid until an image made with a later one has booted", source=told.source)
        return untold(f"whether {who} gets an image made with the key into a slot", told.source)
    if who in NO_CODE or (
        who in (*ANY_CODE, "bootloader-code") and all(_stays(design, each) for each in key.placements)
    ):
        return kept("the first boot with a later key invalidated it for good", told.source)
    return untold(f"whether {who} can rewrite the storage of the keys", key.source)


def _stays(design: Design, place: Placement) -> bool:
    """No code can undo a write there: OTP, or a page inside one lock of the first stage."""
    if isinstance(place, InUicr):
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
        key.kind is not KeyKind.HASH
        or ranked is None
        or attacker.name not in {"remote-ota", "old-signed-image", "operator-error"}
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
    who = attacker.name
    if who == "debug-port":
        erases = not design.lifecycle.eraseprotect
        return (
            broken("an erase-all takes it away", source=key.source) if erases else kept("nothing is erased", key.source)
        )
    if who not in ANY_CODE or len(key.placements) != 1:
        return untold(f"what {who} can do to the key", key.source)
    (place,) = key.placements
    reaches = who in SECURE_CODE
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
    if isinstance(place, InPartition) and _stays(design, place):
        return kept("a lock of the first stage covers the page", key.source)
    return untold("whether he can write where the key lies", key.source)


def key_final(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Final iff every word was written, or he cannot write OTP words at all, and nobody erases them."""
    in_otp = len(key.placements) == 1 and isinstance(key.placements[0], InUicr) and design.soc.otp is not None
    who = attacker.name
    if not in_otp:
        return untold("whether its storage takes a value once only", key.source)
    if who == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("an erase-all clears OTP words", source=key.source)
        return kept("nothing is erased", design.lifecycle.source)
    if who not in (*ANY_CODE, "bootloader-code", "remote-ota", "old-signed-image"):
        return untold(f"what {who} can write", key.source)
    if who not in (*SECURE_CODE, "bootloader-code") or key.all_words_written:
        return kept("a word takes one value, and none is left to fill for him", key.source)
    if key.all_words_written is None:
        return untold("whether a word of it still reads as erased", key.source)
    return broken("what still reads as erased can be filled", source=key.source)


def key_alone(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Alone iff nobody erases the storage and no path of the attacker leads into it."""
    verifies = any(use.purpose is Purpose.VERIFY for use in key.uses)
    if not verifies or len(key.placements) != 1:
        return untold("where the trust of the first stage lies", key.source)
    (place,) = key.placements
    who, life = attacker.name, design.lifecycle
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
    return untold(f"what {who} can put beside the key", key.source)
