"""Only signed code, fields and bytes, enacted: what the attacker can put where, and what the next boot makes of it.

Rules: SEMANTICS, "What is told", signed_only, metadata_signed, bytes_signed and closed.
"""

from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import Image, Program, Protect, SignatureType, Stage
from bootverify.design.design import Design
from bootverify.design.keys import HostOnly, Key, Purpose
from bootverify.design.life import Behaviour, Recovery
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Lock
from bootverify.executor.lives import boot_code
from bootverify.executor.lives.foe import foe
from bootverify.executor.lives.root import page_of_root
from bootverify.machine.judgement import Judgement, broken, kept, untold


def signed_only(design: Design, thing: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Bring something unsigned in by every way that he has, then boot."""
    if isinstance(thing, NetworkStage):
        return _second_core(design, thing, attacker)
    if thing.verified_by is None or thing.signature is SignatureType.NONE:
        return untold("nothing verifies the image", thing.source)
    if foe(design, attacker) == "bootloader-code" and (page_of_root(design) or design.lifecycle.flash_patch):
        return broken("he changes the stage that verifies it, or what is fetched of that", source=thing.source)
    known = _signing_key_in_hand(design, thing, attacker)
    way = _way_in(design, thing, attacker)
    if way is None:
        return untold(f"what {attacker.name} can bring into the slots of {thing.name}", thing.source)
    if not way:
        return kept("he brings nothing in", thing.source)
    if known is None:
        return untold("whether he comes by a key that signs", thing.source)
    if known:
        return broken("he signs with the key himself", way, source=thing.source)
    if design.stage(thing.verified_by).program is Program.NSIB:
        return kept("NSIB verifies whatever slot it takes, at every boot", thing.source)
    match design.life.validate:
        case True:
            return kept("what is started is verified after it was written, at each boot", thing.source)
        case False:
            if way.startswith("update"):
                return untold("whether the one check at installation is enough", thing.source)
            return broken("the slot is not verified at the boot", way, source=thing.source)
        case None:
            return untold("whether the slot is verified at every boot", thing.source)


def _way_in(design: Design, image: Image, attacker: Attacker) -> str | None:
    """How his bytes come to the device; empty when they do not, None when nothing tells."""
    match foe(design, attacker):
        case "serial-port":
            match design.life.recovery:
                case Recovery.OPEN:
                    return None if len(image.slots) > 1 else "recovery writes straight into the slot"
                case Recovery.ABSENT:
                    return ""
                case _:
                    return None
        case "factory-insider" | "build-pipeline":
            return "update: he sends what he made" if image.staging else None
        case "bootloader-code":
            return boot_code.way_into_slots(design, image, attacker)
        case _:
            return None


def _signing_key_in_hand(design: Design, image: Image, attacker: Attacker) -> bool | None:
    keys = [
        key
        for key in design.keys
        if any(use.image == image.name and use.purpose is not Purpose.DECRYPT for use in key.uses)
    ]
    if any(key.published for key in keys):
        return True
    if any(key.fillable for key in keys):
        return True if attacker.can(Capability.RUN_BOOTLOADER) else None  # code there fills the slot with a key of his
    if attacker.can(Capability.READ_FACTORY_FILES) or attacker.can(Capability.READ_BUILD):
        signers = [key for key in keys if any(use.purpose is Purpose.SIGN for use in key.uses)]
        if not signers:
            return None
        shown = {"factory", "slot", "update"} | ({"build"} if attacker.can(Capability.READ_BUILD) else set())
        if any(shown.intersection(key.found) for key in signers):
            return True
        if all(_stays_home(key) for key in signers):
            return False if attacker.can(Capability.READ_FACTORY_FILES) else None
        return None
    return False


def _stays_home(key: Key) -> bool:
    return bool(key.placements) and all(isinstance(place, HostOnly) for place in key.placements)


def _second_core(design: Design, stage: NetworkStage, attacker: Attacker) -> Judgement:
    """The network core starts what it was fed: who writes the transfer RAM decides, and who verified it."""
    if stage.boots or stage.fed_by != "transfer-ram":
        return untold("how its bytes come to the network core", stage.source)
    trusted = [
        image for image in design.images if any(each.name == stage.verified_by for each in design.stages_of(image.name))
    ]
    keys = [key for key in design.keys if key.published]
    match foe(design, attacker):
        case "app-code-secure" | "app-code-ns" | "netcore-code" as who:
            if who == "netcore-code" and (patched := _unlocked_there(design, stage)) is not None:
                return patched
            if stage.transfer_locked is None:
                return untold("whether the transfer RAM is locked before the application runs", stage.source)
            if not stage.transfer_locked and who != "app-code-secure" and design.has_tfm:
                return untold("whether the non-secure side reaches the transfer RAM", stage.source)
            if not stage.transfer_locked:
                return broken(
                    "he writes a copy command into the transfer RAM",
                    "the digest fits his own image",
                    source=stage.source,
                )
            if keys or not trusted or not stage.signature:
                return untold("who verifies what is handed to the network core", stage.source)
            if not _root_stays(design):
                return untold("what is left of the first stage, which he can write", stage.source)
            return kept("the transfer RAM is read-only before the application runs", stage.source)
        case "debug-port":
            return _by_probe(design, stage)
        case "remote-ota" | "old-signed-image" | "operator-error":
            if keys or not trusted or not stage.signature:
                return untold("who verifies what is handed to the network core", stage.source)
            return kept(f"{stage.verified_by} verifies the signature before it hands over", stage.source)
        case _:
            return untold("what he can feed to the network core", stage.source)


def _by_probe(design: Design, stage: NetworkStage) -> Judgement:
    """Try the core's own access port, then the one of the application core (soc.md 4.2: erase-all is per core)."""
    port = next((each for each in design.network if each.boots), stage)
    refused = port.eraseprotect
    if refused is None and not design.lifecycle.eraseprotect:
        refused = False  # who protects no core from erasing does not protect this one
    if refused is False:
        return broken("erase-all of the network core", "its port is open then", source=port.source)
    if port.approtect is False:
        return broken("the network core's port is open", "he writes before it locks anything", source=port.source)
    if refused is None or port.approtect is None:
        return untold("what production closed of the network core's own port", port.source)
    other = design.lifecycle
    shut = [other.approtect, other.secure_approtect, other.eraseprotect]
    if design.stages and all(shut):
        return kept("both cores' ports are closed, and erase-all is refused", port.source)
    if port is stage and _unlocked_there(design, stage) is None:
        return kept("its own port is closed, and what the other core has copied ends at its locks", port.source)
    return untold("what he has copied by way of the application core", stage.source)


def _root_stays(design: Design) -> bool:
    """Whether every byte of the first stage lies under some lock of a boot stage."""
    locks = [
        span.range
        for each in design.stages
        for step in each.steps
        if isinstance(step, Protect)
        for span in step.spans
        if step.lock is Lock.UNTIL_RESET
    ]
    for slot in design.images[0].slots:
        area = design.partition(slot).range
        at = area.start
        while at < area.end:
            over = [lock.end for lock in locks if at in lock]
            if not over:
                return False
            at = max(over)
    return True


def metadata_signed(design: Design, image: Image, attacker: Attacker) -> Judgement:
    """Append an entry outside the signed part, and send it."""
    if foe(design, attacker) not in {
        "remote-ota",
        "old-signed-image",
        "ext-flash-write",
        "app-code",
        "app-code-secure",
        "app-code-ns",
    }:
        return untold(f"what {attacker.name} can append", image.source)
    if image.staging is None or image.verified_by is None:
        return untold("how its updates reach the device", image.source)
    outside = design.partition(image.staging).memory is MemoryKind.EXTERNAL
    if foe(design, attacker) == "ext-flash-write" and not outside:
        return untold("whether he reaches the staging slot", image.source)
    if design.life.does(Behaviour.UNSIGNED_METADATA):
        return broken(
            "an entry behind the signed part is appended",
            "the bootloader uses it as if it were signed",
            source=image.source,
        )
    if design.life.metadata_allow_list or design.life.does(Behaviour.SIGNED_METADATA):
        return kept("entries outside the signed part are refused", image.source)
    return untold("from where metadata entries are taken", image.source)


def bytes_signed(design: Design, image: Image, attacker: Attacker) -> Judgement:
    """Write behind the last entry of the image, where no signature reaches."""
    starter = design.stage(image.verified_by).program if image.verified_by else None
    staged = design.partition(image.staging).memory if image.staging and image.updatable else None
    way = ""
    match foe(design, attacker):
        case "app-code" | "app-code-secure":
            way = "he writes into the rest of the slot"
        case "app-code-ns" if design.application is not None and design.application.image == image.name:
            way = "he writes into the rest of the slot, behind his own code"
        case "remote-ota" | "old-signed-image" if staged and len(image.slots) == 1:
            way = "he sends a genuine release with bytes behind its last entry: whole sectors of it are installed"
        case "ext-flash-write" if staged is MemoryKind.EXTERNAL and len(image.slots) == 1:
            way = "he adds bytes to what is staged: whole sectors of it are installed"
        case "serial-port" if design.life.recovery is Recovery.OPEN:
            way = "he uploads a genuine release with bytes behind its last entry"
    if starter is not Program.MCUBOOT or not way:
        return untold("which bytes behind the image stay as they were", image.source)
    return broken("the signature ends with the image", way, source=image.source)


def closed(design: Design, stage: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Try every byte of the stage's flash from the network core, after its bootloader handed over."""
    if isinstance(stage, Image):
        if foe(design, attacker) != "bootloader-code":
            return untold(f"what {attacker.name} can write", stage.source)
        return boot_code.closed_to_code(design, stage, attacker)
    if foe(design, attacker) == "debug-port":
        return _by_probe(design, stage)
    if foe(design, attacker) != "netcore-code":
        return untold(f"what {attacker.name} reaches of the network core's flash", stage.source)
    if (found := _unlocked_there(design, stage)) is not None:
        return found
    first = next(each for each in design.network if each.boots)
    if design.life.does(Behaviour.LOCK_FAILURE_PASSES):
        return broken("without a free lock entry the bootloader goes on unlocked", source=first.source)
    survives = design.life.does(Behaviour.LOCKS_SURVIVE_SOFT_RESET)
    if survives and not (
        design.life.does(Behaviour.LOCK_ENTRIES_COUNTED) or design.life.does(Behaviour.LOCK_FAILURE_STOPS)
    ):
        return untold("what the bootloader does without a free lock entry", first.source)
    return kept(f"{first.name} locks all of it before it hands over, or does not go on", first.source)


def root_kept(design: Design, stage: Stage, attacker: Attacker) -> Judgement:
    """Try to change the first stage and what it trusts from a boot stage."""
    if foe(design, attacker) != "bootloader-code":
        return untold(f"what {attacker.name} can do to the first stage", stage.source)
    return boot_code.root_kept(design, stage, attacker)


def _unlocked_there(design: Design, stage: NetworkStage) -> Judgement | None:
    """What comes of the first byte that no lock of the core's first stage covers; None: there is no such byte."""
    first = next((each for each in design.network if each.boots), None)
    try:
        area = design.partition(stage.partition).range
    except KeyError:
        return untold("where it lies", stage.source)
    if first is None:
        return untold("which stage locks the network core's flash", stage.source)
    locks = [span.range for span in first.locks]
    at = area.start
    while at < area.end:
        over = [lock for lock in locks if at in lock]
        if not over:
            return broken(f"no lock covers {at:#x}", "code on that core writes there", source=stage.source)
        at = max(lock.end for lock in over)
    return None
