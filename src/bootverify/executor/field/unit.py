"""A unit in the field: one device whose programs come from several releases.

Which release a program belongs to is seen from the bytes that lie where the stage before looks for it. So an immutable
stage keeps the map, keys and options of its day, while what it starts may know another map.
"""

from collections.abc import Iterable
from dataclasses import field, replace

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Attacker
from bootverify.design.boot import ChooseSlot, Image, Launch, Run
from bootverify.design.protection import Access, Attribution
from bootverify.executor.device import Device, Halt
from bootverify.executor.field.release import Release, header_size, linked_for, provisioned, runs_in_place, upgrade_mode
from bootverify.executor.flash import Journal, Power, powered
from bootverify.executor.knowledge import Knowledge
from bootverify.executor.layout import booted_by_mcuboot, home
from bootverify.executor.making import nsib_build
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.nsib.provision import KEY_ENTRY
from bootverify.executor.run import runs_on, steps_of_boot, take_step
from bootverify.executor.stages import mcuboot
from bootverify.executor.units.kmu import Kmu
from bootverify.executor.units.kmu_v2 import KmuV2
from bootverify.executor.world import World
from bootverify.machine.action import Request, TakeStep
from bootverify.ranges import AddressRange

COLLECTION_HEAD = COUNTER_HEAD = 4  # type and number of counters; description and number of slots (ncs-boot 1.8)
NOBODY = Attacker(name="nobody", title="no attacker", capabilities=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What outlasts a power cut."""

    flash: bytes
    uicr: bytes
    kmu: Kmu | KmuV2


@dataclass(slots=True)
class Unit:
    """A device, the releases that it may hold, and what runs on it in this boot.

    `running` names the release of each image that was started, `log` what happened since it was last cleared.
    `keys_at` are the key slots as they were after so many lasting operations, while a journal is kept.
    """

    releases: list[Release]
    world: World
    decrypts: bool = False
    running: dict[str, Release] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    keys_at: list[tuple[int, Kmu | KmuV2]] = field(default_factory=list)

    @classmethod
    def made(cls, release: Release, *, outside: int = 0, counted: int = 0, option: bool = False) -> "Unit":
        """A unit as production leaves it with `release`; NSIB's counter then holds `counted` values already.

        `option`: MCUboot was built with what no design tells of. Where it starts images from two slots, it takes back
        what nobody confirmed, and production confirms; where images are uploaded, it decrypts them in their slot.
        """
        device = release.factory.device(release=release.number, outside=outside)
        _count(release, device, counted)
        world = World(release.design, NOBODY, release.factory, device, Knowledge({}), revert=option)
        for image in release.design.images if option and runs_in_place(release.design) else ():
            if len(image.slots) > 1 and booted_by_mcuboot(release.design, image):
                mcuboot.request_upgrade(device, home(release.design, image.slots[0]), Request.PERM)
        return cls([release], world, decrypts=option)

    @property
    def device(self) -> Device:
        """The device."""
        return self.world.device

    @property
    def application(self) -> Release | None:
        """The release whose application runs; None when none does."""
        device = self.device
        if device.halted or not isinstance(device.design.stages[device.stage].steps[device.step], Run):
            return None
        return self.running[device.design.stages[device.stage].image]

    # -- power

    def boot(self) -> None:
        """Reset, and run until the device stays where it is."""
        self._begin()
        self.device.reset()
        root = self.releases[0].design.images[0]
        if self.holding(root.name, home(self.device.design, root.slots[0]).start) is None:
            self._halt(f"{root.name} is overwritten, and nothing starts without it")
        for step in steps_of_boot(self.device):
            self._step(step)
        if not runs_on(self.device):
            return
        self.device.halt(Halt.FAULT, "it restarts over and over")
        self.log.append("it restarts over and over")

    def snapshot(self) -> Snapshot:
        """What would be left if the power failed now."""
        device = self.device
        return Snapshot(flash=bytes(device.flash.data), uicr=bytes(device.uicr.data), kmu=kept(device.kmu))

    def restore(self, to: Snapshot) -> None:
        """Let the device hold `to`; it has no power yet."""
        self.device.flash.data[:] = to.flash
        self.device.uicr.data[:] = to.uicr
        self.device.kmu = kept(to.kmu)

    def journal(self) -> Journal:
        """Begin to note every lasting operation; what is noted comes into the list."""
        self.world.journal = Journal()
        self.keys_at = [(0, kept(self.device.kmu))]
        return self.world.journal

    # -- what the running application does

    def write(self, area: AddressRange, data: bytes, user: Attribution) -> bool:
        """Erase the pages of `area` and write `data` from its start; False when the protection refuses it to `user`.

        A page that is erased already is left alone.
        """
        whole = self._pages(area)
        if not self.reaches(whole, Access.WRITE, user):
            return False
        self.upload(area, data)
        return True

    def upload(self, area: AddressRange, data: bytes) -> None:
        """The same by a boot stage that has locked nothing yet."""
        flash, page = self.device.flash, self.device.flash.page
        whole = self._pages(area)
        with powered([flash], Power(journal=self.world.journal)):
            for at in range(whole.start, whole.end, page):
                if flash.read(at, page) != b"\xff" * page:
                    flash.erase(at, page)
            padded = data + b"\xff" * (-len(data) % flash.align)
            for at in range(0, len(padded), page):
                flash.write(area.start + at, padded[at : at + page])

    def _pages(self, area: AddressRange) -> AddressRange:
        page = self.device.flash.page
        return AddressRange.sized(area.start, -(-area.size // page) * page)

    def request(self, area: AddressRange, request: Request) -> None:
        """Ask MCUboot for what is staged in `area`."""
        with powered([self.device.flash], Power(journal=self.world.journal)):
            mcuboot.request_upgrade(self.device, area, request)

    def confirm(self, image: Image) -> bool:
        """The application marks itself as good, where its own map has the trailer; whether there was one to mark."""
        with powered([self.device.flash], Power(journal=self.world.journal)):
            return mcuboot.confirm(self.device, image)

    def reaches(self, area: AddressRange, access: Access, user: Attribution) -> bool:
        """Whether `user` gets `access` to all of `area` as the units stand now."""
        places = [area.start, *self.device.borders(area), max(area.end - 1, area.start)]
        return all(self.device.allows(at, access, user) for at in places)

    @property
    def attribution(self) -> Attribution:
        """That of the stage that runs."""
        return self.device.design.stages[self.device.stage].attribution

    # -- one boot

    def _step(self, action: TakeStep) -> None:
        device = self.device
        before = device.design.stages[device.stage]
        step = before.steps[device.step]
        # Not as an action of a trace: no one design, so no encoder, foresees what programs of several do.
        take_step(self.world, action)
        self.log += device.log
        if self.world.journal is not None and _slots(device.kmu) != _slots(self.keys_at[-1][1]):
            self.keys_at.append((len(self.world.journal), kept(device.kmu)))
        if device.halted:
            return
        if not isinstance(step, Launch):
            if (device.stage, device.step) == (0, 0):
                self._begin()
            return
        after = device.design.stages[device.stage]
        if after.image != before.image:
            self._hand_over(device.design.image(after.image))

    def _hand_over(self, image: Image) -> None:
        """The bytes where the stage before found it tell which release of `image` runs, and where it expects to be."""
        device, looker = self.device, self.device.design
        index = image.slots.index(device.active.get(image.name, image.slots[0]))
        at = home(looker, image.slots[index]).start
        release = self.holding(image.name, at)
        if release is None:
            self._halt(f"what lies at {at:#x} is no release of {image.name}")
            return
        theirs = release.design.image(image.name)
        meant = linked_for(release.design, theirs, index)
        jumped = at + header_size(release.design, theirs, index)
        if upgrade_mode(looker) is upgrade_mode(release.design) is Mode.RAM_LOAD:
            jumped = meant  # it was loaded where its header says
        if meant != jumped:
            self._halt(f"{image.name} {release.number} is linked for {meant:#x}, and it is started at {jumped:#x}")
            return
        self.running[image.name] = release
        self._enter(release)
        if len(theirs.slots) > 1:
            device.active[theirs.name] = theirs.slots[index]
        device.enter(release.design.stages_of(image.name)[0].name)

    def holding(self, image: str, at: int) -> Release | None:
        """The release of `image` whose bytes lie from `at` on."""
        flash = self.device.flash
        for release in reversed(self.releases):
            for slot in range(len(release.design.image(image).slots)) if release.has(image) else ():
                whole = release.installed(image, slot).lstrip(b"\xff")
                pad = len(release.installed(image, slot)) - len(whole)
                if flash.holds(at + pad, len(whole)) and flash.read(at + pad, len(whole)) == whole:
                    return release
        return None

    def _begin(self) -> None:
        """The first stage is that of production, whatever came later."""
        root = self.releases[0]
        self.running = {root.design.images[0].name: root}
        self._enter(root)

    def _enter(self, release: Release) -> None:
        """From here on the programs of `release` run: its map, its options, the keys that this device has of its."""
        root = self.releases[0]
        design = release.design
        if release is not root:
            design = replace(design, keys=provisioned(design.keys, root.design))
        self.world.design = self.device.design = design
        self.world.factory = release.factory
        self.world.mode = upgrade_mode(design)

    def _halt(self, why: str) -> None:
        self.device.halt(Halt.FAULT, why)
        self.log.append(f"halted: {why}")


def _count(release: Release, device: Device, counted: int) -> None:
    """Fill NSIB's counter as `counted` earlier releases did, versions 1, 2, ...; the device is still in production."""
    for stage in release.design.stages:
        for step in stage.steps:
            if not isinstance(step, ChooseSlot) or not step.counter:
                continue
            layout = nsib_build.config(release.design, step).storage_layout
            erased = (1 << 8 * layout.unit) - 1
            for number in range(1, min(counted, release.factory.counter_slots) + 1):
                value = (number << 1 | 1) & erased ^ erased
                at = counter_slots(release, step).start + (number - 1) * layout.unit
                memory = device.uicr if device.uicr.holds(at) else device.flash
                memory.load(at, value.to_bytes(layout.unit, "little"))


def counter_slots(release: Release, step: ChooseSlot) -> AddressRange:
    """Where NSIB's version counter lies: behind the keys, the head of the collection and the counter's own."""
    config = nsib_build.config(release.design, step)
    layout = config.storage_layout
    keys = len(release.factory.nsib_anchors(step.image))
    start = config.storage + layout.keys + KEY_ENTRY * keys + COLLECTION_HEAD + COUNTER_HEAD
    return AddressRange.sized(start, release.factory.counter_slots * layout.unit)


def kept(kmu: Kmu | KmuV2) -> Kmu | KmuV2:
    """The same key slots, to be changed apart."""
    match kmu:
        case Kmu():
            return replace(kmu, slots=dict(kmu.slots))
        case KmuV2():
            return replace(kmu, slots=dict(kmu.slots))


def _slots(kmu: Kmu | KmuV2) -> Iterable[object]:
    return kmu.slots.items()
