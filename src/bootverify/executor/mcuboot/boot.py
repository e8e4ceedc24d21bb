"""boot_go of MCUboot on one image pair: overwrite-only, and swap using move (bootutil: loader.c, swap_move.c).

Cut anywhere, the next run completes what was begun.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bootverify.executor import crypto
from bootverify.executor.crypto import Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.image_format import (
    ECDSA,
    ED25519,
    ENC_EC256,
    ENC_KW,
    ENC_X25519,
    KEYHASH,
    RSA2048_PSS,
    SHA256,
    Header,
    ParsedImage,
    parse,
    parse_header,
)
from bootverify.executor.mcuboot.trailer import (
    COPY_DONE,
    IMAGE_OK,
    KEYS,
    UNIT,
    SwapType,
    Trailer,
    interrupted,
    swap_type,
)
from bootverify.ranges import AddressRange

SIGNATURES = {ECDSA: Scheme.ECDSA_P256, ED25519: Scheme.ED25519, RSA2048_PSS: Scheme.RSA_2048}


class Mode(Enum):
    """The upgrade modes of this file."""

    OVERWRITE = "overwrite"
    SWAP_MOVE = "swap-move"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootConfig:
    """One build of MCUboot and its map.

    `public_keys` as compiled in, with their scheme; empty: a digest alone decides. `unwrap` opens the wrapped key of
    an encrypted image (TLV type and value), None where the build cannot decrypt.
    """

    mode: Mode
    primary: AddressRange
    secondary: AddressRange | None
    public_keys: tuple[tuple[Scheme, bytes], ...]
    validate_primary: bool = True
    prevent_downgrade: bool = False
    unwrap: Callable[[int, bytes], bytes | None] | None = None


class Outcome(Enum):
    """How boot_go ends."""

    BOOT = "boot"
    NO_IMAGE = "no bootable image"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootResult:
    """The end of a run; `header` is that of the image to start."""

    outcome: Outcome
    header: Header | None
    log: tuple[str, ...]


def boot_go(config: BootConfig, flash: Flash) -> BootResult:
    """Carry out what the trailers ask for, validate, and say what to start. PowerLost passes through."""
    return _Boot(config, flash).run()


def refusal(config: BootConfig, flash: Flash, staged: bytes) -> str:
    """Why `staged` would not be accepted as an image of this build; empty when it would."""
    return _Boot(config, flash).invalid(staged, encrypted=True)


class _Boot:
    def __init__(self, config: BootConfig, flash: Flash) -> None:
        self.config = config
        self.flash = flash
        self.log: list[str] = []
        self.primary = Trailer(flash, config.primary)

    def run(self) -> BootResult:
        if self.config.secondary is not None:
            self._upgrade(self.config.secondary)
        image = self._read(self.config.primary)
        header = parse_header(image)
        good = header is not None
        if self.config.validate_primary:
            why = self.invalid(image, encrypted=False)
            good = not why
            self.log.append(f"primary: {why or self._signed_by(image)}")
        if not good:
            return BootResult(outcome=Outcome.NO_IMAGE, header=None, log=tuple(self.log))
        assert header is not None
        self.log.append(f"booting image {header.version} from {self.config.primary.start:#x}")
        return BootResult(outcome=Outcome.BOOT, header=header, log=tuple(self.log))

    # -- upgrades

    def _upgrade(self, area: AddressRange) -> None:
        secondary = Trailer(self.flash, area)
        swaps = self.config.mode is Mode.SWAP_MOVE
        if swaps and interrupted(self.primary):
            kind = self.primary.swap_info
            self.log.append(f"resuming an interrupted swap ({kind.name.lower()})")
            self._swap(secondary, kind)
            return
        kind = swap_type(self.primary, secondary)
        self.log.append(f"swap type: {kind.name.lower()}")
        if kind is SwapType.NONE or (kind is SwapType.REVERT and not swaps):
            return
        # swap_move.c needs a header in the primary slot: without one a pending upgrade is ignored.
        if swaps and parse_header(self._read(self.config.primary)) is None:
            self.log.append("primary: no image header; the request is ignored")
            return
        why = self._refusal(self._read(area))
        if why:
            self.log.append(f"secondary: {why}; erased")
            self._erase(area)
            if kind is SwapType.REVERT:
                self.primary.set_flag(IMAGE_OK)
            return
        self.log.append(f"secondary: {self._signed_by(self._read(area))}")
        if swaps:
            self._swap(secondary, kind)
        else:
            self._overwrite(area)

    def _refusal(self, staged: bytes) -> str:
        """Why the staged image is not taken; empty when it is."""
        why = self.invalid(staged, encrypted=True)
        if why:
            return why
        mine, theirs = parse_header(self._read(self.config.primary)), parse_header(staged)
        assert theirs is not None
        if self.config.prevent_downgrade and mine is not None and theirs.version < mine.version:
            return f"version {theirs.version} is below {mine.version}"
        return ""

    def _overwrite(self, area: AddressRange) -> None:
        """Copy the staged image over the primary slot, then unmake the request."""
        staged = self._read(area)
        found = parse(staged)
        assert found is not None
        plain = self._decrypted(staged, found)
        assert plain is not None
        page = self.flash.page
        for at in range(self.config.primary.start, self.config.primary.end, page):
            self.flash.erase(at, page)
        for at in range(0, found.end, page):
            body = plain[at : min(at + page, found.end)]
            self.flash.write(self.config.primary.start + at, _padded(body, self.flash.align))
        self.flash.erase(area.end - page, page)
        self.flash.erase(area.start, page)
        self.log.append("secondary copied over primary")

    def _swap(self, secondary: Trailer, kind: SwapType) -> None:
        """Swap using move: the primary image moves up by one sector, then the two are exchanged sector by sector."""
        page = self.flash.page
        if not interrupted(self.primary):
            images = [parse(self._read(area)) for area in (self.config.primary, secondary.slot)]
            size = max(image.end for image in images if image is not None)
            keys = (self._key_of(images[0]), self._key_of(images[1]))
            self.primary.erase(self._trailer_size())
            self.primary.begin(kind, size, keys)
        count = -(-self.primary.swap_size // page)
        done = self.primary.progress(3 * count)
        if done == 0:
            secondary.erase(KEYS)
        base, other = self.config.primary.start, secondary.slot.start
        for step in range(done, 3 * count):
            if step < count:  # move up, last sector first
                sector = count - 1 - step
                self._copy_sector(base + sector * page, base + (sector + 1) * page)
            else:
                sector, half = divmod(step - count, 2)
                if half == 0:  # the staged image goes in, decrypted
                    self._copy_sector(
                        other + sector * page, base + sector * page, self.primary.image_key(1), sector * page
                    )
                else:  # the old image goes out, encrypted again if it came so
                    self._copy_sector(
                        base + (sector + 1) * page, other + sector * page, self.primary.image_key(0), sector * page
                    )
            self.primary.note_step(step)
        if kind is not SwapType.TEST:
            self.primary.set_flag(IMAGE_OK)
        self.primary.set_flag(COPY_DONE)
        self.log.append(f"swapped primary and secondary ({count} sectors)")

    def _trailer_size(self) -> int:
        sectors = self.config.primary.size // self.flash.page
        return KEYS + UNIT * 3 * sectors

    def _copy_sector(self, source: int, target: int, key: bytes | None = None, offset: int = 0) -> None:
        data = self.flash.read(source, self.flash.page)
        if key is not None:
            data = self._crypted(data, key, offset, target)
        self.flash.erase(target, self.flash.page)
        self.flash.write(target, data)

    def _crypted(self, data: bytes, key: bytes, offset: int, target: int) -> bytes:
        """One sector of an image with its payload en- or decrypted; header and TLVs stay as they are.

        Where the payload lies follows from the header, which is the first sector of the same image and is copied first.
        """
        first = data if offset == 0 else self._first_sector_of(target, offset)
        header = parse_header(first)
        if header is None or not header.encrypted:
            return data
        start, end = header.header_size, header.header_size + header.image_size
        low, high = max(start, offset), min(end, offset + len(data))
        if low >= high:
            return data
        body = crypto.aes_ctr_at(key, data[low - offset : high - offset], low - start)
        return data[: low - offset] + body + data[high - offset :]

    def _first_sector_of(self, target: int, offset: int) -> bytes:
        return self.flash.read(target - offset, 32)

    # -- validation

    def invalid(self, image: bytes, *, encrypted: bool) -> str:
        """Why bootutil_img_validate refuses the image; empty when it accepts it."""
        found = parse(image)
        if found is None:
            return "no image" if parse_header(image) is None else "malformed TLVs"
        plain = self._decrypted(image, found) if encrypted else image
        if plain is None:
            return "the image key cannot be unwrapped"
        digest = hashlib.sha256(plain[: found.signed_end]).digest()
        if found.first(SHA256) != digest:
            return "digest does not match"
        if not self.config.public_keys:
            return ""
        named: tuple[Scheme, bytes] | None = None
        for tlv in found.tlvs:
            if tlv.type == KEYHASH:
                named = next(
                    (key for key in self.config.public_keys if hashlib.sha256(key[1]).digest() == tlv.value), None
                )
            elif tlv.type in SIGNATURES and named is not None:
                if named[0] is SIGNATURES[tlv.type] and crypto.verify(named[0], named[1], digest, tlv.value):
                    return ""
                return "signature is bad"
        return "no signature by a known key"

    def _signed_by(self, image: bytes) -> str:
        found = parse(image)
        assert found is not None
        keyhash = found.first(KEYHASH)
        if keyhash is None or not self.config.public_keys:
            return "digest matches (no signature asked for)"
        return f"signature good, key {keyhash.hex()[:16]}"

    def _key_of(self, image: ParsedImage | None) -> bytes | None:
        if image is None or not image.header.encrypted or self.config.unwrap is None:
            return None
        for kind in (ENC_EC256, ENC_X25519, ENC_KW):
            wrapped = image.first(kind)
            if wrapped is not None:
                return self.config.unwrap(kind, wrapped)
        return None

    def _decrypted(self, image: bytes, found: ParsedImage) -> bytes | None:
        """A staged image in clear; None when it is encrypted and its key cannot be had."""
        if not found.header.encrypted:
            return image
        key = self._key_of(found)
        if key is None:
            return None
        start, end = found.header.header_size, found.header.header_size + found.header.image_size
        return image[:start] + crypto.aes_ctr(key, image[start:end]) + image[end:]

    def _read(self, area: AddressRange) -> bytes:
        return self.flash.read(area.start, area.size)

    def _erase(self, area: AddressRange) -> None:
        for at in range(area.start, area.end, self.flash.page):
            self.flash.erase(at, self.flash.page)


def _padded(data: bytes, unit: int) -> bytes:
    return data + b"\xff" * (-len(data) % unit)
