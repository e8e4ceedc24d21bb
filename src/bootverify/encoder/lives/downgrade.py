"""No downgrade, concluded: when an ability of an attacker gets an older release past the rules."""

from bootverify.design.attacker import Attacker
from bootverify.design.boot import Image, Program, Protect
from bootverify.design.design import Design
from bootverify.design.life import Behaviour, Recovery, Rule
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage
from bootverify.encoder.lives.foe import foe
from bootverify.encoder.lives.root import exposed_root, exposed_to_application, locked_away
from bootverify.encoder.release import until
from bootverify.encoder.variables.rollback import unnumbered
from bootverify.machine.judgement import Judgement, broken, kept, untold

INSIDERS = ("factory-insider", "build-pipeline")
CODE = ("app-code", "app-code-secure", "app-code-ns", "secure-partition")
FAIL_OPEN_UNTIL = (3, 1)  # SDK; adb7db20f1 of 2025-11 ends it (ncs-boot 0.1)


def no_downgrade(design: Design, image: Image | NetworkStage, attacker: Attacker) -> Judgement:
    """Broken iff some ability of the attacker meets no rule that stops it."""
    life = design.life
    if isinstance(image, NetworkStage):
        sends = foe(design, attacker) in {"remote-ota", "old-signed-image", "operator-error", *INSIDERS}
        elsewhere = life.rules is not None and all(rule.image and rule.image != image.name for rule in life.rules)
        if sends and elsewhere and image.updatable and image.fed_by:
            return broken("the network core keeps no version, and no rule is told for it", source=image.source)
        return untold("what refuses an older image of the network core", image.source)
    if image.verified_by is None or life.rules is None:
        return untold("no rule against older images is told", image.source)
    behind_nsib = design.stage(image.verified_by).program is Program.NSIB
    rules = {rule.by: rule for rule in life.rules if _applies(design, rule, image, behind_nsib=behind_nsib)}
    if rules.keys() & {"unknown", "security-counter"}:
        return untold("the rule against older images is not one that is judged", image.source)
    if len(life.releases) == 1 or (behind_nsib and len(image.slots) != 2):
        return untold("there are no two releases to tell apart", image.source)
    if behind_nsib and unnumbered(design):
        return untold("what NSIB compares of releases whose versions do not rise", image.source)
    if behind_nsib:
        return _behind_nsib(design, image, foe(design, attacker), rules.get("nsib"))
    return _behind_mcuboot(design, image, foe(design, attacker), rules)


def _applies(design: Design, rule: Rule, image: Image, *, behind_nsib: bool) -> bool:
    names = [image.name] + [stage.name for stage in design.stages_of(image.name)]
    kind = {"nsib": behind_nsib, "version": not behind_nsib, "mcuboot": not behind_nsib}.get(rule.by, True)
    return kind and (not rule.image or rule.image in names)


# -- two slots, the higher version first


def _behind_nsib(design: Design, image: Image, who: str, counter: Rule | None) -> Judgement:
    """The newest copy wins while it is there; only who erases it needs to be stopped by the counter."""
    source = counter.source if counter else image.source
    if who in {"remote-ota", "old-signed-image", "operator-error", "ext-flash-read", "ext-flash-write"}:
        if counter is not None and _fails_open(design) is None:
            return untold("what happens when the counter cannot be stored", source)
        return kept("an old copy in the spare slot loses against the newest, which he cannot erase", source)
    if who == "debug-port":
        return _probe(design, image)
    if who in CODE:
        if counter is not None and _fails_open(design) is None:
            return untold("what happens when the counter cannot be stored", source)
        shut = locked_away(design, image.slots)
        if shut:
            return kept("both slots are locked before he runs, and the newest copy wins", source)
        if who == "app-code-ns" or shut is None:
            return untold("whether he can erase the newest copy", image.source)
    elif who != "bootloader-code":
        return untold("what he can do to the slots", image.source)
    if counter is None:
        return broken("no counter: with the newest copy erased, any older one boots", source=source)
    opens = _fails_open(design)
    if opens is None:
        return untold("what happens when the counter cannot be stored", source)
    used_up = counter.slots is not None and (counter.booted or 0) > counter.slots
    fills = design.soc.otp is not None  # NSIB never locks its OTP words (ncs-boot 1.5)
    if opens and (used_up or fills):
        return broken("the counter stays behind: a value that finds no free slot is ignored", source=source)
    if where := exposed_to_application(design) if who in CODE else exposed_root(design):
        return broken(f"the first stage does not lock {where}, and he writes it", source=design.stages[0].source)
    if design.lifecycle.flash_patch:
        return untold("what the flash patch unit has the first stage do", design.lifecycle.source)
    return kept("the counter follows every release that starts", source)


def _fails_open(design: Design) -> bool | None:
    if design.life.behaviours & {Behaviour.COUNTER_FAILS_OPEN}:
        return True
    if design.life.behaviours & {Behaviour.COUNTER_FAILS_CLOSED}:
        return False
    return until(design.sdk, FAIL_OPEN_UNTIL)


# -- one slot, filled by MCUboot


def _behind_mcuboot(design: Design, image: Image, who: str, rules: dict[str, Rule]) -> Judgement:
    """A counter stops every path; the comparison of versions only what goes through the staging slot unchanged."""
    counter, version = rules.get("mcuboot"), rules.get("version")
    source = (counter or version).source if counter or version else image.source  # type: ignore[union-attr]
    if counter is not None and (counter.every_release is None or (design.life.releases and not counter.every_release)):
        return untold("whether every release raises the counter", source)
    if counter is not None and not counter.every_release:
        counter = None  # it tells no two releases apart between which it is not raised
    worth = _worth(design, version)
    if worth is None:
        return untold("what the comparison of versions is worth in this update mode", source)
    staged = design.partition(image.staging).memory if image.staging else None
    if who == "debug-port":
        return _probe(design, image)
    if who == "ext-flash-read":
        return kept("he only reads", source)
    if who == "ext-flash-write":
        if staged is not MemoryKind.EXTERNAL or counter is not None:
            return kept("he does not reach what is compared, or a counter compares again at the boot", source)
        return broken("the version is compared before the copy and never after it", source=source)
    if who == "serial-port":
        return _by_cable(design, counter, image)
    if who in {"remote-ota", "old-signed-image", "operator-error", *INSIDERS}:
        insider = who in INSIDERS
        return _by_update(image, staged, stopped=counter is not None or worth, insider=insider)
    if who in CODE:
        return _by_code(design, image, who, counter, worth=worth)
    return untold("what he can do to the versions", image.source)


def _worth(design: Design, version: Rule | None) -> bool | None:
    """Whether the comparison refuses every older release that is staged; None when nothing tells."""
    if version is None:
        return False
    if design.life.mode == "overwrite":
        told = design.life.releases
        length = 4 if design.life.compare_build_number else 3
        return not told or all(old[:length] < told[-1][:length] for old in told[:-1])
    if Behaviour.VERSION_UNCHECKED_WHEN_PERMANENT in design.life.behaviours and design.life.request != "test":
        return False
    return None


def _by_update(image: Image, staged: MemoryKind | None, *, stopped: bool, insider: bool) -> Judgement:
    if staged is None:
        if image.updatable or insider:
            return untold("how its updates reach the device", image.source)
        return kept("no update of it is ever taken", image.source)
    if not stopped:
        return broken("nothing refuses an older release that is genuine", source=image.update_source)
    if insider:
        return untold("what else he makes of what he sees", image.source)
    return kept("an older release is refused where it is staged", image.update_source)


def _by_cable(design: Design, counter: Rule | None, image: Image) -> Judgement:
    port = design.life.recovery
    if port is Recovery.ABSENT:
        return kept("there is no recovery port", design.life.source)
    if port is not Recovery.OPEN:
        return untold("what the recovery port takes", design.life.source)
    if counter is not None:
        return kept("the counter is compared at the boot, however the image came", counter.source)
    return broken("recovery writes over the image that a comparison would need", source=image.source)


def _by_code(design: Design, image: Image, who: str, counter: Rule | None, *, worth: bool) -> Judgement:
    stopped = counter is not None or worth
    if image.staging and not stopped:
        return broken("he stages an older release, and nothing refuses it", source=image.update_source)
    if who in {"app-code-ns", "secure-partition"}:
        return untold("whether he can write the slot", image.source)
    touched = any(
        span.range.start < design.partition(slot).range.end and design.partition(slot).range.start < span.range.end
        for slot in image.slots
        for stage in design.stages
        for step in stage.steps
        if isinstance(step, Protect)
        for span in step.spans
    )
    if touched or (not image.staging and image.updatable):
        return untold("whether he can write the slot", image.source)
    if counter is not None:
        return kept("the counter is compared at the boot", counter.source)
    return broken("he writes an older release into the slot himself, where nothing is compared", source=image.source)


def _probe(design: Design, image: Image) -> Judgement:
    if design.lifecycle.eraseprotect and design.lifecycle.approtect:
        return kept("the port is closed and refuses to erase", design.lifecycle.source)
    return broken("after an erase-all any release can be programmed", source=image.source)
