"""Puts a trace into a sentence that says why."""

from collections.abc import Collection, Sequence

from bootverify.check.facts import locks_over
from bootverify.check.question import Question, Subject
from bootverify.check.replays.taken_out import noted
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import BootGo, Image, Program, SetUpTrustZone, Stage
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, Key, Purpose, PushTarget, Use
from bootverify.design.memory import MemoryKind, Partition
from bootverify.design.network import NetworkStage
from bootverify.executor.layout import stores_of
from bootverify.machine.action import (
    Action,
    Confirm,
    Deliver,
    EraseAll,
    FeedNetwork,
    Inspect,
    Meanwhile,
    Overwrite,
    ProgramRegion,
    Publish,
    ReadOut,
    ReadSlot,
    Request,
    TakeStep,
    Upload,
    UseSlot,
)
from bootverify.machine.content import Content, Crafted, Genuine
from bootverify.machine.trace import Step
from bootverify.policy.typecheck import uses_history
from bootverify.ranges import AddressRange


def because_of_boots(question: Question, steps: Sequence[Step]) -> str:
    """Why a device that is left alone does not come back, by what its last boot says."""
    boots, subject = question.ask.claim.boots, question.about
    last = steps[-1].observation
    put = [step.action for step in steps if isinstance(step.action, Overwrite | Upload) and _his(step.action.content)]
    said = next((line.removeprefix("halted: ") for line in reversed(last.log) if line.startswith("halted: ")), "")
    how = f"halts ({said})" if said else f"is at {last.at}, and {subject} is not what it should be"
    who = f"{question.attacker.name} writes over {put[-1].partition}; " if put else ""
    if any(isinstance(step.action, TakeStep) and step.action.meanwhile is not None for step in steps):
        who = "the chip answers the copy with other bytes than the check; "
    elif sum(isinstance(step.action, TakeStep) and step.action.cut_after is not None for step in steps) > 1:
        who = "the power is lost twice, in one boot and in the next; "
    return f"{who}after {'one undisturbed boot' if boots == 1 else f'{boots} undisturbed boots'} the device {how}."


def because_of_none(design: Design, question: Question) -> str:
    """Why nothing that can happen does what should be possible."""
    subject, proved = question.part, "proved for every history"
    if not isinstance(subject, Key):
        return f"nothing makes `{question.ask.claim.text}` true of {subject.name}: {proved}."
    images = [design.image(place.image) for place in subject.placements if isinstance(place, InImage)]
    if not images:
        return f"no image carries {subject.name}, so no update replaces it: {proved}."
    part = f"{subject.name} is part of {' and '.join(image.name for image in images)}"
    if not any(image.updatable for image in images):
        return f"{part}, which nothing updates: {proved}."
    return f"{part}, and no later release of that is ever started: {proved}."


def _his(content: Content) -> bool:
    """Whether it is none of the owner's releases."""
    return not isinstance(content, Genuine)


def because_of_path(design: Design, question: Question, actions: Sequence[Action]) -> str:
    """Why the policy is violated, in one or two sentences that name the deciding fact."""
    subject = question.subject
    who = question.attacker.name
    if isinstance(subject, Image) and uses_history(question.ask.claim.formula):
        return _came_back(design, subject, question.attacker, actions)
    last = actions[-1] if actions else None
    if isinstance(subject, NetworkStage):
        return _over_there(design, question, actions)
    if isinstance(subject, Image) and (text := _anybody_signs(design, subject, actions)):
        return text
    match last:
        case Publish():
            held = [key.name for key in design.keys if key.secret and _in_image(key, last.image)]
            carried = [subject.name] if isinstance(subject, Key) else held
            part = f"{carried[0]} is part" if len(carried) == 1 else f"{' and '.join(carried)} are parts"
            return f"{part} of {last.image}, and {last.image} ships as an update."
        case Inspect(image=name) if len(actions) > 1 and _reads_the_end(design, design.image(name), actions[-2]):
            where = f"it opens the published update {name} {last.release}, with {subject.name} in it"
            return f"a swap notes image keys in clear at the end of the slot: {who} reads one there, and {where}."
        case Inspect():
            return f"{subject.name} lies in the published update {last.image} {last.release}, which {who} reads."
        case EraseAll():
            return f"{who} erases the whole chip, {subject.name} with it, and may then program what he likes."
        case ReadOut() if any(map(_unmarked, actions)):
            where = f"the next takes the image with {subject.name} out in clear"
            return f"{who} unmakes the mark of encryption in the middle of a swap, and {where}."
        case ReadOut() if any(map(_wrapped, actions)):
            where = f"the next swap takes the image with {subject.name} out under it"
            return f"no signature covers the wrapped image key: {who} wraps one of his own, and {where}."
        case ReadOut():
            state = _state(design, question.attacker)
            where = f"{subject.name} lies in {last.partition}, which is write-locked at most"
            return f"{where}: {state} reads every byte of it."
        case UseSlot() | ReadSlot():
            return f"the KMU {_shows(subject)}, and {_state(design, question.attacker)} is secure."
        case Overwrite():
            lock = "no lock covers it" if not locks_over(design, last.partition) else "the lock does not hold him"
            return f"{last.partition} can be written by {_state(design, question.attacker).removesuffix(',')}: {lock}."
        case _:
            pass
    if isinstance(subject, Partition) and (text := _opened_with(design, subject)):
        return text
    if any(isinstance(action, ProgramRegion) for action in actions):
        return f"{_state(design, question.attacker)} opens a region that is not locked until reset."
    if any(isinstance(action, Deliver) and isinstance(action.content, Crafted) for action in actions):
        return f"what {who} sends is accepted and started as {subject.name}."
    if isinstance(subject, Key) and any(isinstance(place, InKmu) for place in subject.placements):
        deputy = f"the KMU pushes {subject.name} for any secure code, and {_state(design, question.attacker)} is secure"
        return f"{deputy}: it has the engine use the key."
    if isinstance(subject, Image | Stage):
        image = subject if isinstance(subject, Image) else design.image(subject.image)
        if not any(locks_over(design, slot) for slot in image.slots):
            open_slots = f"nothing locks {', '.join(image.slots)} while {_state(design, question.attacker)} runs"
            return f"{open_slots}{_unlooked(design, image) if isinstance(subject, Image) else ''}."
        return f"{_state(design, question.attacker)} reaches {subject.name}: what locks it does not cover all of it."
    return f"{who} reaches it in {len(actions)} steps."


def _unmarked(action: Action) -> bool:
    """Whether an encrypted image loses its mark while a step is under way."""
    match action:
        case TakeStep(meanwhile=Meanwhile(content=Crafted(unmarked=unmarked))):
            return unmarked
        case _:
            return False


def _wrapped(action: Action) -> bool:
    """Whether a key of his comes in the place of an image key."""
    match action:
        case Overwrite(content=Crafted(wrapped=wrapped)):
            return wrapped
        case _:
            return False


def _over_there(design: Design, question: Question, actions: Sequence[Action]) -> str:
    """How the bytes came to the network core: the last thing that put them there."""
    who, places = question.attacker.name, {stage.partition: stage.name for stage in design.network}
    for action in reversed(actions):
        match action:
            case FeedNetwork():
                return f"nothing locks the transfer RAM: {who} commands b0n, which looks at nothing but a digest."
            case Overwrite(partition=where) if where in places:
                return f"{who} writes over {places[where]} from the network core: b0n locks not all of it."
            case TakeStep(meanwhile=Meanwhile()):
                return "the chip answers the copy with other bytes than the check, and b0n checks a digest alone."
            case Deliver(content=Crafted()) | Overwrite(content=Crafted()):
                signed = _signed_there(design, question.subject)
                return f"what {who} puts into the staging slot is accepted{signed}, and handed over."
            case Deliver(content=Genuine(release=release)) | Overwrite(content=Genuine(release=release)):
                return f"release {release} is staged once a later one ran, and nothing asks for the version that runs."
            case _:
                continue
    if question.attacker.can(Capability.RUN_NETWORK_CORE):
        return f"code on the network core reaches {question.about}: by its own writes, or by a command to b0n."
    return f"nothing locks the transfer RAM while {_state(design, question.attacker)} runs."


def _known_key(design: Design, images: Collection[str]) -> str:
    """The key that everybody has, of those that verify one of these images; empty without one."""
    known = (key for key in design.keys if key.published for use in key.uses if _verifies(use, images))
    return next((key.name for key in known), "")


def _verifies(use: Use, images: Collection[str]) -> bool:
    return use.purpose is Purpose.VERIFY and use.image in images


def _signed_there(design: Design, subject: Subject) -> str:
    """That everybody signs what the stage which verifies updates of the network core takes, where a key lets him."""
    feeder = subject.verified_by if isinstance(subject, NetworkStage) else ""
    known = _known_key(design, {image.name for image in design.images if image.verified_by == feeder})
    return f", signed with the private half of {known}, which is published" if known else ""


def _anybody_signs(design: Design, image: Image, actions: Sequence[Action]) -> str:
    """The key that everybody has, where bytes of the attacker's were put somewhere; empty without one."""
    made = any(isinstance(each, Deliver | Overwrite) and isinstance(each.content, Crafted) for each in actions)
    known = _known_key(design, {image.name})
    if not made or not known:
        return ""
    return f"the private half of {known}, which verifies {image.name}, is published: anybody signs what it accepts."


def _shows(subject: Subject) -> str:
    """How the KMU gives a value away: to an engine it is not shown."""
    places = [place for place in subject.placements if isinstance(place, InKmu)] if isinstance(subject, Key) else []
    if any(place.readable for place in places):
        return "lets secure code read the slot"
    if any(place.push_to is PushTarget.RAM for place in places):
        return "pushes the slot to RAM for secure code, which reads it there"
    return "answers secure code"


def _unlooked(design: Design, image: Image) -> str:
    """That the stage before does not verify what it starts, where it does not."""
    steps = design.stage(image.verified_by).steps if image.verified_by else ()
    unlooked = any(isinstance(step, BootGo) and not step.validate for step in steps)
    return f", and {image.verified_by} does not verify it at each boot" if unlooked else ""


def _reads_the_end(design: Design, image: Image, action: Action) -> bool:
    """Whether he reads the store of code that ends the slot of `image`, where a swap notes image keys."""
    ends = stores_of(design, image)[-1].name if noted(design, image) else ""
    return isinstance(action, ReadOut) and action.partition == ends


def _came_back(design: Design, image: Image, who: Attacker, actions: Sequence[Action]) -> str:
    """The last thing that brought a release of the image in, before the boot that started it."""
    for action in reversed(actions):
        match action:
            case Deliver(content=Genuine(image=image.name, release=release), request=request):
                asked = "for good" if request is Request.PERM else "for a test"
                refusal = _refusal(design, image, release, request)
                return f"release {release} is staged {asked} once a later one was kept, and {refusal}."
            case Overwrite(partition=where, content=Genuine(release=release)):
                return f"{who.name} writes release {release} to {where} himself, where nothing compares it."
            case TakeStep(meanwhile=Meanwhile(content=Genuine(release=release))):
                return f"release {release} is what the chip holds once the check is done, and the copy takes that."
            case Confirm() | EraseAll():
                break
            case _:
                continue
    return f"an earlier release of {image.name} lies in its slot once a later one was kept, and it is started."


def _refusal(design: Design, image: Image, release: int, request: Request) -> str:
    """Why nothing refuses that release of an image."""
    steps = design.stage(image.verified_by).steps if image.verified_by else ()
    step = next((each for each in steps if isinstance(each, BootGo)), None)
    if step is None:
        return "nothing refuses it"
    counter, *later = image.counters[release - 1 :] or (0,)
    if step.counter and any(counter > each for each in later):
        return "its security counter is the higher one"
    if not (step.prevent_downgrade or step.mode.in_place):
        return "nothing refuses it"
    if step.test_only and request is Request.PERM:
        return "versions are compared for tests alone"
    version, *fixes = image.versions[release - 1 :] or ((),)
    if any(version > each for each in fixes):
        return "by its version it is the newer one"
    if version in fixes:
        return "its version is the same"
    if not step.with_build and any(version[:3] == each[:3] for each in fixes):
        return "the build number, in which alone its version is lower, is not compared"
    return "nothing refuses it"


def _state(design: Design, who: Attacker) -> str:
    application = design.application
    if who.can(Capability.RUN_SECURE_PARTITION):
        return "code of the secure side"
    if application is None or not who.can(Capability.RUN_APPLICATION):
        return who.name
    if not design.soc.trustzone:
        return f"code in {application.name}"
    return f"code in {application.name}, which runs in {application.attribution.value.replace('_', '-')} state,"


def _opened_with(design: Design, partition: Partition) -> str:
    """Which opened span takes bytes of `partition` along, and by which unit; empty when none does."""
    if partition.memory is MemoryKind.EXTERNAL:
        return f"{partition.name} lies in external memory, which belongs to whoever drives the bus."
    unit = design.soc.attribution.granule if design.soc.attribution else design.soc.guard.granule
    for stage in design.stages:
        for step in stage.steps:
            if isinstance(step, SetUpTrustZone):
                for span in (*step.non_secure, *step.non_secure_data):
                    start = span.range.start // unit * unit
                    upward = design.soc.attribution is not None or step.by is Program.SPM
                    end = design.soc.flash.end if upward else -(-span.range.end // unit) * unit
                    if partition.range.overlaps(AddressRange(start, max(start, end))):
                        whole = f"in units of {unit:#x}, so from {start:#x} up to {end:#x}"
                        opened = f"{stage.name} opens {span.range}, {whole}, to non-secure code"
                        return f"{opened}: {partition.name} lies in it."
    return ""


def _in_image(key: Key, image: str) -> bool:
    return any(isinstance(place, InImage) and place.image == image for place in key.placements)
