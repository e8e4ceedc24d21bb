"""The owner's build and production line: images with keys inside, signed; update packages; a provisioned device.

Everything is real - code-like bytes, real signatures, real encryption - and follows from the design alone, so that the
same design always gives the same bytes. The keys are test keys, generated from names.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from bootverify.design.boot import ChooseSlot, EncryptionType, Image, Program, SignatureType
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, InPartition, InUicr, Key, KeyKind, Purpose, PushTarget
from bootverify.executor import crypto, nsib_build
from bootverify.executor.crypto import PrivateKey, RawEd25519Key, RawP256Key, Scheme
from bootverify.executor.device import BOOTCONF, Device
from bootverify.executor.flash import Flash
from bootverify.executor.image_format import ENC_EC256, ENC_KW, ENC_X25519, Version, parse
from bootverify.executor.knowledge import Knowledge
from bootverify.executor.layout import Store, booted_by_mcuboot, home, store_ranges, stores_of
from bootverify.executor.maker import Envelope, MadeImage, make_image
from bootverify.executor.nsib import maker as nsib_maker
from bootverify.machine.content import Genuine
from bootverify.ranges import AddressRange

FW_INFO_VALID = 0x200 + 32  # fw_info at its default offset, field `valid` (ncs-boot 1.6)
ENGINE_KEY_REGISTER = 0x50845400  # nRF5340 and nRF91 class: write-only AES key register of the engine (soc.md 5.1)
MSP = 0x20001000
NEXT_KEY = 0x40  # where an image holds several keys at one declared place, they follow at this distance
TRAILER_ROOM = 0x2000  # the trailer's sector and the spare one of swap-using-move, with slots below 1 MiB
TLV_ROOM = 0x300
PROVISIONED, CRAFTED, ERASED = "provisioned", "crafted", "erased"  # what NSIB's provision page holds
COUNTER_SLOTS = 8
HIS_KEY = "the attacker's own key"


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
class Factory:
    """Builds for one design; results are kept, they never change."""

    design: Design
    _images: dict[tuple[str, int, str], bytes] = field(default_factory=dict)
    _packages: dict[tuple[str, int, str], Package] = field(default_factory=dict)
    _made: dict[tuple[str, int, bytes], MadeImage] = field(default_factory=dict)

    @staticmethod
    @lru_cache(maxsize=16)
    def of(design: Design) -> "Factory":
        """The factory of `design`, one for all who ask."""
        return Factory(design)

    # -- keys

    def value(self, key: Key) -> bytes:
        """The value of `key`: the secret itself, or the public half or its hash."""
        match key.kind:
            case KeyKind.SYMMETRIC:
                return _bytes(f"{self.design.name}/{key.name}", 16)
            case KeyKind.PRIVATE:
                for use in key.uses:
                    if use.purpose is Purpose.SIGN:
                        return self.signing_key(use.image).secret
                return self.pair(key).secret
            case KeyKind.PUBLIC | KeyKind.HASH:
                for use in key.uses:
                    public = self.signing_key(use.image).public
                    return public if key.kind is KeyKind.PUBLIC else hashlib.sha256(public).digest()[:16]
                return _bytes(f"{self.design.name}/{key.name}", 64)

    def signing_key(self, image: str) -> PrivateKey:
        """The owner's key pair that signs `image`."""
        scheme = self.design.image(image).signature
        return PrivateKey(
            Scheme.ECDSA_P256 if scheme is SignatureType.NONE else Scheme(scheme.value),
            f"{self.design.name}/signs/{image}",
        )

    def nsib_key(self, image: str, name: str = "") -> RawP256Key | RawEd25519Key:
        """The owner's key pair that signs `image` for NSIB: the same, in NSIB's raw form; or the one called `name`."""
        name = name or f"{self.design.name}/signs/{image}"
        by_kmu = nsib_build.by_kmu(self.design, self.design.image(image))
        return RawEd25519Key(name) if by_kmu else RawP256Key(name)

    def slot_value(self, key: Key) -> bytes:
        """What the KMU slots of `key` hold: the value; of a verification key on nRF54L its 32 raw bytes."""
        if not key.secret and self.design.soc.kmu_version > 1:
            for use in key.uses:
                if self.design.image(use.image).signature is SignatureType.ED25519:
                    return RawEd25519Key(f"{self.design.name}/signs/{use.image}").public
        return self.value(key)

    def pair(self, key: Key) -> PrivateKey:
        """The key pair behind a private key that decrypts."""
        curves = {
            self.design.image(use.image).encryption for use in key.uses if use.purpose is Purpose.DECRYPT and use.image
        }
        scheme = Scheme.X25519 if EncryptionType.ECIES_X25519 in curves else Scheme.ECDSA_P256
        return PrivateKey(scheme, f"{self.design.name}/{key.name}")

    def decryption_key(self, image: Image) -> Key | None:
        """The declared key that opens encrypted updates of `image`."""
        for key in self.design.keys:
            if key.secret and any(use.purpose is Purpose.DECRYPT and use.image == image.name for use in key.uses):
                return key
        return None

    # -- images

    def slot_image(self, image: Image, release: int, slot: str) -> bytes:
        """What the slot's partition holds from its first byte when `release` is installed there, in clear."""
        at = (image.name, release, slot)
        if at not in self._images:
            self._images[at] = self._built(image, release, slot)
        return self._images[at]

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
                size = area.size - self.design.soc.header - TRAILER_ROOM - TLV_ROOM
                payload = self._payload(image, release, slot, area.start + self.design.soc.header, size)
                return self._wrapped(image, payload, release).installed

    def _wrapped(self, image: Image, payload: bytes, release: int) -> MadeImage:
        """MCUboot's layer around `payload`; updates of MCUboot itself carry the application image's signature.

        It is made once: some signatures have randomness, and what is installed is what was shipped.
        """
        at = (image.name, release, payload)
        if at not in self._made:
            self._made[at] = self._made_image(image, payload, release)
        return self._made[at]

    def _made_image(self, image: Image, payload: bytes, release: int) -> MadeImage:
        signer = image.name if booted_by_mcuboot(self.design, image) else self._sharing(image)
        key = None
        if signer and self.design.image(signer).signature is not SignatureType.NONE:
            key = self.signing_key(signer)
        return make_image(
            payload,
            version=Version(release),
            key=key,
            header_size=self.design.soc.header,
            envelope=self._envelope(image, release),
        )

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
            kek = self.value(key) if key else _bytes(f"{label}/kek", 16)
            return Envelope(kind="aes-kw", label=label, kek=kek)
        scheme = Scheme.X25519 if image.encryption is EncryptionType.ECIES_X25519 else Scheme.ECDSA_P256
        recipient = self.pair(key) if key else PrivateKey(scheme, f"{label}/recipient")
        return Envelope(kind=image.encryption.value, label=label, recipient=recipient)

    def _nsib_signed(self, image: Image, release: int, slot: str) -> bytes:
        start, size = self._nsib_room(image, slot)
        payload = self._payload(image, release, slot, start, size)
        return self._signed_for_nsib(image, payload, start, release, self.nsib_key(image.name))

    def _nsib_room(self, image: Image, slot: str) -> tuple[int, int]:
        """Where the payload of an image that NSIB boots starts, and how long it is."""
        area = home(self.design, slot)
        pad = nsib_build.pad(self.design, image)
        return area.start + pad, (area.size - pad - 0x100 - (TLV_ROOM if pad else 0)) // 4 * 4

    def _signed_for_nsib(
        self, image: Image, payload: bytes, start: int, version: int, key: nsib_maker.SigningKey
    ) -> bytes:
        steps = (step for stage in self.design.stages for step in stage.steps)
        step = next(step for step in steps if isinstance(step, ChooseSlot) and step.image == image.name)
        config = nsib_build.config(self.design, step)
        return nsib_maker.sign_image(config, payload, address=start, version=version, key=key)

    def _payload(self, image: Image, release: int, slot: str, start: int, size: int) -> bytes:
        """Code of `size` bytes linked for `start`, with the keys that this release carries at their places."""
        body = bytearray(_bytes(f"{self.design.name}/{image.name}/{release}/{slot}", size))
        body[0:8] = MSP.to_bytes(4, "little") + (start + 0x141).to_bytes(4, "little")
        taken: dict[int, int] = {}
        for key in self.design.keys:
            for place in key.placements:
                if isinstance(place, InImage) and place.image == image.name and place.release in {None, release}:
                    value = self.value(key) if place.release else self._carried_value(key, release)
                    at = place.offset + taken.get(place.offset, 0)
                    taken[place.offset] = taken.get(place.offset, 0) + max(NEXT_KEY, len(value))
                    body[at : at + len(value)] = value
        return bytes(body)

    def _carried_value(self, key: Key, release: int) -> bytes:
        """A public key may be exchanged by a later release; a secret keeps its value."""
        value = self.value(key)
        if key.secret or release == 1:
            return value
        return _bytes(f"{self.design.name}/{key.name}/{release}", len(value))

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
            plain = self.slot_image(image, release, where)[nsib_build.pad(self.design, image) :]
        made = self._wrapped(image, plain, release)
        return Package(
            name=name,
            image=image.name,
            release=release,
            slot=slot,
            plain=plain,
            file=made.shipped,
            encrypted=image.encryption is not EncryptionType.NONE,
        )

    # -- what stores hold

    def parts(self, store: Store) -> list[tuple[Genuine, Part]]:
        """The bytes that each release of the store's image leaves in it."""
        image = self.design.image(store.image)
        return [
            (Genuine(image.name, release, slot if len(image.slots) > 1 else ""), self._part(store, release, slot))
            for slot in image.slots
            for release in range(1, self.design.releases + 1)
        ]

    def _part(self, store: Store, release: int, variant: str) -> Part:
        """The part of `store` of the image that is linked for the slot `variant`."""
        image = self.design.image(store.image)
        whole = self.slot_image(image, release, variant)
        start = store.range.start - home(self.design, store.slot).start
        skip = (
            nsib_build.pad(self.design, image) if not booted_by_mcuboot(self.design, image) and image.verified_by else 0
        )
        low = max(start, skip)
        return Part(offset=low - start, data=whole[low : start + store.range.size])

    def part_bytes(self, store: Store, release: int, variant: str = "") -> bytes:
        """The store's bytes when `release` is installed, from the store's start; `variant`: linked for another slot."""
        part = self._part(store, release, variant or store.slot)
        return b"\xff" * part.offset + part.data

    def store_bytes(self, store: Store) -> bytes:
        """What production put into the store: release 1 in the first slot, nothing in further ones."""
        image = self.design.image(store.image)
        data = self.part_bytes(store, 1) if store.slot == image.slots[0] else b""
        return data.ljust(store.range.size, b"\xff")

    def invalidated(self, store: Store, genuine: Genuine, held: bytes) -> bool:
        """Whether `held` is that release with NSIB's mark: nothing but the valid word differs."""
        part = self._part(store, genuine.release, genuine.slot or store.slot)
        found = held[part.offset : part.offset + len(part.data)]
        if not nsib_chooses(self.design, self.design.image(store.image)):
            return False
        word = slice(FW_INFO_VALID, FW_INFO_VALID + 4)
        same = found[: word.start] + part.data[word] + found[word.stop :]
        return same == part.data

    def whole_image_in(self, store: Store, held: bytes) -> Genuine | None:
        """The release of the store's image that lies in clear at the start of `held`."""
        image = self.design.image(store.image)
        if len(image.slots) > 1:
            return None
        for release in range(1, self.design.releases + 1):
            if held.startswith(self.slot_image(image, release, store.slot)):
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

    # -- what others make of it

    def opened(self, package: Package, knowledge: Knowledge) -> bytes:
        """What the package shows to someone with that knowledge: its file, and the payload if he can open it."""
        if not package.encrypted:
            return package.file
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
        key = None
        if (wrapped := found.first(ENC_KW)) is not None:
            key = crypto.unwrap_aes_kw(value, wrapped)
        elif (wrapped := found.first(ENC_EC256)) is not None:
            key = crypto.unwrap_ecies(Scheme.ECDSA_P256, value, wrapped)
        elif (wrapped := found.first(ENC_X25519)) is not None:
            key = crypto.unwrap_ecies(Scheme.X25519, value, wrapped)
        if key is None:
            return None
        start = found.header.header_size
        return crypto.aes_ctr(key, package.file[start : start + found.header.image_size])

    def crafted(self, store: str, knowledge: Knowledge) -> bytes:
        """The attacker's bytes for a store: signed when he can sign, else a release with changed code."""
        for image in self.design.images:
            for each in stores_of(self.design, image):
                if each.name == store:
                    return self._forged_part(image, each, knowledge)
        for image in self.design.images:
            if image.staging == store and booted_by_mcuboot(self.design, image):
                return self._forged(image, image.slots[0], knowledge)
        for step in (step for stage in self.design.stages for step in stage.steps):
            if isinstance(step, ChooseSlot) and step.provision == store:
                return self._provision_data(
                    step, self.nsib_key(step.image, HIS_KEY).public, self.nsib_key(step.image).public
                )
        raise KeyError(store)

    def can_sign(self, image: Image, knowledge: Knowledge) -> bool:
        """Whether someone with that knowledge signs what the verifier of `image` accepts."""
        for key in self.design.keys:
            for use in key.uses:
                if use.image == image.name and use.purpose in {Purpose.SIGN, Purpose.VERIFY} and key.published:
                    return True
                if use.image == image.name and use.purpose is Purpose.SIGN and knowledge.knows(key.name):
                    return True
        return image.verified_by is not None and image.signature is SignatureType.NONE

    def _forged_part(self, image: Image, store: Store, knowledge: Knowledge) -> bytes:
        whole = self._forged(image, store.slot, knowledge)
        start = store.range.start - home(self.design, store.slot).start
        return whole[start : start + store.range.size]

    def _forged(self, image: Image, slot: str, knowledge: Knowledge) -> bytes:
        if nsib_chooses(self.design, image):
            return self._forged_for_nsib(image, slot, knowledge)
        area = home(self.design, slot)
        code = bytearray(
            self._payload(
                image,
                self.design.releases,
                slot,
                area.start + self.design.soc.header,
                area.size - self.design.soc.header - TRAILER_ROOM - TLV_ROOM,
            )
        )
        evil = _bytes("the attacker's code", len(code) - 8)
        code[8:] = evil
        if booted_by_mcuboot(self.design, image):
            key = self.signing_key(image.name)
            if not self.can_sign(image, knowledge):
                key = PrivateKey(key.scheme, HIS_KEY)
            return make_image(bytes(code), version=Version(255), key=key, header_size=self.design.soc.header).installed
        genuine = bytearray(self.slot_image(image, 1, slot))
        for at in range(0x300, len(genuine), 0x100):
            genuine[at] ^= 0xFF
        return self._without_secrets(bytes(genuine), knowledge)

    def _without_secrets(self, data: bytes, knowledge: Knowledge) -> bytes:
        """`data` with zeros where it holds a secret that somebody with that knowledge could not have written."""
        for key in self.design.keys:
            if key.secret and not knowledge.knows(key.name):
                value = self.value(key)
                data = data.replace(value, bytes(len(value)))
        return data

    def _forged_for_nsib(self, image: Image, slot: str, knowledge: Knowledge) -> bytes:
        start, size = self._nsib_room(image, slot)
        payload = self._payload(image, self.design.releases, slot, start, size)
        payload = payload[:8] + _bytes("the attacker's code", size - 8)
        key = self.nsib_key(image.name, "" if self.can_sign(image, knowledge) else HIS_KEY)
        pad = b"\xff" * nsib_build.pad(self.design, image)
        return pad + self._signed_for_nsib(image, payload, start, 255, key)

    # -- production

    def device(self) -> Device:
        """A device as it leaves production: images in their first slots, provision data, key slots."""
        device = Device.blank(self.design)
        for image in self.design.images:
            start = home(self.design, image.slots[0]).start
            device.flash.load(start, self.slot_image(image, 1, image.slots[0]))
        self._provision(device)
        self._boot_region(device)
        ranges = store_ranges(self.design)
        for key in self.design.keys:
            for place in key.placements:
                match place:
                    case InKmu() if not key.empty:
                        if not delivered_by(key):
                            self.provision(device, key, place)
                    case InUicr() if key.secret:
                        device.uicr.load(device.uicr.end - 0x100, self.value(key))
                    case InPartition() if key.secret:
                        area = ranges.get(place.partition) or home(self.design, place.partition)
                        device.flash.load(area.start, self.value(key))
                    case _:
                        continue
        return device

    def _boot_region(self, device: Device) -> None:
        """UICR.BOOTCONF as the vendor's tool writes it: read, execute, secure, locked, size in KiB (soc.md 2.4)."""
        area = self.design.lifecycle.boot_region
        if area is not None:
            device.uicr.load(device.uicr.start + BOOTCONF, (0x200D | area.size // 1024 << 16).to_bytes(4, "little"))
            device.reset_units()

    def provision(self, device: Device, key: Key, place: InKmu) -> None:
        """Write `key` into its slots of the KMU."""
        destination = ENGINE_KEY_REGISTER if place.push_to is PushTarget.ENGINE else self.design.soc.ram.start
        device.kmu.provision(place.slots[0], self.slot_value(key), destination=destination, readable=place.readable)

    def _provision(self, device: Device) -> None:
        """NSIB's provision data: slot addresses, key hashes, counter."""
        for stage in self.design.stages:
            for step in stage.steps:
                if isinstance(step, ChooseSlot):
                    data = self._provision_data(step, self.nsib_key(step.image).public)
                    home_of_data = device.uicr if step.provision is None else device.flash
                    home_of_data.load(nsib_build.provision(self.design, step).start, data)

    def _provision_data(self, step: ChooseSlot, *public_keys: bytes) -> bytes:
        addresses = [home(self.design, slot).start for slot in self.design.image(step.image).slots]
        return nsib_maker.provision(
            nsib_build.config(self.design, step),
            slots=(addresses[0], addresses[-1]),
            public_keys=public_keys,
            counter_slots=COUNTER_SLOTS,
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
        data = self._provision_data(step, self.nsib_key(step.image).public)
        fixed = len(data) - 2 * COUNTER_SLOTS  # half-words, at the end
        if held[:fixed] == data[:fixed]:
            return PROVISIONED
        return CRAFTED if held.strip(b"\xff") else ERASED


def delivered_by(key: Key) -> tuple[InImage, ...]:
    """The later releases whose first run copies `key` into the KMU; none where production put it there."""
    carriers = tuple(place for place in key.placements if isinstance(place, InImage))
    return carriers if all((place.release or 1) > 1 for place in carriers) else ()


def nsib_chooses(design: Design, image: Image) -> bool:
    """Whether NSIB starts `image`."""
    return image.verified_by is not None and design.stage(image.verified_by).program is Program.NSIB


@lru_cache(maxsize=256)
def _bytes(label: str, length: int) -> bytes:
    """`length` bytes that look random and depend on the label alone."""
    return hashlib.shake_128(b"bootverify test material: " + label.encode()).digest(length)
