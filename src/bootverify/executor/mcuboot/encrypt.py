"""Encrypted images: the key in its TLV, and payload that is de- or encrypted on its way (encrypted.c, loader.c)."""

from functools import lru_cache

from bootverify.executor import crypto
from bootverify.executor.crypto import EnvelopeScheme
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import Encryption
from bootverify.executor.mcuboot.header import ImageHeader
from bootverify.executor.mcuboot.state import SECONDARY, ImageState, Run, Status, ensure
from bootverify.executor.mcuboot.tlv import BadTlv, tlv_area

BLOCK = 16


def must_decrypt(run: Run, header: ImageHeader, slot: int) -> bool:
    """MUST_DECRYPT: encrypted images exist in the secondary slot only."""
    return run.config.encryption is not None and slot == SECONDARY and header.encrypted


def load_key(run: Run, image: ImageState, slot: int, area: Area, status: Status) -> bool:
    """Have the image key of `slot` ready, from its TLV (boot_enc_load, boot_enc_set_key); False on a bad one.

    An image without the TLV gives no key and no error: whatever needs the key then fails by itself.
    """
    encryption = run.config.encryption
    assert encryption is not None
    if image.keys[slot] is not None:
        return True
    found = tlv_area(image.headers[slot], area.read, image.start(slot) if area is image.pair.secondary else 0)
    if found is None:
        return False
    try:
        entry = found.find(encryption.scheme.tlv)
    except BadTlv:
        return False
    if entry is None:
        return True
    wrapped = area.read(entry.offset, entry.length) if entry.length == encryption.tlv_size else None
    if wrapped is None:
        return False
    status.key_tlvs[slot] = wrapped
    key = opened(encryption, wrapped)
    if key is None:
        return False
    _note_unwrap(run, wrapped, key)
    status.keys[slot] = image.keys[slot] = key
    return True


@lru_cache(maxsize=256)
def opened(encryption: Encryption, wrapped: bytes) -> bytes | None:
    """The image key in its TLV (boot_decrypt_key); None when the secret of this device does not open it."""
    key = crypto.unwrap(encryption.scheme, encryption.secret, wrapped, encryption.key_size)
    return key if key is not None and len(key) == encryption.key_size else None


def image_key(encryption: Encryption, image: bytes) -> bytes | None:
    """The key that the payload of the bytes of an image is encrypted with; None: it is wrapped for somebody else."""
    wrapped = tlv_of(image, encryption.scheme.tlv)
    return opened(encryption, wrapped) if len(wrapped) == encryption.tlv_size else None


def tlv_of(image: bytes, kind: int) -> bytes:
    """The value of the first TLV of that type; nothing where there is none."""
    area = tlv_area(ImageHeader.of(image), lambda at, size: image[at : at + size] or None)
    try:
        entry = area.find(kind) if area is not None else None
    except BadTlv:
        return b""
    return image[entry.offset : entry.offset + entry.length] if entry is not None else b""


def _note_unwrap(run: Run, wrapped: bytes, key: bytes) -> None:
    """ECIES ends with AES-CTR over the key, the last bytes of the TLV: that too leaves key stream behind."""
    assert run.config.encryption is not None
    if run.config.encryption.scheme in {EnvelopeScheme.ECIES_P256, EnvelopeScheme.ECIES_X25519}:
        run.keystream = bytes(one ^ other for one, other in zip(wrapped[-BLOCK:], key[-BLOCK:], strict=True))


def crypted(run: Run, image: ImageState, slot: int, data: bytes, offset: int) -> bytes:
    """`data`, which lies `offset` bytes into the image of `slot`, with its payload de- or encrypted.

    Header and TLVs stay as they are (boot_copy_region, bootutil_img_hash); AES-CTR is its own inverse.
    """
    header = image.headers[slot]
    if run.config.encryption is None or not header.encrypted:
        return data
    start, end = header.header_size, header.tlv_offset
    low, high = max(offset, start), min(offset + len(data), end)
    if low >= high:
        return data
    key = image.keys[slot]
    ensure(key is not None, "an encrypted payload is copied without its key")
    assert key is not None
    body = _ctr(run, key, data[low - offset : high - offset], low - start)
    return data[: low - offset] + body + data[high - offset :]


def splits_alike(run: Run, image: ImageState, slot: int, offset: int) -> bool:
    """Whether `crypted` does to pieces from `offset` on what it does to the whole: each begins with a block."""
    header = image.headers[slot]
    plain = run.config.encryption is None or not header.encrypted
    return plain or not ((offset - header.header_size) % BLOCK or run.config.copy_buffer % BLOCK)


def _ctr(run: Run, key: bytes, data: bytes, offset: int) -> bytes:
    """One call of the bundled AES-CTR on a piece that starts `offset` bytes into the payload.

    It differs from AES-CTR where a piece starts inside a block, as it does when the header size is no multiple of 16:
    it takes the rest of that block from the key stream that the call before left, and then begins with the counter of
    the same block, not of the next (recorded: "encrypted upgrade, header size 1028").
    """
    assert run.config.encryption is not None
    counter, inside = divmod(offset, BLOCK)
    if run.config.encryption.scheme is EnvelopeScheme.ECIES_X25519_SHA512:
        # Only builds for PSA crypto have it, whose AES does not ask where in a block a piece begins (encrypted_psa.c).
        return crypto.aes_ctr_at(key, data, counter * BLOCK)
    head = data[: BLOCK - inside] if inside else b""
    rest = data[len(head) :]
    plain = bytes(one ^ other for one, other in zip(head, run.keystream[inside:], strict=False))
    if rest:
        plain += crypto.aes_ctr_at(key, rest, counter * BLOCK)
        last = counter + (len(rest) - 1) // BLOCK
        run.keystream = _block(key, last)
    return plain


@lru_cache(maxsize=4096)
def _block(key: bytes, counter: int) -> bytes:
    return crypto.aes_ctr_at(key, bytes(BLOCK), counter * BLOCK)


def saved(run: Run, status: Status, slot: int) -> bytes:
    """What a swap writes into the trailer for the key of `slot`."""
    encryption = run.config.encryption
    assert encryption is not None
    held = status.key_tlvs[slot] if encryption.save_tlv else status.keys[slot]
    return held if held is not None else b"\xff" * run.config.trailer.saved_key


def restore_key(run: Run, image: ImageState, slot: int, held: bytes, status: Status) -> None:
    """Take the key of `slot` from the trailer of an interrupted swap (boot_read_enc_key).

    A TLV that does not open leaves no key, as an erased one does: the swap goes on until it needs one.
    """
    encryption = run.config.encryption
    assert encryption is not None
    image.keys[slot] = None
    if held == b"\xff" * len(held):
        return
    if encryption.save_tlv:
        status.key_tlvs[slot] = held
        key = opened(encryption, held)
        if key is None:
            return
        _note_unwrap(run, held, key)
    else:
        key = held
    status.keys[slot] = image.keys[slot] = key
