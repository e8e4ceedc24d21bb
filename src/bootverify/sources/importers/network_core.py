"""The network core of a build: its first stage, its application, and who feeds and verifies that (ncs-boot 2.8).

The application core's MCUboot verifies an update of the network core and hands it over in shared RAM; the network
core's own first stage (b0n) copies it, checks a digest alone, and locks itself and the application before it starts.
"""

from typing import Any

from bootverify.design.settings import Told
from bootverify.design.source import Source
from bootverify.design.support import release_window
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.partition_manager import NETWORK_BASE, PmEntry
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.settings import non_secure
from bootverify.sources.ledger import Ledger
from bootverify.sources.roles import NETWORK_PREFIX

SECOND_SLOT = "mcuboot_secondary_1"  # where an image of the network core waits (Partition Manager)
_END = NETWORK_BASE + 0x40000  # nRF5340 Product Specification, memory map: end of the network core's flash
_RAM = 0x21000000  # nRF5340 Product Specification, memory map: RAM of the network core
_LEFT_TO_TFM = (2, 7, 99)  # the first release that may have it: 2.7.0 is of July 2024
_FIRST = ("b0n", "b0", "b0n_image", "b0n_partition")
_DATA = ("provision", "provision_partition", "bl_storage")
_APPLICATION = ("app", "hci_ipc", "hci_rpmsg", "ipc_radio", "empty_net_core", "s0_partition", "slot0_partition")


def of_network_core(entries: list[PmEntry]) -> bool:
    """Whether a map is that of the network core alone: nothing of it lies in the application core's flash."""
    starts = [entry.at for entry in entries if entry.region == "flash_primary" and entry.at is not None]
    return bool(starts) and all(NETWORK_BASE <= start < _END for start in starts)


def put_network_partitions(draft: Draft, entries: list[PmEntry], ledger: Ledger) -> None:
    """The network core's flash, from its own start; its RAM is not modelled."""
    kept = {entry.name: entry for entry in entries if _in_flash(entry, ledger)}
    for entry in kept.values():
        plain: dict[str, Any] = {"at": (entry.at or 0) - NETWORK_BASE, "size": entry.size, "memory": "network"}
        span = [name for name in entry.span if name in kept and not kept[name].span]
        if span:
            plain["span"] = [NETWORK_PREFIX + name for name in span]
            if entry.partial or len(span) < len(entry.span):
                plain["partial"] = True
        elif entry.span:
            ledger.add(entry.source, f"span `{entry.name}` of the network core: its members are no plain partitions")
            continue
        draft.put(("partitions", NETWORK_PREFIX + entry.name), plain, entry.source)


def put_network_chain(draft: Draft, project: Project) -> None:
    """The programs of the network core, first stage first; nothing where the map does not have their places."""
    first, second = project.image("network-nsib"), project.image("network")
    if first is None:
        return
    home = _place(draft, _FIRST, "")
    if not home:
        project.ledger.add(Source(file=first.file), "the network core's first stage: no partition of the map holds it")
        return
    own = _name(first, "b0n", draft)
    area = _place(draft, _APPLICATION, _folder(second) if second is not None else "")
    draft.put(("network", own), {"boots": True, "partition": home}, Source(file=first.file, text="an image of NSIB"))
    _put_locks(draft, first, own, home, area)
    if second is not None and area:
        _put_application(draft, project, second, area)


def _in_flash(entry: PmEntry, ledger: Ledger) -> bool:
    if entry.at is None or not entry.size:
        ledger.add(entry.source, f"partition `{entry.name}` of the network core without place or size")
    elif not NETWORK_BASE <= entry.at < _RAM:
        ledger.add(entry.source, f"partition `{entry.name}` of the network core outside its flash")
    else:
        return True
    return False


def _put_locks(draft: Draft, config: Kconfig, name: str, home: str, area: str) -> None:
    """Itself with the provision data, then the application, at every normal start (ncs-boot 2.8, b0n start)."""
    flag = config.flag("CONFIG_FPROTECT")
    if flag is None or not flag.value:
        return
    partitions = draft.plain["partitions"]
    spans = []
    parts = [part for part in (home, _place(draft, _DATA, ""), area) if part in partitions]
    for part in parts:
        start = partitions[part]["at"]
        spans.append([start, start + partitions[part]["size"]])
    places = [draft.origins["partitions", part] for part in parts]
    draft.put(("network", name, "locks"), spans, flag.source, *places)


def _put_application(draft: Draft, project: Project, config: Kconfig, area: str) -> None:
    name = _name(config, "network", draft)
    at = ("network", name)
    draft.put(at, {"boots": False, "partition": area}, Source(file=config.file, text="the network core's application"))
    mcuboot = project.image("mcuboot")
    fed = mcuboot.on("CONFIG_PCD_APP") if mcuboot is not None else None
    if mcuboot is None or fed is None:
        return
    draft.put((*at, "fed_by"), "transfer-ram", fed.source)
    draft.put((*at, "updatable"), True, fed.source)
    asks = mcuboot.on("CONFIG_PCD_READ_NETCORE_APP_VERSION")
    draft.put((*at, "version_read"), asks is not None, fed.source if asks is None else asks.source)
    if SECOND_SLOT in draft.plain["partitions"]:
        draft.put((*at, "staging"), SECOND_SLOT, draft.origins["partitions", SECOND_SLOT])
    none = mcuboot.on("CONFIG_BOOT_SIGNATURE_TYPE_NONE")
    if none is not None:
        draft.put((*at, "signature"), False, none.source)
    elif draft.has(("chain", "mcuboot")):
        draft.put((*at, "verified_by"), "mcuboot", Source(file=mcuboot.file, text="an image of MCUboot"))
        draft.put((*at, "signature"), True, Source(file=mcuboot.file))
    locked = _transfer_locked(project, mcuboot)
    if locked is not None:
        draft.put((*at, "transfer_locked"), locked.value, locked.source)


def _transfer_locked(project: Project, mcuboot: Kconfig) -> Told | None:
    """MCUboot locks the shared RAM with fprotect on and a network image counted, in secure-only builds (ncs-boot 2.8).

    Where it has no such number yet, it looks whether the map has b0n. With TF-M it leaves the region to that, and no
    file tells what TF-M makes of it; it did not yet leave it before sdk-mcuboot pull request 330 (October 2024).
    """
    flag = mcuboot.flag("CONFIG_FPROTECT")
    if flag is None or not flag.value:
        return flag
    number = mcuboot.number("CONFIG_MCUBOOT_NETWORK_CORE_IMAGE_NUMBER")
    release = release_window(project.sdk)
    before = number is None and release is not None and release[1] < _LEFT_TO_TFM
    outside = non_secure(project)
    counted = number is None or number >= 0
    return flag if counted and (before or outside is None or not outside.value) else None


def _place(draft: Draft, names: tuple[str, ...], own: str) -> str:
    partitions = draft.plain.get("partitions", {})
    found = [NETWORK_PREFIX + name for name in (own, *names) if name and NETWORK_PREFIX + name in partitions]
    return next((name for name in found if not partitions[name].get("span")), "")


def _folder(config: Kconfig) -> str:
    """The folder of an image, which bears its name."""
    parts = config.file.split("/")
    return parts[-3] if len(parts) >= 3 else ""


def _name(config: Kconfig, default: str, draft: Draft) -> str:
    called = _folder(config) or default
    plain = "".join(sign if (sign.isalnum() and sign.isascii()) or sign in "_.+-" else "_" for sign in called)[:60]
    taken = {*draft.plain.get("chain", {}), *draft.plain.get("network", {})}
    return plain if plain and plain not in taken else f"{NETWORK_PREFIX}{default}"
