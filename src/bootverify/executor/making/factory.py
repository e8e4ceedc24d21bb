"""What becomes of the owner's build: a provisioned device, and what those who get hold of it make of it.

Everything is real, and follows from the design alone (`owner_build`).
"""

from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache

from bootverify.dataclass import dataclass
from bootverify.design.boot import ChooseSlot, EncryptionType, Image
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, InUicr, Key, PushTarget
from bootverify.executor import crypto
from bootverify.executor.device import BOOTCONF, Device
from bootverify.executor.flash import Flash
from bootverify.executor.knowledge import Knowledge
from bootverify.executor.layout import Store, home, room_before, stores_of
from bootverify.executor.making import network_build, nsib_build
from bootverify.executor.making.forger import HIS_KEY, Forger
from bootverify.executor.making.image_format import parse
from bootverify.executor.making.maker import travels_as
from bootverify.executor.making.owner_build import NEXT_KEY, TLV_ROOM, Package
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.memory import Ram
from bootverify.executor.network.pcd import REGION
from bootverify.executor.nsib import maker as nsib_maker
from bootverify.executor.stages.update_client import request_upgrade
from bootverify.executor.units.debug_port import Reset as Cause
from bootverify.executor.units.debug_port import erase_word, words
from bootverify.executor.units.spu import Spu
from bootverify.machine.action import Request
from bootverify.machine.content import Content, Crafted

ENGINE_KEY_REGISTER = 0x50845400  # nRF5340 and nRF91 class: write-only AES key register of the engine (soc.md 5.1)
PROVISIONED, CRAFTED, ERASED = "provisioned", "crafted", "erased"  # what NSIB's provision page holds
COUNTER_SLOTS = 8
PIECE, STRIDE = 32, 0x100  # bytes that tell code, and how far apart they are looked for


@dataclass(slots=True)
class Factory(Forger):
    """The production line of one design, and its attackers' workshop.

    `counter_slots` is the room of NSIB's version counter. `contents`: bytes that stores held, and how they are called.
    """

    counter_slots: int = COUNTER_SLOTS
    contents: dict[str, list[tuple[bytes, Content]]] = field(default_factory=dict)

    @staticmethod
    @lru_cache(maxsize=16)
    def of(design: Design) -> "Factory":
        """The factory of `design`, one for all who ask."""
        return Factory(design)

    def room_of(self, step: ChooseSlot) -> int:
        """How many values the counter of that choice takes."""
        return self.counter_slots if step.counter_slots is None else step.counter_slots

    # -- what others make of it

    def opened(self, package: Package, knowledge: Knowledge) -> bytes:
        """What the package shows to someone with that knowledge: its file, and the payload if he can open it."""
        found = parse(package.file) if package.encrypted else None
        if found is None:
            return package.file
        start = found.header.header_size
        closed = package.file[start : start + found.header.image_size]
        tried = (crypto.aes_ctr(image_key, closed) for image_key in sorted(knowledge.image_keys))
        if (clear := next((each for each in tried if package.plain in each), None)) is not None:
            return package.file + clear
        key = self.decryption_key(self.design.image(package.image))
        if key is not None and (key.published or knowledge.knows(key.name)):
            plain = self.decrypted(package, self.value(key))
            return package.file + (plain or b"")
        return package.file

    def decrypted(self, package: Package, value: bytes) -> bytes | None:
        """The payload of an encrypted package, opened with the value of a key; None when it does not fit."""
        found = parse(package.file)
        if found is None or not found.header.encrypted:
            return None
        scheme = travels_as(self.design, self.design.image(package.image).encryption)
        wrapped = found.first(scheme.tlv)
        key = crypto.unwrap(scheme, value, wrapped) if wrapped is not None else None
        if key is None:
            return None
        start = found.header.header_size
        return crypto.aes_ctr(key, package.file[start : start + found.header.image_size])

    def code_in(self, address: int, data: bytes) -> frozenset[tuple[str, str]]:
        """The parts, by image and stage, of which `data`, read at `address`, shows code that updates keep from people.

        Some bytes that a release has at their place are enough: there, or where a swap leaves it.
        """
        return frozenset(
            (store.image, store.part)
            for image in self.design.images
            if image.encryption is not EncryptionType.NONE and self.design.started_in_place(image) is None
            for store in stores_of(self.design, image)
            if any(self._shows(store, start, address, data) for start in self._places(image, store))
        )

    def _places(self, image: Image, store: Store) -> set[int]:
        """Where the bytes of `store` lie, or come to lie when its image is swapped out."""
        if image.staging is None:
            return {store.range.start}
        out = home(self.design, image.staging).start + store.range.start - home(self.design, store.slot).start
        return {store.range.start, out, out + room_before(self.design, image.staging)}

    def _shows(self, store: Store, start: int, address: int, data: bytes) -> bool:
        """Whether a piece of a release's part stands in `data`, behind the header, where `start` is its store's."""
        header = home(self.design, store.slot).start + self.design.soc.header - store.range.start
        for _, part in self.parts(store):
            first = max(part.offset, header, address - start)
            last = min(part.offset + len(part.data) - TLV_ROOM, address + len(data) - start)
            for at in range(first, last - PIECE + 1, STRIDE):
                piece = part.data[at - part.offset : at - part.offset + PIECE]
                if data.startswith(piece, start + at - address):
                    return True
        return False

    def crafted(self, store: str, made: Crafted, knowledge: Knowledge, device: Device) -> bytes:
        """The attacker's bytes for a store of code, or in place of NSIB's provision data, made for that device."""
        for step in (step for stage in self.design.stages for step in stage.steps):
            if isinstance(step, ChooseSlot) and step.provision == store:
                return self._provision_data(
                    step, self.nsib_key(step.image, HIS_KEY).public, self.nsib_key(step.image).public
                )
        return self.forged(store, made, knowledge, device)

    # -- production

    def device(self, *, release: int = 1, later: Mapping[str, int] | None = None, outside: int = 0) -> Device:
        """A device as it leaves production: images in their first slots, provision data, key slots.

        `release` is the one that production installs, `later` those of images of which it is another; `outside` is the
        size of the external memory where more of it is used than the design tells.
        """
        device = Device.blank(self.design, outside=outside)
        self._second_core(device)
        for image in self.design.images:
            start = home(self.design, image.slots[0]).start
            device.flash.load(start, self.programmed(image, (later or {}).get(image.name, release)))
            if (step := self.design.started_in_place(image)) is not None and step.revert:
                slot = home(self.design, image.slots[0])
                request_upgrade(Area(device.flash, slot.start, slot.size), Request.PERM)
        self._provision(device)
        self._boot_region(device)
        self._debug_words(device)
        for address, value in self.kept():
            device.flash.load(address, value)
        taken = 0  # keys in the UICR follow each other
        for key in self.design.keys:
            for place in key.placements:
                match place:
                    case InKmu() if not key.empty:
                        if not delivered_by(key):
                            self.provision(device, key, place)
                    case InUicr() if key.secret:
                        device.uicr.load(device.uicr.end - 0x100 + taken, self.value(key))
                        taken += NEXT_KEY
                    case _:
                        continue
        return device

    def _debug_words(self, device: Device) -> None:
        """The words that gate the debug port, as the life cycle wants them; in the UICR where their place is known."""
        life, soc, port = self.design.lifecycle, self.design.soc, device.port
        wanted = {
            "approtect": words(port.family, closed=life.approtect),
            "secure_approtect": words(port.family, closed=life.secure_approtect),
            "eraseprotect": erase_word(port.family, protected=life.eraseprotect),
        }
        for name, word in wanted.items():
            setattr(port, name, word)
            offset = getattr(soc.debug, name)
            if offset is not None:
                device.uicr.load(device.uicr.start + offset, word.to_bytes(4, "little"))
        device.reset_port(Cause.POWER)

    def _second_core(self, device: Device) -> None:
        """The network core and its RAM block, which is guarded by a RAM region of the SPU."""
        device.network = network_build.programmed(self.design)
        if device.network is None:
            return
        device.shared = Ram(network_build.block_at(self.design), REGION)
        if isinstance(device.guard, Spu):
            device.guard.ram_count = self.design.soc.ram.size // REGION
            device.guard.reset()

    def _boot_region(self, device: Device) -> None:
        """UICR.BOOTCONF as the vendor's tool writes it: read, execute, secure, locked, size in KiB (soc.md 2.4)."""
        area = self.design.lifecycle.boot_region
        if area is not None:
            device.uicr.load(device.uicr.start + BOOTCONF, (0x200D | area.size // 1024 << 16).to_bytes(4, "little"))
            device.reset_units()

    def provision(self, device: Device, key: Key, place: InKmu) -> None:
        """Write `key` into its slots of the KMU."""
        destination = ENGINE_KEY_REGISTER if place.push_to is PushTarget.ENGINE else self.design.soc.ram.start
        first, value = place.slots[0], self.slot_value(key)
        device.kmu.provision(first, value, destination=destination, readable=place.readable, reusable=key.reusable)

    def _provision(self, device: Device) -> None:
        """NSIB's provision data: slot addresses, key hashes, counter."""
        for stage in self.design.stages:
            for step in stage.steps:
                if isinstance(step, ChooseSlot):
                    data = self._provision_data(step, *self.nsib_anchors(step.image))
                    home_of_data = device.uicr if step.provision is None else device.flash
                    home_of_data.load(nsib_build.provision(self.design, step).start, data)

    def _provision_data(self, step: ChooseSlot, *public_keys: bytes) -> bytes:
        addresses = [home(self.design, slot).start for slot in self.design.image(step.image).slots]
        return nsib_maker.provision(
            nsib_build.config(self.design, step),
            slots=(addresses[0], addresses[-1]),
            public_keys=public_keys,
            counter_slots=self.room_of(step),
        )

    def misled(self, image: Image, flash: Flash) -> bool:
        """Whether NSIB starts `image` by data of the attacker's: his key counts then, and he names the addresses."""
        steps = (step for stage in self.design.stages for step in stage.steps)
        choosing = [step for step in steps if isinstance(step, ChooseSlot) and step.image == image.name]
        return any(self.provision_state(step, flash) == CRAFTED for step in choosing)

    def provision_state(self, step: ChooseSlot, flash: Flash) -> str:
        """What NSIB's provision page holds: production's data but for the counter's slots, nothing, or another's.

        OTP words take one value, so what production put there stays (soc.md 1.3).
        """
        if step.provision is None:
            return PROVISIONED
        area = nsib_build.provision(self.design, step)
        held = flash.read(area.start, self.design.soc.page)
        data = self._provision_data(step, *self.nsib_anchors(step.image))
        fixed = len(data) - 2 * self.room_of(step)  # half-words, at the end
        if held[:fixed] == data[:fixed]:
            return PROVISIONED
        return CRAFTED if held.strip(b"\xff") else ERASED


def delivered_by(key: Key) -> tuple[InImage, ...]:
    """The later releases whose first run copies `key` into the KMU; none where production put it there."""
    carriers = tuple(place for place in key.placements if isinstance(place, InImage))
    return carriers if all((place.release or 1) > 1 for place in carriers) else ()
