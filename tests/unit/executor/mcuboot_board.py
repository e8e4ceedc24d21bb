"""A small board for MCUboot: slots, scratch, images that the maker built. All keys are test keys."""

import hashlib
from dataclasses import dataclass, replace

from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.image_format import Version
from bootverify.executor.maker import Envelope, MadeImage, make_image
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import BootConfig, Encryption, Mode, Options, Pair, Window
from bootverify.executor.mcuboot.trailer import Trailer, TrailerLayout

KEY = PrivateKey(Scheme.ED25519, "test key of the board")
RECIPIENT = PrivateKey(Scheme.X25519, "test key that opens images")


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
    encrypted=False,
    save_tlv=False,
    signed=True,
    **options,
) -> Board:
    """Two slots of `sectors` sectors behind the first sixteen, and a scratch area of `scratch` sectors."""
    flash = Flash(0, (16 + 2 * sectors + scratch) * page, page, align)
    primary = Area(flash, 16 * page, sectors * page)
    secondary = Area(flash, primary.start + primary.size, sectors * page)
    saved = (EnvelopeScheme.ECIES_X25519.tlv_size if save_tlv else 16) if encrypted else 0
    layout = TrailerLayout(
        entries=entries or sectors,
        states=2 if mode is Mode.SWAP_OFFSET else 3,
        max_align=max_align,
        saved_key=saved,
        swap_offset=mode is Mode.SWAP_OFFSET,
    )
    config = BootConfig(
        mode=mode,
        images=(Pair(primary, secondary),),
        trailer=layout,
        signature=KEY.scheme if signed else None,
        public_keys=(KEY.public,) if signed else (),
        scratch=Area(flash, secondary.start + secondary.size, scratch * page) if mode is Mode.SWAP_SCRATCH else None,
        encryption=Encryption(scheme=EnvelopeScheme.ECIES_X25519, secret=RECIPIENT.secret, save_tlv=save_tlv)
        if encrypted
        else None,
        ram=Window(start=0x20000000, size=0x8000) if mode is Mode.RAM_LOAD else None,
        options=replace(Options(), **options),
    )
    return Board(config, flash)


def image(release, size, *, key=KEY, encrypted=False) -> MadeImage:
    """Release `release` with a payload of `size` bytes that no other one has."""
    payload = hashlib.shake_128(f"payload {release}".encode()).digest(size)
    envelope = Envelope(kind="ecies-x25519", label=f"image {release}", recipient=RECIPIENT) if encrypted else None
    return make_image(payload, version=Version(release), key=key, header_size=0x40, envelope=envelope)
