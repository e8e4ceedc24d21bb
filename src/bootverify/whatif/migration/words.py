"""One vocabulary for two designs: what the new one calls otherwise gets the name that it has in the field.

Things are the same when they are called alike; else when what they are leaves no doubt: an image by its first program,
a slot by its role, any partition by its range, a key by its fingerprint.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from bootverify.design.boot import BootGo, ChooseSlot, Image, Launch, Program, Stage, Step
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InPartition, Key, Placement
from bootverify.design.memory import Partition, Role

T = TypeVar("T", Image, Stage, Partition, Key)
Names = Mapping[str, str]
_SLOTS = {Role.PRIMARY, Role.SECONDARY, Role.SCRATCH, Role.VARIANT_A, Role.VARIANT_B, Role.PROVISION, Role.PAD}
_APPLICATION = {Program.TFM, Program.SPM, Program.APPLICATION}


def in_words_of(new: Design, old: Design) -> Design:
    """`new` with the names of `old`, and its design's name, so that its keys and images have the same makers."""
    images = _images(new, old)
    stages = _stages(new, old, images)
    partitions = _partitions(new, old)
    keys = _matched(new.keys, old.keys, [_by_print])

    def image(name: str) -> str:
        return images.get(name, name)

    def partition(name: str) -> str:
        return partitions.get(name, name)

    def stage(name: str) -> str:
        return stages.get(name, name)

    return replace(
        new,
        name=old.name,
        images=tuple(_image(each, image, stage, partition) for each in new.images),
        stages=tuple(
            replace(
                each,
                name=stage(each.name),
                image=image(each.image),
                code=partition(each.code) if each.code else None,
                steps=tuple(_step(step, image, stage, partition) for step in each.steps),
            )
            for each in new.stages
        ),
        partitions=tuple(
            replace(each, name=partition(each.name), members=tuple(map(partition, each.members)))
            for each in new.partitions
        ),
        keys=tuple(_key(each, keys.get(each.name, each.name), image, partition) for each in new.keys),
    )


Rename = Callable[[str], str]


def _image(each: Image, image: Rename, stage: Rename, partition: Rename) -> Image:
    return replace(
        each,
        name=image(each.name),
        slots=tuple(map(partition, each.slots)),
        staging=partition(each.staging) if each.staging else None,
        verified_by=stage(each.verified_by) if each.verified_by else None,
        decryptor=stage(each.decryptor) if each.decryptor else None,
    )


def _step(step: Step, image: Rename, stage: Rename, partition: Rename) -> Step:
    match step:
        case ChooseSlot():
            page = partition(step.provision) if step.provision else None
            return replace(step, image=image(step.image), provision=page)
        case BootGo():
            own = image(step.bootloader) if step.bootloader else None
            return replace(step, image=image(step.image), bootloader=own)
        case Launch():
            return replace(step, stage=stage(step.stage))
        case _:
            return step


def _key(key: Key, name: str, image: Rename, partition: Rename) -> Key:
    return replace(
        key,
        name=name,
        uses=tuple(replace(use, image=image(use.image)) for use in key.uses),
        placements=tuple(_place(place, image, partition) for place in key.placements),
    )


def _place(place: Placement, image: Rename, partition: Rename) -> Placement:
    match place:
        case InImage():
            return replace(place, image=image(place.image))
        case InPartition():
            return replace(place, partition=partition(place.partition))
        case _:
            return place


# -- which is which


def _images(new: Design, old: Design) -> Names:
    return _matched(new.images, old.images, [lambda one, other: _first(new, one) == _first(old, other)])


def _first(design: Design, image: Image) -> tuple[bool, Program | None]:
    """What tells an image: whether it is the first, and its program; TF-M and application are one image's."""
    program = next((stage.program for stage in design.stages_of(image.name)), None)
    return image.verified_by is None, Program.APPLICATION if program in _APPLICATION else program


def _stages(new: Design, old: Design, images: Names) -> Names:
    def same(one: Stage, other: Stage) -> bool:
        return images.get(one.image, one.image) == other.image and one.program is other.program

    return _matched(new.stages, old.stages, [same])


def _partitions(new: Design, old: Design) -> Names:
    def same_slot(one: Partition, other: Partition) -> bool:
        told = one.role in _SLOTS and (one.role, one.number) == (other.role, other.number)
        return told and one.role is not Role.PAD

    def same_place(one: Partition, other: Partition) -> bool:
        like = one.role is other.role or not ({one.role, other.role} & _SLOTS)
        here, there = (one.range, one.memory, bool(one.members)), (other.range, other.memory, bool(other.members))
        return like and here == there

    def storage(one: Partition, other: Partition) -> bool:
        return one.role is Role.STORAGE and other.role is Role.STORAGE and one.attribution is other.attribution

    return _matched(new.partitions, old.partitions, [same_slot, same_place, storage])


def _by_print(one: Key, other: Key) -> bool:
    return bool(one.fingerprint) and (one.fingerprint, one.kind) == (other.fingerprint, other.kind)


def _matched(new: Iterable[T], old: Iterable[T], rules: Iterable[Callable[[T, T], bool]]) -> Names:
    """The name in the field for each new name that is not used there; each rule must leave one candidate each way."""
    mine, theirs = list(new), list(old)
    known, used = {each.name for each in theirs}, {each.name for each in mine}
    found: dict[str, str] = {}
    for rule in rules:
        left = [each for each in mine if each.name not in known and each.name not in found]
        free = [each for each in theirs if each.name not in used and each.name not in found.values()]
        for one in left:
            same = [other for other in free if rule(one, other)]
            if len(same) == 1 and sum(rule(each, same[0]) for each in left) == 1:
                found[one.name] = same[0].name
    return found
