"""A release as it reaches units in the field: its design, its build, and the number that its images carry."""

from dataclasses import field, replace

from bootverify.dataclass import dataclass
from bootverify.design.boot import Image
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, InUicr, Key
from bootverify.design.memory import Role
from bootverify.executor.layout import booted_by_mcuboot, home, load_window
from bootverify.executor.making import nsib_build
from bootverify.executor.making.factory import Factory, delivered_by
from bootverify.executor.making.owner_build import Package
from bootverify.executor.mcuboot.config import IN_PLACE, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One build: the images of `design`, each as version `number`, made and signed by `factory`.

    The names of `design` are those of the whole fleet: what is called alike in two releases is the same thing.
    """

    number: int
    title: str
    design: Design
    factory: Factory = field(repr=False, compare=False)

    def as_number(self, number: int, title: str) -> "Release":
        """The next build of the same design."""
        return replace(self, number=number, title=title)

    def has(self, image: str) -> bool:
        """Whether it has an image of that name."""
        return any(each.name == image for each in self.design.images)

    def installed(self, image: str, slot: int) -> bytes:
        """What the slot of that index holds from its first byte when this release is installed there."""
        found = self.design.image(image)
        return self.factory.stored(found, self.number, found.slots[min(slot, len(found.slots) - 1)])

    def file(self, image: str, slot: int | None) -> bytes:
        """The update file of `image`; `slot` is the index of the variant, None for an image with one slot."""
        return self.package(image, slot).file

    def package(self, image: str, slot: int | None = None) -> Package:
        """The same with what was packed."""
        found = self.design.image(image)
        variant = "" if slot is None or len(found.slots) < 2 else found.slots[slot]
        return self.factory.package(found, self.number, variant)


def told_mode(design: Design) -> str:
    """The upgrade mode as MCUboot calls it; empty where nothing tells."""
    starts = (design.started_in_place(image) for image in design.images)
    if (step := next((each for each in starts if each is not None), None)) is not None:
        return step.mode.value
    return design.life.mode or str(getattr(design.settings.update_mode, "value", ""))


def upgrade_mode(design: Design) -> Mode | None:
    """The mode that MCUboot was built for where that is none of the first two, whoever tells of it."""
    modes = (Mode.SWAP_SCRATCH, Mode.SWAP_OFFSET, Mode.DIRECT_XIP, Mode.RAM_LOAD)
    return next((mode for mode in modes if mode.value == told_mode(design)), None)


def runs_in_place(design: Design) -> bool:
    """Whether MCUboot starts the newer of two slots, and moves nothing."""
    return upgrade_mode(design) in IN_PLACE


def of_two_slots(design: Design) -> Design:
    """The design with both slots for each image that MCUboot starts from either; as it is in all other modes."""
    if not runs_in_place(design):
        return design
    return replace(design, images=tuple(_of_two_slots(design, image) for image in design.images))


def _of_two_slots(design: Design, image: Image) -> Image:
    if not booted_by_mcuboot(design, image) or image.staging is None is design.started_in_place(image):
        return image
    second = image.staging or image.slots[1]
    return replace(image, slots=(image.slots[0], second), staging=second)


def by_wire(design: Design, image: Image) -> bool:
    """Whether updates of `image` are uploaded into its slot by MCUboot itself (its serial recovery)."""
    return image.updatable and not design.update_places(image) and booted_by_mcuboot(design, image)


def linked_for(design: Design, image: Image, slot: int) -> int:
    """The address at which the first program of `image` expects itself when it is built for the slot of that index.

    Behind the pad that the map draws in front of it; where there is none, behind the header.
    """
    name = image.slots[min(slot, len(image.slots) - 1)]
    if booted_by_mcuboot(design, image) and upgrade_mode(design) is Mode.RAM_LOAD:
        return load_window(design).start + header_size(design, image, slot)
    parts = _plain(design, name)
    if booted_by_mcuboot(design, image) and len(parts) > 1 and parts[0][0] is Role.PAD:
        return parts[1][1]
    return home(design, name).start + header_size(design, image, slot)


def header_size(design: Design, image: Image, slot: int) -> int:
    """The bytes between the start of the slot and the program, as the image's header says: the pad's, or the usual."""
    if not booted_by_mcuboot(design, image):
        return nsib_build.pad(design, image) if image.verified_by else 0
    role, _, size = _plain(design, image.slots[min(slot, len(image.slots) - 1)])[0]
    return size if role is Role.PAD else design.soc.header


def provisioned(keys: tuple[Key, ...], of: Design) -> tuple[Key, ...]:
    """The keys whose place in hardware is filled in units of `of`; those that lie elsewhere are kept as they are."""
    there = {key.name: key for key in of.keys}
    return tuple(key for key in keys if not in_hardware(key) or _same_place(key, there.get(key.name)))


def in_hardware(key: Key) -> bool:
    """Whether only production puts it where it lies: KMU slots or words of the UICR."""
    placed = any(isinstance(place, InKmu | InUicr) for place in key.placements)
    return placed and not key.empty and not delivered_by(key)


def _same_place(key: Key, other: Key | None) -> bool:
    if other is None or other.empty or other.kind is not key.kind:
        return False
    mine = {place for place in key.placements if not isinstance(place, InImage)}
    return mine <= set(other.placements)


def _plain(design: Design, name: str) -> list[tuple[Role | None, int, int]]:
    """Role, start and size of the partitions that `name` consists of, by address."""
    part = design.partition(name)
    found = [each for member in part.members for each in _plain(design, member)]
    where = home(design, name)
    return sorted(found or [(part.role, where.start, where.size)], key=lambda each: each[1])
