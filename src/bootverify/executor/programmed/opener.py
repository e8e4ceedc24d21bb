"""The key in MCUboot's own bytes that opens an encrypted image, if it is there in a form that is known.

imgtool writes it as minimal PKCS#8 (`getpriv`): a fixed head, and the 32 bytes of the scalar.
"""

from collections.abc import Iterator

from bootverify.executor.crypto import EnvelopeScheme, aes_ctr_at
from bootverify.executor.mcuboot.config import Encryption
from bootverify.executor.mcuboot.encrypt import opened
from bootverify.executor.mcuboot.header import F_AES256, SIZE, ImageHeader
from bootverify.executor.mcuboot.tlv import BadTlv, tlv_area
from bootverify.executor.programmed.board import Board
from bootverify.ranges import AddressRange

SCALAR = 32
VECTORS = 8  # bytes of an image's start that its stack pointer and reset vector take
HEADS = {
    EnvelopeScheme.ECIES_P256: bytes.fromhex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"),
    EnvelopeScheme.ECIES_X25519: bytes.fromhex("302e020100300506032b656e04220420"),
}


def opener(board: Board, own: AddressRange, image: bytes) -> Encryption | None:
    """What MCUboot, which lies in `own`, opens the encrypted `image` with; None where its bytes do not show it."""
    flags = ImageHeader.read(image[:SIZE].ljust(SIZE, b"\0")).flags
    size = 32 if flags & F_AES256 else 16
    code = board.device.flash.read(own.start, own.size)
    for scheme, secret in _secrets(code):
        found = Encryption(scheme=scheme, secret=secret, key_size=size)
        if image_key(found, image) is not None:
            return found
    return None


def image_key(encryption: Encryption, image: bytes) -> bytes | None:
    """The key that the payload of `image` is encrypted with; None where it is wrapped for somebody else."""
    area = tlv_area(ImageHeader.read(image[:SIZE]), lambda at, size: image[at : at + size] or None)
    try:
        entry = area.find(encryption.scheme.tlv) if area is not None else None
    except BadTlv:
        return None
    if entry is None or entry.length != encryption.tlv_size:
        return None
    return opened(encryption, image[entry.offset : entry.offset + entry.length])


def first_words(image: bytes, encryption: Encryption | None) -> bytes:
    """Stack pointer and reset vector of `image`, in clear."""
    start = ImageHeader.read(image[:SIZE].ljust(SIZE, b"\0")).header_size
    held = image[start : start + VECTORS]
    key = image_key(encryption, image) if encryption is not None else None
    return held if key is None else aes_ctr_at(key, held, 0)


def _secrets(code: bytes) -> Iterator[tuple[EnvelopeScheme, bytes]]:
    for scheme, head in HEADS.items():
        at = code.find(head)
        while at >= 0:
            yield scheme, code[at + len(head) :][:SCALAR]
            at = code.find(head, at + 1)
