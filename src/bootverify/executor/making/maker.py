"""Builds MCUboot images as their maker would: imgtool accepts them, and we accept imgtool's."""

import hashlib

from bootverify.dataclass import dataclass
from bootverify.design.boot import EncryptionType
from bootverify.design.design import Design
from bootverify.executor import crypto
from bootverify.executor.crypto import EnvelopeScheme, PrivateKey, Scheme
from bootverify.executor.making.image_format import (
    FLAG_ENCRYPTED_AES128,
    FLAG_ENCRYPTED_AES256,
    KEYHASH,
    SEC_CNT,
    SIG_PURE,
    TLV_INFO_MAGIC,
    TLV_PROTECTED_MAGIC,
    Header,
    Tlv,
    Version,
    tlv_area,
)
from bootverify.executor.mcuboot.config import Digest
from bootverify.executor.mcuboot.header import F_RAM_LOAD, F_ROM_FIXED
from bootverify.executor.mcuboot.signature import SIGNATURE_TLV


def travels_as(design: Design, encryption: EncryptionType) -> EnvelopeScheme:
    """The envelope in which the image keys of such updates are made, and opened.

    RSA-OAEP is not built: to an ideal envelope it makes no difference by which key pair the image key travels.
    """
    match encryption:
        case EncryptionType.AES_KW:
            return EnvelopeScheme.AES_KW
        case EncryptionType.ECIES_X25519 if design.soc.kmu_version > 1:  # nRF54L, where it is the SDK's default
            return EnvelopeScheme.ECIES_X25519_SHA512
        case EncryptionType.ECIES_X25519:
            return EnvelopeScheme.ECIES_X25519
        case _:
            return EnvelopeScheme.ECIES_P256


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """How an image key travels: `recipient` for ECIES, `kek` for AES key wrap; `label` makes the image key.

    `key_size` is that of the image key in bytes: AES-128 or AES-256.
    """

    scheme: EnvelopeScheme
    label: str
    recipient: PrivateKey | None = None
    kek: bytes = b""
    key_size: int = 16

    @property
    def image_key(self) -> bytes:
        """The AES key of this image."""
        return hashlib.shake_256(f"image key: {self.label}".encode()).digest(self.key_size)

    def tlv(self) -> Tlv:
        """The wrapped image key."""
        if self.scheme is EnvelopeScheme.AES_KW:
            return Tlv(self.scheme.tlv, crypto.wrap_aes_kw(self.kek, self.image_key))
        assert self.recipient is not None
        wrapped = crypto.wrap_ecies(self.scheme, self.recipient, self.image_key, self.label)
        return Tlv(self.scheme.tlv, wrapped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where an image is to run: the start of the slot that it is built for, or where in RAM it is loaded.

    The SDK's build gives imgtool --rom-fixed in the mode direct-xip, --load-addr in ram-load (its image signing).
    """

    address: int
    in_ram: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeImage:
    """An image in its two forms: as it is installed in the clear, and as it is shipped."""

    installed: bytes
    shipped: bytes


def make_image(
    payload: bytes,
    *,
    version: Version,
    key: PrivateKey | None,
    header_size: int = 0x200,
    envelope: Envelope | None = None,
    pure: bool = False,
    counter: int | None = None,
    placed: Placed | None = None,
) -> MadeImage:
    """`payload` with header, digest and signature; encrypted in the shipped form when there is an `envelope`.

    Digest and signature cover the header and the plain payload. Without `key` there is only the digest. `pure`: the
    signature is over the image, not over its digest, and a TLV says so (Ed25519). `counter`: its security counter, in
    the protected TLV area, which is signed too. `placed`: the address that it is for, in its header.
    """
    flags = 0
    if envelope is not None:
        flags = FLAG_ENCRYPTED_AES128 if envelope.key_size == 16 else FLAG_ENCRYPTED_AES256
    told = [] if counter is None else [Tlv(SEC_CNT, counter.to_bytes(4, "little"))]
    protected = tlv_area(TLV_PROTECTED_MAGIC, told) if told else b""
    sizes = {"header_size": header_size, "image_size": len(payload), "protected_size": len(protected)}
    if placed is not None:
        flags |= F_RAM_LOAD if placed.in_ram else F_ROM_FIXED
    address = placed.address if placed is not None else 0
    header = Header(**sizes, flags=flags, version=version, load_address=address)
    signed = header.pack() + payload + protected
    tlvs = _seal(signed, key, pure=pure)
    if envelope:
        tlvs.append(envelope.tlv())
    area = tlv_area(TLV_INFO_MAGIC, tlvs)
    body = crypto.aes_ctr(envelope.image_key, payload) if envelope else payload
    return MadeImage(installed=signed + area, shipped=header.pack() + body + protected + area)


def sealed(signed: bytes, key: PrivateKey | None) -> bytes:
    """Header and payload, as they are, with the TLVs that make them an image."""
    return signed + tlv_area(TLV_INFO_MAGIC, _seal(signed, key))


def _seal(signed: bytes, key: PrivateKey | None, *, pure: bool = False) -> list[Tlv]:
    digest = Digest.SHA384 if key is not None and key.scheme is Scheme.ECDSA_P384 else Digest.SHA256
    tlvs = [Tlv(digest.tlv, digest.over(signed))]
    if key is not None:
        tlvs.append(Tlv(KEYHASH, digest.over(key.public)))
        tlvs += [Tlv(SIG_PURE, b"\x01")] if pure else []
        tlvs.append(Tlv(SIGNATURE_TLV[key.scheme], key.sign_whole(signed) if pure else key.sign(signed)))
    return tlvs
