"""Configuration symbols to settings and life cycle. Symbols: nRF Connect SDK, MCUboot boot/zephyr/Kconfig, sysbuild.

In a build's `.config` a symbol that is absent is unknown. In sources (`prj.conf`) it has its default; only defaults
that every release shares are taken, and each goes to the ledger.
"""

from bootverify.design.settings import Told
from bootverify.design.source import Source
from bootverify.sources.importers.algorithms import ENCRYPTS
from bootverify.sources.importers.boot_locks import self_lock
from bootverify.sources.importers.defaults import default_mode, default_self_lock
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.hexfile import word_at
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.verification import verification

MODES = {
    "BOOT_SWAP_USING_MOVE": "swap-move",
    "BOOT_SWAP_USING_OFFSET": "swap-offset",
    "BOOT_SWAP_USING_SCRATCH": "swap-scratch",
    "BOOT_UPGRADE_ONLY": "overwrite",
    "BOOT_DIRECT_XIP": "direct-xip",
    "BOOT_RAM_LOAD": "ram-load",
    "SINGLE_APPLICATION_SLOT": "single-slot",
    "BOOT_FIRMWARE_LOADER": "firmware-updater",
}
_SYSBUILD_MODES = {
    "SB_CONFIG_MCUBOOT_MODE_SWAP_USING_MOVE": "swap-move",
    "SB_CONFIG_MCUBOOT_MODE_SWAP_WITHOUT_SCRATCH": "swap-move",
    "SB_CONFIG_MCUBOOT_MODE_SWAP_USING_OFFSET": "swap-offset",
    "SB_CONFIG_MCUBOOT_MODE_SWAP_SCRATCH": "swap-scratch",
    "SB_CONFIG_MCUBOOT_MODE_OVERWRITE_ONLY": "overwrite",
    "SB_CONFIG_MCUBOOT_MODE_DIRECT_XIP": "direct-xip",
    "SB_CONFIG_MCUBOOT_MODE_DIRECT_XIP_WITH_REVERT": "direct-xip",
    "SB_CONFIG_MCUBOOT_MODE_RAM_LOAD": "ram-load",
    "SB_CONFIG_MCUBOOT_MODE_SINGLE_APP": "single-slot",
    "SB_CONFIG_MCUBOOT_MODE_FIRMWARE_UPDATER": "firmware-updater",
}
_UNPROTECTED = 0x50FA50FA  # UICR.APPROTECT of parts with hardware and software control (AP-Protect documentation)
_ERASED = 0xFFFFFFFF
_HARDWARE_ONLY = {"nrf9160"}  # closed by UICR alone, whatever firmware does


def put_settings(draft: Draft, project: Project) -> None:
    """What the configuration says of each setting, with its line."""
    told = {
        "bootloader": _bootloader(project),
        "updates_encrypted": _encrypted(project),
        "update_mode": update_mode(project),
        "unequal_slots": _unequal(project),
        "protects_itself": _protects(project),
        "downgrade_prevention": _downgrade(project),
        "serial_recovery": _flag(project, "mcuboot", "CONFIG_MCUBOOT_SERIAL", default=False),
        "open_management": _open_management(project),
        "nsib_key_given": _nsib_key(project),
        "debug_closed": closed(project, "APPROTECT"),
        "secure_debug_closed": closed(project, "SECURE_APPROTECT"),
        "network_debug_closed": _port(project, ("network-nsib", "network"), "APPROTECT"),
        "non_secure_application": non_secure(project),
        **verification(project),
    }
    for name, value in told.items():
        if value is not None:
            draft.put(("settings", name), value.value, value.source)


def update_mode(project: Project) -> Told | None:
    """How MCUboot installs what is staged."""
    mcuboot = project.image("mcuboot")
    if mcuboot is not None:
        for symbol, mode in MODES.items():
            found = mcuboot.on(f"CONFIG_{symbol}")
            if found is not None:
                return Told(value=mode, source=found.source)
    for symbol, mode in _SYSBUILD_MODES.items():
        if project.sysbuild is not None and (found := project.sysbuild.on(symbol)) is not None:
            return Told(value=mode, source=found.source)
    return None if any(file.uncertain for file in project.all_kconfigs()) else default_mode(project)


def non_secure(project: Project) -> Told | None:
    """Whether the application runs in non-secure state: built with TF-M, or with the older SPM."""
    application = project.image("application")
    spm = project.image("spm")
    if spm is not None:
        return Told(value=True, source=Source(file=spm.file, text="the build has a secure partition manager image"))
    if application is None:
        return None
    found = application.on("CONFIG_BUILD_WITH_TFM", "CONFIG_SPM", "CONFIG_TRUSTED_EXECUTION_NONSECURE")
    if found is not None:
        return Told(value=True, source=found.source)
    return application.flag("CONFIG_TRUSTED_EXECUTION_NONSECURE") or application.flag("CONFIG_BUILD_WITH_TFM")


def closed(project: Project, port: str) -> Told | None:
    """Whether a debug port is closed once the device runs; the first image of the chain decides (ap_protect.rst)."""
    by_uicr = _closed_by_uicr(project, port)
    soc = project.soc.name if project.soc else ""
    if by_uicr is not None or soc in _HARDWARE_ONLY:
        source = Source(file=project.shown, text=f"{soc}: only the UICR closes the port, and no file here writes it")
        # sources and single files are not all that production writes
        return by_uicr or (None if project.fragments else Told(value=False, source=source))
    told = _port(project, ("nsib", "mcuboot", "spm", "application"), port)
    # older build codes obey the UICR alone, and no file tells the build code
    return None if told is not None and told.value and soc.startswith("nrf52") else told


def _port(project: Project, roles: tuple[str, ...], port: str) -> Told | None:
    """What the first image of the core that speaks of its port makes of it."""
    for config in (project.image(role) for role in roles):
        for word, value in (("LOCK", True), ("USER_HANDLING", True), ("USE_UICR", False), ("DISABLE", False)):
            found = config.on(f"CONFIG_NRF_{port}_{word}") if config is not None else None
            if found is not None:
                return Told(value=value, source=found.source)
    return None


def _closed_by_uicr(project: Project, port: str) -> Told | None:
    places = {
        ("nrf9160", "APPROTECT"): 0xFF8000,
        ("nrf9160", "SECURE_APPROTECT"): 0xFF802C,
        ("nrf5340", "APPROTECT"): 0xFF8000,
        ("nrf5340", "SECURE_APPROTECT"): 0xFF801C,
    }
    soc = project.soc.name if project.soc else ""
    address = places.get((soc, port))
    for file in project.firmware if address is not None else ():
        word = word_at(file, address or 0)
        if word is not None and word not in {_UNPROTECTED, _ERASED}:
            source = Source(file=file.file, text=f"UICR word at {address:#x} is {word:#x}")
            return Told(value=True, source=source)
    return None


def _flag(project: Project, role: str, name: str, sysbuild: str = "", *, default: bool | None = None) -> Told | None:
    config = project.image(role)
    found = config.flag(name) if config is not None else None
    if found is None and project.sysbuild is not None and sysbuild:
        found = project.sysbuild.flag(sysbuild)
    if found is None and default is not None and project.fragments and project.images:
        return _default(project, name, value=default)
    return found


def _encrypted(project: Project) -> Told | None:
    """Image encryption; older releases have a symbol for each scheme and none in common."""
    _, *schemes = ENCRYPTS
    mcuboot = project.image("mcuboot")
    if mcuboot is not None:
        found = mcuboot.on(*ENCRYPTS)
        if found is not None:
            return Told(value=True, source=found.source)
        each = [symbol for name in schemes if (symbol := mcuboot.symbol(name)) is not None]
        if len(each) == len(schemes):
            return Told(value=False, source=each[0].source)
    return _flag(project, "mcuboot", "CONFIG_BOOT_ENCRYPT_IMAGE", "SB_CONFIG_BOOT_ENCRYPTION", default=False)


def _default(project: Project, name: str, *, value: bool) -> Told | None:
    """A default that every release shares, for an application of which only the sources are there."""
    files = project.all_kconfigs()
    if not files or any(name in file.uncertain for file in files):
        return None
    source = Source(file=files[-1].file, text=f"no word of {name}: {'on' if value else 'off'} by default")
    project.ledger.add(source, f"{name} assumed {'on' if value else 'off'}: the SDK's default")
    return Told(value=value, source=source)


def _bootloader(project: Project) -> Told | None:
    for role in ("mcuboot", "nsib"):
        config = project.image(role)
        if config is not None and not project.fragments:
            return Told(value=True, source=Source(file=config.file, text=f"the build has an image {role}"))
    application = project.image("application")
    if project.sysbuild is not None:
        for symbol in ("SB_CONFIG_BOOTLOADER_MCUBOOT", "SB_CONFIG_SECURE_BOOT_APPCORE"):
            found = project.sysbuild.on(symbol)
            if found is not None:
                return Told(value=True, source=found.source)
        none = project.sysbuild.on("SB_CONFIG_BOOTLOADER_NONE")
        if none is not None:
            return Told(value=False, source=none.source)
    return application.flag("CONFIG_BOOTLOADER_MCUBOOT") if application is not None else None


def _unequal(project: Project) -> Told | None:
    names = ("CONFIG_MCUBOOT_COMPRESSED_IMAGE_SUPPORT_ENABLED", "CONFIG_NRF_COMPRESS")
    for config in project.all_kconfigs():
        found = config.on(*names, "SB_CONFIG_MCUBOOT_COMPRESSED_IMAGE_SUPPORT")
        if found is not None:
            return Told(value=True, source=found.source)
    return None


def _protects(project: Project) -> Told | None:
    mcuboot = project.image("mcuboot")
    config = mcuboot if mcuboot is not None else project.image("nsib")
    if config is None:
        return default_self_lock(project)
    own_rights = config.on("CONFIG_NCS_MCUBOOT_DISABLE_SELF_RWX")
    if own_rights is not None:
        return Told(value=True, source=own_rights.source)
    told = config.flag("CONFIG_FPROTECT") if project.fragments else self_lock(config)
    return told if told is not None or "CONFIG_FPROTECT" in config.uncertain else default_self_lock(project)


def _downgrade(project: Project) -> Told | None:
    mcuboot = project.image("mcuboot")
    if mcuboot is not None:
        found = mcuboot.on("CONFIG_MCUBOOT_DOWNGRADE_PREVENTION", "CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION")
        if found is not None:
            return Told(value=True, source=found.source)
    return _flag(project, "mcuboot", "CONFIG_MCUBOOT_DOWNGRADE_PREVENTION", default=False)


def _open_management(project: Project) -> Told | None:
    """Mcumgr over Bluetooth without authentication; its symbols were renamed over the releases."""
    config = project.image("application")
    if config is None:
        return None
    on = config.on("CONFIG_MCUMGR_TRANSPORT_BT", "CONFIG_MCUMGR_SMP_BT")
    if on is None:
        return None
    parts = ("TRANSPORT_BT_AUTHEN", "SMP_BT_AUTHEN", "TRANSPORT_BT_PERM_RW_AUTHEN", "TRANSPORT_BT_PERM_RW_ENCRYPT")
    guard = tuple(f"CONFIG_MCUMGR_{part}" for part in parts)
    guarded = config.on(*guard)
    if guarded is not None:
        return Told(value=False, source=guarded.source)
    off = next((symbol for name in guard if (symbol := config.symbol(name)) is not None), None)
    return (
        Told(value=True, source=off.source if off is not None else on.source) if off or not project.fragments else None
    )


def _nsib_key(project: Project) -> Told | None:
    if project.sysbuild is not None and project.sysbuild.on(
        "SB_CONFIG_SECURE_BOOT_APPCORE", "SB_CONFIG_SECURE_BOOT_NETCORE"
    ):
        found = project.sysbuild.symbol("SB_CONFIG_SECURE_BOOT_SIGNING_KEY_FILE")
        if found is not None:
            return Told(value=bool(found.value), source=found.source)
    for role in ("nsib", "network-nsib"):
        config = project.image(role)
        found = config.symbol("CONFIG_SB_SIGNING_KEY_FILE") if config is not None else None
        if found is not None:
            return Told(value=bool(found.value), source=found.source)
    return _nsib_key_of_images(project)


def _nsib_key_of_images(project: Project) -> Told | None:
    """With child images the symbol may stand in the image that NSIB starts."""
    for role in ("network", "mcuboot", "application"):
        config: Kconfig | None = project.image(role)
        found = config.symbol("CONFIG_SB_SIGNING_KEY_FILE") if config is not None else None
        if found is not None:
            return Told(value=bool(found.value), source=found.source)
    return None
