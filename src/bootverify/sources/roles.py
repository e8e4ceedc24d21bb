"""The names that the vendor's build system gives partitions, and what it does with each of them.

Partition Manager: nRF Connect SDK, scripts/partition_manager.py and the pm.yml fragments of each subsystem. Devicetree:
node labels of the SDK's partition files, nrf/dts and nrf/sysbuild overlays.
"""

import re
from collections.abc import Iterable

from bootverify.design.memory import Role

NETWORK_PREFIX = "cpunet:"  # how an imported map names what lies in the network core's own flash
_NAMES: dict[str, Role] = {
    "b0": Role.ROOT,
    "b0_partition": Role.ROOT,
    "mcuboot": Role.BOOTLOADER,
    "boot_partition": Role.BOOTLOADER,
    "s0": Role.VARIANT_A,
    "s0_partition": Role.VARIANT_A,
    "s1": Role.VARIANT_B,
    "s1_partition": Role.VARIANT_B,
    "mcuboot_primary": Role.PRIMARY,
    "mcuboot_primary_1": Role.PRIMARY,
    "mcuboot_primary_2": Role.PRIMARY,
    "slot0_partition": Role.PRIMARY,
    "slot2_partition": Role.PRIMARY,
    "slot4_partition": Role.PRIMARY,
    "mcuboot_secondary": Role.SECONDARY,
    "mcuboot_secondary_1": Role.SECONDARY,
    "mcuboot_secondary_2": Role.SECONDARY,
    "slot1_partition": Role.SECONDARY,
    "slot3_partition": Role.SECONDARY,
    "slot5_partition": Role.SECONDARY,
    "mcuboot_scratch": Role.SCRATCH,
    "scratch_partition": Role.SCRATCH,
    "provision": Role.PROVISION,
    "otp_provision": Role.PROVISION,
    "provision_partition": Role.PROVISION,
    "bl_storage": Role.PROVISION,
    "mcuboot_pad": Role.PAD,
    "s0_pad": Role.PAD,
    "s1_pad": Role.PAD,
    "tfm": Role.TFM,
    "spm": Role.TFM,
    "slot0_s_partition": Role.TFM,
    "app": Role.APPLICATION,
    "slot0_ns_partition": Role.APPLICATION,
    "app_image": Role.AREA,
    "b0_container": Role.AREA,
    "mcuboot_primary_app": Role.AREA,
    "tfm_nonsecure": Role.AREA,
    "tfm_secure": Role.AREA,
    "external_flash": Role.REST,
    "ram_flash": Role.REST,
    "sram_primary": Role.REST,
    "otp": Role.REST,
}
_FILLER = re.compile(r"EMPTY_\d+")
_STORAGE = re.compile(r"(.*_)?(storage|its|ps|nv_counters|data|nvs|littlefs|factory_data|emds)(_partition)?(_\d+)?")
_NUMBER = re.compile(r"mcuboot_(?:primary|secondary)_(\d)|slot(\d)_partition")


def role_of(name: str) -> Role | None:
    """What the vendor's tools use a partition called `name` for; None when the name is not theirs."""
    if name in _NAMES:
        return _NAMES[name]
    if _FILLER.fullmatch(name):
        return Role.FILLER
    return Role.STORAGE if _STORAGE.fullmatch(name) else None


def network_role_of(name: str) -> Role | None:
    """What b0n uses a partition of the network core's own flash for; its provision data alone have a role.

    b0n has no slots to choose from and takes no updates of itself (ncs-boot 2.8).
    """
    own = role_of(name.removeprefix(NETWORK_PREFIX))
    return Role.NETWORK_PROVISION if own is Role.PROVISION else None


def scratch_among(names: Iterable[str]) -> str | None:
    """The scratch area of a map with these partitions; None when it has none."""
    return next((name for name in names if role_of(name) is Role.SCRATCH), None)


def provision_among(names: Iterable[str]) -> str | None:
    """The one of these partitions that holds NSIB's provision data; None when none does."""
    return next((name for name in names if role_of(name) is Role.PROVISION), None)


def number_of(name: str) -> int:
    """Which updatable image a slot belongs to: 0 the application, 1 the network core or a second image, ..."""
    match = _NUMBER.fullmatch(name)
    if match is None:
        return 0
    return int(match[1]) if match[1] else int(match[2]) // 2
