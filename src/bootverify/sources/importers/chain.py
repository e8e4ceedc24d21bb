"""The chain of a build: which image starts which, from its configuration and map; or why it cannot be drawn."""

from bootverify.design.openpoint import CHAIN_NOT_DRAWN, OTHER_CORE_NOT_DRAWN
from bootverify.design.soc import FlashPatch
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.application import put_application
from bootverify.sources.importers.boot_locks import NotDrawn
from bootverify.sources.importers.boot_stages import put_mcuboot, put_nsib
from bootverify.sources.importers.chart import Chart
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.settings import closed
from bootverify.sources.models import load_soc

# Boot stages by role and name, and how the application's configuration and sysbuild's say that it starts behind them.
WANTED = (
    ("mcuboot", "MCUboot", "CONFIG_BOOTLOADER_MCUBOOT", "SB_CONFIG_BOOTLOADER_MCUBOOT"),
    ("nsib", "NSIB", "CONFIG_SECURE_BOOT", "SB_CONFIG_SECURE_BOOT_APPCORE"),
)


def put_chain(draft: Draft, project: Project) -> bool:
    """The images of the application core, first stage first; False, and a word in the ledger, if they are not drawn."""
    if project.fragments:
        return False
    missing = _without_application(project)
    if missing is not None:
        not_drawn(draft, project, *missing)
        return False
    chart = Chart(draft, project)
    try:
        _draw(chart)
    except NotDrawn as why:
        not_drawn(draft, project, why.source, str(why))
        return False
    for name in chart.unused:
        words = f"`{name}` is drawn for a boot loader, and the application is linked over it"
        project.ledger.add(draft.origins["partitions", name], words)
        del draft.plain["partitions"][name]
    for path, value, sources in chart.entries:
        draft.put(path, value, *sources)
    _put_lifecycle(draft, project, chart.boot_region)
    other = project.image("other-core")
    if other is not None:
        words = "what the application core starts on another core is no part of the chain, and nothing is asked of it"
        project.ledger.add(Source(file=other.file), words)
        _open(draft, OTHER_CORE_NOT_DRAWN, words)
    return True


def _without_application(project: Project) -> tuple[Source, str] | None:
    """Where and why the application core's own program is not known; None where it is."""
    if "application" in project.images:
        return None
    other = project.image("other-core")
    if other is not None:
        return Source(file=other.file), "its program runs on another core, and how that is fed is not modelled"
    network = project.image("network")
    if network is not None:
        return Source(file=network.file), "its program is the network core's, which the application core starts"
    words = "no configuration of the application is here, to tell how images are verified, locked and updated"
    return Source(file=project.shown), words


def not_drawn(draft: Draft, project: Project, source: Source, why: str) -> None:
    """Leave out the chain that a build has: in the ledger, and as an open point, so that no answer looks complete."""
    project.ledger.add(source, f"the chain is not modelled, only the map is: {why}")
    _open(draft, CHAIN_NOT_DRAWN, why)


def _open(draft: Draft, name: str, why: str) -> None:
    """A gap in what is drawn, so that no answer looks complete."""
    point = {"name": name, "statement": why, "policies": ["config-supported"]}
    draft.plain.setdefault("open_points", []).append(point)


def _put_lifecycle(draft: Draft, project: Project, boot_region: tuple[int, Source] | None) -> None:
    port, secure = closed(project, "APPROTECT"), closed(project, "SECURE_APPROTECT")
    trustzone = project.soc is not None and load_soc(project.soc.name).trustzone
    sources = [told.source for told in (port, secure) if told is not None]
    draft.put(("lifecycle",), {}, *sources)
    if boot_region is not None:
        draft.put(("lifecycle", "boot_region"), *boot_region)
    draft.put(("lifecycle", "approtect"), None if port is None else port.value, *sources[:1])
    protected = (None if secure is None else secure.value) if trustzone else True
    draft.put(("lifecycle", "secure_approtect"), protected, *([secure.source] if secure else []))
    off = next(
        (found for config in project.images.values() if (found := config.on("CONFIG_DISABLE_FLASH_PATCH"))), None
    )
    if off is not None and project.soc is not None and load_soc(project.soc.name).flash_patch is FlashPatch.SWITCHABLE:
        draft.put(("lifecycle", "flash_patch"), False, off.source)  # a start-up that writes UICR.DEBUGCTRL, for good


def _draw(chart: Chart) -> None:
    nsib, mcuboot = chart.project.image("nsib"), chart.project.image("mcuboot")
    _all_there(chart)
    verified_by = None
    if nsib is not None:
        put_nsib(chart, nsib, "mcuboot" if mcuboot is not None else "app")
        verified_by = "b0"
    if mcuboot is not None:
        put_mcuboot(chart, mcuboot, verified_by)
        verified_by = "mcuboot"
    put_application(chart, nsib, mcuboot, verified_by)


def _all_there(chart: Chart) -> None:
    """An image that is linked for a boot stage starts behind it, whether or not the stage was built here."""
    for role, name, own, of_sysbuild in WANTED:
        source = chart.application.on(own) or (chart.project.sysbuild and chart.project.sysbuild.on(of_sysbuild))
        if source and chart.project.image(role) is None:
            raise NotDrawn(source.source, f"it is built to start behind {name}, of which no configuration is here")
    loader = chart.application.on("CONFIG_TFM_BL2")
    if loader is not None:
        raise NotDrawn(loader.source, "TF-M's own boot loader (BL2) starts it, which is not modelled")


def soc_is_known(project: Project) -> bool:
    """Whether there is a model of the project's SoC."""
    if project.soc is None:
        return False
    try:
        load_soc(project.soc.name)
    except InputError:
        return False
    return True
