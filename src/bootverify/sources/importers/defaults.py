"""What a release of the SDK does where the sources of an application say nothing; each such fact says so.

Only for sources: in a build's output an absent symbol is unknown. Only where the release is told, by the user or by a
path: nRF Connect SDK, sysbuild/Kconfig.mcuboot (choice MCUBOOT_MODE), lib/fprotect/Kconfig (ncs-boot 0.1, 2.2, 2.5).
"""

from bootverify.design.settings import Told
from bootverify.design.source import Source
from bootverify.sources.importers.project import Project

_SYSBUILD = (2, 7)  # the first release with it
_CHILDREN = (1, 3)  # the first whose MCUboot swaps by moving on nRF (mcu-tools/mcuboot, pull requests 645 and 1501)
_SELF_LOCK = ((3, 1), (3, 4))  # MCUboot alone on nRF54L locks itself by default from the one up to the other
_NO_SELF_LOCK = ("nrf54lm", "nrf54lc", "nrf54ls")  # MCUboot's files for these parts switch it off


def default_mode(project: Project) -> Told | None:
    """With sysbuild MCUboot swaps by moving; an application's own Kconfig.sysbuild may have another default.

    As a child image it does too, but on nRF5340, where the SDK turns that off for updates of the network core.
    """
    release = _release(project)
    if release is not None and _CHILDREN <= release < _SYSBUILD and project.sysbuild is None:
        place, soc = _asks_mcuboot(project), project.soc.name if project.soc else ""
        moves = soc.startswith(("nrf52", "nrf91"))
        return _said(project, "swap-move", "the update mode", place) if moves and place is not None else None
    if release is None or release < _SYSBUILD or project.sysbuild is None or project.own_defaults:
        return None
    asked = project.sysbuild.on("SB_CONFIG_BOOTLOADER_MCUBOOT")
    return _said(project, "swap-move", "the update mode", asked.source) if asked is not None else None


def default_self_lock(project: Project) -> Told | None:
    """MCUboot's FPROTECT: on, on nRF54L by release."""
    release, soc = _release(project), project.soc.name if project.soc else ""
    asked = _asks_mcuboot(project)
    if release is None or asked is None or not soc:
        return None
    if not soc.startswith("nrf54"):
        return _said(project, True, "fprotect", asked)
    first, last = _SELF_LOCK
    alone = project.image("nsib") is None and not (
        project.sysbuild and project.sysbuild.on("SB_CONFIG_SECURE_BOOT_APPCORE")
    )
    if release >= last:
        return _said(project, False, "fprotect", asked)
    if release >= first and alone and not soc.startswith(_NO_SELF_LOCK):
        return _said(project, True, "fprotect", asked)
    return None


def _asks_mcuboot(project: Project) -> Source | None:
    application = project.image("application")
    asked = project.sysbuild.on("SB_CONFIG_BOOTLOADER_MCUBOOT") if project.sysbuild is not None else None
    if asked is None and application is not None:
        asked = application.on("CONFIG_BOOTLOADER_MCUBOOT")
    return asked.source if asked is not None else None


def _said(project: Project, value: bool | str, what: str, near: Source) -> Told:
    word = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
    text = f"no word of {what}: {word} by default of SDK {project.sdk}"
    source = Source(file=near.file, line=near.line, text=text)
    project.ledger.add(source, f"{what} assumed {word}: the default of SDK {project.sdk}")
    return Told(value=value, source=source)


def _release(project: Project) -> tuple[int, int] | None:
    """Major and minor number; None for a build, and where no release is told."""
    return project.release if project.fragments else None
