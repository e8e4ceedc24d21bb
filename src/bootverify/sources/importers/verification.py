"""What the configuration says of how images are verified, counted and installed, beyond the chain that is drawn.

Symbols: MCUboot boot/zephyr/Kconfig; nRF Connect SDK, sysbuild/Kconfig.mcuboot, Kconfig.secureboot, Kconfig.netcore.
With sysbuild its own symbols force those of the images: in sources they go before what an image's fragment says.
"""

from bootverify.design.settings import Told
from bootverify.design.source import Source
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.project import Project

_BOUNDED = "CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_LIMITED"
_FIRMWARE = "CONFIG_FW_INFO_FIRMWARE_VERSION"
# Options that their help calls ones for testing or debugging: subsys/bootloader/Kconfig, modules/trusted-firmware-m
_FOR_TESTS = (
    "CONFIG_TFM_DUMMY_PROVISIONING",
    "CONFIG_SB_DEBUG_SIGNATURE_PUBLIC_KEY_LAST",
    "CONFIG_SB_DEBUG_NO_VERIFY_HASHES",
    "SB_CONFIG_SECURE_BOOT_DEBUG_SIGNATURE_PUBLIC_KEY_LAST",
    "SB_CONFIG_SECURE_BOOT_DEBUG_NO_VERIFY_HASHES",
)
# Either says where an update belongs, or who made it for what (MCUboot boot/zephyr/Kconfig; sdk-mcuboot release notes)
_PLACES = (
    *("CONFIG_MCUBOOT_CHECK_HEADER_LOAD_ADDRESS", "CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS"),
    *("CONFIG_MCUBOOT_UUID_VID", "CONFIG_MCUBOOT_UUID_CID"),
)
# The drivers of an external chip: the first is what each of them selects (partition_manager.rst, external flash)
_DRIVERS = ("CONFIG_PM_EXTERNAL_FLASH_HAS_DRIVER", "CONFIG_NORDIC_QSPI_NOR", "CONFIG_SPI_NOR", "CONFIG_FLASH_MSPI_NOR")
_OVERRIDES = "CONFIG_PM_OVERRIDE_EXTERNAL_DRIVER_CHECK"
_TYPES = ("RSA", "ECDSA_P256", "ED25519")
_NSIB_SIGNED = tuple(f"SB_CONFIG_SECURE_BOOT_APPCORE_SIGNATURE_TYPE_{name}" for name in ("HARDWARE", "SOFTWARE"))
_NSIB_UNSIGNED = ("SB_CONFIG_SECURE_BOOT_APPCORE_SIGNATURE_TYPE_UNUSED", "SB_CONFIG_SECURE_BOOT_SIGNATURE_TYPE_NONE")


def verification(project: Project) -> dict[str, Told | None]:
    """The settings of this file, each with the line that says it; None where nothing does."""
    return {
        "signatures_checked": _signatures(project),
        "primary_verified": _primary(project),
        "image_sectors": _sectors(project),
        "network_update": _network_update(project),
        "nsib_counter": _nsib_counter(project),
        "keys_revocable": _revocable(project),
        "counter_bounded": _where(project, "CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION", _BOUNDED),
        "fields_listed": _where(project, "CONFIG_MCUBOOT", "CONFIG_MCUBOOT_USE_TLV_ALLOW_LIST"),
        "image_key_wrapped": _where(project, "CONFIG_BOOT_ENCRYPT_IMAGE", "CONFIG_BOOT_SWAP_SAVE_ENCTLV"),
        "second_stage_version": _version(project),
        "cleaned_up": _cleaned_up(project),
        "test_options": _test_options(project),
        "pure_signature": _where(project, "CONFIG_BOOT_SIGNATURE_TYPE_ED25519", "CONFIG_BOOT_SIGNATURE_TYPE_PURE"),
        "split_image": _split(project),
        "places_checked": _places_checked(project),
        "external_driver": _external_driver(project),
    }


def _signatures(project: Project) -> Told | None:
    """False as soon as one boot stage checks none; true when MCUboot's type is told, or NSIB's alone."""
    sysbuild, mcuboot, nsib = project.sysbuild, project.image("mcuboot"), project.image("nsib")
    unsigned = [
        _on(sysbuild, "SB_CONFIG_BOOT_SIGNATURE_TYPE_NONE"),
        _on(mcuboot, "CONFIG_BOOT_SIGNATURE_TYPE_NONE") if not _told_by(sysbuild, "BOOT_SIGNATURE_TYPE_") else None,
        _on(sysbuild, *_NSIB_UNSIGNED),
    ]
    checked = nsib.flag("CONFIG_SB_VALIDATE_FW_SIGNATURE") if nsib is not None else None
    if checked is not None and not checked.value:
        unsigned.append(checked)
    found = next((each for each in unsigned if each is not None), None)
    if found is not None:
        return Told(value=False, source=found.source)
    signed = _on(sysbuild, *(f"SB_CONFIG_BOOT_SIGNATURE_TYPE_{name}" for name in _TYPES))
    signed = signed or _on(mcuboot, *(f"CONFIG_BOOT_SIGNATURE_TYPE_{name}" for name in _TYPES))
    if signed is None and mcuboot is None:
        signed = _on(sysbuild, *_NSIB_SIGNED) or (checked if checked is not None and checked.value else None)
    return signed


def _primary(project: Project) -> Told | None:
    mcuboot = project.image("mcuboot")
    if mcuboot is None:
        return None
    once = mcuboot.on("CONFIG_BOOT_VALIDATE_SLOT0_ONCE")
    return Told(value=False, source=once.source) if once is not None else mcuboot.flag("CONFIG_BOOT_VALIDATE_SLOT0")


def _sectors(project: Project) -> Told | None:
    """MCUboot's bound, unless the build works it out from the map."""
    mcuboot = project.image("mcuboot")
    if mcuboot is None or mcuboot.on("CONFIG_BOOT_MAX_IMG_SECTORS_AUTO") is not None:
        return None
    number, symbol = mcuboot.number("CONFIG_BOOT_MAX_IMG_SECTORS"), mcuboot.symbol("CONFIG_BOOT_MAX_IMG_SECTORS")
    if number is None or symbol is None or not 1 <= number <= 1 << 20:
        return None
    return Told(value=number, source=symbol.source)


def _network_update(project: Project) -> Told | None:
    wanted = _on(project.sysbuild, "SB_CONFIG_NETCORE_APP_UPDATE") or _on(project.image("mcuboot"), "CONFIG_PCD_APP")
    if wanted is not None:
        return wanted
    return project.sysbuild.flag("SB_CONFIG_NETCORE_APP_UPDATE") if project.sysbuild is not None else None


def _nsib_counter(project: Project) -> Told | None:
    nsib = project.image("nsib")
    found = nsib.flag("CONFIG_SB_MONOTONIC_COUNTER_ROLLBACK_PROTECTION") if nsib is not None else None
    if found is None and nsib is not None:
        found = nsib.flag("CONFIG_SB_MONOTONIC_COUNTER")
    if found is None and _on(project.sysbuild, "SB_CONFIG_SECURE_BOOT_APPCORE") is not None and project.sysbuild:
        found = project.sysbuild.flag("SB_CONFIG_SECURE_BOOT_MONOTONIC_COUNTER")
    return found


def _cleaned_up(project: Project) -> Told | None:
    """What MCUboot leaves matters where TF-M comes next; the network core's images have none of it."""
    application = project.image("application")
    behind = application.on("CONFIG_BUILD_WITH_TFM") if application is not None else None
    return _where(project, "CONFIG_MCUBOOT", "CONFIG_MCUBOOT_CLEANUP_ARM_CORE") if behind is not None else None


def _test_options(project: Project) -> Told | None:
    """True as soon as one of them is on in any image; false where one of them is said to be off."""
    found = [on for config in project.all_kconfigs() if (on := _on(config, *_FOR_TESTS)) is not None]
    off = [config.flag(name) for config in project.all_kconfigs() for name in _FOR_TESTS]
    return next((told for told in (*found, *off) if told is not None), None)


def _split(project: Project) -> Told | None:
    application = project.image("application")
    return application.flag("CONFIG_XIP_SPLIT_IMAGE") if application is not None else None


def _places_checked(project: Project) -> Told | None:
    """Behind NSIB updates of MCUboot wait in the application's slot; older releases told them apart in any case.

    So it is told from the first release on that knows the address in the header.
    """
    mcuboot = project.image("mcuboot")
    if mcuboot is None or project.image("nsib") is None:
        return None
    return _on(mcuboot, *_PLACES) or mcuboot.flag(_PLACES[0])


def _external_driver(project: Project) -> Told | None:
    """Of MCUboot, and of an application that stages updates."""
    application = project.image("application")
    stages = application is not None and application.on("CONFIG_IMG_MANAGER") is not None
    found = [_driver_in(project.image(role), project) for role in ("mcuboot", *(["application"] if stages else []))]
    missing = next((told for told in found if told is not None and not told.value), None)
    return missing or (None if None in found else found[0])


def _driver_in(config: Kconfig | None, project: Project) -> Told | None:
    """None where a driver need not say that it is one; absent is off only in a build whose release asks for that."""
    asked = config.flag(_OVERRIDES) if config is not None else None
    if config is None or (asked is not None and asked.value):
        return None
    on = _on(config, *_DRIVERS)
    if on is not None or asked is None or project.fragments:
        return on
    off = next((told for name in _DRIVERS if (told := config.flag(name)) is not None), None)
    return off or Told(value=False, source=Source(file=config.file, text=f"no driver selects {_DRIVERS[0]}"))


def _where(project: Project, wanted: str, name: str) -> Told | None:
    """A symbol of MCUboot that matters where another one is on."""
    mcuboot = project.image("mcuboot")
    return mcuboot.flag(name) if mcuboot is not None and mcuboot.on(wanted) is not None else None


def _revocable(project: Project) -> Told | None:
    """Revocation matters where MCUboot has several keys in the KMU."""
    mcuboot = project.image("mcuboot")
    slots = mcuboot.number("CONFIG_BOOT_SIGNATURE_KMU_SLOTS") if mcuboot is not None else None
    several = slots is not None and slots > 1
    return _where(project, "CONFIG_BOOT_SIGNATURE_USING_KMU", "CONFIG_BOOT_KEYS_REVOCATION") if several else None


def _version(project: Project) -> Told | None:
    """FW_INFO_FIRMWARE_VERSION of what NSIB starts, where it counts."""
    counter = _nsib_counter(project)
    started = project.image("mcuboot") or project.image("application")
    if project.image("nsib") is None or started is None or counter is None or not counter.value:
        return None
    number, symbol = started.number(_FIRMWARE), started.symbol(_FIRMWARE)
    if number is None or symbol is None or not 0 <= number < 1 << 32:
        return None
    return Told(value=number, source=symbol.source)


def _on(config: Kconfig | None, *names: str) -> Told | None:
    found = config.on(*names) if config is not None else None
    return None if found is None else Told(value=True, source=found.source)


def _told_by(sysbuild: Kconfig | None, part: str) -> bool:
    """Whether the build system's own configuration decides a choice."""
    return sysbuild is not None and any(
        name.startswith(f"SB_CONFIG_{part}") and value == "y" for name, value in sysbuild.chosen()
    )
