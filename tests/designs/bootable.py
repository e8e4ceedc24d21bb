"""The images of a build directory that really boots: NSIB with its provision data, MCUboot, TF-M, an application.

Signed as the SDK's scripts and imgtool do; the keys are made from the names below and belong to nobody.
"""

import struct

import bincopy

from bootverify.executor.crypto import PrivateKey, RawP256Key
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image
from bootverify.executor.nsib import maker
from bootverify.executor.nsib.config import Magics, NsibConfig
from bootverify.executor.nsib.provision import provision_data
from bootverify.executor.nsib.release import release_for
from bootverify.ranges import AddressRange

STACK = 0x20001000


NSIB_KEY = RawP256Key("test key of tests/designs/bootable.py: NSIB")
SPARE_KEY = RawP256Key("test key of tests/designs/bootable.py: the next NSIB key")


def vectors(at: int, size: int) -> bytes:
    """Code of `size` bytes linked to `at`: a vector table whose reset handler lies behind it."""
    return struct.pack("<II", STACK, at + 0x141) + b"\xbf\x00" * (size // 2 - 4)


def loader_code(at: int, size: int, public: bytes) -> bytes:
    """MCUboot as its bytes show it: a vector table, and the public key compiled in."""
    code = vectors(at, size)
    return code[: size // 2] + public + code[size // 2 + len(public) :]


def nsib_parts(partitions: dict[str, dict], mcuboot_key: PrivateKey, *, version: int = 1) -> dict[int, bytes]:
    """By address: NSIB, MCUboot signed for s0, and the provision data from the slot addresses on (provision.hex)."""
    slots = (partitions["s0"]["address"], partitions["s1"]["address"])
    config = NsibConfig(
        release=release_for("2.6.1"),
        magics=Magics.of_hardware(53),
        bootloader=AddressRange(0, 0x8000),
        slot_size=partitions["s0"]["size"],
        storage=partitions["provision"]["address"],
    )
    start = slots[0] + 0x200
    code = loader_code(start, 0x4000, mcuboot_key.public)
    image = maker.sign_image(config, code, address=start, version=version, key=NSIB_KEY)
    data = provision_data(
        layout=config.storage_layout,
        slots=slots,
        key_hashes=tuple(maker.key_hash(config, key.public) for key in (NSIB_KEY, SPARE_KEY)),
        counter_slots=8,
        indexed_tokens=False,
    )
    head = config.storage_layout.s0
    return {0: vectors(0, 0x2000), start: image, config.storage + head: data[head:]}


NETWORK = {
    "b0n": {"address": 0x1000000, "size": 0x8580},
    "provision": {"address": 0x1008580, "size": 0x280},
    "b0n_container": {"address": 0x1000000, "size": 0x8800, "span": ["b0n", "provision"]},
    "app": {"address": 0x1008800, "size": 0x37800},
}


def network_config() -> NsibConfig:
    """b0n as it is built for the map above."""
    return NsibConfig(
        release=release_for("2.6.1"),
        magics=Magics.of_hardware(53),
        bootloader=AddressRange(0x1000000, 0x1008800),
        slot_size=NETWORK["app"]["size"],
        storage=NETWORK["provision"]["address"],
    )


def network_image(*, version: int) -> bytes:
    """An application of the network core, as b0n wants it."""
    start = NETWORK["app"]["address"]
    return maker.sign_image(network_config(), vectors(start, 0x1000), address=start, version=version, key=NSIB_KEY)


def network_parts() -> dict[int, bytes]:
    """By address: b0n, its provision data, its application (merged_CPUNET.hex)."""
    config = network_config()
    start = NETWORK["app"]["address"]
    hashes = (maker.key_hash(config, NSIB_KEY.public),)
    data = provision_data(layout=config.storage_layout, slots=(start, start), key_hashes=hashes, indexed_tokens=False)
    head = config.storage_layout.s0
    return {
        0x1000000: vectors(0x1000000, 0x1000),
        config.storage + head: data[head:],
        start: network_image(version=1),
    }


def application(partitions: dict[str, dict], key: PrivateKey, *, tfm: bool, version: Version) -> bytes:
    """What lies from the primary slot's start: header, TF-M and application (or the application alone), signature."""
    start = partitions["mcuboot_primary"]["address"] + 0x200
    payload = vectors(start, 0x1000)
    if tfm:
        border = partitions["app"]["address"]
        payload = payload.ljust(border - start, b"\xff") + vectors(border, 0x1000)
    return make_image(payload, version=version, key=key).installed


def hex_of(parts: dict[int, bytes]) -> str:
    """Intel HEX of bytes by address."""
    file = bincopy.BinFile()
    for at, data in sorted(parts.items()):
        file.add_binary(data, address=at)
    return file.as_ihex()
