"""What surrounds MCUboot in the recorded vectors: its build, its flash areas."""

import zlib
from functools import lru_cache
from pathlib import Path

from bootverify.check.conform.outcome import Unsupported
from bootverify.check.conform.recording import Json
from bootverify.dataclass import dataclass
from bootverify.executor.crypto import EnvelopeScheme, Scheme
from bootverify.executor.flash import Flash
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import BootConfig, Digest, Downgrade, Encryption, Mode, Options, Pair, Window
from bootverify.executor.mcuboot.trailer import TrailerLayout, magic_for

MOST_FLASH = 64 << 20  # bytes of a board; what asks for more is no boot recording
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
        Unsupported: its mode, signature, digest, encryption or kind of flash is not modelled.
    """
    mode = next((mode for mode in Mode if mode.value == recorded["mode"]), None)
    digest = DIGESTS.get(recorded.get("hash", "sha256"))
    if mode is None or digest is None or recorded["signature"] not in SIGNATURES:
        raise Unsupported
    if sum(area["size"] for area in recorded["areas"]) > MOST_FLASH or recorded.get("erased_value", 0xFF) != 0xFF:
        raise Unsupported
    flashes = {area["name"]: _flash(area, recorded) for area in recorded["areas"]}
    areas = {name: Area(flash, flash.start, flash.size) for name, flash in flashes.items()}
    roles = {(area["role"], area.get("image") or 0): areas[area["name"]] for area in recorded["areas"]}
    encryption = _encryption(recorded.get("encryption"))
    ram, options = recorded.get("ram"), recorded.get("options", {})
    config = BootConfig(
        mode=mode,
        images=tuple(_pair(roles, image, mode) for image in range(recorded.get("images", 1))),
        trailer=_trailer(recorded, mode, encryption),
        signature=SIGNATURES[recorded["signature"]],
        public_keys=tuple(bytes.fromhex(key["der_hex"]) for key in recorded.get("keys", ())),
        digest=digest,
        scratch=roles.get(("scratch", 0)) if mode is Mode.SWAP_SCRATCH else None,
        encryption=encryption,
        ram=Window(start=ram["start"], size=ram["size"]) if ram else None,
        options=_options(options),
        copy_buffer=options.get("copy_buffer", 1024),
    )
    if (mode is Mode.SWAP_SCRATCH and config.scratch is None) or (mode is Mode.RAM_LOAD and config.ram is None):
        raise Unsupported
    return Board(config, flashes)


def _flash(area: Json, recorded: Json) -> Flash:
    align = area.get("write_align", recorded.get("write_align", 4))
    return Flash(area["offset"], area["size"], area["erase_size"], align)


def _pair(roles: dict[tuple[str, int], Area], image: int, mode: Mode) -> Pair:
    primary = roles["primary", image]
    return Pair(primary, primary if mode is Mode.SINGLE_SLOT else roles["secondary", image])


def _trailer(recorded: Json, mode: Mode, encryption: Encryption | None) -> TrailerLayout:
    largest = recorded.get("boot_max_align", 8)
    magic = recorded.get("trailer_magic")
    return TrailerLayout(
        entries=recorded["max_img_sectors"],
        states=2 if mode is Mode.SWAP_OFFSET else 3,
        max_align=largest,
        saved_key=encryption.saved_size if encryption is not None else 0,
        swap_offset=mode is Mode.SWAP_OFFSET,
        magic=bytes.fromhex(magic) if magic else magic_for(largest),
    )


def _options(recorded: Json) -> Options:
    return Options(
        validate_primary=recorded.get("validate_primary_slot", True),
        revert=recorded.get("direct_xip_revert", False) or recorded.get("ram_load_revert", False),
        overwrite_fast=recorded.get("overwrite_only_fast", False),
        downgrade=Downgrade(recorded.get("downgrade_prevention", "off")),
        hw_rollback=recorded.get("hw_rollback_protection", False),
        bootstrap=recorded.get("bootstrap", False),
        tlv_allow_list=recorded.get("tlv_allow_list", False),
        version_with_build=recorded.get("version_compare_includes_build", False),
        check_load_address=recorded.get("check_header_load_address", False),
    )


def _encryption(recorded: Json) -> Encryption | None:
    if recorded is None:
        return None
    cipher = recorded.get("content_cipher", "aes-128-ctr")
    named = recorded["scheme"]
    scheme = EnvelopeScheme.RSA_OAEP if named.startswith("rsa") else ENVELOPES.get(named)
    if scheme is None or cipher not in KEY_SIZES:
        raise Unsupported
    secret = bytes.fromhex(recorded["private_key_hex"])
    if scheme in SCALAR_START and len(secret) != SECRET_SIZE:
        start = secret.index(SCALAR_START[scheme]) + len(SCALAR_START[scheme])
        secret = secret[start : start + SECRET_SIZE]
    save = str(recorded.get("save_encrypted_key_tlv_in_trailer")) == "True"
    return Encryption(scheme=scheme, secret=secret, save_tlv=save, key_size=KEY_SIZES[cipher])


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
