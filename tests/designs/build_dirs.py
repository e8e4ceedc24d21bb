"""Writes build directories in the SDK's layouts, with real signed images, for tests and for the demonstration.

The keys are made from the names below and belong to nobody; no file of a real project is copied.
"""

from dataclasses import dataclass, field
from pathlib import Path

import bincopy
from tests.designs import bootable

from bootverify.executor.crypto import PrivateKey, Scheme
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import Envelope, make_image

OTP = 0xFF8000
TEST_KEY = PrivateKey(name="test key of tests/designs/build_dirs.py", scheme=Scheme.ECDSA_P256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What to build: sysbuild or child images, and the choices that policies speak of."""

    sysbuild: bool = True
    nsib: bool = False
    tfm: bool = False
    soc: str = "nrf5340"
    fprotect: bool = True
    approtect: str = "LOCK"  # of CONFIG_NRF_APPROTECT_*; empty: no word of it
    mode: str = "BOOT_UPGRADE_ONLY"
    key_file: str = "/home/builder/keys/product.pem"
    application_key: bool = True  # the boot loader holds the key that images are signed with
    downgrade: bool = True
    encrypt: bool = False
    application: bytes = b"application " * 400
    envelope: Envelope | None = None  # the update is encrypted with it
    boot_loader: bytes = b"\xff" * 0x40  # what follows the boot loader's key
    map_changes: dict[str, dict[str, int]] = field(default_factory=dict)
    static: str = ""
    extra: dict[str, str] = field(default_factory=dict)  # image -> further lines of its .config
    network: bool = False  # with `bootable`: b0n and an application on the network core, and an update for it
    bootable: bool = False  # images with vector tables, NSIB's provision data: a device that holds them boots
    signer: PrivateKey | None = None  # another key for the application than the one that MCUboot holds


def write_build(path: Path, build: Build) -> Path:
    """The build directory `path`, filled as `build` says."""
    partitions = _partitions(build)
    for name, change in build.map_changes.items():
        partitions.setdefault(name, {}).update(change)
    _text(path / "partitions.yml", "".join(_entry(name, entry) for name, entry in sorted(partitions.items())))
    _text(path / "regions.yml", _REGIONS)
    app = "app" if build.sysbuild else "."
    _text(path / app / "zephyr" / ".config", _application(build))
    _text(path / "mcuboot" / "zephyr" / ".config", _mcuboot(build))
    if build.nsib:
        _text(path / "b0" / "zephyr" / ".config", _nsib(build))
    if build.sysbuild:
        _text(path / "zephyr" / ".config", _sysbuild(build))
        _text(
            path / "domains.yaml", "default: app\ndomains:\n  - name: app\n  - name: mcuboot\nflash_order:\n  - app\n"
        )
    if build.static:
        _text(path.parent / "prj.conf", "CONFIG_BOOTLOADER_MCUBOOT=y\n")
        _text(path.parent / "pm_static.yml", build.static)
    _images(path, build, partitions)
    return path


def _partitions(build: Build) -> dict[str, dict]:
    """An nRF5340 map: MCUboot alone at 0, or NSIB and two slots in front of it."""
    start = 0x30000 if build.nsib else 0xC000
    size = 0x60000
    parts = ["mcuboot_pad", "tfm", "app"] if build.tfm else ["mcuboot_pad", "app"]
    entries: dict[str, dict] = {
        "mcuboot_pad": {"address": start, "size": 0x200},
        "mcuboot_primary": {"address": start, "size": size, "span": parts},
        "mcuboot_secondary": {"address": start + size, "size": size},
        "settings_storage": {"address": 0xF8000, "size": 0x8000},
    }  # fmt: skip
    if build.tfm:
        border = start + 0x10000
        entries["tfm"] = {"address": start + 0x200, "size": border - start - 0x200}
        entries["app"] = {"address": border, "size": start + size - border}
    else:
        entries["app"] = {"address": start + 0x200, "size": size - 0x200}
    if build.nsib:
        entries["b0"] = {"address": 0, "size": 0x8000}
        for name, at in (("s0", 0x8000), ("s1", 0x1C000)):
            entries[f"{name}_pad"] = {"address": at, "size": 0x200}
            entries[f"{name}_image"] = {"address": at + 0x200, "size": 0x13E00}
            entries[name] = {"address": at, "size": 0x14000, "span": [f"{name}_pad", f"{name}_image"]}
        entries["provision"] = {"address": 0xFF8100, "size": 0x280, "region": "otp"}
    else:
        entries["mcuboot"] = {"address": 0, "size": 0xC000}
    return entries


def _entry(name: str, entry: dict) -> str:
    region = entry.get("region", "flash_primary")
    lines = [f"{name}:", f"  address: {entry['address']:#x}", f"  end_address: {entry['address'] + entry['size']:#x}"]
    lines += [f"  region: {region}", f"  size: {entry['size']:#x}"]
    if "span" in entry:
        lines += ["  span: &id_" + name, *(f"  - {part}" for part in entry["span"]), f"  orig_span: *id_{name}"]
    return "\n".join(lines) + "\n"


def _config(build: Build, image: str, *lines: str) -> str:
    target = f'CONFIG_BOARD_TARGET="{build.soc}dk/{build.soc}/cpuapp"'
    board = f'CONFIG_SOC="{build.soc}"\nCONFIG_BOARD="{build.soc}dk"\n{target}\n'
    lock = f"CONFIG_NRF_APPROTECT_{build.approtect}=y\nCONFIG_NRF_SECURE_APPROTECT_{build.approtect}=y\n"
    chosen = [board, lock if build.approtect else "", "\n".join(lines), "\n", build.extra.get(image, "")]
    return "#\n# Automatically generated file; DO NOT EDIT.\n#\n" + "".join(chosen)


def _application(build: Build) -> str:
    tfm = "CONFIG_BUILD_WITH_TFM=y" if build.tfm else "# CONFIG_BUILD_WITH_TFM is not set"
    outside = f"CONFIG_TRUSTED_EXECUTION_NONSECURE={'y' if build.tfm else 'n'}"
    if not build.tfm:
        outside = "# CONFIG_TRUSTED_EXECUTION_NONSECURE is not set"
    return _config(build, "app", "CONFIG_BOOTLOADER_MCUBOOT=y", tfm, outside)


def _mcuboot(build: Build) -> str:
    flags = {
        "BOOT_ENCRYPT_IMAGE": build.encrypt,
        "MCUBOOT_DOWNGRADE_PREVENTION": build.downgrade,
        "FPROTECT": build.fprotect,
        "MCUBOOT_SERIAL": False,
        "BOOT_VALIDATE_SLOT0": True,
        "BOOT_SIGNATURE_TYPE_ECDSA_P256": True,
    }
    lines = [f"CONFIG_{name}=y" if on else f"# CONFIG_{name} is not set" for name, on in flags.items()]
    key = f'CONFIG_BOOT_SIGNATURE_KEY_FILE="{build.key_file}"'
    return _config(build, "mcuboot", "CONFIG_MCUBOOT=y", f"CONFIG_{build.mode}=y", key, *lines)


def _nsib(build: Build) -> str:
    fprotect = "CONFIG_FPROTECT=y" if build.fprotect else "# CONFIG_FPROTECT is not set"
    return _config(build, "b0", "CONFIG_IS_SECURE_BOOTLOADER=y", "CONFIG_SB_VALIDATE_FW_SIGNATURE=y", fprotect)


def _sysbuild(build: Build) -> str:
    nsib = 'SB_CONFIG_SECURE_BOOT_APPCORE=y\nSB_CONFIG_SECURE_BOOT_SIGNING_KEY_FILE="/home/builder/keys/root.pem"\n'
    return f'SB_CONFIG_BOARD="{build.soc}dk"\nSB_CONFIG_BOOTLOADER_MCUBOOT=y\n' + (nsib if build.nsib else "")


def _images(path: Path, build: Build, partitions: dict[str, dict]) -> None:
    """A merged.hex with the boot loader's key in its place, and the signed application; an update file beside it."""
    if build.bootable:
        _bootable(path, build, partitions)
        return
    made = make_image(build.application, version=Version(1, 2, 3, 4), key=TEST_KEY, envelope=build.envelope)
    merged = bincopy.BinFile()
    code = b"\xff" * 0x400 + (TEST_KEY.public if build.application_key else b"") + build.boot_loader
    merged.add_binary(code, address=0x8200 if build.nsib else 0)
    merged.add_binary(made.installed, address=partitions["mcuboot_primary"]["address"])
    place = path if build.sysbuild else path / "zephyr"
    _text(place / "merged.hex", merged.as_ihex())
    update = path / "app" / "zephyr" / "app.signed.bin" if build.sysbuild else path / "zephyr" / "app_update.bin"
    update.write_bytes(made.shipped)


def _bootable(path: Path, build: Build, partitions: dict[str, dict]) -> None:
    """The same files with images that boot; the provision data in merged.hex and in a file of their own."""
    image = bootable.application(partitions, build.signer or TEST_KEY, tfm=build.tfm, version=Version(1, 2, 3))
    parts = {partitions["mcuboot_primary"]["address"]: image}
    if build.nsib:
        first = bootable.nsib_parts(partitions, TEST_KEY)
        parts |= first
        _text(path / "provision.hex", bootable.hex_of({at: data for at, data in first.items() if at >= OTP}))
    else:
        parts[0] = bootable.loader_code(0, 0x4000, TEST_KEY.public)
    _text((path if build.sysbuild else path / "zephyr") / "merged.hex", bootable.hex_of(parts))
    if build.network:
        _text(path / "partitions_CPUNET.yml", "".join(_entry(name, entry) for name, entry in bootable.NETWORK.items()))
        _text(path / "merged_CPUNET.hex", bootable.hex_of(bootable.network_parts()))
        update = make_image(bootable.network_image(version=2), version=Version(2), key=build.signer or TEST_KEY)
        (path / "net_core_app_update.bin").write_bytes(update.installed)
    newer = bootable.application(partitions, build.signer or TEST_KEY, tfm=build.tfm, version=Version(1, 3, 0))
    update = path / "app" / "zephyr" / "app.signed.bin" if build.sysbuild else path / "zephyr" / "app_update.bin"
    update.write_bytes(newer)


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


_REGIONS = """flash_primary:
  base_address: 0x0
  size: 0x100000
otp:
  base_address: 0xff8100
  size: 0x2fc
"""
