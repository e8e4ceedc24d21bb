"""The lines of the input that decide: what holds a proof up, and what made a trace possible."""

import re
from collections.abc import Iterable, Sequence

from bootverify.check.proof.fixpoint import Lemma
from bootverify.check.question import Question, Subject
from bootverify.check.verdict import Fact
from bootverify.design.boot import Image, Protect, SetUpTrustZone, Stage
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, Key, Placement
from bootverify.design.memory import MemoryKind
from bootverify.design.network import NetworkStage
from bootverify.design.protection import Access
from bootverify.design.source import Source
from bootverify.machine.action import (
    Action,
    EraseAll,
    Overwrite,
    Publish,
    ReadOut,
    ReadSlot,
    UseSlot,
)
from bootverify.ranges import AddressRange

_REGION = re.compile(r"region\[([0-9, -]+)\]")


def facts_of_lemmas(design: Design, lemmas: Iterable[Lemma], subject: Subject) -> tuple[Fact, ...]:
    """The lines of the design that hold a proof up: locks over the regions that its lemmas name, placements, paths."""
    regions = {number for lemma in lemmas for each in _REGION.findall(lemma.text) for number in _numbers(each)}
    facts: list[Fact] = []
    for stage in design.stages:
        for step in stage.steps:
            match step:
                case Protect():
                    facts += [
                        Fact(source=span.source, text=f"{stage.name} locks {span.range} until reset")
                        for span in step.spans
                        if _touches(design, span.range, regions)
                    ]
                case SetUpTrustZone():
                    if _touches(design, step.secure_code.range, regions):
                        words = f"{stage.name} locks its own code, {step.secure_code.range}"
                        facts.append(Fact(source=step.secure_code.source, text=words))
                case _:
                    continue
    facts += _about(design, subject)
    return tuple(dict.fromkeys(facts))


def facts_of_actions(design: Design, question: Question, actions: Sequence[Action]) -> tuple[Fact, ...]:
    """The lines of the design that made a trace possible."""
    facts: list[Fact] = list(_about(design, question.subject))
    for action in actions:
        match action:
            case Publish() if any(each.name == action.image for each in design.images):
                image = design.image(action.image)
                facts.append(Fact(source=image.update_source, text=f"{image.name} ships as an update"))
                facts += [fact for key in design.keys if key.secret for fact in _found(key, image)]
            case Overwrite(partition=where) | ReadOut(partition=where) if where != "uicr":
                facts += locks_over(design, where)
            case EraseAll():
                life = design.lifecycle
                facts.append(Fact(source=life.source, text="eraseprotect is off: a probe may erase everything"))
            case UseSlot() | ReadSlot():
                application = design.stages[-1]
                state = application.attribution.value.replace("_", "-")
                facts.append(
                    Fact(source=application.attribution_source, text=f"{application.name} runs in {state} state")
                )
            case _:
                continue
    return tuple(dict.fromkeys(facts))


def facts_about(design: Design, subject: Subject) -> tuple[Fact, ...]:
    """The lines of the design that say of the subject where it lies, or what updates it."""
    return tuple(_about(design, subject))


def _about(design: Design, subject: Subject) -> list[Fact]:
    match subject:
        case Key():
            return [fact for place in subject.placements for fact in _lies(subject, place)]
        case Image():
            if subject.updatable:
                return [Fact(source=subject.update_source, text=f"{subject.name} is updated")]
            return [Fact(source=subject.update_source, text=f"nothing updates {subject.name}")]
        case NetworkStage():
            locked = {True: "is locked", False: "is not locked", None: "is locked or not: nothing tells"}
            text = "boots the network core" if subject.boots else f"the transfer RAM {locked[subject.transfer_locked]}"
            locks = [Fact(source=span.source, text=f"{subject.name} locks {span.range}") for span in subject.locks]
            return [Fact(source=subject.source, text=f"{subject.name}: {text}"), *locks]
        case Stage():
            image = design.image(subject.image)
            return [] if image.updatable else [Fact(source=image.source, text=f"nothing updates {image.name}")]
        case _:
            return []


def _lies(key: Key, place: Placement) -> list[Fact]:
    """Where the design says that the key lies; in a binary file, each place at which it was seen."""
    sources = (place.source, *(each for each in place.source.also if _seen(each)))
    return [Fact(source=source, text=f"{key.name}: {_place(place)}{_seen(source)}") for source in sources]


def _found(key: Key, image: Image) -> list[Fact]:
    """Where the bytes of that image were seen to hold the key; nothing of a key that the design only tells of."""
    places = [place for place in key.placements if isinstance(place, InImage) and place.image == image.name]
    return [fact for place in places if _seen(place.source) for fact in _lies(key, place)]


def _seen(source: Source) -> str:
    """What was seen there, where the place is in a binary file and has no line to show."""
    return f": {source.text}" if source.text and not source.line else ""


def _place(place: object) -> str:
    match place:
        case InImage():
            return f"part of {place.image}" + (f", release {place.release}" if place.release else "")
        case InKmu():
            target = "an engine register" if place.push_to.value == "engine" else "RAM"
            readable = ", readable" if place.readable else ""
            return f"KMU slots {', '.join(map(str, place.slots))}, pushed to {target}{readable}"
        case _:
            return re.sub(r"(?<!^)(?=[A-Z])", " ", type(place).__name__).lower()


def locks_over(design: Design, where: str) -> list[Fact]:
    """The locks over a partition or store, if any."""
    known = {part.name: part.range for part in design.partitions if part.memory is MemoryKind.INTERNAL}
    if where not in known:
        return []
    return [
        Fact(source=span.source, text=f"{stage.name} locks {span.range}: {_left(step)} allowed")
        for stage in design.stages
        for step in stage.steps
        if isinstance(step, Protect)
        for span in step.spans
        if span.range.overlaps(known[where])
    ]


def _left(step: Protect) -> str:
    return "nothing stays" if Access.READ in step.deny else "read and execute stay"


def _numbers(ranges: str) -> list[int]:
    """The regions that the name of a group lists: `0-2, 7`."""
    ends = [each.strip().split("-") for each in ranges.split(",")]
    return [number for each in ends for number in range(int(each[0]), int(each[-1]) + 1)]


def _touches(design: Design, area: AddressRange, regions: set[int]) -> bool:
    granule = design.soc.guard.granule
    return any(area.overlaps(AddressRange.sized(number * granule, granule)) for number in regions)
