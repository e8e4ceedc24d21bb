"""How a release reaches a unit: staged by the client that runs, booted, its data looked for, confirmed, booted again.

The order of the images is the service's choice. Each scene is told as it went; the first that goes wrong ends the film.
"""

from collections.abc import Mapping
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.boot import Image
from bootverify.design.design import Design
from bootverify.design.protection import Access, Attribution
from bootverify.executor.field.release import Release, by_wire, runs_in_place, upgrade_mode
from bootverify.executor.field.storage import Drawer, drawers
from bootverify.executor.field.unit import Unit
from bootverify.executor.layout import booted_by_mcuboot, home
from bootverify.executor.making.owner_keys import material
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.run import mark
from bootverify.executor.stages.mcuboot import requested
from bootverify.machine.action import Request
from bootverify.ranges import AddressRange

STAGED = " stages "  # in the words of a scene in which an update is put where it waits
MOST_RESETS = 3  # a unit that stops is reset by its watchdog or by a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing that happened: in words, the mark that the device is at then, and its log."""

    what: str
    at: str
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why the release did not come in: `image` is the one that failed, `alive` the release that runs then, if any."""

    image: str
    why: str
    alive: Release | None


@dataclass(slots=True)
class Film:
    """The way of `target` into `unit`, image by image.

    `data` is what the application has in its drawers, by name; `checked` whether the client's own access to the staging
    partition is looked at: not where the release in the field does not have it either, and finds another way.
    """

    unit: Unit
    target: Release
    request: Request
    data: Mapping[str, bytes]
    checked: bool = True
    scenes: list[Scene] = field(default_factory=list)
    told: bool = True
    unconfirmed: bool = False

    def play(self, order: tuple[str, ...], *, attempts: int = 1) -> Failure | None:
        """Bring each image in; None when all of them run and stay."""
        for image in order:
            failure = self._bring(image, attempts)
            if failure is not None:
                return failure
        lost = next((image for image in order if self.unit.running.get(image) is not self.target), None)
        return self._failed(lost, f"{lost} {self.target.number} does not stay") if lost else None

    def power_on(self) -> bool:
        """Reset and boot, again while it stops; whether an application runs."""
        for _ in range(MOST_RESETS):
            self.unit.boot()
            self._tell("power on, the unit boots")
            if self.unit.application is not None:
                return True
        return False

    def _bring(self, image: str, attempts: int) -> Failure | None:
        why = ""
        for _ in range(attempts):
            if self._settled(image):
                return None
            why = self.stage(image)
            if why:
                return self._failed(image, why)
            if not self.power_on():
                halted = [line for scene in self.scenes for line in scene.log if "halted" in line]
                end = f" ({halted[-1].removeprefix('halted: ')})" if halted else ""
                return Failure(image=image, why=f"the unit no longer boots{end}", alive=None)
            if self._settled(image):
                return None
            why = self._refused(image)
        return self._failed(image, why)

    def _refused(self, image: str) -> str:
        if self.unconfirmed:
            return f"{image} {self.target.number} does not confirm itself where the bootloader looks"
        told = [line for scene in self.scenes for line in scene.log if _refusing(line)]
        if not told and self.scenes and any("swap type: none" in line for line in self.scenes[-1].log):
            told = [": the bootloader sees no request"]
        reason = f": {told[-1].split(': ', 1)[-1].removeprefix('halted: ')}" if told else ""
        return f"{image} {self.target.number} does not run{reason}"

    def _settled(self, image: str) -> bool:
        """Whether the target's `image` runs and stays; a new application looks for its data and confirms itself."""
        if self.unit.running.get(image) is not self.target:
            return False
        if self._is_application(image):
            self.move_in()
        if booted_by_mcuboot(self.target.design, self.target.design.image(image)):
            self.confirm()
            self.unconfirmed = self._to_be_reverted(image)
            self.power_on()
        return not self.unconfirmed and self.unit.running.get(image) is self.target

    def _to_be_reverted(self, image: str) -> bool:
        """Whether the bootloader, where it looks, still finds a swap that nobody confirmed."""
        looker = self._looker(image)
        theirs = next((each for each in looker.images if each.name == image), None)
        if theirs is None or theirs.staging is None or runs_in_place(looker):
            return False
        return requested(self.unit.device, looker, theirs) is Request.REVERT

    def _is_application(self, image: str) -> bool:
        application = self.unit.application
        return application is not None and application.design.stages[-1].image == image

    # -- single scenes

    def stage(self, image: str) -> str:
        """The running client stages the update where its own map says; why it cannot, empty when it did.

        An image without a staging partition is uploaded by wire, whatever runs.
        """
        if self.by_wire(image):
            return self._upload(image)
        running = self.unit.application
        if running is None:
            return "no update client runs"
        theirs = running.design.image(image) if running.has(image) else None
        if theirs is None or theirs.staging is None:
            return f"the client of release {running.number} has nowhere to put an update of {image}"
        variant = self._variant(theirs)
        file = self.target.file(image, variant)
        name = theirs.slots[variant or 0] if runs_in_place(running.design) else theirs.staging
        area = home(running.design, name)
        place = AddressRange(area.start + self._first_sector(running), area.end)
        if len(file) > place.size - self.unit.device.flash.page:
            return f"the file of {image} ({len(file):#x} bytes) does not fit {name} ({area.size:#x} bytes)"
        user = self.unit.attribution if self.checked else Attribution.SECURE
        if not (self.unit.write(area, b"", user) and self.unit.write(place, file, user)):
            return f"the client of release {running.number} may not write {name}"
        self.unit.request(area, self.request)
        self._tell(
            f"the client of release {running.number}{STAGED}{image} {self.target.number} in {name}"
            f" ({area}, {len(file)} bytes, {self.request.value})"
        )
        return ""

    def _upload(self, image: str) -> str:
        """MCUboot writes the file into the slot that it knows, all of which it erases first.

        "Uploading an image is targeted to the primary slot by default" (MCUboot, Serial recovery, Image uploading). A
        build that does so then decrypts it where it lies.
        """
        looker = self._looker(image)
        area, file = home(looker, looker.image(image).slots[0]), self.target.file(image, None)
        if len(file) > area.size:
            return f"the file of {image} ({len(file):#x} bytes) does not fit its slot ({area}) in the field"
        self.unit.upload(area, file)
        if self.unit.decrypts and self._opens(looker, image):
            self.unit.upload(area, self.target.installed(image, 0))
        self._tell(f"{image} {self.target.number} is uploaded by wire into {area} ({len(file)} bytes)")
        return ""

    def _opens(self, looker: Design, image: str) -> bool:
        """Whether the bootloader in the field has the key that decrypts the file of `image`."""
        factory = next(each.factory for each in self.unit.releases if each.design is looker)
        key, package = factory.decryption_key(looker.image(image)), self.target.package(image)
        if key is None or not package.encrypted:
            return False
        return factory.decrypted(package, factory.value(key)) == package.plain

    def by_wire(self, image: str) -> bool:
        """Whether the bootloader in the field has updates of `image` uploaded into its slot."""
        looker = self._looker(image)
        return any(each.name == image and by_wire(looker, each) for each in looker.images)

    def _looker(self, image: str) -> Design:
        """The design that the stage which starts `image` comes from."""
        verifier = self.target.design.image(image).verified_by
        release = self.unit.running.get(self.target.design.stage(verifier).image) if verifier else None
        return release.design if release is not None else self.target.design

    def _first_sector(self, running: Release) -> int:
        """Where in the staging partition the file goes: a build for swap using offset leaves the first sector free."""
        return self.unit.device.flash.page if upgrade_mode(running.design) is Mode.SWAP_OFFSET else 0

    def may_stage(self, image: str) -> bool:
        """Whether the running client itself may write its staging partition, where it needs one."""
        if self.by_wire(image):
            return True
        running = self.unit.application
        if running is None or not running.has(image) or running.design.image(image).staging is None:
            return False
        area = home(running.design, str(running.design.image(image).staging))
        return self.unit.reaches(area, Access.WRITE, self.unit.attribution)

    def move_in(self) -> None:
        """The application looks for its data; where a partition is not one that it had, it starts it afresh."""
        for drawer in drawers(self.target.design):
            if self.data.get(drawer.name) is None or not found_again(self.unit, drawer, self.data[drawer.name]):
                fresh = contents(self.target, drawer)
                if self._holds(drawer, fresh):
                    continue
                done = self.unit.write(drawer.range, fresh, drawer.user)
                word = "starts it afresh" if done else "may not write it"
                known = "does not find its data" if drawer.name in self.data else "finds a partition it never had"
                self._tell(f"{self._who()} {known} in {drawer.name} ({drawer.range}) and {word}")

    def confirm(self) -> None:
        """The application marks as good what has come in: itself, and a bootloader that another one swapped in."""
        running = self.unit.application
        for image in running.design.images if running is not None else ():
            new = self.unit.running.get(image.name) is self.target
            if running is None or not new or not booted_by_mcuboot(running.design, image) or image.staging is None:
                continue
            words = "confirms" if self.unit.confirm(image) else "finds nothing to confirm:"
            slot = image.slots[self._in_use(image)]
            where = f"at the end of {slot} ({home(running.design, slot)})"
            self._tell(f"{self._who()} {words} {image.name} {where}")

    def _holds(self, drawer: Drawer, fresh: bytes) -> bool:
        flash = self.unit.device.flash
        return (
            flash.holds(drawer.range.start, drawer.range.size) and flash.read(drawer.range.start, len(fresh)) == fresh
        )

    def _variant(self, image: Image) -> int | None:
        """The variant for the slot that is not in use, for an image with two."""
        if len(image.slots) < 2:
            return None
        return 1 - self._in_use(image)

    def _in_use(self, image: Image) -> int:
        """The index of the slot that the image runs from."""
        active = self.unit.device.active.get(image.name)
        return image.slots.index(active) if len(image.slots) > 1 and active else 0

    def _who(self) -> str:
        running = self.unit.application
        return f"release {running.number}" if running is not None else "nobody"

    def _failed(self, image: str, why: str) -> Failure:
        if self.unit.application is None:
            self.power_on()
        return Failure(image=image, why=why, alive=self.unit.application)

    def _tell(self, what: str) -> None:
        if self.told:
            scene = Scene(what=what, at=mark(self.unit.device), log=tuple(self.unit.log))
            if self.scenes[-1:] != [scene]:  # what happens again in the same way is told once
                self.scenes.append(scene)
        self.unit.log.clear()


def contents(release: Release, drawer: Drawer) -> bytes:
    """What the application of `release` writes into a partition that it starts afresh: all of it."""
    return material(f"{release.design.name}/{release.number}/keeps in {drawer.name}", drawer.range.size)


def found_again(unit: Unit, drawer: Drawer, data: bytes) -> bool:
    """Whether the bytes that the application left are where it looks for them now, as many as there is room for."""
    flash = unit.device.flash
    if not flash.holds(drawer.range.start, drawer.range.size):
        return False
    held = flash.read(drawer.range.start, drawer.range.size)
    return held[: len(data)] == data[: len(held)]


def _refusing(line: str) -> bool:
    """Whether a line of a log says why something is not started."""
    return any(word in line for word in ("erased", "skipped", "halted", "refused", "does not fit", "no bootable"))
