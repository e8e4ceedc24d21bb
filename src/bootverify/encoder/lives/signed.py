"""Only signed code, fields and bytes, concluded: the way in, the keys, and the last check before a start."""

from collections.abc import Iterator

from bootverify.design.attacker import Attacker
from bootverify.design.boot import Image, Program, Protect, SignatureType, Stage
from bootverify.design.design import Design
from bootverify.design.keys import HostOnly, Purpose
from bootverify.design.life import Behaviour, Recovery
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Lock
from bootverify.encoder.lives import boot_code
from bootverify.encoder.lives.boot_code import closed_to_code, reaches_slots
from bootverify.encoder.lives.foe import foe
from bootverify.encoder.lives.root import exposed_root
from bootverify.machine.judgement import Judgement, broken, kept, untold

INSIDERS = ("factory-insider", "build-pipeline")
SENDERS = ("remote-ota", "old-signed-image")


def signed_only(design: Design, thing: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Broken iff his bytes come in and nothing that he cannot satisfy is checked afterwards."""
    who = foe(design, attacker)
    if isinstance(thing, NetworkStage):
        return _network(design, thing, who)
    if thing.verified_by is None or thing.signature is SignatureType.NONE:
        return untold("nothing verifies the image", thing.source)
    if who == "bootloader-code" and (exposed_root(design) or design.lifecycle.flash_patch):
        return broken("what verifies it is open to his code", source=thing.source)
    comes_in = _comes_in(design, thing, who)
    if comes_in is None:
        return untold("what he can bring in", thing.source)
    if not comes_in:
        return kept(f"he has no way into the slots of {thing.name}", thing.source)
    signs = _signs(design, thing, who)
    if signs is None:
        return untold("whether he comes by a key that signs", thing.source)
    if signs:
        return broken("the key that is trusted is his too", source=thing.source)
    checked_at_boot = design.stage(thing.verified_by).program is Program.NSIB or design.life.validate
    if checked_at_boot:
        return kept("verification follows the last write, at every boot", thing.source)
    if checked_at_boot is None or who in INSIDERS:
        return untold("whether the slot is verified at every boot", thing.source)
    return broken("nothing verifies the slot after it was written", source=thing.source)


def _comes_in(design: Design, image: Image, who: str) -> bool | None:
    if who == "serial-port":
        port = design.life.recovery
        if port is Recovery.ABSENT:
            return False
        return True if port is Recovery.OPEN and len(image.slots) == 1 else None
    if who in INSIDERS:
        return True if image.staging else None
    return reaches_slots(design, image) if who == "bootloader-code" else None


def _signs(design: Design, image: Image, who: str) -> bool | None:
    trusted = [
        (key, use)
        for key in design.keys
        for use in key.uses
        if use.image == image.name and use.purpose is not Purpose.DECRYPT
    ]
    if any(key.published or key.fillable for key, _ in trusted):
        return True if any(key.published for key, _ in trusted) or who == "bootloader-code" else None
    if who not in INSIDERS:
        return False
    signers = [key for key, use in trusted if use.purpose is Purpose.SIGN]
    stays = {"build"} if who == "factory-insider" else set()  # what never leaves the machine that builds
    if any({*key.found} - stays for key in signers):
        return True
    home = all(key.placements and all(isinstance(place, HostOnly) for place in key.placements) for key in signers)
    return False if signers and home and who == "factory-insider" else None


def _network(design: Design, stage: NetworkStage, who: str) -> Judgement:
    if stage.fed_by != "transfer-ram" or stage.boots:
        return untold("how its bytes come to the network core", stage.source)
    if who == "debug-port":
        return _probed(design, stage)
    verified = stage.signature and stage.verified_by in {each.name for each in design.stages}
    if who == "netcore-code" and (left := _outside_locks(design, stage)) is not False:
        why = untold("which stage locks the network core's flash, and where", stage.source)
        return why if left is None else broken("code there stays, and no boot checks it", source=stage.source)
    if who in ("app-code-secure", "app-code-ns", "netcore-code"):
        if stage.transfer_locked is False and who != "app-code-secure" and design.has_tfm:
            return untold("whether the non-secure side reaches the command area", stage.source)
        if stage.transfer_locked is False:
            return broken(
                "whoever writes the command area feeds the network core; only a digest is checked", source=stage.source
            )
        if not verified or any(key.published for key in design.keys) or not _first_stage_locked(design):
            return untold("whether the first stage, and the check before the hand-over, stand", stage.source)
        if stage.transfer_locked:
            return kept("the command area is locked read-only before he runs", stage.source)
        return untold("whether the command area is locked before he runs", stage.source)
    if who in (*SENDERS, "operator-error"):
        if verified and not any(key.published for key in design.keys):
            return kept("the application core verifies the signature before it forwards", stage.source)
        return untold("who verifies what is handed to the network core", stage.source)
    return untold("what he can feed to the network core", stage.source)


def _probed(design: Design, stage: NetworkStage) -> Judgement:
    """Kept iff that core's port is closed and its erase-all refused: each core has its own (soc.md 4.1, 4.2)."""
    life, root = design.lifecycle, next((each for each in design.network if each.boots), None)
    if root is None:
        return untold("what protects the network core against a probe", stage.source)
    erased = root.eraseprotect is False or (root.eraseprotect is None and not life.eraseprotect)
    if erased or root.approtect is False:
        return broken("the probe erases or writes that core's flash", source=root.source)
    if root.approtect is None or root.eraseprotect is None:
        return untold("whether port and erase-all of the network core are closed to a probe", root.source)
    # By the application core a probe makes b0n copy, over what b0n has not locked.
    whole = bool(design.stages) and life.approtect and life.secure_approtect and life.eraseprotect
    if not whole and (stage is not root or _outside_locks(design, stage) is not False):
        return untold("what a probe of the application core has copied to the network core", stage.source)
    return kept("port and erase-all of that core are closed", root.source)


def _first_stage_locked(design: Design) -> bool:
    """The spans that are locked until reset, put end to end, reach over the first image."""
    spans = sorted(
        (span.range.start, span.range.end)
        for each in design.stages
        for step in each.steps
        if isinstance(step, Protect) and step.lock is Lock.UNTIL_RESET
        for span in step.spans
    )
    (slot, *_) = design.images[0].slots
    reached, end = design.partition(slot).range.start, design.partition(slot).range.end
    for low, high in spans:
        reached = max(reached, high) if low <= reached else reached
    return reached >= end


def metadata_signed(design: Design, image: Image, attacker: Attacker) -> Judgement:
    """Broken iff entries outside the signature count and his bytes reach the staging slot."""
    who, does = foe(design, attacker), design.life.behaviours
    staged = design.partition(image.staging).memory if image.staging else None
    reaches = who in (*SENDERS, "app-code", "app-code-secure", "app-code-ns") or (
        who == "ext-flash-write" and staged is MemoryKind.EXTERNAL
    )
    if staged is None or not image.verified_by or not reaches:
        return untold("whether he reaches the staging slot", image.source)
    if Behaviour.UNSIGNED_METADATA in does:
        return broken("entries count that the signature does not cover", source=image.source)
    if Behaviour.SIGNED_METADATA in does or design.life.metadata_allow_list is True:
        return kept("only entries that the signature covers count", image.source)
    return untold("from where metadata entries are taken", image.source)


def bytes_signed(design: Design, image: Image, attacker: Attacker) -> Judgement:
    """Broken for who writes the slot: MCUboot's signature covers header, payload and protected entries only."""
    by_mcuboot = image.verified_by is not None and design.stage(image.verified_by).program is Program.MCUBOOT
    who, staging = foe(design, attacker), image.staging if image.updatable and len(image.slots) == 1 else None
    writes = who in {"app-code", "app-code-secure"}
    writes |= who == "app-code-ns" and design.application is not None and design.application.image == image.name
    # What is staged goes into the slot sector by sector, with what lies behind the image in the last one.
    writes |= who in {"remote-ota", "old-signed-image"} and staging is not None
    outside = staging is not None and design.partition(staging).memory is MemoryKind.EXTERNAL
    writes |= who == "ext-flash-write" and outside
    writes |= who == "serial-port" and design.life.recovery is Recovery.OPEN
    if by_mcuboot and writes:
        return broken("bytes behind the image are covered by no signature", source=image.source)
    return untold("which bytes behind the image stay as they were", image.source)


def closed(design: Design, stage: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Closed iff the locks of the core's first stage cover it and a failing lock stops that stage."""
    if isinstance(stage, Image):
        if foe(design, attacker) != "bootloader-code":
            return untold(f"what {attacker.name} can write", stage.source)
        return closed_to_code(design, stage)
    if foe(design, attacker) == "debug-port":
        return _probed(design, stage)
    if foe(design, attacker) != "netcore-code":
        return untold(f"what {attacker.name} reaches of the network core's flash", stage.source)
    lockers = [each for each in design.network if each.boots]
    left = _outside_locks(design, stage)
    if left is None:
        return untold("which stage locks the network core's flash, and where", stage.source)
    if left:
        return broken("a part of it is outside every lock", source=stage.source)
    does = design.life.behaviours
    if Behaviour.LOCK_FAILURE_PASSES in does:
        return broken("a lock that fails is passed over", source=lockers[0].source)
    stops = does & {Behaviour.LOCK_ENTRIES_COUNTED, Behaviour.LOCK_FAILURE_STOPS}
    if Behaviour.LOCKS_SURVIVE_SOFT_RESET in does and not stops:
        return untold("what the bootloader does without a free lock entry", lockers[0].source)
    return kept("locked before hand-over, or the bootloader stops", lockers[0].source)


def root_kept(design: Design, stage: Stage, attacker: Attacker) -> Judgement:
    """The first stage and what it trusts, against code in it or behind it."""
    if foe(design, attacker) != "bootloader-code":
        return untold(f"what {attacker.name} can do to the first stage", stage.source)
    return boot_code.root_kept(design, stage)


def _outside_locks(design: Design, stage: NetworkStage) -> bool | None:
    """Whether the core's first stage leaves a part of the stage unlocked; None: nothing tells."""
    lockers = [each for each in design.network if each.boots]
    areas = [part.range for part in design.partitions if part.name == stage.partition]
    if not lockers or not areas:
        return None
    start, end = areas[0].start, areas[0].end
    for low, high in _in_order(lockers[0]):
        if low <= start:
            start = max(start, high)
    return start < end


def _in_order(stage: NetworkStage) -> Iterator[tuple[int, int]]:
    yield from sorted((span.range.start, span.range.end) for span in stage.locks)
