"""What surrounds MCUboot in the recorded vectors: its build, its flash areas."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bootverify.check.conform.outcome import Unsupported
from bootverify.executor.crypto import EnvelopeScheme, Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import BootConfig, Digest, Downgrade, Encryption, Mode, Options, Pair, Window
from bootverify.executor.mcuboot.trailer import TrailerLayout

Json = Any  # as read from a file of the recording
SECRET_SIZE = 32
SIGNATURES = {
    "none": None,
    "ecdsa-p256": Scheme.ECDSA_P256,
    "ecdsa-p384": Scheme.ECDSA_P384,
    "ed25519": Scheme.ED25519,
    "rsa-2048": Scheme.RSA_2048,
    "rsa-3072": Scheme.RSA_3072,
}
DIGESTS = {each.algorithm: each for each in Digest}
ENVELOPES = {each.label: each for each in EnvelopeScheme}
KEY_SIZES = {"aes-128-ctr": 16, "aes-256-ctr": 32}
SCALAR_START = {
    EnvelopeScheme.ECIES_P256: bytes.fromhex("0201010420"),
    EnvelopeScheme.ECIES_X25519: b"\x04\x22\x04\x20",
}


@dataclass(slots=True)
class Board:
    """A build and the flash it runs on, by the names of the areas."""

    config: BootConfig
    flashes: dict[str, Flash]

    def erase(self) -> None:
        """Blank everything."""
        for flash in self.flashes.values():
            flash.data[:] = b"\xff" * flash.size

    def contents(self) -> dict[str, bytes]:
        """A copy of all areas."""
        return {name: bytes(flash.data) for name, flash in self.flashes.items()}


def build(recorded: Json) -> Board:
    """The build and the areas that a `config.json` describes.

    Raises:
        Unsupported: its mode, signature, digest or encryption is not modelled.
    """
    mode = next((mode for mode in Mode if mode.value == recorded["mode"]), None)
    if mode is None or recorded["signature"] not in SIGNATURES or recorded["hash"] not in DIGESTS:
        raise Unsupported
    flashes = {
        area["name"]: Flash(area["offset"], area["size"], area["erase_size"], recorded["write_align"])
        for area in recorded["areas"]
    }
    areas = {name: Area(flash, flash.start, flash.size) for name, flash in flashes.items()}
    roles = {(area["role"], area["image"]): areas[area["name"]] for area in recorded["areas"]}
    encryption = _encryption(recorded.get("encryption"))
    ram = recorded.get("ram")
    config = BootConfig(
        mode=mode,
        images=tuple(Pair(roles["primary", n], roles["secondary", n]) for n in range(recorded["images"])),
        trailer=_trailer(recorded, mode, encryption),
        signature=SIGNATURES[recorded["signature"]],
        public_keys=tuple(bytes.fromhex(key["der_hex"]) for key in recorded["keys"]),
        digest=DIGESTS[recorded["hash"]],
        scratch=roles.get(("scratch", None)),
        encryption=encryption,
        ram=Window(start=ram["start"], size=ram["size"]) if ram else None,
        options=_options(recorded["options"]),
        copy_buffer=recorded["options"]["copy_buffer"],
    )
    return Board(config, flashes)


def _trailer(recorded: Json, mode: Mode, encryption: Encryption | None) -> TrailerLayout:
    return TrailerLayout(
        entries=recorded["max_img_sectors"],
        states=2 if mode is Mode.SWAP_OFFSET else 3,
        max_align=recorded["boot_max_align"],
        saved_key=encryption.saved_size if encryption is not None else 0,
        swap_offset=mode is Mode.SWAP_OFFSET,
        magic=bytes.fromhex(recorded["trailer_magic"]),
    )


def _options(recorded: Json) -> Options:
    return Options(
        validate_primary=recorded["validate_primary_slot"],
        revert=recorded["direct_xip_revert"],
        overwrite_fast=recorded["overwrite_only_fast"],
        downgrade=Downgrade(recorded["downgrade_prevention"]),
        hw_rollback=recorded["hw_rollback_protection"],
        bootstrap=recorded["bootstrap"],
        tlv_allow_list=recorded["tlv_allow_list"],
        version_with_build=recorded["version_compare_includes_build"],
        check_load_address=recorded["check_header_load_address"],
    )


def _encryption(recorded: Json) -> Encryption | None:
    if recorded is None:
        return None
    if recorded["scheme"] not in ENVELOPES or recorded["content_cipher"] not in KEY_SIZES:
        raise Unsupported
    scheme = ENVELOPES[recorded["scheme"]]
    secret = bytes.fromhex(recorded["private_key_hex"])
    if scheme in SCALAR_START:
        start = secret.index(SCALAR_START[scheme]) + len(SCALAR_START[scheme])
        secret = secret[start : start + SECRET_SIZE]
    save = str(recorded["save_encrypted_key_tlv_in_trailer"]) == "True"
    return Encryption(scheme=scheme, secret=secret, save_tlv=save, key_size=KEY_SIZES[recorded["content_cipher"]])


def segment_bytes(blobs: Path, segment: Json) -> bytes:
    """The content of a segment."""
    if "hex" in segment:
        return bytes.fromhex(segment["hex"])
    if "fill" in segment:
        return bytes([segment["fill"]]) * int(segment["len"])
    whole, start = _blob(blobs / f"{segment['blob']}.z"), segment.get("boff", 0)
    return whole[start : start + segment.get("len", len(whole))]


@lru_cache(maxsize=4096)
def _blob(path: Path) -> bytes:
    return zlib.decompress(path.read_bytes())
