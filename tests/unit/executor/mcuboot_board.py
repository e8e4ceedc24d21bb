"""A small board for MCUboot: slots, scratch, images that the maker built. All keys are test keys."""

import hashlib
from dataclasses import dataclass, replace

from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import Envelope, MadeImage, make_image
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import BootConfig, Encryption, Mode, Options, Pair, Window
from bootverify.executor.mcuboot.trailer import Trailer, TrailerLayout

KEY = PrivateKey(Scheme.ED25519, "test key of the board")
RECIPIENTS = {
    EnvelopeScheme.ECIES_P256: PrivateKey(Scheme.ECDSA_P256, "test key that opens images"),
    EnvelopeScheme.ECIES_X25519: PrivateKey(Scheme.X25519, "test key that opens images"),
    EnvelopeScheme.ECIES_X25519_SHA512: PrivateKey(Scheme.X25519, "test key that opens images"),
}
KEK = b"test key that wraps image keys!!"


@dataclass(slots=True)
class Board:
    """A build on its flash."""

    config: BootConfig
    flash: Flash

    @property
    def pair(self) -> Pair:
        return self.config.images[0]

    def trailer(self, slot):
        return Trailer(self.pair[slot], self.config.trailer)

    def install(self, slot, image, *, offset=0):
        area = self.pair[slot]
        self.flash.load(area.start, (b"\xff" * offset + image).ljust(area.size, b"\xff"))

    def request(self, *, permanent=False):
        trailer = self.trailer(1)
        trailer.write_magic()
        if permanent:
            trailer.write_image_ok()


def board(
    mode,
    *,
    sectors=10,
    page=1024,
    align=4,
    max_align=8,
    entries=None,
    scratch=2,
    encryption=None,
    signed=True,
    **options,
) -> Board:
    """Two slots of `sectors` sectors behind the first sixteen, and a scratch area of `scratch` sectors."""
    flash = Flash(0, (16 + 2 * sectors + scratch) * page, page, align)
    primary = Area(flash, 16 * page, sectors * page)
    secondary = Area(flash, primary.start + primary.size, sectors * page)
    layout = TrailerLayout(
        entries=entries or sectors,
        states=2 if mode is Mode.SWAP_OFFSET else 3,
        max_align=max_align,
        saved_key=encryption.saved_size if encryption else 0,
        swap_offset=mode is Mode.SWAP_OFFSET,
    )
    config = BootConfig(
        mode=mode,
        images=(Pair(primary, secondary),),
        trailer=layout,
        signature=KEY.scheme if signed else None,
        public_keys=(KEY.public,) if signed else (),
        scratch=Area(flash, secondary.start + secondary.size, scratch * page) if mode is Mode.SWAP_SCRATCH else None,
        encryption=encryption,
        ram=Window(start=0x20000000, size=0x8000) if mode is Mode.RAM_LOAD else None,
        options=replace(Options(), **options),
    )
    return Board(config, flash)


def device_key(scheme, *, key_size=16, save_tlv=False) -> Encryption:
    """What a device holds to open images that were wrapped for it in `envelope`."""
    secret = KEK[:key_size] if scheme is EnvelopeScheme.AES_KW else RECIPIENTS[scheme].secret
    return Encryption(scheme=scheme, secret=secret, key_size=key_size, save_tlv=save_tlv)


def image(release, size, *, key=KEY, encryption=None, header_size=0x40, counter=None) -> MadeImage:
    """Release `release` with a payload of `size` bytes that no other one has, wrapped for what `encryption` opens."""
    payload = hashlib.shake_128(f"payload {release}".encode()).digest(size)
    envelope = None
    if encryption is not None:
        envelope = Envelope(
            scheme=encryption.scheme,
            label=f"image {release}",
            recipient=RECIPIENTS.get(encryption.scheme),
            kek=KEK[: encryption.key_size],
            key_size=encryption.key_size,
        )
    return make_image(
        payload, version=Version(release), key=key, header_size=header_size, envelope=envelope, counter=counter
    )
