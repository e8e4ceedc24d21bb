"""What to do instead, for this design: a policy's `repair` where it fits, other words where its part or chain differs.

A key store that the part lacks, a counter that the vendor excludes beside NSIB, a comparison that is on already: what
cannot be followed is no advice. Facts: soc.md 5, ncs-boot 2.4 to 2.6.
"""

from collections.abc import Iterator
from itertools import pairwise

from bootverify.check.question import Question
from bootverify.check.replays.taken_out import noted, swapped_before, wrapped_anew
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import EncryptionType, Image, Program, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, InImage, InKmu, InUicr, Key, Purpose, PushTarget
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage

OWN_KEY = "Generate a key of your own before the first production build, and have the build fail on a known one."
OVERWRITE = (
    "Have MCUboot overwrite instead of swap, which takes nothing out, or stage updates inside the chip: a header that"
    " was changed while it was copied has the next swap encrypt nothing."
)
NOT_SIGNED = (
    "Have MCUboot overwrite instead of swap, which takes nothing out, or stage updates out of the reach of that code:"
    " the wrapped image key is not signed, and for a public key anybody wraps one of his own."
)
NOTED = (
    "Have MCUboot keep image keys wrapped in its swap status (CONFIG_BOOT_SWAP_SAVE_ENCTLV), or overwrite instead of"
    " swap, which notes none: code reads the end of the slot, and with it the keys of both images."
)
INSIDERS = (Capability.READ_FACTORY_FILES, Capability.READ_BUILD)


def advice(design: Design, question: Question) -> str:
    """What would turn a violation into `holds`, in a sentence or two."""
    return next(_of(design, question), question.policy.repair)


def _of(design: Design, question: Question) -> Iterator[str]:
    subject, attacker = question.subject, question.attacker
    match question.policy.id, subject:
        case "authentic-only", NetworkStage(transfer_locked=locked) if locked is not True:
            yield "Make the transfer RAM read-only, and lock that, before the application runs."
        case "authentic-only", Image() if _published(design, Purpose.VERIFY, subject):
            yield OWN_KEY
        case "secret-confidential", Key():
            yield from _for_secret(design, subject, attacker)
        case "no-secret-in-updatable", Key():
            yield from _for_travelling(design, subject)
        case "secret-use-restricted", _ if design.has_tfm:
            yield (
                "Expose no generic service that uses the key; revoke or block the slot before hand-over where the part"
                " can, or use the key in one isolated partition alone."
            )
        case "no-downgrade", Image():
            yield from _for_releases(design, subject, attacker)
        case "bootable", _:
            yield from _for_start(subject, attacker)
        case "update-recoverable", _:
            if design.life.event == "wrong-variant":
                yield "Ship both variants, let the device pick, and have what fits no free slot removed."
            elif attacker.can(Capability.CUT_POWER):
                yield "Use a release that completes what a power cut interrupts, or build a recovery port."
        case "image-confidential", Image():
            yield from _for_plaintext(design, subject, attacker)
        case "image-confidential", Stage() if _wrapped_beside(design, subject, attacker):
            yield NOT_SIGNED
        case "image-confidential", Stage() if _noted_beside(design, subject, attacker):
            yield NOTED
        case "anchor-available", Key() if any(isinstance(place, InUicr) for place in subject.placements):
            yield (
                "NSIB's words take no lock: keep code that is not yours out of the secure state, with TF-M in front of"
                " the application, and set erase protection against a probe."
            )
        case "update-available", Image() if attacker.can(Capability.RUN_APPLICATION):
            yield (
                "Nothing keeps running code from what it stages: let a spoilt update be sent again, or recovered by "
                "wire."
            )
        case _:
            return


def _published(design: Design, purpose: Purpose, image: Image) -> bool:
    known = [use for key in design.keys if key.published for use in key.uses]
    return any(use.purpose is purpose and use.image == image.name for use in known)


def _for_secret(design: Design, key: Key, attacker: Attacker) -> Iterator[str]:
    places = key.placements
    images = [design.image(place.image) for place in places if isinstance(place, InImage)]
    if key.published:
        yield OWN_KEY
    elif any(swapped_before(design, image, attacker) for image in images):
        yield OVERWRITE
    elif any(_wrapped_beside(design, stage, attacker) for stage in _stages_with(design, key)):
        yield NOT_SIGNED
    elif any(_noted_beside(design, stage, attacker) for stage in _stages_with(design, key)):
        yield NOTED
    elif any(isinstance(place, Elsewhere) and place.what == "service" for place in places):
        yield (
            "Use a release whose key service binds key ids to their owner, or keep the key in a KMU slot that "
            "pushes to an engine."
        )
    elif any(isinstance(place, InKmu) and (place.readable or place.push_to is PushTarget.RAM) for place in places):
        yield "Let the slot push to a write-only register of the crypto engine, deny reading it, and make both final."
    elif not design.soc.kmu_slots:
        yield (
            "This part has no store that hides a key from code: give each device a key of its own, or use a "
            "secure element."
        )
    elif _opens_images(key) and design.soc.kmu_version > 1:
        yield (
            "Have the boot stage take its own region out of reading before it hands over; the vendor places this key"
            " in no KMU slot, so else encryption protects transport alone."
        )


def _wrapped_beside(design: Design, stage: Stage, attacker: Attacker) -> bool:
    """Whether code of his that does not reach the stage writes where the image of both ends."""
    return _beside(design, stage, attacker) and wrapped_anew(design, design.image(stage.image))


def _noted_beside(design: Design, stage: Stage, attacker: Attacker) -> bool:
    """Whether code of his that does not reach the stage reads the image keys that a swap of it notes."""
    return _beside(design, stage, attacker) and noted(design, design.image(stage.image))


def _beside(design: Design, stage: Stage, attacker: Attacker) -> bool:
    """Whether his code runs in another part of the image, from where it does not reach the stage."""
    application = design.application
    beside = application is not None and application.image == stage.image and application != stage
    apart = beside and application is not None and application.attribution is not stage.attribution
    return apart and attacker.can(Capability.RUN_APPLICATION)


def _stages_with(design: Design, key: Key) -> Iterator[Stage]:
    """The stages, each a part of an image, in which the key lies."""
    for place in (each for each in key.placements if isinstance(each, InImage)):
        at = design.partition(design.image(place.image).slots[0]).range.start + design.soc.header + place.offset
        for stage in design.stages_of(place.image):
            code = design.partition(stage.code).range if stage.code is not None else None
            if code is not None and code.start <= at < code.end:
                yield stage


def _for_travelling(design: Design, key: Key) -> Iterator[str]:
    if not design.soc.kmu_slots or (_opens_images(key) and design.soc.kmu_version > 1):
        yield (
            "Keep the key in a first stage that no update replaces, or provision one for each device; never in "
            "what is shipped."
        )


def _opens_images(key: Key) -> bool:
    return any(use.purpose is Purpose.DECRYPT for use in key.uses)


def _for_releases(design: Design, subject: Image, attacker: Attacker) -> Iterator[str]:
    starter = design.stage(subject.verified_by).program if subject.verified_by else None
    if starter is Program.NSIB:
        yield (
            "Give NSIB's counter a slot for each release that will raise it, on a release that starts nothing it "
            "cannot count."
        )
        return
    rules = {rule.by for rule in design.life.rules or ()}
    compared = "version" in rules and design.life.mode == "overwrite"
    told = subject.versions or design.life.releases
    if any(old > new for old, new in pairwise(told)) or any(old > new for old, new in pairwise(subject.counters)):
        yield "Give each fix a version, and a security counter, that no release before it exceeds."
    elif compared and any(old[:3] == told[-1][:3] for old in told[:-1]):
        yield "Raise the revision with each security fix, or have the build number compared."
    elif design.soc.otp is None or any(stage.program is Program.NSIB for stage in design.stages):
        where = "beside NSIB" if design.soc.otp is not None else "on this part"
        counter = f"MCUboot keeps no counter {where}"
        yield (
            f"Keep what is compared, the staged image and the running one, out of his reach: {counter}."
            if compared
            else f"Compare versions in overwrite mode: {counter}."
        )
    elif compared or attacker.can(Capability.WRITE_EXTERNAL):
        yield "Keep a counter in hardware and raise it with each security fix: it is compared at each boot."


def _for_start(subject: object, attacker: Attacker) -> Iterator[str]:
    if attacker.can(Capability.USE_CABLE):
        yield "Guard the entry to the recovery port, or leave it out of the product."
    elif isinstance(subject, NetworkStage) and attacker.can(Capability.CUT_POWER):
        yield (
            "Keep the power until the copy is done, which the tool's answer does not say, and keep the recovery port."
        )
    elif attacker.can(Capability.RUN_APPLICATION):
        yield "Lock what has to start before the application runs, or keep a way to recover what it erases."


def _for_plaintext(design: Design, image: Image, attacker: Attacker) -> Iterator[str]:
    insider = any(attacker.can(each) for each in INSIDERS)
    staged = design.partition(image.staging).memory if image.staging else None
    if insider:
        yield (
            "Load the application where you trust people, or ship a loader that fetches it encrypted: files of a "
            "build are in clear."
        )
    elif image.encryption is EncryptionType.NONE:
        yield "Encrypt the updates" + (", which wait outside the chip." if staged is MemoryKind.EXTERNAL else ".")
    elif _published(design, Purpose.DECRYPT, image):
        yield OWN_KEY
    elif swapped_before(design, image, attacker):
        yield OVERWRITE
    elif design.life.mode == "swap-scratch" and not design.keeps_image_keys_wrapped:
        yield (
            "Keep the image key wrapped in the swap status (CONFIG_BOOT_SWAP_SAVE_ENCTLV), or the scratch area "
            "inside the chip."
        )
    elif design.life.factory_image == "signed" and staged is MemoryKind.EXTERNAL:
        yield (
            "Sign the first image with the encryption settings, in clear in the primary slot, or use overwrite mode."
        )
