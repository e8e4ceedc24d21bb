"""Images and keys kept hidden, enacted: everything the attacker gets to see is opened with everything he has.

Rules: SEMANTICS, "What is told", image_hidden and key_hidden.
"""

from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker, Capability
from bootverify.design.boot import EncryptionType, Image, Program, Protect, Stage
from bootverify.design.design import Design
from bootverify.design.keys import Elsewhere, HostOnly, InImage, InKmu, InPartition, InUicr, Key, Purpose, PushTarget
from bootverify.design.life import Behaviour
from bootverify.design.memory import MemoryKind
from bootverify.design.protection import Access
from bootverify.design.source import Source
from bootverify.executor.lives.areas import secure_side_closed
from bootverify.executor.lives.foe import foe
from bootverify.executor.making.factory import delivered_by
from bootverify.machine.judgement import Judgement, broken, kept, untold


@dataclass(frozen=True, slots=True)
class _File:
    """Something that shows an image: in clear, or closed until the image's key is had."""

    what: str
    image: str
    closed: bool


@dataclass(slots=True)
class _Desk:
    """The attacker's desk: files, plain images, keys, and what nobody told us of."""

    design: Design
    files: list[_File] = field(default_factory=list)
    images: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    image_keys: set[str] = field(default_factory=set)
    doubts: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Open what can be opened until nothing new appears."""
        before = -1
        while before != len(self.images) + len(self.keys):
            before = len(self.images) + len(self.keys)
            for file in reversed(self.files):  # what he gets by his own ability comes last, and tells more
                opener = self.opener(file.image)
                if not file.closed or file.image in self.image_keys:
                    self.images.setdefault(file.image, file.what)
                elif opener is not None:
                    had = "which is published" if opener.published else self.keys[opener.name]
                    self.images.setdefault(file.image, f"{file.what}, opened with {opener.name} ({had})")
            for key in self.design.keys:
                for place in key.placements:
                    if key.secret and isinstance(place, InImage) and place.image in self.images:
                        self.keys.setdefault(key.name, f"part of {place.image}, {self.images[place.image]}")

    def opener(self, image: str) -> Key | None:
        """A key in hand that opens updates of the image."""
        for key in self.design.keys:
            opens = any(use.purpose is Purpose.DECRYPT and use.image == image for use in key.uses)
            if opens and (key.published or key.name in self.keys):
                return key
        return None

    def see(self, image: Image, what: str, *, closed: bool) -> None:
        self.files.append(_File(what, image.name, closed))


def image_hidden(design: Design, image: Image, attacker: Attacker) -> Judgement:
    """Whether the plaintext of a release of `image` lies on the attacker's desk in the end."""
    runs_in = design.application is not None and design.application.image == image.name
    return _hidden_from(design, attacker, image.name, image.source, runs_in=runs_in)


def part_hidden(design: Design, stage: Stage, attacker: Attacker) -> Judgement:
    """The same of the part of an image that one stage is."""
    return _hidden_from(design, attacker, stage.image, stage.source, runs_in=stage == design.application)


def _hidden_from(design: Design, attacker: Attacker, image: str, source: Source, *, runs_in: bool) -> Judgement:
    if runs_in and foe(design, attacker) == "app-code-ns":
        return broken("he runs in it and reads it", source=source)
    desk = _filled(design, attacker)
    if image in desk.images:
        return broken(desk.images[image], source=source)
    if desk.doubts:
        return untold(desk.doubts[0], source)
    return kept("nothing that he sees shows it, or opens with what he has", source)


def key_hidden(design: Design, key: Key, attacker: Attacker) -> Judgement:
    """Whether the value of `key` lies on the attacker's desk in the end."""
    desk = _filled(design, attacker)
    if key.published or key.name in desk.keys:
        return broken(desk.keys.get(key.name, "it is published"), source=key.source)
    served = any(isinstance(place, Elsewhere) and place.what == "service" for place in key.placements)
    if served and foe(design, attacker) == "app-code-ns" and design.life.foreign_keys_exported:
        return broken("the key service exports a key to whoever guesses its id", "he guesses the id", source=key.source)
    if served and foe(design, attacker) == "secure-partition":
        return broken("at level 1 his code is privileged, and reads the memory of the key service", source=key.source)
    if served and len(key.placements) == 1 and _bound(design, attacker):
        return kept("the key service asks whose a key is, and nothing secure shows itself to him", key.source)
    where = {place.what if isinstance(place, Elsewhere) else "" for place in key.placements}
    if where == {"swap-status"} and (images := _opened_with(key)):
        if any(image in desk.image_keys for image in images):
            return broken("the swap status on the chip has it in clear", source=key.source)
        if any(file.closed and file.image in images and desk.opener(file.image) for file in desk.files):
            return broken("he unwraps it in an update", source=key.source)
        if not attacker.can(Capability.READ_EXTERNAL):
            return untold(f"who reads {key.name} where a swap notes it", key.source)
    elif where - {""} or not where:
        return untold(f"where {key.name} lies", key.source)
    if desk.doubts:
        return untold(desk.doubts[0], key.source)
    return kept("no place in which it lies is open to him, and no file that he sees shows it", key.source)


def _opened_with(key: Key) -> set[str]:
    """The images whose updates the key opens."""
    return {use.image for use in key.uses if use.purpose is Purpose.DECRYPT and use.image}


def _bound(design: Design, attacker: Attacker) -> bool:
    """Whether code of the non-secure side has to ask the key service, which gives each its own keys alone."""
    told = design.life.foreign_keys_exported is False
    return told and foe(design, attacker) == "app-code-ns" and secure_side_closed(design) is True


def _filled(design: Design, attacker: Attacker) -> _Desk:
    desk = _Desk(design)
    for image in design.images:
        if image.updatable:
            desk.see(
                image, "as an update that is in everybody's hands", closed=image.encryption is not EncryptionType.NONE
            )
        starter = design.stage(image.verified_by).program if image.verified_by else None
        if design.life.clear_release and starter is Program.MCUBOOT:
            desk.see(image, "as the release that was shipped before updates were encrypted", closed=False)
    _fill(desk, design, attacker)
    desk.work()
    return desk


def _fill(desk: _Desk, design: Design, attacker: Attacker) -> None:
    match foe(design, attacker):
        case "remote-ota" | "old-signed-image" | "operator-error" | "power-cut":
            return
        case "factory-insider" | "build-pipeline":
            for image in design.images:
                desk.see(image, "in a file of the build", closed=False)
            for key in design.keys:
                seen = {*key.found} - (set() if attacker.can(Capability.READ_BUILD) else {"build"})
                if key.secret and seen:
                    desk.keys.setdefault(key.name, "seen in a file of the build")
                    continue
                loaded = any(isinstance(place, InKmu | InUicr | InPartition) for place in key.placements)
                if not key.secret or not loaded or foe(design, attacker) != "factory-insider":
                    pass
                elif not delivered_by(key) and _one_for_all(design, key):
                    desk.keys.setdefault(key.name, "handed to production, which loads it into every device")
                else:
                    desk.doubts.append(f"whether the factory sees {key.name} when it is loaded")
                if foe(design, attacker) == "build-pipeline" and any(
                    isinstance(place, HostOnly) for place in key.placements
                ):
                    desk.doubts.append(f"whether {key.name} is used where he is")
        case "ext-flash-read" | "ext-flash-write":
            _chip(desk, design)
            if attacker.can(Capability.WRITE_EXTERNAL):
                _unmarked(desk, design)
        case "debug-port" | "fault-injection":
            glitched = attacker.can(Capability.INJECT_FAULT)
            if not design.lifecycle.approtect or (glitched and design.life.glitch):
                _memory(desk, design, "read through the debug port")
            else:
                if not design.lifecycle.eraseprotect:
                    _chip(desk, design)  # by code of his own, once everything inside is erased
                if glitched:
                    desk.doubts.append("whether this silicon withstands a glitch")
        case "bootloader-code" | "app-code" | "app-code-secure" | "secure-partition":
            _memory(desk, design, "read by his code")
        case _:
            desk.doubts.append("what he gets to read")


def _one_for_all(design: Design, key: Key) -> bool:
    """Whether each device gets the same value, as it is told, or as each has to open what everybody is sent."""
    if key.per_device is not None:
        return not key.per_device
    opened = [design.image(use.image) for use in key.uses if use.purpose is Purpose.DECRYPT and use.image]
    return any(image.updatable and image.encryption is not EncryptionType.NONE for image in opened)


def _unmarked(desk: _Desk, design: Design) -> None:
    """A header that he changes while it is copied says no more that what a swap takes back is encrypted (loader.c)."""
    outside = {part.name for part in design.partitions if part.memory is MemoryKind.EXTERNAL}
    for image in design.images if design.life.mode.startswith("swap") else ():
        if image.staging in outside and image.encryption is not EncryptionType.NONE:
            desk.see(image, "taken back in clear, since the header lost its mark while it was copied", closed=False)


def _memory(desk: _Desk, design: Design, how: str) -> None:
    for image in design.images:
        if any(_hidden(design, slot) for slot in image.slots):
            desk.doubts.append(f"whether he reads {image.name} before it is hidden")
        else:
            desk.see(image, how, closed=False)
    for key in design.keys:
        for place in key.placements:
            if key.secret and isinstance(place, InPartition) and _hidden(design, place.partition):
                desk.doubts.append(f"whether he reads {key.name} before it is hidden")
                continue
            in_reach = isinstance(place, InUicr | InPartition) or (
                isinstance(place, InKmu) and (place.readable or place.push_to is PushTarget.RAM)
            )
            if key.secret and in_reach:
                desk.keys.setdefault(key.name, how)


def _hidden(design: Design, partition: str) -> bool:
    """Whether some stage takes reading away from a byte of it."""
    area = design.partition(partition)
    denials = [step for stage in design.stages for step in stage.steps if isinstance(step, Protect)]
    return area.memory is MemoryKind.INTERNAL and any(
        Access.READ in step.deny and span.range.overlaps(area.range) for step in denials for span in step.spans
    )


def _chip(desk: _Desk, design: Design) -> None:
    """What the external chip shows while updates come and go."""
    outside = {part.name for part in design.partitions if part.memory is MemoryKind.EXTERNAL}
    mode, life = design.life.mode, design.life
    for key in design.keys:
        if key.secret and any(
            isinstance(place, InPartition) and place.partition in outside for place in key.placements
        ):
            desk.keys[key.name] = "on the external chip"
    scratch = any("scratch" in name for name in outside)
    for image in design.images:
        if any(slot in outside for slot in image.slots):
            desk.doubts.append(f"how {image.name} lies in the external memory that it runs from")
        closed = image.encryption is not EncryptionType.NONE
        staged = image.staging in outside
        if staged:
            desk.see(image, "staged on the external chip", closed=closed)
        if not closed or not (staged or scratch):
            continue
        if mode not in {"overwrite", "swap-move", "swap-scratch"}:
            desk.doubts.append(f"what the update mode `{mode or 'not told'}` leaves outside")
        if mode in {"swap-move", "swap-scratch"} and staged:
            if life.factory_image == "signed":
                desk.see(image, "its first release, swapped out in clear", closed=False)
            elif not life.factory_image:
                desk.doubts.append("whether the factory's image is encrypted when it is swapped out")
        if mode == "swap-scratch" and scratch:
            if not design.keeps_image_keys_wrapped:
                desk.image_keys.add(image.name)
                desk.see(image, "opened with its key from the swap status on the chip", closed=True)
            if life.does(Behaviour.SCRATCH_PLAIN):
                desk.see(image, "in clear in the scratch area", closed=False)
            elif not life.does(Behaviour.SCRATCH_ENCRYPTED):
                desk.doubts.append("whether the scratch area holds plain sectors")
