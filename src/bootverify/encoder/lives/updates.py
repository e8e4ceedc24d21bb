"""Updates taken, ways back and starts, concluded: tables of conditions, the first that is met counts."""

from collections.abc import Iterator

from bootverify.design.attacker import Attacker
from bootverify.design.boot import BootGo, EncryptionType, Image, Program, Protect
from bootverify.design.design import Design
from bootverify.design.keys import Key, KeyKind, Purpose
from bootverify.design.life import Behaviour, Recovery
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Attribution, UnitKind
from bootverify.encoder.lives.foe import foe
from bootverify.encoder.lives.root import locked_away
from bootverify.machine.judgement import Judgement, broken, kept, untold

Clause = tuple[bool, Judgement]
NETWORK_ACL_ENTRIES = 8
SERIAL_SECTOR = 0x10000  # the longest of serial flash
SPARE = {"overwrite": 0, "swap-scratch": 0, "swap-move": -1, "swap-offset": 1}  # pages that the staging slot has over


def _first(clauses: Iterator[Clause], otherwise: Judgement) -> Judgement:
    return next((judgement for met, judgement in clauses if met), otherwise)


# -- update_taken


def update_taken(design: Design, image: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Broken iff the anchor is not the owner's, the staging slot is blocked for good, or the attacker spoils it."""
    if isinstance(image, NetworkStage):
        return _spoilt(design, image, foe(design, attacker))
    return _first(_taken(design, image, foe(design, attacker)), untold("whether an update is installed", image.source))


def _taken(design: Design, image: Image, who: str) -> Iterator[Clause]:
    life = design.life
    trusted, strangers = _signers(design, image)
    foreign = any(not key.published for key in strangers) and all(key.published for key in trusted)
    yield foreign, broken("genuine releases are signed with another key", source=image.source)
    yield bool(strangers), untold("with which of the keys genuine releases are signed", image.source)
    drawn = image.updatable and image.verified_by is not None
    yield not drawn, untold("no update of it is drawn", image.source)
    no_slot = image.staging is None
    yield (
        no_slot and life.recovery is Recovery.ABSENT,
        broken("nothing on the device can take an update", source=image.source),
    )
    yield no_slot, untold("how its updates reach the device", image.source)
    yield _falls(design, image), broken("a rule against older images refuses a later release", source=image.source)
    shared = any(len(other.slots) > 1 and other.staging == image.staging for other in design.images)
    senders = {"remote-ota", "old-signed-image", "factory-insider", "build-pipeline"}
    misfit = who in senders or life.event == "wrong-variant"
    blocked = shared and misfit and Behaviour.MISFIT_BLOCKS_STAGING in life.behaviours
    yield blocked, broken("the staging slot is blocked by what is never removed", source=image.update_source)
    fits = _fits(design, image)
    yield fits is False, broken("slots that do not fit each other exchange nothing", source=image.update_source)
    external = not no_slot and design.partition(image.staging or "").memory is MemoryKind.EXTERNAL
    spoils = (who == "ext-flash-write" and external) or who in {"app-code", "app-code-secure", "secure-partition"}
    spoils |= who == "app-code-ns" and (external or _drawn_open(design, image))
    yield spoils, broken("he may always spoil the staged image", source=image.update_source)
    lost = who == "power-cut" and Behaviour.SWAP_CUT_LOSES_IMAGE in life.behaviours
    yield lost, broken("a cut swap is never completed", source=image.source)
    judged = {"ext-flash-write", "ext-flash-read", *senders}
    judged |= {"operator-error"} if not life.event else set()
    judged |= {"debug-port"} if design.lifecycle.approtect and design.lifecycle.eraseprotect else set()
    yield who not in judged, untold("what he can do to a staged update", image.source)
    planned = [rule for rule in life.rules or () if (rule.planned or 0) > (rule.slots or rule.planned or 0)]
    refused = Behaviour.COUNTER_FULL_REFUSES in life.behaviours and any(rule.by == "mcuboot" for rule in planned)
    yield refused, broken("a planned release is refused for want of a counter slot", source=life.source)
    misfit_told = does_with_misfits(life.behaviours)
    yield shared and not misfit_told, untold("what becomes of a misfit variant in the staging slot", image.source)
    doubts = [
        bool(planned),
        Behaviour.UNSIGNED_METADATA in life.behaviours,
        not life.mode,
        fits is None,
        # Which core an image is for MCUboot reads in its vector table, which is not to be read while it is encrypted.
        image.encryption is not EncryptionType.NONE and any(each.fed_by and not each.boots for each in design.network),
    ]
    yield any(doubts), untold("whether every genuine update can be taken", image.source)
    yield True, kept("nothing that he can do keeps a staged update from being installed", image.update_source)


def _falls(design: Design, image: Image) -> bool:
    """Whether what the boot compares is lower in some release than in one before it."""
    steps = [step for stage in design.stages for step in stage.steps if isinstance(step, BootGo)]
    rules = [step for step in steps if step.image == image.name]
    past = design.life.request != "test"
    compared = [step for step in rules if step.prevent_downgrade and not (step.test_only and past)]
    length = 4 if any(step.with_build for step in compared) else 3
    versions = [version[:length] for version in image.versions if compared]
    counters = [counter for counter in image.counters if any(step.counter for step in rules)]
    return versions != sorted(versions) or counters != sorted(counters)


def _spoilt(design: Design, stage: NetworkStage, who: str) -> Judgement:
    """Spoilt by whoever writes the partition of the application core in which an update of that core waits."""
    if not stage.staging or stage.boots or not stage.updatable:
        return untold("where updates of it wait", stage.source)
    writers = {"app-code", "app-code-secure", "secure-partition"}
    if design.partition(stage.staging).memory is MemoryKind.EXTERNAL:
        writers |= {"app-code-ns", "ext-flash-write"}
    elif _drawn_open(design, stage):
        writers.add("app-code-ns")
    if who in writers:
        return broken("he may always spoil the staged image", source=stage.source)
    return untold("what he can do to a staged update", stage.source)


def _drawn_open(design: Design, thing: Image | NetworkStage) -> bool:
    return bool(thing.staging) and design.partition(thing.staging or "").attribution is Attribution.NON_SECURE


def does_with_misfits(does: frozenset[Behaviour]) -> bool:
    """Whether the release is told to keep or to drop a variant that fits no free slot."""
    return Behaviour.MISFIT_BLOCKS_STAGING in does or Behaviour.MISFIT_IS_DROPPED in does


def _signers(design: Design, image: Image) -> tuple[list[Key], list[Key]]:
    """Private keys that sign the image: those that its anchors know, the others; all known where an anchor is open."""
    anchors = [key for key in design.keys if key.kind is KeyKind.PUBLIC and _for(key, Purpose.VERIFY, image)]
    known = {anchor.other_half for anchor in anchors}
    signers = [key for key in design.keys if key.kind is KeyKind.PRIVATE and _for(key, Purpose.SIGN, image)]
    if not known or "" in known:
        return signers, []
    return [key for key in signers if key.name in known], [key for key in signers if key.name not in known]


def _for(key: Key, purpose: Purpose, image: Image) -> bool:
    return (purpose, image.name) in {(use.purpose, use.image) for use in key.uses}


def _fits(design: Design, image: Image) -> bool | None:
    """Whether the staging slot is longer than the slot by what the mode allows; None where nothing tells.

    Overwriting and scratch want one size, moving takes a page less, an offset a page more (loader.c, swap_offset.c).
    """
    if len(image.slots) != 1 or image.staging is None:
        return True
    mode, page = design.life.mode, design.soc.page
    slot, staging = design.partition(image.slots[0]).range, design.partition(image.staging)
    longer = (staging.range.end - staging.range.start) - (slot.end - slot.start)
    if longer == 0:
        return True
    if mode not in SPARE:
        return None
    if staging.memory is MemoryKind.EXTERNAL:
        return None if longer < SERIAL_SECTOR else False
    if longer % page or (slot.end - slot.start) % page:
        return None
    if mode == "swap-move" and longer < -page:
        return None  # it does with less by the trailer, too, and how long that is no design tells
    return longer == SPARE[mode] * page


# -- way_back


def way_back(design: Design, thing: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Kept by a recovery port; without one the mode, the request and the release decide."""
    return _first(_back(design, thing, foe(design, attacker)), untold("whether there is a way back", thing.source))


def _back(design: Design, thing: Image | NetworkStage, who: str) -> Iterator[Clause]:
    life, does = design.life, design.life.behaviours
    judged = {"operator-error", "power-cut", "serial-port", "ext-flash-write"}
    yield who not in judged, untold("what he leaves behind", thing.source)
    port = life.recovery in {Recovery.OPEN, Recovery.GUARDED}
    is_root = isinstance(thing, Image) and thing.verified_by is None
    yield port and is_root, untold("whether the port's own program survives", thing.source)
    yield port, kept("the recovery port takes the genuine image again", life.source)
    yield who == "serial-port", untold("there is no port to use", thing.source)
    yield who == "ext-flash-write", untold("what he leaves where updates wait", thing.source)
    yield isinstance(thing, NetworkStage), untold("how an update of that core is undone", thing.source)
    by_mcuboot = isinstance(thing, Image) and any(
        stage.name == thing.verified_by and stage.program is Program.MCUBOOT for stage in design.stages
    )
    crash = who == "operator-error" and life.event == "crashing-release"
    spare = isinstance(thing, Image) and len(thing.slots) == 2 and thing.staging is not None and not by_mcuboot
    yield (
        who == "power-cut" and spare,
        kept("the slot that runs stays as it is, and so does the staged one", thing.source),
    )
    alone = (crash or who == "power-cut") and not by_mcuboot
    yield alone, untold("nothing tells who undoes an update of it", thing.source)
    step = design.started_in_place(thing) if isinstance(thing, Image) else None
    yield crash and step is not None and not step.revert, broken("the newest slot starts for ever", source=life.source)
    confirmed_later = step is not None and life.request == "test"
    yield crash and confirmed_later, kept("an image that nobody confirms is erased", life.source)
    yield crash and step is not None, untold("whether the image waits for a confirmation", life.source)
    swaps = life.mode[:4] == "swap"
    yield crash and life.mode == "overwrite", broken("the release that worked was overwritten", source=life.source)
    yield (
        crash and swaps and life.request == "permanent",
        broken("a permanent swap is not reverted", source=life.source),
    )
    yield crash and swaps and life.request == "test", kept("an unconfirmed release is reverted", life.source)
    misfit = who == "operator-error" and life.event == "wrong-variant"
    yield (
        misfit and Behaviour.MISFIT_BLOCKS_STAGING in does,
        broken("the misfit occupies the staging slot", source=life.source),
    )
    yield misfit and Behaviour.MISFIT_IS_DROPPED in does, kept("the misfit is removed", life.source)
    cut = who == "power-cut"
    yield cut and Behaviour.SWAP_CUT_LOSES_IMAGE in does, broken("the cut swap is never completed", source=life.source)
    yield cut and Behaviour.SWAP_CUT_SURVIVES in does, kept("the cut swap is completed", life.source)


# -- starts


def starts(design: Design, thing: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Whether the next boot gets as far as the subject, and past it."""
    who = foe(design, attacker)
    if who == "debug-port" and not design.lifecycle.eraseprotect:
        return broken("an erase-all leaves nothing to start", source=design.lifecycle.source)
    if isinstance(thing, NetworkStage):
        return _first(
            _network_starts(design, who), untold("what the network core meets at its next boot", thing.source)
        )
    return _first(_image_starts(design, thing, who), untold("what the next boot meets", thing.source))


def _network_starts(design: Design, who: str) -> Iterator[Clause]:
    does = design.life.behaviours
    early = who == "power-cut" and Behaviour.ACKNOWLEDGED_EARLY in does
    yield early, broken("what was acknowledged is not in flash yet", source=design.life.source)
    boots = [stage for stage in design.network if stage.boots]
    keeps = who == "operator-error" and bool(boots) and Behaviour.LOCKS_SURVIVE_SOFT_RESET in does
    stops = bool(does & {Behaviour.LOCK_FAILURE_STOPS, Behaviour.LOCK_ENTRIES_COUNTED})
    # Some number of boots uses up any finite number of entries, since each takes at least one.
    used_up = keeps and NETWORK_ACL_ENTRIES < 10**6
    yield (
        used_up and stops,
        broken("lock entries run out over soft reboots, and the bootloader stops", source=design.life.source),
    )


def _image_starts(design: Design, image: Image, who: str) -> Iterator[Clause]:
    life, does = design.life, design.life.behaviours
    if who == "serial-port":
        started_by = design.stage(image.verified_by).program if image.verified_by else None
        yield (
            started_by is Program.NSIB and life.recovery is Recovery.OPEN,
            untold("where the port writes", image.source),
        )
        yield (
            life.recovery is Recovery.OPEN,
            broken("anyone with the cable replaces the image that works", source=life.source),
        )
        yield life.recovery is Recovery.ABSENT, kept("there is no recovery port", life.source)
    elif who == "power-cut":
        yield Behaviour.SWAP_CUT_LOSES_IMAGE in does, broken("a cut swap is never completed", source=life.source)
    elif who in {"app-code", "app-code-secure"}:
        open_slots = [each.name for each in design.images if locked_away(design, each.slots) is False]
        yield (
            image.name in open_slots or (_boots(design, image) and bool(open_slots)),
            broken("code can erase what is to be started", source=image.source),
        )
    elif who == "operator-error":
        yield from _plan(design, does)


def _plan(design: Design, does: frozenset[Behaviour]) -> Iterator[Clause]:
    life = design.life
    steps = [step for stage in design.stages for step in stage.steps if isinstance(step, Protect)]
    failing = not all(lockable(design, step) for step in steps) or not enough_entries(design, steps)
    passes = Behaviour.LOCK_FAILURE_PASSES in does
    nsib = {stage.name for stage in design.stages if stage.program is Program.NSIB}
    refusing = [
        key
        for key in design.keys
        if key.kind is KeyKind.HASH and key.all_words_written is False
        for use in key.uses
        if use.image and design.image(use.image).verified_by in nsib
    ]
    yield bool(refusing), broken("NSIB fails every validation while a stored hash has an erased half-word")
    yield failing and not passes, broken("a lock that cannot be set stops the boot", source=life.source)
    yield failing, untold("what is locked when a lock cannot be set", life.source)
    counted = [rule for rule in life.rules or () if rule.by in {"nsib", "mcuboot"}]
    unbounded = any(rule.slots is None and rule.planned is not None for rule in counted)
    yield unbounded, untold("whether every planned release finds a counter slot", life.source)
    over = [rule for rule in counted if (rule.planned or 0) > (rule.slots or 0)]
    yield (
        bool(over) and Behaviour.COUNTER_FULL_STOPS in does,
        broken("more raises are planned than the counter has slots", source=life.source),
    )
    yield bool(over) and Behaviour.COUNTER_FULL_REFUSES not in does, untold("what a full counter does", life.source)
    yield bool(life.event), untold("what the course of events does", life.source)
    yield True, kept("every lock fits its unit, and every planned raise the counter", life.source)


def lockable(design: Design, step: Protect) -> bool:
    """Each span lies on granules, and takes no two regions except at the start of memory."""
    guard = design.soc.guard
    for span in step.spans:
        start, end = span.range.start, span.range.end
        if start % guard.granule or end % guard.granule:
            return False
        if guard.largest is not None and end - start > guard.largest and start > design.soc.flash.start:
            return False
    return True


def enough_entries(design: Design, steps: list[Protect]) -> bool:
    """The unit has an entry for each span of the steps, and for what it covers from reset on."""
    guard = design.soc.guard
    if guard.kind not in {UnitKind.RRAMC, UnitKind.ACL}:
        return True
    sizes = [span.range.end - span.range.start for step in steps for span in step.spans]
    at_reset = int(design.lifecycle.boot_region is not None)
    return at_reset + sum(-(-size // (guard.largest or size)) for size in sizes if size) <= guard.entries


def _boots(design: Design, image: Image) -> bool:
    """Whether it is a boot stage, which has to hand over too."""
    return any(stage.program in {Program.NSIB, Program.MCUBOOT} for stage in design.stages_of(image.name))
