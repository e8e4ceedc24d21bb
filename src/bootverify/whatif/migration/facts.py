"""The lines of both designs that a migration turns on: what moved, what an immutable stage knows, what nobody tells."""

from collections.abc import Iterator

from bootverify.check.verdict import Fact
from bootverify.design.boot import BootGo, ChooseSlot, EncryptionType, Image, Program, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Purpose
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.openpoint import WITH_RULES_OF_THEIR_OWN
from bootverify.executor.field.release import by_wire, told_mode
from bootverify.whatif.migration.pairs import Pair

PLAYED = {"", "overwrite", "swap-move", "swap-scratch", "swap-offset", "direct-xip", "ram-load"}
UNSTAGED = {"single-slot", "serial"}  # nothing is staged: updates are uploaded into their slot
COMPATIBLE = "layout-compatible"  # the policy whose open points take the answers away


def untold(field: Design, new: Design, doubts: dict[str, tuple[Pair, Pair]]) -> tuple[str, tuple[Fact, ...]]:
    """Why nothing can be said about units made as `field` and the release `new`; empty when something can."""
    for name, design in (("the deployed design", field), ("the new design", new)):
        if not design.stages:
            return f"{name} is a map alone: nothing tells which stages run", ()
        if design.application is None:
            return f"{name} draws no application: nothing tells who takes updates", ()
        for point in design.open_points:
            decides = point.name not in WITH_RULES_OF_THEIR_OWN
            if decides and not point.attackers and point.touches(COMPATIBLE, _names(design)):
                return point.statement, (Fact(source=point.source, text=point.name),) if point.source.line else ()
        outside = _outside(design)
        if outside:
            return outside
        mode = _unplayed(design)
        if mode:
            return f"{name}: {mode}", ()
    for wired in [each for each in field.images if each.updatable and not field.update_places(each)]:
        if not by_wire(field, wired):
            fact = Fact(source=wired.update_source, text=f"{wired.name} has no place to stage an update")
            return f"{wired.name} travels by wire past MCUboot, which is not played", (fact,)
    for image, (one, other) in doubts.items():
        known = {key.name for key in (*field.keys, *new.keys)}
        if {one.name, other.name} <= known and any(each.name == image for each in new.images):
            why = f"nothing tells whether {one.name} and {other.name}, which sign {image}, are one key"
            text = "give both a fingerprint, or one name"
            return f"{why}: {text}", (
                Fact(source=one.source, text=one.name),
                Fact(source=other.source, text=other.name),
            )
    return _other_key(field, new)


def _unplayed(design: Design) -> str:
    """Why its upgrade mode is not played; empty where it is."""
    mode = told_mode(design)
    staged = any(map(design.update_places, design.images))
    if mode not in PLAYED and (staged or mode not in UNSTAGED):
        return f"upgrade mode {mode} is not played"
    if mode == "swap-scratch" and not any(part.role is Role.SCRATCH for part in design.partitions):
        return "it swaps using scratch, and the map has no scratch partition"
    steps = [step for stage in design.stages for step in stage.steps if isinstance(step, BootGo)]
    if mode in {"swap-offset", "direct-xip", "ram-load"} and any(step.bootloader for step in steps):
        return f"how MCUboot finds an update of itself in the mode {mode} is not modelled"
    if mode == "direct-xip" and any(image.encryption is not EncryptionType.NONE for image in design.images):
        return "images are encrypted, and in the mode direct-xip they would run as they lie"
    return ""


def _outside(design: Design) -> tuple[str, tuple[Fact, ...]] | None:
    """The first partition of the chain that lies outside its memory: there is no such device."""
    slots = [slot for image in design.images for slot in (*image.slots, *([image.staging] if image.staging else []))]
    for part in map(design.partition, slots):
        if part.memory is MemoryKind.INTERNAL and not design.soc.flash.covers(part.range):
            why = f"{part.name} ({part.range}) leaves the memory of {design.soc.name}"
            return why, (Fact(source=part.source, text=part.name),)
    return None


def _other_key(field: Design, new: Design) -> tuple[str, tuple[Fact, ...]]:
    """Decryption keys of two names and no fingerprint may be one, unless they cannot be."""
    for image in new.images:
        old = next((each for each in field.images if each.name == image.name), None)
        if old is None or old.encryption is not image.encryption:
            continue
        before = [key for key in field.keys if _decrypts(key.uses, image.name) and key.secret]
        after = [key for key in new.keys if _decrypts(key.uses, image.name) and key.secret]
        if not before or not after or before[0].name == after[0].name or before[0].kind is not after[0].kind:
            continue
        both = {key.name for key in new.keys} & {key.name for key in before}
        if not both and not (before[0].fingerprint and after[0].fingerprint):
            why = f"nothing tells whether {before[0].name} and {after[0].name}, which decrypt {image.name}, are one key"
            facts = (
                Fact(source=before[0].source, text=before[0].name),
                Fact(source=after[0].source, text=after[0].name),
            )
            return why, facts
    return "", ()


def _decrypts(uses: tuple[object, ...], image: str) -> bool:
    return any(getattr(use, "purpose", None) is Purpose.DECRYPT and getattr(use, "image", "") == image for use in uses)


def _names(design: Design) -> tuple[str, ...]:
    return tuple(each.name for group in (design.stages, design.images, design.partitions) for each in group)


# -- what differs


def moved(field: Design, new: Design, image: str) -> tuple[Fact, ...]:
    """What the chain of `image` knows in the field and the new design says otherwise."""
    return tuple(dict.fromkeys(_moved(field, new, image)))


def _moved(field: Design, new: Design, image: str) -> Iterator[Fact]:
    old = next((each for each in field.images if each.name == image), None)
    now = next((each for each in new.images if each.name == image), None)
    if old is None or now is None:
        return
    pairs = [*zip(old.slots, now.slots, strict=False)]
    pairs += [(old.staging, now.staging)] if old.staging and now.staging else []
    for mine, theirs in pairs:
        yield from _part(field, new, mine, theirs)
    for word in ("signature", "encryption"):
        one, other = getattr(old, word), getattr(now, word)
        if one is not other:
            yield Fact(source=old.source, text=f"{image} in the field: {word} {one.value}")
            yield Fact(source=now.source, text=f"{image} as released: {word} {other.value}")
    yield from _modes(field, new, image)


def _part(field: Design, new: Design, mine: str, theirs: str) -> Iterator[Fact]:
    one, other = field.partition(mine), new.partition(theirs)
    if (one.range, one.memory) != (other.range, other.memory):
        yield Fact(source=one.source, text=f"{mine} in the field: {_where(one.memory.value, one.range)}")
        yield Fact(source=other.source, text=f"{theirs} as released: {_where(other.memory.value, other.range)}")
        return
    for left, right in zip(one.members, other.members, strict=False):
        yield from _part(field, new, left, right)


def _where(memory: str, where: object) -> str:
    return f"{where}" if memory == "internal" else f"{where} ({memory})"


def _modes(field: Design, new: Design, image: str) -> Iterator[Fact]:
    for label, design in (("in the field", field), ("as released", new)):
        for stage in design.stages:
            for step in stage.steps:
                if isinstance(step, BootGo) and step.image == image and told_mode(field) != told_mode(new):
                    yield Fact(source=step.source, text=f"upgrade mode {label}: {told_mode(design)}")


def undelivered(field: Design, new: Design, delivered: tuple[str, ...]) -> tuple[Fact, ...]:
    """What the new design changes in stages that no update reaches: units keep the old ones."""
    found: list[Fact] = []
    for image in new.images:
        old = next((each for each in field.images if each.name == image.name), None)
        if old is None:
            found.append(Fact(source=image.source, text=f"{image.name} is new, and no update brings it"))
        elif image.name not in delivered and (words := _stage_changes(field, new, old, image)):
            text = f"{image.name} of the release never arrives (it differs in {', '.join(words)})"
            found.append(Fact(source=image.source, text=text))
    return tuple(found)


def _stage_changes(field: Design, new: Design, old: Image, now: Image) -> list[str]:
    words = []
    if [field.partition(name).range for name in old.slots] != [new.partition(name).range for name in now.slots]:
        words.append("its slot")
    before, after = field.stages_of(old.name), new.stages_of(now.name)
    if [stage.program for stage in before] != [stage.program for stage in after]:
        words.append("its programs")
        return words
    for one, other in zip(before, after, strict=True):
        words += _step_changes(one, other)
    if field.sdk != new.sdk:
        words.append(f"the SDK release, {field.sdk} against {new.sdk}")
    return list(dict.fromkeys(words))


def _step_changes(one: Stage, other: Stage) -> Iterator[str]:
    kinds: list[tuple[type, str]] = [(BootGo, "what it does with updates"), (ChooseSlot, "how it chooses a slot")]
    for kind, words in kinds:
        if [s for s in one.steps if isinstance(s, kind)] != [s for s in other.steps if isinstance(s, kind)]:
            yield words
    rest = [[s for s in stage.steps if not isinstance(s, BootGo | ChooseSlot)] for stage in (one, other)]
    if one.program is not Program.APPLICATION and rest[0] != rest[1]:
        yield "what it protects"
