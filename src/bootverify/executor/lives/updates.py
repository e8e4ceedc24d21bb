"""Updates taken, ways back and starts, enacted: what happens to one device when the story of the card is played.

Rules: SEMANTICS, "What is told", update_taken, way_back and starts.
"""

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, EncryptionType, Image, Program, Protect
from bootverify.design.design import Design
from bootverify.design.keys import Key, KeyKind, Purpose
from bootverify.design.life import Behaviour, Recovery
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Attribution, UnitKind
from bootverify.executor.lives.areas import started
from bootverify.executor.lives.foe import foe
from bootverify.executor.lives.network_upload import cut_short
from bootverify.executor.lives.root import refused
from bootverify.executor.making.owner_build import CannotBuild
from bootverify.executor.world import NotEnabled
from bootverify.machine.judgement import Judgement, broken, kept, untold

LOCK_ENTRIES_PER_BOOT_LIMIT = 64
LARGEST_SECTOR = 0x10000  # of serial flash
ANY_FIT = {"overwrite", "swap-move", "swap-offset", "swap-scratch"}  # modes that want slots to fit each other


@dataclass(slots=True)
class _Unit:
    """A device in the field: what is in its slots, and whether anything gets it out of trouble."""

    primary: str = "good"
    staged: str = "empty"
    previous: str = "none"


# -- a genuine update, handed over completely


def update_taken(design: Design, image: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Hand over a genuine update while the attacker does what he can, and see whether it is installed."""
    if isinstance(image, NetworkStage):
        return _fed(design, image, attacker)
    strange = _strange_signers(design, image)
    if strange and _owner_signs_with(strange, design, image):
        return broken(f"the device trusts no key that matches {strange[0].name}", source=image.source)
    if strange:
        return untold("which key signs genuine releases", image.source)
    if image.verified_by is None or not image.updatable:
        return untold("no update of it is drawn", image.source)
    unit = _Unit(staged="update")
    if image.staging is None:
        return _without_slot(design, image)
    if late := _refused_release(design, image):
        story = f"MCUboot refuses release {late} where release {late - 1} runs"
        return broken("by its version, or its counter, a later release is the older one", story, source=image.source)
    where = design.partition(image.staging)
    if _blocked(design, image, attacker):
        unit.staged = "misfit"
        return broken("a variant that fits no free slot stays where updates are staged", "the update cannot be stored")
    if _exchanged(design, image) is False:
        words = f"{image.staging} and {image.slots[0]} do not fit each other"
        return broken(words, "MCUboot ignores every request to exchange them", source=where.source)
    match foe(design, attacker):
        case "ext-flash-write":
            if where.memory is MemoryKind.EXTERNAL:
                unit.staged = "spoilt"
        case "app-code" | "app-code-secure" | "secure-partition":
            unit.staged = "spoilt"
        case "app-code-ns":
            if where.memory is not MemoryKind.EXTERNAL and where.attribution is not Attribution.NON_SECURE:
                return untold("what he can do to a staged update", image.source)
            unit.staged = "spoilt"
        case "remote-ota" | "old-signed-image" | "factory-insider" | "build-pipeline" | "ext-flash-read" | "debug-port":
            pass
        case "operator-error":
            if design.life.event:
                return untold("what the course of events does to an update", design.life.source)
        case "power-cut":
            if design.life.does(Behaviour.SWAP_CUT_LOSES_IMAGE):
                return broken("a cut in the swap leaves an image that no later boot completes", source=image.source)
            return untold("whether an interrupted installation is completed", image.source)
        case _:
            return untold("what he can do to a staged update", image.source)
    if foe(design, attacker) == "debug-port" and not (design.lifecycle.approtect and design.lifecycle.eraseprotect):
        return untold("what the probe does to a staged update", image.source)
    if unit.staged == "spoilt":
        return broken(
            f"{attacker.name} spoils the update where it lies staged", "the installer refuses it", source=where.source
        )
    for rule in design.life.rules or ():
        if rule.by != "mcuboot" or rule.slots is None or (rule.planned or 0) <= rule.slots:
            continue
        if design.life.does(Behaviour.COUNTER_FULL_REFUSES):
            why = f"release {rule.slots + 1} finds no counter slot"
            return broken(why, "MCUboot refuses it, however genuine", source=rule.source)
    if _unsure(design, image):
        return untold(_unsure(design, image), image.source)
    return kept("what is staged is verified and installed at the next boot", image.update_source)


def _refused_release(design: Design, image: Image) -> int:
    """The first release that is refused where the one before it runs, one being sent after the other; 0: none is."""
    steps = (step for stage in design.stages for step in stage.steps)
    step = next((each for each in steps if isinstance(each, BootGo) and each.image == image.name), None)
    if step is None:
        return 0
    goes_past = step.test_only and design.life.request != "test"
    stored = image.counters[0] if image.counters else 0
    for release in range(2, design.releases + 1):
        if step.counter and image.counters:
            if image.counters[release - 1] < stored:
                return release
            stored = image.counters[release - 1]
        if step.prevent_downgrade and not goes_past and image.versions:
            there, sent = image.versions[release - 2], image.versions[release - 1]
            if (sent if step.with_build else sent[:3]) < (there if step.with_build else there[:3]):
                return release
    return 0


def _fed(design: Design, stage: NetworkStage, attacker: Attacker) -> Judgement:
    """Spoil an update of the network core where it waits in the application core's memory."""
    if stage.boots or not stage.updatable or not stage.staging:
        return untold("where updates of it wait", stage.source)
    where, who = design.partition(stage.staging), foe(design, attacker)
    outside = where.memory is MemoryKind.EXTERNAL
    match who:
        case "app-code" | "app-code-secure" | "secure-partition":
            reached = True
        case "app-code-ns":
            reached = outside or where.attribution is Attribution.NON_SECURE
        case _:
            reached = who == "ext-flash-write" and outside
    if not reached:
        return untold("what he can do to a staged update", stage.source)
    return broken(f"{attacker.name} spoils the update where it lies staged", "MCUboot refuses it", source=where.source)


def _without_slot(design: Design, image: Image) -> Judgement:
    match design.life.recovery:
        case Recovery.OPEN | Recovery.GUARDED:
            return untold("whether the recovery port is the update path meant", image.source)
        case Recovery.ABSENT:
            return broken("no slot stages an update, and there is no recovery port", source=image.source)
        case None:
            return untold("how its updates reach the device", image.source)


def _strange_signers(design: Design, image: Image) -> list[Key]:
    """Signing keys whose releases the device refuses, as none of its verification keys is their other half."""
    halves = []
    for key in design.keys:
        if key.kind is KeyKind.PUBLIC and _uses(key, Purpose.VERIFY, image):
            if not key.other_half:
                return []  # it may be the half of any of them
            halves.append(key.other_half)
    return [key for key in _signing(design, image) if key.name not in halves] if halves else []


def _owner_signs_with(strange: list[Key], design: Design, image: Image) -> bool:
    """Whether a key that only the owner has is refused, and all that are taken everybody has."""
    taken = [key for key in _signing(design, image) if key not in strange]
    return any(not key.published for key in strange) and not any(not key.published for key in taken)


def _signing(design: Design, image: Image) -> list[Key]:
    return [key for key in design.keys if key.kind is KeyKind.PRIVATE and _uses(key, Purpose.SIGN, image)]


def _uses(key, purpose: Purpose, image: Image) -> bool:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return any(use.purpose is purpose and use.image == image.name for use in key.uses)


def _blocked(design: Design, image: Image, attacker: Attacker) -> bool:
    """Whether someone leaves a misfit variant in the staging slot, on a release that never removes it."""
    if not design.life.does(Behaviour.MISFIT_BLOCKS_STAGING):
        return False
    sharing = [other for other in design.images if len(other.slots) > 1 and other.staging == image.staging]
    sends = attacker.can(Capability.SEND_UPDATE) or design.life.event == "wrong-variant"
    return bool(sharing) and sends


def _exchanged(design: Design, image: Image) -> bool | None:
    """Count out both slots as MCUboot does (boot_slots_compatible); None where the mode or the sectors decide."""
    if len(image.slots) != 1:
        return True
    slot, staging = design.partition(image.slots[0]), design.partition(image.staging or "")
    here, there = slot.range.size, staging.range.size
    if here == there:
        return True
    if staging.memory is MemoryKind.EXTERNAL:  # with sectors of its own
        return False if there >= here + LARGEST_SECTOR and design.life.mode in ANY_FIT else None
    pages = [-(-size // design.soc.page) for size in (here, there)]
    if any(size % design.soc.page for size in (here, there)):
        return None
    match design.life.mode:
        case "overwrite" | "swap-scratch":
            return False
        case "swap-offset":
            return pages[1] == pages[0] + 1
        case "swap-move" if pages[1] < pages[0]:
            return True if pages[0] == pages[1] + 1 else None  # the trailer's pages may be missing, too
        case "swap-move":
            return False
        case _:
            return None


def _unsure(design: Design, image: Image) -> str:
    if _exchanged(design, image) is None:
        return "whether MCUboot exchanges two slots of different sizes"
    shared = any(len(other.slots) > 1 and other.staging == image.staging for other in design.images)
    if shared and not design.life.behaviours & {Behaviour.MISFIT_BLOCKS_STAGING, Behaviour.MISFIT_IS_DROPPED}:
        return "what becomes of a variant that fits no free slot"
    if design.life.does(Behaviour.UNSIGNED_METADATA):
        return "whether unsigned metadata blocks an update"
    if any(rule.planned and rule.slots and rule.planned > rule.slots for rule in design.life.rules or ()):
        return "what happens to updates past the last counter slot"
    fed = any(stage.fed_by and not stage.boots for stage in design.network)
    if fed and image.encryption is not EncryptionType.NONE:
        return "where MCUboot takes an encrypted image to, beside those of the network core"
    return "" if design.life.mode else "how MCUboot installs what is staged"


# -- back to work without a probe


def way_back(design: Design, thing: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Leave the device in the worst state that the story has, and look for a way back."""
    life, source = design.life, thing.source
    if foe(design, attacker) not in {"operator-error", "power-cut", "serial-port", "ext-flash-write"}:
        return untold(f"in what state {attacker.name} can leave the device", source)
    if life.recovery in {Recovery.OPEN, Recovery.GUARDED}:
        if isinstance(thing, Image) and thing.verified_by is None:
            return untold("whether the recovery port's own program survives", source)
        return kept("the recovery port takes the genuine image again", life.source)
    if isinstance(thing, NetworkStage):
        return untold("how an update of the network core is undone", source)
    swapped = thing.verified_by is not None and design.stage(thing.verified_by).program is Program.MCUBOOT
    if foe(design, attacker) == "serial-port":
        return untold("without a recovery port he reaches nothing", source)
    if foe(design, attacker) == "ext-flash-write":
        return untold("what he leaves in the chip where updates wait", source)
    unit = _Unit()
    if foe(design, attacker) == "operator-error":
        if life.event == "crashing-release" and not swapped:
            return untold(f"whether a release of {thing.name} that crashes is taken back", source)
        return _after_mistake(design, unit, design.started_in_place(thing))
    if not swapped and _has_spare(design, thing):
        return kept("NSIB starts the slot that runs until the other one is whole", thing.source)
    if not swapped:
        return untold(f"what a cut leaves of an update of {thing.name}", source)
    if life.does(Behaviour.SWAP_CUT_LOSES_IMAGE):
        return broken("the swap that was cut is never completed, and no recovery port is built", "the image is lost")
    if life.does(Behaviour.SWAP_CUT_SURVIVES):
        return kept("a cut swap is completed at the next boot", life.source)
    return untold("whether an interrupted swap is always completed", source)


def _has_spare(design: Design, image: Image) -> bool:
    """Whether MCUboot copies an update into a slot of NSIB's that does not run, and keeps it staged meanwhile."""
    starter = design.stage(image.verified_by).program if image.verified_by else None
    return starter is Program.NSIB and len(image.slots) == 2 and image.staging is not None


def _after_mistake(design: Design, unit: _Unit, started: BootGo | None) -> Judgement:
    life = design.life
    if life.event == "crashing-release" and started is not None:
        if not started.revert:
            return broken("each boot starts the newer slot", "it crashes before it can fetch another")
        if life.request == "test":
            return kept("the next boot erases what was not confirmed, and starts the other slot", life.source)
        return untold("whether the release waits for a confirmation", life.source)
    if life.event == "crashing-release":
        unit.previous = "kept" if life.mode.startswith("swap") else "gone"
        if unit.previous == "gone" and life.mode == "overwrite":
            return broken(
                "the copy replaced the release that worked", "the new one crashes before it can fetch another"
            )
        if unit.previous == "kept" and life.request == "test":
            return kept("a release that never confirms itself is reverted at the next boot", life.source)
        if unit.previous == "kept" and life.request == "permanent":
            return broken("a permanent swap is never reverted", "the new one crashes before it can fetch another")
        return untold("whether the release was requested for test or for good", life.source)
    if life.event == "wrong-variant":
        if life.does(Behaviour.MISFIT_BLOCKS_STAGING):
            return broken("the staging slot is occupied for ever", "no other update can be stored")
        if life.does(Behaviour.MISFIT_IS_DROPPED):
            return kept("what fits no free slot is removed, and the next update is taken", life.source)
        return untold("what becomes of a variant that fits no free slot", life.source)
    return untold("what went wrong", life.source)


# -- the next boot


def starts(design: Design, thing: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Boot once more after what the attacker did, or what was planned."""
    match foe(design, attacker):
        case "operator-error":
            return _planned(design, thing)
        case "serial-port" if isinstance(thing, Image):
            return _after_upload(design, thing)
        case "power-cut":
            return _after_cut(design, thing)
        case "app-code" | "app-code-secure" if isinstance(thing, Image):
            return _after_code(design, thing)
        case "debug-port" if not design.lifecycle.eraseprotect:
            return broken("erase-all leaves nothing to start", source=design.lifecycle.source)
        case _:
            return untold("what he leaves for the next boot", thing.source)


def _planned(design: Design, thing: Image | NetworkStage) -> Judgement:
    if isinstance(thing, NetworkStage):
        return _entries(design, thing)
    life = design.life
    for key in (key for key in design.keys if key.kind is KeyKind.HASH and key.all_words_written is False):
        image = next((design.image(use.image) for use in key.uses if use.image), None)
        if image is not None and image.verified_by and design.stage(image.verified_by).program is Program.NSIB:
            story = "NSIB refuses, and invalidates, every image"  # EHASHFF (ncs-boot 1.3)
            return broken(f"a half-word of {key.name} reads as erased", story, source=key.source)
    spent = 1 if design.lifecycle.boot_region is not None else 0
    for stage in design.stages:
        for step in stage.steps:
            if not isinstance(step, Protect):
                continue
            trouble, spent = _lock_trouble(design, step, spent)
            if trouble and life.does(Behaviour.LOCK_FAILURE_PASSES):
                return untold(f"what {stage.name} has locked when its lock fails ({trouble})", step.source)
            if trouble:
                why = f"{stage.name} cannot set its lock ({trouble})"
                return broken(why, "it stops before it hands over", source=step.source)
    for rule in life.rules or ():
        if rule.by not in {"nsib", "mcuboot"} or rule.planned is None:
            continue
        if rule.slots is None:
            return untold("how many slots the counter has for what is planned", rule.source)
        free = rule.slots
        for release in range(1, rule.planned + 1):
            if free:
                free -= 1
            elif life.does(Behaviour.COUNTER_FULL_STOPS):
                return broken(
                    f"release {release} finds no counter slot",
                    "its counter write fails, nothing boots",
                    source=rule.source,
                )
            elif not life.does(Behaviour.COUNTER_FULL_REFUSES):
                return untold("what an update past the last counter slot does", rule.source)
    if life.event:
        return untold("what the course of events does to the next boot", life.source)
    if not _boots(design):
        return untold("what stops the device as it leaves production", thing.source)
    return kept("locks can be set and no planned release runs out of counter slots")


def _boots(design: Design) -> bool:
    """Whether the device as production leaves it comes to its application."""
    try:
        return started(design) is not None
    except (CannotBuild, NotEnabled):
        return False


def _lock_trouble(design: Design, step: Protect, spent: int) -> tuple[str, int]:
    """Why the unit, with `spent` entries taken, cannot take a step's spans, if so; and how many it has spent then."""
    guard = design.soc.guard
    for span in step.spans:
        if span.range.start % guard.granule or span.range.size % guard.granule:
            return f"{span.range} is no multiple of {guard.granule:#x}", spent
        # Two RRAMC regions can be merged only where the first of them lies: at the start of memory (ncs-boot 2.2).
        if guard.largest and span.range.size > guard.largest and span.range.start != design.soc.flash.start:
            return f"{span.range} is longer than a region, and does not start where two can be merged", spent
        left = span.range.size
        while left > 0:
            left -= min(left, guard.largest or left)
            spent += 1
    if guard.kind in {UnitKind.RRAMC, UnitKind.ACL} and spent > guard.entries:
        return f"{spent} entries are needed, {guard.entries} exist", spent
    return "", spent


def _entries(design: Design, stage: NetworkStage) -> Judgement:
    """Boot the network core again and again without a full reset, on silicon that keeps its lock entries."""
    first = next((each for each in design.network if each.boots), None)
    if first is None or not design.life.does(Behaviour.LOCKS_SURVIVE_SOFT_RESET):
        return untold("what could go wrong at a boot of the network core", stage.source)
    taken, free = max(len(first.locks), 1), 8
    for boot in range(1, LOCK_ENTRIES_PER_BOOT_LIMIT):
        if taken > free:
            if not (design.life.does(Behaviour.LOCK_FAILURE_STOPS) or design.life.does(Behaviour.LOCK_ENTRIES_COUNTED)):
                return untold(f"what {first.name} does without a free lock entry", first.source)
            return broken(f"soft boot {boot} finds no free lock entry", f"{first.name} stops", source=first.source)
        free -= taken
    return untold("no boot ran out of entries", stage.source)


def _after_upload(design: Design, image: Image) -> Judgement:
    match design.life.recovery:
        case Recovery.OPEN:
            starter = design.stage(image.verified_by) if image.verified_by else None
            if starter is not None and starter.program is Program.NSIB:
                return untold("whether the port writes into the bootloader's slots", image.source)
            return broken("whoever has the cable overwrites the image that works", "the next boot refuses what he sent")
        case Recovery.ABSENT:
            return kept("there is no recovery port", design.life.source)
        case _:
            return untold("what the recovery port takes", design.life.source)


def _after_cut(design: Design, thing: Image | NetworkStage) -> Judgement:
    life = design.life
    if isinstance(thing, NetworkStage):
        if life.does(Behaviour.ACKNOWLEDGED_EARLY):
            story = cut_short(design, thing) or ("power goes, half an image is left",)
            return broken("the upload is acknowledged before it is in flash", *story, source=life.source)
        return untold("whether an update of the network core is written in one go", thing.source)
    if life.does(Behaviour.SWAP_CUT_LOSES_IMAGE):
        return broken("a cut in the swap leaves an image that no later boot completes", source=thing.source)
    return untold("whether an interrupted installation is completed", thing.source)


def _after_code(design: Design, image: Image) -> Judgement:
    """Have code of no bounds erase every slot that takes it, and boot."""
    programs = {stage.program for stage in design.stages_of(image.name)}
    needed = design.images if programs & {Program.NSIB, Program.MCUBOOT} else (image,)
    for each in needed:
        if refused(design, each.slots) is False:
            return broken(f"his code erases {each.name}", "the next boot has nothing to start", source=image.source)
    return untold("whether what he writes is refused", image.source)
