"""The key that opens an encrypted image: one that the user gives, or one that stands in MCUboot's own bytes.

imgtool writes private keys as DER (`getpriv`), which shows by itself. An AES key that wraps others is any 16 or 32
bytes: each place is tried, for a wrong one does not open anything (RFC 3394 checks 64 bits).
"""

from collections.abc import Iterator
from dataclasses import replace

from bootverify.design.firmware import OpeningKey
from bootverify.executor.crypto import EnvelopeScheme, aes_ctr_at
from bootverify.executor.making.image_format import ENC_KW
from bootverify.executor.mcuboot.config import Encryption
from bootverify.executor.mcuboot.encrypt import image_key, tlv_of
from bootverify.executor.mcuboot.header import F_AES256, ImageHeader
from bootverify.executor.programmed.board import Board
from bootverify.ranges import AddressRange
from bootverify.secrets.opened import opening_keys

VECTORS = 8  # bytes of an image's start that its stack pointer and reset vector take
WORD = 4  # compilers put arrays of bytes at multiples of it


def opener(board: Board, own: AddressRange, image: bytes) -> Encryption | None:
    """What MCUboot, which lies in `own`, opens the encrypted `image` with; None where nothing shows it."""
    flags = ImageHeader.of(image).flags
    size = 32 if flags & F_AES256 else 16
    code = board.device.flash.read(own.start, own.size)
    for kind, secret in _secrets(board.firmware.opens, code, image, size):
        for scheme in (
            each for each in EnvelopeScheme if each.label.startswith(kind)
        ):  # one kind of key, two of envelopes
            found = Encryption(scheme=scheme, secret=secret, key_size=size)
            if image_key(found, image) is not None:
                return found
    return None


def as_built(board: Board, found: Encryption) -> Encryption:
    """How this MCUboot uses the key that opens an image: it looks for the kind of envelope that it was built for."""
    told = board.firmware.loader.hmac
    if told is None or not found.scheme.label.startswith(EnvelopeScheme.ECIES_X25519.label):
        return found
    newer = told.value == "sha512"
    return replace(found, scheme=EnvelopeScheme.ECIES_X25519_SHA512 if newer else EnvelopeScheme.ECIES_X25519)


def first_words(image: bytes, encryption: Encryption | None) -> bytes:
    """Stack pointer and reset vector of `image`, in clear."""
    start = ImageHeader.of(image).header_size
    held = image[start : start + VECTORS]
    key = image_key(encryption, image) if encryption is not None else None
    return held if key is None else aes_ctr_at(key, held, 0)


def _secrets(given: tuple[OpeningKey, ...], code: bytes, image: bytes, size: int) -> Iterator[tuple[str, bytes]]:
    """Kind and value of what may open `image`: keys of files, those that show in the code, then each place in it."""
    yield from ((key.kind, key.secret) for key in given)
    yield from opening_keys(code)
    if tlv_of(image, ENC_KW):
        programmed = code.rstrip(b"\xff")
        for at in range(0, len(programmed) - size + 1, WORD):
            yield EnvelopeScheme.AES_KW.label, programmed[at : at + size]
