"""The board: a device and, where there is one, the network core's flash, with the pieces of a build in them."""

from dataclasses import field, replace

from bootverify.dataclass import dataclass
from bootverify.design.firmware import Firmware, Piece
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.executor.device import Device
from bootverify.executor.flash import Flash
from bootverify.executor.layout import external_start
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import Encryption
from bootverify.executor.memory import Memory, Ram
from bootverify.executor.nsib.key_places import KeyPlaces
from bootverify.ranges import AddressRange

RAM_SEEN = 0x10000  # bytes of RAM that boot code is given; what it holds at reset is not defined
WORD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Where images lie. `secondary` None: the map has none. `known`: the map gives the end of the primary slot.

    `network` is the secondary slot of a network core image that is updated as an image of its own (NRF53_MULTI_IMAGE).
    """

    primary: Area
    secondary: Area | None
    scratch: Area | None
    known: bool
    network: Area | None = None


@dataclass(slots=True)
class Board:
    """`outside` are pieces in no memory that is modelled: an external flash, a second die.

    `placed` are the files of signed images without addresses that were put into a slot, `opener` what opens those that
    are encrypted. `fresh`: it has not been booted, so what the user wants in its slots may still be put there.
    `lasting`: it is booted again and again, so all that a boot leaves counts. `loader` is MCUboot's own place and its
    slots, once it has run; `settled`: what is not told is what it was taken to be, and asked no more. `places` are the
    keys of a KMU. `loader_asked`: somebody asks for the firmware loader at the next boot.
    """

    firmware: Firmware
    device: Device
    network: Flash | None
    outside: list[Piece]
    placed: set[str] = field(default_factory=set)
    opener: Encryption | None = None
    fresh: bool = True
    lasting: bool = False
    settled: bool = False
    loader: tuple[AddressRange, Slots] | None = None
    places: KeyPlaces | None = None
    loader_asked: bool = False

    @classmethod
    def programmed(cls, firmware: Firmware) -> "Board":
        """A blank device with every piece where its file puts it, as a programmer leaves it: no write rule applies."""
        ends = [each.range.end for each in firmware.design.partitions if each.memory is MemoryKind.EXTERNAL]
        page = firmware.design.soc.page
        device = Device.blank(firmware.design, outside=-(-max(ends, default=0) // page) * page)
        network = firmware.network
        flash = Flash(network.flash.start, network.flash.size, network.page, network.word) if network else None
        outside: list[Piece] = []
        inside = firmware.design.soc.flash
        for piece in firmware.pieces:
            if piece.at >= inside.start and piece.end <= inside.end:
                device.flash.load(piece.at, piece.data)
            elif device.uicr.holds(piece.at, len(piece.data)):
                device.uicr.load(piece.at, piece.data)
            elif flash is not None and flash.holds(piece.at, len(piece.data)):
                flash.load(piece.at, piece.data)
            else:
                outside.append(piece)
        device.reset_units()
        return cls(firmware, device, flash, outside)

    @property
    def memories(self) -> list[Flash]:
        """Every lasting memory of the device."""
        second = [self.network] if self.network is not None else []
        return [self.device.flash, self.device.uicr, *second]

    def memory(self) -> Memory:
        """What the application core's boot code reads and writes, flash and UICR shared with the device."""
        ram = self.device.design.soc.ram
        return Memory((self.device.flash, self.device.uicr), (Ram(ram.start, min(ram.size, RAM_SEEN), 0xA5),))

    def partition(self, role: Role, number: int = 0) -> Partition | None:
        """The partition of that role; a plain one before one that spans others."""
        found = [each for each in self.firmware.design.partitions if each.role is role and each.number == number]
        found = [each for each in found if each.memory is not MemoryKind.NETWORK]
        return min(found, key=lambda each: bool(each.members), default=None)

    def home(self, partition: Partition) -> AddressRange:
        """Where its bytes lie on the device's line of addresses (`layout.home`)."""
        if partition.memory is not MemoryKind.EXTERNAL:
            return partition.range
        return AddressRange.sized(external_start(self.firmware.design) + partition.range.start, partition.range.size)

    def word(self, address: int) -> int:
        """The little-endian word in the internal memory; all ones outside it."""
        flash = self.device.flash
        return int.from_bytes(flash.read(address, WORD), "little") if flash.holds(address, WORD) else 0xFFFF_FFFF

    def blank(self, area: AddressRange) -> bool:
        """Whether nothing is programmed there."""
        flash = self.device.flash
        at = area.start - flash.start
        return not flash.data[at : at + area.size].strip(b"\xff")

    def names_at(self, low: int, high: int, *, network: bool = False) -> str:
        """The partitions that a span touches, by name; spans of others and fillers aside."""
        kinds = {MemoryKind.NETWORK} if network else {MemoryKind.INTERNAL, MemoryKind.UICR}
        base = self.network.start if network and self.network else 0
        touched = [
            each.name
            for each in self.firmware.design.partitions
            if each.memory in kinds
            and not each.members
            and each.role not in {Role.REST, Role.AREA, Role.FILLER}
            and _start(each, base) < high
            and low < _start(each, base) + each.range.size
        ]
        return ", ".join(touched)


def twin_of(flash: Flash) -> Flash:
    """A copy to try something on: its supply fails where that of the original would, and nobody is told of it."""
    twin = flash.copy()
    twin.power = replace(flash.power, journal=None)
    return twin


def _start(partition: Partition, base: int) -> int:
    """The absolute address of a partition, whether the design counts a network one from its memory's start or not."""
    return partition.range.start if partition.range.start >= base else base + partition.range.start
