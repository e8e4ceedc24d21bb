"""Verification keys, enacted: revoked, followed, made unusable, changed, or joined by another.

Rules: SEMANTICS, "What is told", the claims that start with `key_`.
"""

from bootverify.design.attacker import Attacker
from bootverify.design.boot import Program, Protect
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, InPartition, InUicr, Key, KeyKind, Purpose
from bootverify.executor.lives.foe import who_reaches
from bootverify.executor.lives.root import page_of_root, refused
from bootverify.machine.judgement import Judgement, broken, kept, untold

SECURE = {"app-code-secure", "secure-partition"}
CODE = {"app-code", "app-code-secure", "app-code-ns", "secure-partition"}
UNBOUND = CODE - {"app-code-ns"}  # no attribution keeps them out


def _ring(design: Design, key: Key) -> list[Key]:
    """The keys from which the key's stage picks, in the order in which they are tried and invalidated."""
    target = _verified_image(key)
    ring = [
        each
        for each in design.keys
        if each.kind is key.kind
        and target
        and _verified_image(each) == target
        and _place(each) == _place(key)
        and not each.empty
    ]
    return sorted(ring, key=_turn)


def _turn(key: Key) -> int:
    """When a generation is tried: KMU slots upwards; stored hashes as they were provisioned."""
    match key.placements:
        case (InKmu(slots=slots), *_):
            return slots[0]
        case _:
            return 0


def _is_generation(design: Design, key: Key) -> bool:
    """Whether several of its kind are tried in turn, so that a later one can follow it."""
    if key.kind is KeyKind.HASH:
        return True
    slots = [place for place in key.placements if isinstance(place, InKmu)]
    return (
        design.soc.kmu_version == 2 and key.kind is KeyKind.PUBLIC and bool(slots) and len(slots) == len(key.placements)
    )


def _alive(design: Design, ring: list[Key], used: int) -> set[str] | None:
    """What is left after a boot with number `used`; None where nothing tells whether the others were destroyed."""
    alive = {each.name for each in ring}
    by_nsib = _of_nsib(design, ring[used])
    for each in ring[:used]:
        if each.kind is KeyKind.HASH or (by_nsib and each.revocable):
            alive.discard(each.name)
        elif not by_nsib or each.revocable is None:
            return None
    return alive


def _of_nsib(design: Design, key: Key) -> bool:
    """Whether NSIB verifies with it."""
    verified = _verified_image(key)
    starter = design.image(verified).verified_by if verified else None
    return starter is not None and design.stage(starter).program is Program.NSIB


def _verified_image(key: Key) -> str:
    return next((use.image for use in key.uses if use.purpose is Purpose.VERIFY), "")


def _place(key: Key) -> str:
    return type(key.placements[0]).__name__ if key.placements else ""


def taken_away(design: Design, key: Key) -> bool:
    """Whether the boot that is told of left nothing that verifies with the key, as long as its storage stays."""
    told, ring = design.life.deployed, _ring(design, key)
    if told is None or not told.booted or told.image != _verified_image(key) or not _is_generation(design, key):
        return False
    used = _turn_of(told.key, ring)
    alive = None if used is None or key not in ring else _alive(design, ring, used)
    return alive is not None and key.name not in alive


def _turn_of(word: str, ring: list[Key]) -> int | None:
    """Which key of the ring is meant by its name, or by what the name ends in."""
    return next((i for i, each in enumerate(ring) if word and word in {each.name, each.name.split("_")[-1]}), None)


def key_dead(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Play what was deployed: NSIB invalidates every key before the one that a booted image verified with."""
    told = design.life.deployed
    if told is None and who_reaches(design, attacker) == "bootloader-code" and _is_last(design, key):
        return broken(f"no key comes after {key.name}", "no boot ever takes it away", source=key.source)
    if not _is_generation(design, key) or told is None or not told.key:
        return untold("which image was booted, and with which key it was made", key.source)
    ring = _ring(design, key)
    used = _turn_of(told.key, ring)
    if used is None or key not in ring or told.image != _verified_image(key):
        return untold(f"which of the keys `{told.key}` is", told.source)
    alive = _alive(design, ring, used) if told.booted else {each.name for each in ring}
    if who_reaches(design, attacker) == "debug-port":
        if design.lifecycle.eraseprotect:
            return untold("what the probe reaches with erase protection on", key.source)
        return broken("erase-all makes the storage new", "every key can be provisioned again", source=key.source)
    if alive is None:
        return untold("whether a boot with a later key destroys this one", key.source)
    if key.name in alive:
        if who_reaches(design, attacker) == "bootloader-code":
            return broken(
                f"{key.name} is still valid",
                "he writes an image made with it into a slot, and b0 takes it",
                source=told.source,
            )
        return untold(f"whether {attacker.name} gets an image made with the key into a slot", told.source)
    if who_reaches(design, attacker) in {
        "remote-ota",
        "old-signed-image",
        "operator-error",
        "ext-flash-read",
        "ext-flash-write",
    }:
        return kept(f"the boot with {told.key} invalidated every key before it", told.source)
    runs = who_reaches(design, attacker)
    obeys = runs == "app-code-ns" or not (page_of_root(design) or design.lifecycle.flash_patch)
    if runs in CODE | {"bootloader-code"} and obeys and _kept_from_code(design, key):
        return kept("it is invalidated, in storage that only b0 writes", told.source)
    return untold(f"whether {attacker.name} can rewrite the storage of the keys", key.source)


def _kept_from_code(design: Design, key: Key) -> bool:
    """Whether an invalidated entry stays so: OTP words are written once, a page only while nothing locks it."""
    for place in key.placements:
        match place:
            case InUicr():
                continue
            case InKmu():
                if key.reusable:
                    return False
            case InPartition():
                area = design.partition(place.partition).range
                locks = [span.range for step in design.root.steps if isinstance(step, Protect) for span in step.spans]
                if not any(lock.covers(area) for lock in locks):
                    return False
            case _:
                return False
    return True


def _is_last(design: Design, key: Key) -> bool:
    """Whether NSIB tries the key after all others, so that its use retires them and nothing retires it."""
    return _of_nsib(design, key) and _is_generation(design, key) and _ring(design, key)[-1:] == [key]


def key_followed(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Sign the next bootloader with the next key of the ring, if there is one."""
    if who_reaches(design, attacker) not in {"remote-ota", "operator-error", "old-signed-image"} or not _is_generation(
        design, key
    ):
        return untold("how the key would be replaced", key.source)
    ring = _ring(design, key)
    image = _verified_image(key)
    if key not in ring or not design.image(image).updatable:
        return untold("which image is verified with it, and whether it is updated", key.source)
    rest = ring[ring.index(key) + 1 :]
    if rest:
        return kept(f"the next release of {image} is signed with {rest[0].name}", key.source)
    return broken("there is no further key to sign with", "no update writes the storage of the keys", source=key.source)


def key_usable(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Try to revoke, invalidate or erase the key where it lies."""
    if who_reaches(design, attacker) == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("erase-all takes the key away", source=key.source)
        if not design.lifecycle.approtect:
            return untold("what an open port writes", design.lifecycle.source)
        return kept("the port refuses to erase", design.lifecycle.source)
    if (
        who_reaches(design, attacker) in {"remote-ota", "old-signed-image", "ext-flash-read", "ext-flash-write"}
        and len(key.placements) == 1
    ):
        return _sent_at(design, key)
    if who_reaches(design, attacker) == "bootloader-code" and key.kind is KeyKind.HASH:
        ring = _ring(design, key)
        if any(each.published for each in ring[ring.index(key) + 1 :]):
            story = (
                "he signs an image with it and writes that into a slot",
                "NSIB invalidates each key before it",
            )
            return broken("he has a later key of the ring", *story, source=key.source)
    known = CODE | ({"bootloader-code"} if isinstance(key.placements[0], InKmu | InUicr) else set())
    if who_reaches(design, attacker) not in known or len(key.placements) != 1:
        return untold(f"what {attacker.name} can do to the key", key.source)
    place = key.placements[0]
    match place:
        case InKmu() if design.soc.kmu_version == 2:
            if who_reaches(design, attacker) == "app-code-ns":
                return kept("the KMU answers secure code only", key.source)
            if key.revocable is None:
                return untold("whether the slot can be revoked", key.source)
            return (
                broken("secure code revokes the slot", source=key.source)
                if key.revocable
                else kept("the slot cannot be revoked", key.source)
            )
        case InUicr() if key.kind is KeyKind.HASH and design.soc.trustzone:
            if who_reaches(design, attacker) == "app-code-ns":
                return kept("OTP words answer secure code only", key.source)
            return broken(
                "NSIB leaves its OTP words open",
                "secure code writes the word that invalidates the key",
                source=key.source,
            )
        case InPartition() | InImage():
            return _written(
                design, key, place, who_reaches(design, attacker), "code erases the page where the key lies"
            )
        case _:
            return untold("whether he can write where the key lies", key.source)


def _written(design: Design, key: Key, place: InPartition | InImage, who: str, done: str) -> Judgement:
    """Have code write every page in which the value may lie."""
    names = [place.partition] if isinstance(place, InPartition) else design.image(place.image).slots
    outcome = refused(design, names)
    replaced = isinstance(place, InImage) and design.image(place.image).updatable
    if outcome is False and who in UNBOUND:
        return broken(done, source=key.source)
    if outcome is True and not replaced and not design.lifecycle.flash_patch:
        return kept("it is locked before he runs", key.source)
    return untold("whether he can write where the key lies", key.source)


def _sent_at(design: Design, key: Key) -> Judgement:
    """Send whatever can be sent: only the owner's next key, in other hands, or a new image would touch the key."""
    image = _verified_image(key)
    ring = [each for each in design.keys if image and any(use.image == image for use in each.uses)]
    match key.placements[0]:
        case InImage(image=carrier) if design.image(carrier).updatable:
            return untold("whether something he sends changes the key", key.source)
        case InImage() | InKmu() | InUicr() | InPartition() if ring and not any(each.published for each in ring):
            return kept("what he sends is refused before anything is written to it", key.source)
        case _:
            return untold("whether something he sends changes the key", key.source)


def key_final(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Write to the stored value what its memory still takes."""
    if len(key.placements) != 1:
        return untold("where it lies", key.source)
    match key.placements[0]:
        case InPartition() | InImage() as place:
            if who_reaches(design, attacker) == "debug-port" and not design.lifecycle.eraseprotect:
                return broken("erase-all clears the flash too", source=key.source)
            if who_reaches(design, attacker) not in CODE:
                return untold(f"what {attacker.name} can write", key.source)
            return _written(design, key, place, who_reaches(design, attacker), "code writes where the key lies")
        case InUicr() if design.soc.otp is not None:
            pass
        case InUicr() if who_reaches(design, attacker) in UNBOUND:
            return broken("code clears more bits of its words", source=key.source)
        case InKmu() as slots:
            return _slot_final(design, key, slots, who_reaches(design, attacker))
        case _:
            return untold("whether its storage takes a value once only", key.source)
    if who_reaches(design, attacker) == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("erase-all clears the OTP words", source=key.source)
        if not design.lifecycle.approtect and key.all_words_written is not True:
            return untold("what an open port writes", design.lifecycle.source)
        return kept("the port refuses to erase", design.lifecycle.source)
    if who_reaches(design, attacker) not in CODE | {"remote-ota", "old-signed-image", "bootloader-code"}:
        return untold(f"what {attacker.name} can write", key.source)
    writes = who_reaches(design, attacker) in SECURE | {"bootloader-code"}
    written = key.all_words_written
    if written is None and key.kind is KeyKind.HASH and _of_nsib(design, key):
        written = True  # NSIB refuses every image while a hash has an erased half-word (ncs-boot 1.3)
    match written:
        case False if writes:
            return broken("a word that still reads as erased takes a value", source=key.source)
        case None if writes:
            return untold("whether some word of the value still reads as erased", key.source)
        case _:
            return kept("a word once written is final", key.source)


def _slot_final(design: Design, key: Key, place: InKmu, who: str) -> Judgement:
    """Provision the slots anew: only erased ones take a value, and only a revocable one is ever erased (soc.md 5.3)."""
    if who == "debug-port" and not design.lifecycle.eraseprotect:
        return broken("erase-all clears the slots", source=key.source)
    if who == "app-code-ns":
        return kept("the KMU answers secure code only", key.source)
    if who in SECURE | {"bootloader-code"} and key.fillable:
        return broken("the slot takes a value", "what stood there is revoked first", source=place.source)
    fixed = design.soc.kmu_version == 2 and key.revocable is False
    if who in SECURE | {"bootloader-code"} and fixed:
        return kept("the slot takes neither another value nor a revocation", place.source)
    return untold("whether its slots take another value", key.source)


def key_alone(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Erase the key, or put another beside it where the bootloader looks."""
    if len(key.placements) != 1 or not any(use.purpose is Purpose.VERIFY for use in key.uses):
        return untold("where the trust of the first stage lies", key.source)
    place = key.placements[0]
    if who_reaches(design, attacker) == "debug-port":
        if not design.lifecycle.eraseprotect:
            return broken("erase-all clears the storage of the key", "another one is provisioned", source=key.source)
        if not design.lifecycle.approtect:
            return untold("what an open port writes", design.lifecycle.source)
        return kept("the port is closed and refuses to erase", design.lifecycle.source)
    if who_reaches(design, attacker) in {
        "remote-ota",
        "old-signed-image",
        "ext-flash-read",
        "ext-flash-write",
        "power-cut",
    }:
        if isinstance(place, InImage) and design.image(place.image).updatable:
            return untold("whether its image counts as the first stage", key.source)
        return kept("no update reaches the storage of the key", key.source)
    if who_reaches(design, attacker) == "app-code-ns" and isinstance(place, InKmu | InUicr):
        return kept("its storage answers secure code only", key.source)
    if who_reaches(design, attacker) in CODE:
        tricked = bool(page_of_root(design, design.stages)) or design.lifecycle.flash_patch
        if isinstance(place, InPartition | InImage):
            done = _written(design, key, place, who_reaches(design, attacker), "code puts another key there")
            if done.kept is False or not tricked:
                return done
        elif isinstance(place, InKmu) and key.fillable:
            return broken("secure code puts another key into its slot", source=place.source)
        elif isinstance(place, InKmu) and _is_generation(design, key) and not tricked:
            return _beside(design, key)
        elif isinstance(place, InUicr) and key.kind is KeyKind.HASH and design.soc.otp is not None and not tricked:
            return kept("its words and the number of keys take one value", key.source)
    return untold(f"what {attacker.name} can put beside the key", key.source)


def _beside(design: Design, key: Key) -> Judgement:
    """Provision each slot in which its stage looks: NSIB in three, MCUboot in as many as it has keys (soc.md 5.3)."""
    target = _verified_image(key)
    drawn = [each for each in design.keys if _verified_image(each) == target and _place(each) == _place(key)]
    open_one = next((each for each in drawn if each.fillable), None)
    if open_one is not None:
        return broken(f"secure code puts a key of its own into the slot of {open_one.name}", source=open_one.source)
    if any(each.revocable is None for each in drawn):
        return untold("whether a slot can be emptied and filled anew", key.source)
    if _of_nsib(design, key) and not {_turn(each) for each in drawn} >= {242, 244, 246}:
        return untold("whether a slot that NSIB tries is empty", key.source)
    return kept("no slot that is tried takes another key", key.source)
