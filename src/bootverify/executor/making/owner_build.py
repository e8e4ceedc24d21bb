"""The owner's build: images with keys inside, signed; update packages; the bytes that each leaves in a store.

Everything is real - code-like bytes, real signatures, real encryption - and follows from the design alone, so that the
same design always gives the same bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.boot import BootGo, ChooseSlot, EncryptionType, Image, Program, SignatureType
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InPartition, Key
from bootverify.errors import BootverifyError
from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.layout import Store, booted_by_mcuboot, home, load_window, store_ranges
from bootverify.executor.making import network_build, nsib_build
from bootverify.executor.making.image_format import Version, parse
from bootverify.executor.making.maker import Envelope, MadeImage, Placed, make_image, travels_as
from bootverify.executor.making.owner_keys import OwnerKeys, material
from bootverify.executor.mcuboot.config import IN_PLACE, Mode
from bootverify.executor.network.path import application_of, update_path
from bootverify.executor.nsib import maker as nsib_maker
from bootverify.machine.content import Genuine
from bootverify.ranges import AddressRange

FW_INFO_VALID = 0x200 + 32  # fw_info at its default offset, field `valid` (ncs-boot 1.6)
MSP = 0x20001000
NEXT_KEY = 0x40  # where an image holds several keys at one declared place, they follow at this distance
TRAILER_ROOM = 0x2000  # the trailer's sector and the spare one of swap-using-move, with slots below 1 MiB
TLV_ROOM = 0x300
LEAST_CODE = 0x100  # vectors and a little more


class CannotBuild(BootverifyError):  # noqa: N818 - reads as what it says
    """The owner's tools cannot make an image that this design asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The bytes that an image leaves in one store, from `offset` on."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A published update: `plain` is what was packed, `file` what everybody can download."""

    name: str
    image: str
    release: int
    slot: str
    plain: bytes
    file: bytes
    encrypted: bool


@dataclass(slots=True)
class OwnerBuild(OwnerKeys):
    """Builds for one design; results are kept, they never change.

    `payload` is the size of an image's payload, where it is not as large as its slot allows. `mode` is how MCUboot
    upgrades, where images are built for that.
    """

    payload: Mapping[str, int] = field(default_factory=dict)
    mode: Mode | None = None
    _images: dict[tuple[str, int, str], bytes] = field(default_factory=dict)
    _packages: dict[tuple[str, int, str], Package] = field(default_factory=dict)
    _made: dict[tuple[str, int, bool, bytes], MadeImage] = field(default_factory=dict)
    _network: dict[int, Package] = field(default_factory=dict)
    _parts: dict[Store, list[tuple[Genuine, Part]]] = field(default_factory=dict)

    # -- images

    def slot_image(self, image: Image, release: int, slot: str) -> bytes:
        """What the slot's partition holds from its first byte when `release` is installed there, in clear."""
        variants = self.design.variants(image)
        at = (image.name, release, slot if slot in variants else image.slots[0])
        if at not in self._images:
            self._images[at] = self._built(image, release, at[2])
        return self._images[at]

    def stored(self, image: Image, release: int, slot: str) -> bytes:
        """What lies in the slot while that release runs: as it was shipped, where MCUboot loads images into RAM."""
        if self._mode_of(image) is Mode.RAM_LOAD:
            return self.package(image, release, slot).file
        return self.slot_image(image, release, slot)

    def programmed(self, image: Image, release: int) -> bytes:
        """What production puts into the first slot for that release: without what has a swap encrypt it, if `bare`."""
        slot = image.slots[0]
        if not self.bare(image):
            return self.stored(image, release, slot)
        return self._wrapped(image, self._code(image, release, slot), release, slot, bare=True).installed

    def bare(self, image: Image) -> bool:
        """Whether it is told that production programs a signed image where MCUboot swaps encrypted ones."""
        swapped = any(
            isinstance(step, BootGo) and step.image == image.name and step.mode.swaps
            for stage in self.design.stages
            for step in stage.steps
        )
        return swapped and image.encryption is not EncryptionType.NONE and self.design.life.factory_image == "signed"

    def _mode_of(self, image: Image) -> Mode | None:
        """How MCUboot starts `image`, as far as that matters to the build of it."""
        step = self.design.started_in_place(image)
        mode = Mode(step.mode.value) if step is not None else self.mode
        return mode if booted_by_mcuboot(self.design, image) else None

    def _built(self, image: Image, release: int, slot: str) -> bytes:
        area = home(self.design, slot)
        verifier = self.design.stage(image.verified_by).program if image.verified_by else None
        match verifier:
            case None:
                return self._payload(image, release, slot, area.start, area.size)
            case Program.NSIB:
                pad = nsib_build.pad(self.design, image)
                return b"\xff" * pad + self._nsib_signed(image, release, slot)
            case _:
                return self._wrapped(image, self._code(image, release, slot), release, slot).installed

    def _code(self, image: Image, release: int, slot: str) -> bytes:
        """The payload of an image that MCUboot boots."""
        start, size = self._mcuboot_room(image, slot)
        return self._payload(image, release, slot, start, size)

    def _mcuboot_room(self, image: Image, slot: str) -> tuple[int, int]:
        """Where the payload of an image that MCUboot boots starts, and how long it is: its update is staged whole."""
        area, header = home(self.design, slot), self.design.soc.header
        least = min(home(self.design, name).size for name in (slot, *self.design.update_places(image)))
        size = self._sized(image, least - header - TRAILER_ROOM - TLV_ROOM)
        if self._mode_of(image) is Mode.RAM_LOAD:
            window = load_window(self.design)
            return window.start + header, min(size, window.size - header - TLV_ROOM)
        return area.start + header, size

    def _placed(self, image: Image, slot: str) -> Placed | None:
        """What the header says of the place, in the modes in which images run where they lie, or in RAM."""
        mode = self._mode_of(image)
        if mode not in IN_PLACE:
            return None
        in_ram = mode is Mode.RAM_LOAD
        return Placed(address=(load_window(self.design) if in_ram else home(self.design, slot)).start, in_ram=in_ram)

    def _wrapped(self, image: Image, payload: bytes, release: int, slot: str, *, bare: bool = False) -> MadeImage:
        """MCUboot's layer around `payload`; updates of MCUboot itself carry the application image's signature.

        It is made once: some signatures have randomness, and what is installed is what was shipped.
        """
        at = (image.name, release, bare, payload)
        if at not in self._made:
            envelope = None if bare else self._envelope(image, release)
            self._made[at] = self._made_image(image, payload, release, slot, envelope)
        return self._made[at]

    def _made_image(
        self, image: Image, payload: bytes, release: int, slot: str, envelope: Envelope | None
    ) -> MadeImage:
        signer = image.name if booted_by_mcuboot(self.design, image) else self._sharing(image)
        key = None
        if signer and self.design.image(signer).signature is not SignatureType.NONE:
            own = booted_by_mcuboot(self.design, image) or not self.outer
            key = self.signing_key(signer) if own else self.pair_called(signer, self.outer)
        return make_image(
            payload,
            version=Version(*image.versions[release - 1]) if image.versions else Version(release),
            counter=self.counter_of(image, release),
            key=key,
            header_size=self.design.soc.header,
            envelope=envelope,
            placed=self._placed(image, slot),
        )

    def counter_of(self, image: Image, release: int) -> int | None:
        """The security counter in the metadata of that release; None where no boot stage compares one."""
        steps = [step for stage in self.design.stages for step in stage.steps]
        if not any(isinstance(step, BootGo) and step.counter for step in steps):
            return None
        return image.counters[release - 1] if image.counters else release

    def _sharing(self, image: Image) -> str:
        """The image whose secondary slot also stages `image`."""
        others = (each.name for each in self.design.images if each.staging == image.staging and each.name != image.name)
        return next(others, "")

    def _envelope(self, image: Image, release: int) -> Envelope | None:
        if image.encryption is EncryptionType.NONE:
            return None
        key = self.decryption_key(image)
        label = f"{self.design.name}/{image.name}/{release}"
        if image.encryption is EncryptionType.AES_KW:
            kek = self.value(key) if key else material(f"{label}/kek", 16)
            return Envelope(scheme=EnvelopeScheme.AES_KW, label=label, kek=kek)
        scheme = Scheme.X25519 if image.encryption is EncryptionType.ECIES_X25519 else Scheme.ECDSA_P256
        recipient = self.pair(key) if key else PrivateKey(scheme, f"{label}/recipient")
        return Envelope(scheme=travels_as(self.design, image.encryption), label=label, recipient=recipient)

    def _nsib_signed(self, image: Image, release: int, slot: str) -> bytes:
        start, size = self._nsib_room(image, slot)
        payload = self._payload(image, release, slot, start, size)
        return self._signed_for_nsib(image, payload, start, release, self.nsib_key(image.name))

    def _nsib_room(self, image: Image, slot: str) -> tuple[int, int]:
        """Where the payload of an image that NSIB boots starts, and how long it is: its update is staged whole."""
        area = home(self.design, slot)
        pad = nsib_build.pad(self.design, image)
        least = min(area.size, home(self.design, image.staging).size - TRAILER_ROOM if image.staging else area.size)
        return area.start + pad, self._sized(image, least - pad - 0x100 - (TLV_ROOM if pad else 0)) // 4 * 4

    def _sized(self, image: Image, most: int) -> int:
        return min(self.payload.get(image.name, most), most)

    def _signed_for_nsib(
        self, image: Image, payload: bytes, start: int, version: int, key: nsib_maker.SigningKey
    ) -> bytes:
        steps = (step for stage in self.design.stages for step in stage.steps)
        step = next(step for step in steps if isinstance(step, ChooseSlot) and step.image == image.name)
        config = nsib_build.config(self.design, step)
        return nsib_maker.sign_image(config, payload, address=start, version=version, key=key)

    def _payload(self, image: Image, release: int, slot: str, start: int, size: int) -> bytes:
        """Code of `size` bytes linked for `start`, with the keys that this release carries at their places.

        Raises:
            CannotBuild: there is no room for code.
        """
        body = bytearray(
            material(f"{self.design.name}/{image.name}/{release}/{slot}", self._room_for_code(start, size))
        )
        body[0:8] = self._vectors(start)
        taken: dict[int, int] = {}
        for key in self.design.keys:
            for place in key.placements:
                if isinstance(place, InImage) and place.image == image.name and place.release in {None, release}:
                    value = self.value(key) if place.release else self._carried_value(key, release)
                    at = place.offset + taken.get(place.offset, 0)
                    taken[place.offset] = taken.get(place.offset, 0) + max(NEXT_KEY, len(value))
                    body[at : at + len(value)] = value
        for address, value in self.kept():  # of a partition that is drawn inside the slot: one file programs both
            if start <= address < start + size:
                body[address - start : address - start + len(value)] = value
        return bytes(body)

    def kept(self) -> Iterator[tuple[int, bytes]]:
        """Where production writes secrets that lie in partitions, and their values; in one they follow each other."""
        ranges, taken = store_ranges(self.design), dict[str, int]()
        for key in (key for key in self.design.keys if key.secret):
            for name in (place.partition for place in key.placements if isinstance(place, InPartition)):
                at = taken.get(name, 0)
                taken[name] = at + NEXT_KEY
                yield (ranges.get(name) or home(self.design, name)).start + at, self.value(key)

    @staticmethod
    def _vectors(start: int) -> bytes:
        """Stack pointer and reset vector of code at `start`."""
        return MSP.to_bytes(4, "little") + (start + 0x141).to_bytes(4, "little")

    @staticmethod
    def _room_for_code(start: int, size: int) -> int:
        if size < LEAST_CODE:
            raise CannotBuild(f"there is no room for code at {start:#x} beside header and trailer of its slot")
        return size

    def _carried_value(self, key: Key, release: int) -> bytes:
        """A public key may be exchanged by a later release; a secret keeps its value."""
        value = self.value(key)
        if key.secret or release == 1:
            return value
        return material(f"{self.design.name}/{key.name}/{release}", len(value))

    def package(self, image: Image, release: int, slot: str) -> Package:
        """The update that the vendor ships; `slot` is the variant, for an image with several."""
        at = (image.name, release, slot)
        if at not in self._packages:
            self._packages[at] = self._packed(image, release, slot)
        return self._packages[at]

    def _packed(self, image: Image, release: int, slot: str) -> Package:
        where = slot or image.slots[0]
        name = f"{image.name}-{release}" + (f"-{slot}" if slot else "") + ".bin"
        if booted_by_mcuboot(self.design, image):
            installed = self.slot_image(image, release, where)
            found = parse(installed)
            assert found is not None
            plain = installed[self.design.soc.header : self.design.soc.header + found.header.image_size]
        else:
            plain = self.slot_image(image, release, where)[self._pad(image) :]
        made = self._wrapped(image, plain, release, where)
        return Package(
            name=name,
            image=image.name,
            release=release,
            slot=slot,
            plain=plain,
            file=made.shipped,
            encrypted=image.encryption is not EncryptionType.NONE,
        )

    def network_package(self, release: int) -> Package:
        """The update of the network core that the vendor ships, signed with the key of the image that MCUboot boots.

        Raises:
            CannotBuild: the design tells too little of that core, or of the way there.
        """
        if release not in self._network:
            path, core = update_path(self.design), network_build.core_of(self.design)
            told = application_of(self.design)
            if path is None or core is None or told is None:
                raise CannotBuild("updates of the network core take a way that nothing tells")
            plain, key = network_build.released(core, release), self.signing_key(path.carrier.name)
            made = make_image(plain, version=Version(release), key=key, header_size=self.design.soc.header)
            self._network[release] = Package(
                name=f"{told.name}-{release}.bin",
                image=told.name,
                release=release,
                slot="",
                plain=plain,
                file=made.shipped,
                encrypted=False,
            )
        return self._network[release]

    # -- what stores hold

    def parts(self, store: Store) -> list[tuple[Genuine, Part]]:
        """The bytes that each release of the store's image leaves in it."""
        if store not in self._parts:
            image = self.design.image(store.image)
            releases = range(1, self.design.releases + 1)
            self._parts[store] = [
                (Genuine(image.name, release, slot), self._part(store, release, slot))
                for slot in self.design.variants(image)
                for release in releases
            ]
            if self.bare(image):
                made = [(release, self.programmed(image, release)) for release in releases]
                self._parts[store] += [(Genuine(image.name, number), self._cut(store, each)) for number, each in made]
        return self._parts[store]

    def _part(self, store: Store, release: int, variant: str) -> Part:
        """The part of `store` of the image that is linked for the slot `variant`."""
        return self._cut(store, self.stored(self.design.image(store.image), release, variant or store.slot))

    def _cut(self, store: Store, whole: bytes) -> Part:
        """What of `whole`, which lies at the start of the slot, comes to lie in `store`."""
        image = self.design.image(store.image)
        start = store.range.start - home(self.design, store.slot).start
        low = max(start, self._pad(image))
        return Part(offset=low - start, data=whole[low : start + store.range.size])

    def _pad(self, image: Image) -> int:
        """How far from its slot's start an image that NSIB boots begins; others begin there."""
        by_nsib = not booted_by_mcuboot(self.design, image) and image.verified_by
        return nsib_build.pad(self.design, image) if by_nsib else 0

    def part_bytes(self, store: Store, release: int, variant: str = "") -> bytes:
        """The store's bytes when `release` is installed, from the store's start; `variant`: linked for another slot."""
        part = self._part(store, release, variant or store.slot)
        return b"\xff" * part.offset + part.data

    def invalidated(self, store: Store, genuine: Genuine, held: bytes) -> bool:
        """Whether `held` is that release with NSIB's mark: nothing but the valid word differs."""
        if not nsib_chooses(self.design, self.design.image(store.image)):
            return False
        part = self._part(store, genuine.release, genuine.slot or store.slot)
        found, word = held[part.offset : part.offset + len(part.data)], FW_INFO_VALID
        return found[:word] == part.data[:word] and found[word + 4 :] == part.data[word + 4 :]

    def whole_image_in(self, store: Store, held: bytes) -> Genuine | None:
        """The release of the store's image that lies in clear at the start of `held`."""
        image = self.design.image(store.image)
        if len(image.slots) > 1:
            return None
        for release in range(1, self.design.releases + 1):
            if held.startswith((self.slot_image(image, release, store.slot), self.programmed(image, release))):
                return Genuine(image.name, release)
        return None

    def secrets_in(self, area: AddressRange, flash: Flash) -> list[tuple[str, int]]:
        """Where values of secret keys stand in `area` now: key name and address."""
        held = flash.read(area.start, area.size)
        return [
            (key.name, area.start + at)
            for key in self.design.keys
            if key.secret and (at := held.find(self.value(key))) >= 0
        ]


def nsib_chooses(design: Design, image: Image) -> bool:
    """Whether NSIB starts `image`."""
    return image.verified_by is not None and design.stage(image.verified_by).program is Program.NSIB
