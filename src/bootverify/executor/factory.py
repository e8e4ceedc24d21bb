"""The owner's build and production line: images with keys inside, signed; update packages; a provisioned device.

Everything is real - code-like bytes, real signatures, real encryption - and follows from the design alone, so that the
same design always gives the same bytes. The keys are test keys, generated from names.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from bootverify.design.boot import ChooseSlot, EncryptionType, Image, Program
from bootverify.design.design import Design
from bootverify.design.keys import InImage, InKmu, InPartition, InUicr, Key, KeyKind, Purpose, PushTarget
from bootverify.executor import crypto, maker
from bootverify.executor.device import Device
from bootverify.executor.flash import Flash
from bootverify.executor.knowledge import Knowledge
from bootverify.executor.layout import HEADER, Store, booted_by_mcuboot, payload_start, store_ranges, stores_of
from bootverify.executor.nsib import maker as nsib_maker
from bootverify.executor.nsib.config import INVALID
from bootverify.executor.stages import nsib
from bootverify.machine.content import Genuine
from bootverify.ranges import AddressRange

ENGINE_KEY_REGISTER = 0x50845400  # nRF5340 and nRF91 class: write-only AES key register of the engine (soc.md 5.1)
MSP = 0x20001000
NEXT_KEY = 0x40  # where an image holds several keys at one declared place, they follow at this distance
TRAILER_ROOM = 0x2000  # the trailer's sector and the spare one of swap-using-move, with slots below 1 MiB
TLV_ROOM = 0x300


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
                return crypto.private_key(f"{self.design.name}/{key.name}", self._scheme_of(key)).secret
            case KeyKind.PUBLIC | KeyKind.HASH:
                for use in key.uses:
                    public = self.signing_key(use.image).spki
                    return public if key.kind is KeyKind.PUBLIC else hashlib.sha256(public).digest()[:16]
                return _bytes(f"{self.design.name}/{key.name}", 64)

    def signing_key(self, image: str) -> "crypto.PrivateKey":
        """The owner's key pair that signs `image`."""
        signature = self.design.image(image).signature
        return crypto.private_key(f"{self.design.name}/signs/{image}", signature.value)

    def nsib_key(self, image: str) -> "crypto.RawP256Key":
        """The owner's key pair that signs `image` for NSIB."""
        return crypto.RawP256Key(f"{self.design.name}/nsib/{image}")

    def _scheme_of(self, key: Key) -> str:
        for use in key.uses:
            if use.purpose is Purpose.DECRYPT and use.image:
                kind = self.design.image(use.image).encryption
                if kind is EncryptionType.ECIES_X25519:
                    return "x25519"
        return "ecdsa-p256"

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
        area = self.design.partition(slot).range
        verifier = self.design.stage(image.verified_by).program if image.verified_by else None
        match verifier:
            case None:
                return self._payload(image, release, slot, area.start, area.size)
            case Program.NSIB:
                pad = nsib.pad(self.design, image)
                return b"\xff" * pad + self._nsib_signed(image, release, slot)
            case _:
                size = area.size - HEADER - TRAILER_ROOM - TLV_ROOM
                payload = self._payload(image, release, slot, area.start + HEADER, size)
                return self._mcuboot_signed(image, payload, release)

    def _nsib_signed(self, image: Image, release: int, slot: str) -> bytes:
        area = self.design.partition(slot).range
        pad = nsib.pad(self.design, image)
        start = area.start + pad
        size = (area.size - pad - 0x100 - (TLV_ROOM if pad else 0)) // 4 * 4
        payload = self._payload(image, release, slot, start, size)
        step = next(
            step
            for stage in self.design.stages
            for step in stage.steps
            if isinstance(step, ChooseSlot) and step.image == image.name
        )
        return nsib_maker.sign_image(
            nsib.config(self.design, step), payload, address=start, version=release, key=self.nsib_key(image.name)
        )

    def _mcuboot_signed(self, image: Image, payload: bytes, release: int, wrap: bytes | None = None) -> bytes:
        raise NotImplementedError

    def _payload(self, image: Image, release: int, slot: str, start: int, size: int) -> bytes:
        """Code of `size` bytes linked for `start`, with the keys that this release carries at their places."""
        body = bytearray(_bytes(f"{self.design.name}/{image.name}/{release}/{slot}", size))
        body[0:8] = MSP.to_bytes(4, "little") + (start + 0x141).to_bytes(4, "little")
        taken: dict[int, int] = {}
        for key in self.design.keys:
            for place in key.placements:
                if isinstance(place, InImage) and place.image == image.name and place.release in {None, release}:
                    value = self._carried_value(key, release)
                    at = place.offset + taken.get(place.offset, 0)
                    taken[place.offset] = taken.get(place.offset, 0) + max(NEXT_KEY, len(value))
                    body[at : at + len(value)] = value
        return bytes(body)

    def _carried_value(self, key: Key, release: int) -> bytes:  # noqa: ARG002 - a later release may carry another
        return self.value(key)
