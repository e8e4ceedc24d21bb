"""The attacker's workshop: the best bytes that he can make for a place, from what he knows and finds.

Where he can sign they are an image that its verifier accepts; otherwise a release with changed code, or an image that
is signed with a key of his own.
"""

from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.boot import BootGo, EncryptionType, Image, SignatureType
from bootverify.design.keys import Purpose
from bootverify.executor.crypto import PrivateKey, aes_ctr
from bootverify.executor.device import Device
from bootverify.executor.flash import Flash
from bootverify.executor.knowledge import Knowledge
from bootverify.executor.layout import Store, booted_by_mcuboot, home, room_before, stores_of
from bootverify.executor.making import network_build, nsib_build
from bootverify.executor.making.image_format import FLAGS_ENCRYPTED, Version, parse, parse_header
from bootverify.executor.making.maker import Envelope, make_image, sealed
from bootverify.executor.making.owner_build import TLV_ROOM, OwnerBuild, nsib_chooses
from bootverify.executor.making.owner_keys import material
from bootverify.executor.mcuboot.posing import posing_piece
from bootverify.executor.network.path import update_path
from bootverify.machine.content import Crafted

HIS_KEY = "the attacker's own key"
HIS_VERSION = 255
EVIL = "the attacker's code"


@dataclass(slots=True)
class Forger(OwnerBuild):
    """What attackers make of an owner's build."""

    def guises(self, staging: str) -> tuple[Crafted, ...]:
        """As what an image of his may be sent to `staging`: as the first image that MCUboot boots, or as another."""
        staged = [image for image in self.design.images if image.staging == staging]
        first = [image for image in staged if booted_by_mcuboot(self.design, image)][:1]
        others = [
            Crafted(image=image.name, slot=slot) for image in staged if image not in first for slot in image.slots
        ]
        return (Crafted(), *others)

    def forged(self, store: str, made: Crafted, knowledge: Knowledge, device: Device) -> bytes:
        """The attacker's bytes for a store of code; `device` is the one that he makes them for.

        Raises:
            KeyError: no image lies in `store`, or none as `made` says.
        """
        for step in (step for stage in self.design.stages for step in stage.steps):
            if isinstance(step, BootGo) and step.scratch == store:
                image = self.design.image(step.image)
                piece = self._whole(image, image.slots[0], knowledge, device)
                return posing_piece(piece, device.flash, home(self.design, store).size)
        for image in self.design.images:
            for each in stores_of(self.design, image):
                if each.name == store:
                    return self._part_for(image, each, knowledge, device)
        for image in self.design.images:
            if image.staging != store:
                continue
            if made.image == image.name and made.slot in image.slots:
                return self._update_of_bootloader(image, made.slot, knowledge)
            if not made.image and booted_by_mcuboot(self.design, image):
                return self._whole(image, image.slots[0], knowledge, device)
        path = update_path(self.design)
        if path is not None and path.staging == store:
            return self._for_network(path.carrier, knowledge)
        others = [guise for guise in self.guises(store) if guise.image]
        if not made.image and others:
            return self.forged(store, others[0], knowledge, device)
        raise KeyError(store)

    def unmarked(self, store: str, flash: Flash) -> bytes | None:
        """What lies in `store`, with a header that no longer says that it is encrypted; None where none says so."""
        area, lead = home(self.design, store), room_before(self.design, store)
        held = flash.read(area.start + lead, area.size - lead)
        header = parse_header(held)
        if header is None or not header.encrypted:
            return None
        return replace(header, flags=header.flags & ~FLAGS_ENCRYPTED).pack() + held[header.header_size :]

    def wrapped(self, store: str, flash: Flash) -> bytes | None:
        """What lies in the store of code that an image ends in, with his key wrapped as the image key.

        The signature does not cover that TLV, and for a public key anybody wraps. None where he cannot.
        """
        for image in self.design.images:
            for each in (part for part in stores_of(self.design, image) if part.name == store):
                area, mine = home(self.design, each.slot), self._his_envelope(image)
                held = flash.read(area.start, area.size)
                start, end = each.range.start - area.start, each.range.end - area.start
                found = _image_key(held, mine) if mine is not None else None
                if mine is not None and found is not None and start <= found.start and found.stop <= end:
                    return held[start : found.start] + mine.tlv().value + held[found.stop : end]
        return None

    def wraps(self, image: Image) -> bool:
        """Whether he can wrap a key of his own for updates of `image`."""
        return self._his_envelope(image) is not None

    def with_his_key(self, image: Image, held: bytes) -> bytes | None:
        """An image at the start of `held` in clear, if it is encrypted with the key that he wraps; else None."""
        mine, header = self._his_envelope(image), parse_header(held)
        found = _image_key(held, mine) if mine is not None else None
        if mine is None or header is None or found is None or held[found.start : found.stop] != mine.tlv().value:
            return None
        start, end = header.header_size, header.header_size + header.image_size
        return held[:start] + aes_ctr(mine.image_key, held[start:end]) + held[end:]

    def _his_envelope(self, image: Image) -> Envelope | None:
        """A key of his, wrapped for the device; None where that takes a secret."""
        owners = self._envelope(image, 1)
        return replace(owners, label=HIS_KEY) if owners is not None and owners.recipient is not None else None

    def can_sign(self, image: Image, knowledge: Knowledge) -> bool:
        """Whether someone with that knowledge signs what the verifier of `image` accepts."""
        for key in self.design.keys:
            for use in key.uses:
                if use.image == image.name and use.purpose in {Purpose.SIGN, Purpose.VERIFY} and key.published:
                    return True
                if use.image == image.name and use.purpose is Purpose.SIGN and knowledge.knows(key.name):
                    return True
        return image.verified_by is not None and image.signature is SignatureType.NONE

    # -- one part of an image

    def _part_for(self, image: Image, store: Store, knowledge: Knowledge, device: Device) -> bytes:
        area = home(self.design, store.slot)
        if store.range != area and booted_by_mcuboot(self.design, image) and self.can_sign(image, knowledge):
            if store.range.start == area.start:
                return self._short(image, store, device)
            if (sealed_again := self._sealed_again(image, store, knowledge, device.flash)) is not None:
                return sealed_again
        whole = self._whole(image, store.slot, knowledge, device)
        start = store.range.start - area.start
        return whole[start : start + store.range.size]

    def _short(self, image: Image, store: Store, device: Device) -> bytes:
        """An image that ends with the first part: header and TLVs are his, what follows belongs to no image."""
        header = self.design.soc.header
        code = self._evil(store.range.start + header, store.range.size - header - TLV_ROOM)
        key = self._his_signing_key(image, able=True)
        counter = self._his_counter(image, device)
        return make_image(code, version=Version(HIS_VERSION), key=key, header_size=header, counter=counter).installed

    def _sealed_again(self, image: Image, store: Store, knowledge: Knowledge, flash: Flash) -> bytes | None:
        """His code in the last part, under the header that is there, with TLVs over all parts.

        None where that cannot be: no header, an end before this part, or parts before it that are secret to him.
        """
        area = home(self.design, store.slot)
        held = flash.read(area.start, area.size)
        header, start = parse_header(held), store.range.start - area.start
        if header is None or not self._shown_before(image, store, knowledge, flash):
            return None
        end = header.header_size + header.image_size
        if store.range.end != area.end or not start < end <= area.size - TLV_ROOM or header.protected_size:
            return None
        signed = held[:start] + material(EVIL, end - start)
        return sealed(signed, self._his_signing_key(image, able=True))[start:]

    def sealed_over(self, store: str, before: bytes, knowledge: Knowledge, flash: Flash) -> bytes | None:
        """What stands in `store`, the last part of an image, with TLVs that he signs over the whole of the image.

        For where he could write only some of it: what was there `before` and he cannot change he leaves, and signs.
        None where he cannot, or does not have what is left.
        """
        for image in self.design.images:
            for each in (part for part in stores_of(self.design, image) if part.name == store):
                area = home(self.design, each.slot)
                held = flash.read(area.start, area.size)
                header, start = parse_header(held), each.range.start - area.start
                able = booted_by_mcuboot(self.design, image) and self.can_sign(image, knowledge)
                seen = image.encryption is EncryptionType.NONE or before in knowledge.stores.get(store, ())
                if header is None or not able or not seen or not self._shown_before(image, each, knowledge, flash):
                    return None
                end = header.header_size + header.image_size
                if each.range.end != area.end or not start < end <= area.size - TLV_ROOM or header.protected_size:
                    return None
                return sealed(held[:end], self._his_signing_key(image, able=True))[start:]
        return None

    def _shown_before(self, image: Image, store: Store, knowledge: Knowledge, flash: Flash) -> bool:
        """Whether he has what lies before `store` in its slot: from updates in clear, or because he has seen it."""
        before = [part for part in stores_of(self.design, image) if part.range.start < store.range.start]
        return image.encryption is EncryptionType.NONE or all(
            flash.read(part.range.start, part.range.size) in knowledge.stores.get(part.name, ()) for part in before
        )

    # -- whole images

    def _whole(self, image: Image, slot: str, knowledge: Knowledge, device: Device) -> bytes:
        if nsib_chooses(self.design, image):
            return self._for_nsib(image, slot, knowledge)
        if booted_by_mcuboot(self.design, image):
            code = self._evil(*self._mcuboot_room(image, slot))
            key = self._his_signing_key(image, able=self.can_sign(image, knowledge))
            return make_image(
                code,
                version=Version(HIS_VERSION),
                key=key,
                header_size=self.design.soc.header,
                counter=self._his_counter(image, device),
                placed=self._placed(image, slot),
            ).installed
        genuine = bytearray(self.slot_image(image, 1, slot))
        for at in range(0x300, len(genuine), 0x100):
            genuine[at] ^= 0xFF
        return self._without_secrets(bytes(genuine), knowledge)

    def _for_nsib(self, image: Image, slot: str, knowledge: Knowledge) -> bytes:
        start, size = self._nsib_room(image, slot)
        key = self.nsib_key(image.name, "" if self.can_sign(image, knowledge) else HIS_KEY)
        pad = b"\xff" * nsib_build.pad(self.design, image)
        return pad + self._signed_for_nsib(image, self._evil(start, size), start, HIS_VERSION, key)

    def _update_of_bootloader(self, image: Image, slot: str, knowledge: Knowledge) -> bytes:
        """An update of MCUboot for `slot`, in the layer that the installed MCUboot looks at."""
        carrier = self._sharing(image)
        plain = self._for_nsib(image, slot, knowledge)[nsib_build.pad(self.design, image) :]
        able = bool(carrier) and self.can_sign(self.design.image(carrier), knowledge)
        key = self._his_signing_key(self.design.image(carrier), able=able) if carrier else None
        return make_image(plain, version=Version(HIS_VERSION), key=key, header_size=self.design.soc.header).installed

    def _for_network(self, carrier: Image, knowledge: Knowledge) -> bytes:
        """An image of his for the network core, in MCUboot's layer."""
        core = network_build.core_of(self.design)
        assert core is not None, "what has a way to be updated is told of"
        code, key = network_build.crafted(core), self._his_signing_key(carrier, able=self.can_sign(carrier, knowledge))
        return make_image(code, version=Version(HIS_VERSION), key=key, header_size=self.design.soc.header).installed

    def _his_counter(self, image: Image, device: Device) -> int | None:
        """Above those of all releases, where one is compared; the stored one, where that has no room to rise."""
        if self.counter_of(image, 1) is None:
            return None
        stored, used = device.counters.get(image.name, (0, 0))
        steps = [step for stage in self.design.stages for step in stage.steps]
        rooms = [step.counter_slots for step in steps if isinstance(step, BootGo) and step.image == image.name]
        return stored if used in rooms else HIS_VERSION

    def _evil(self, start: int, size: int) -> bytes:
        """Code of his, `size` bytes linked for `start`."""
        return self._vectors(start) + material(EVIL, self._room_for_code(start, size) - 8)

    def _his_signing_key(self, image: Image, *, able: bool) -> PrivateKey | None:
        if image.signature is SignatureType.NONE:
            return None
        key = self.signing_key(image.name)
        return key if able else PrivateKey(key.scheme, HIS_KEY)

    def _without_secrets(self, data: bytes, knowledge: Knowledge) -> bytes:
        """`data` with zeros where it holds a secret that somebody with that knowledge could not have written."""
        for key in self.design.keys:
            if key.secret and not knowledge.knows(key.name):
                value = self.value(key)
                data = data.replace(value, bytes(len(value)))
        return data


def _image_key(held: bytes, envelope: Envelope) -> range | None:
    """Where the wrapped image key lies in the encrypted image at the start of `held`."""
    image = parse(held)
    value = image.first(envelope.scheme.tlv) if image is not None and image.header.encrypted else None
    if image is None or value is None:
        return None
    at = held.index(value, image.signed_end, image.end)
    return range(at, at + len(value))
