"""Builds what a build and a production line would: images signed for NSIB, provision data.

After scripts/bootloader/do_sign.py, validation_data.py and provision.py.
"""

import struct
from hashlib import sha256, sha512
from typing import Protocol

from bootverify.executor.nsib.config import NsibConfig, Signature
from bootverify.executor.nsib.fwinfo import Request, build_fw_info, build_validation_info
from bootverify.executor.nsib.provision import ERASED_HALFWORD, HASH, provision_data

FW_INFO_OFFSET = 0x200  # CONFIG_FW_INFO_OFFSET; 0x600 on nRF54L by default
WORD = 4


class SigningKey(Protocol):
    """The secret half of a key."""

    @property
    def public(self) -> bytes:
        """The public half, raw: X then Y, or the 32 bytes of Ed25519."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes: r then s of ECDSA with SHA-256 over `message`, or the Ed25519 signature."""
        ...


def program(boot_address: int, size: int, *, msp: int = 0x20001000, fill: bytes = b"\xbf\x00") -> bytes:
    """Code of `size` bytes: a vector table whose reset handler lies inside, then `fill`.

    >>> program(0x8000, 0x400)[:8].hex()
    '0010002041810000'
    """
    reset = boot_address + 0x140 + 1  # behind the vectors, in front of fw_info; bit 0: Thumb
    body = fill * (size // len(fill) + 1)
    return struct.pack("<II", msp, reset) + body[8:size]


def sign_image(
    config: NsibConfig,
    payload: bytes,
    *,
    address: int,
    version: int,
    key: SigningKey,
    boot_address: int | None = None,
    fw_info_offset: int = FW_INFO_OFFSET,
    requests: tuple[Request, ...] = (),
) -> bytes:
    """What to program from `address`: `payload`, fw_info put into it, validation_info behind it.

    With a header that is not signed, `payload` starts with it, and `fw_info_offset` counts from
    behind it; the vector table is taken to be there too, unless `boot_address` says otherwise.

    Raises:
        ValueError: fw_info does not fit into the payload.
    """
    skip = config.signed_header_skip
    start = address + skip if boot_address is None else boot_address
    info = build_fw_info(
        config.magics,
        size=len(payload),
        version=version,
        address=address,
        boot_address=start,
        requests=requests,
        valid_value=config.valid_value,
    )
    at = skip + fw_info_offset
    if at + len(info) > len(payload):
        raise ValueError(f"fw_info at {at:#x} needs a longer image than {len(payload):#x} bytes")
    image = payload[:at] + info + payload[at + len(info) :]
    return image + b"\xff" * (-len(image) % WORD) + _validation_info(config, image, start, key)


def key_hash(config: NsibConfig, public: bytes) -> bytes:
    """The entry of a public key in the provision data.

    Raises:
        ValueError: a half-word of it is 0xFFFF; NSIB would reject every image.
    """
    function = sha256 if config.signature is Signature.ECDSA_P256 else sha512
    digest = function(public).digest()[:HASH]
    if ERASED_HALFWORD in struct.unpack("<8H", digest):
        raise ValueError("the key's hash contains 0xFFFF; generate another key")
    return digest


def provision(
    config: NsibConfig,
    *,
    slots: tuple[int, int],
    public_keys: tuple[bytes, ...] = (),
    counter_slots: int = 8,
    mcuboot_counter_slots: int = 0,
) -> bytes:
    """What to program at `config.storage`: the keys in the order in which they will be revoked.

    With Ed25519 the keys that verify are those of the KMU; `public_keys` may stay empty.
    """
    return provision_data(
        layout=config.storage_layout,
        slots=slots,
        key_hashes=tuple(key_hash(config, public) for public in public_keys),
        counter_slots=counter_slots,
        mcuboot_counter_slots=mcuboot_counter_slots,
        indexed_tokens=config.release.indexed_tokens,
    )


def _validation_info(config: NsibConfig, image: bytes, start: int, key: SigningKey) -> bytes:
    """The signature covers what is behind the header; ECDSA signs the digest, hashed again."""
    signed = image[config.signed_header_skip :]
    digest = sha256(signed).digest()
    return build_validation_info(
        config,
        address=start,
        digest=digest,
        public_key=key.public,
        signature=key.sign(digest if config.signature is Signature.ECDSA_P256 else signed),
    )
