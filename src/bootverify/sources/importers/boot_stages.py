"""The boot stages of a build, NSIB and MCUboot: where each lies, what it verifies, installs, counts and locks."""

from typing import Any

from bootverify.design.boot import FEW_COUNTER_SLOTS, UpgradeMode
from bootverify.design.protection import UnitKind
from bootverify.design.source import Source
from bootverify.sources.importers.boot_locks import (
    Locks,
    NotDrawn,
    first_stage_locks,
    hardware_lock,
    own_rights,
    self_lock,
)
from bootverify.sources.importers.chart import Chart
from bootverify.sources.importers.kconfig import Kconfig, Symbol
from bootverify.sources.importers.settings import non_secure, update_mode
from bootverify.sources.roles import provision_among, scratch_among

# The first SDK release of which it is known that boot stages find partitions by devicetree (ncs-boot 0.1, 3.6)
_KNOWS_LABELS = (3, 3)


def put_nsib(chart: Chart, config: Kconfig, starts: str) -> None:
    """NSIB, which starts the image called `starts`.

    Raises:
        NotDrawn: the map or the configuration leaves open what it does, or no design can say it.
    """
    at = ("chain", "b0")
    slot = chart.first("b0", "b0_image", "b0_partition")
    chart.started_by_reset(slot)
    chart.put(at, {"program": "nsib", "slot": slot}, Source(file=config.file, text="an image of NSIB"))
    counter = config.flag("CONFIG_SB_MONOTONIC_COUNTER")
    chart.put((*at, "counter"), bool(counter and counter.value), *([counter.source] if counter else []))
    if chart.guard.kind is UnitKind.RRAMC:
        own = chart.partitions[slot]
        chart.boot_region = hardware_lock(chart.project, own["size"], chart.guard)
        _locks(chart, at, first_stage_locks(config, chart.guard, own))
    else:
        _lock(chart, at, config, [slot], _provision(chart, at))
    checked = config.flag("CONFIG_SB_VALIDATE_FW_SIGNATURE")
    if checked is not None and not checked.value:
        raise NotDrawn(checked.source, f"NSIB does not verify the signature of {starts}")


def _provision(chart: Chart, at: tuple[str, str]) -> str | None:
    """The page with NSIB's key hashes on parts without words for them; None where they lie in such words."""
    if chart.soc.otp is not None:
        return None
    inside = (name for name, entry in chart.partitions.items() if entry.get("memory", "internal") == "internal")
    page = provision_among(inside)
    if page is None:
        raise NotDrawn(Source(file=chart.project.shown), f"no page of {chart.soc.name} holds what NSIB reads first")
    chart.put((*at, "provision"), page, chart.place(page))
    return page


def put_mcuboot(chart: Chart, config: Kconfig, verified_by: str | None) -> None:
    """MCUboot, started by a reset or `verified_by` the stage before it.

    Raises:
        NotDrawn: as `put_nsib`.
    """
    at = ("chain", "mcuboot")
    source = Source(file=config.file, text="an image of MCUboot")
    chart.put(at, {"program": "mcuboot"}, source)
    if verified_by is None:
        own = [chart.first("mcuboot", "boot_partition")]
        chart.started_by_reset(own[0])
        chart.put((*at, "slot"), own[0], chart.place(own[0]))
    else:
        own = [chart.first("s0", "s0_partition"), chart.first("s1", "s1_partition")]
        chart.put((*at, "slots"), own, *(chart.place(name) for name in own))
        chart.put((*at, "verified_by"), verified_by, source)
        chart.put((*at, "signature"), chart.nsib_signature(), source)
    mode = update_mode(chart.project)
    modes = [value.value for value in UpgradeMode]
    if mode is None or mode.value not in modes:
        said = "its update mode is not told" if mode is None else f"its update mode is {mode.value}"
        raise NotDrawn(mode.source if mode is not None else source, said)
    if mode.value == UpgradeMode.SWAP_SCRATCH.value and scratch_among(chart.partitions) is None:
        raise NotDrawn(mode.source, "it swaps using scratch, and the map has no scratch area")
    staging = chart.staging() if verified_by is not None else None
    way = UpgradeMode(mode.value)
    if (way is UpgradeMode.SWAP_OFFSET or way.in_place) and staging is not None:
        raise NotDrawn(mode.source, f"no document tells where it finds an update of its own with {way.value}")
    chart.put((*at, "mode"), mode.value, mode.source)
    if way.in_place:
        _in_place(chart, at, config, way, mode.source)
    checked = config.flag("CONFIG_BOOT_VALIDATE_SLOT0")
    if checked is None:
        raise NotDrawn(source, "nothing tells whether the primary slot is verified at boot")
    chart.put((*at, "validate_primary"), checked.value, checked.source)
    software = config.flag("CONFIG_MCUBOOT_DOWNGRADE_PREVENTION")
    hardware = config.on("CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION")
    if hardware is not None:
        _counter(chart, at, config, hardware)
    if software is not None:
        chart.put((*at, "downgrade"), "version" if software.value else "none", software.source)
    _lock(chart, at, config, own)
    if staging is not None:
        chart.put((*at, "staging"), staging, chart.place(staging))
        chart.put((*at, "update"), "over_the_air", chart.place(staging))


def _counter(chart: Chart, at: tuple[str, str], config: Kconfig, hardware: Symbol) -> None:
    """The security counter in hardware; its room only where the releases that are looked at could fill it."""
    chart.put((*at, "security_counter"), True, hardware.source)
    slots = config.symbol("CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_SLOTS")
    if slots is not None and slots.value.isdecimal() and int(slots.value) <= FEW_COUNTER_SLOTS:
        chart.put((*at, "counter_slots"), int(slots.value), slots.source)
        limited = config.flag("CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION_COUNTER_LIMITED")
        if limited is not None:
            chart.put((*at, "counter_full"), "refuses" if limited.value else "stops", limited.source)


def _in_place(chart: Chart, at: tuple[str, str], config: Kconfig, mode: UpgradeMode, source: Source) -> None:
    """Whether it reverts (the option for ram-load came in 2025), and that it starts one program from two slots."""
    outside = non_secure(chart.project)
    if outside is not None and outside.value:
        raise NotDrawn(source, f"no document says where the parts of an image lie in the second slot of {mode.value}")
    if chart.staging() is None:
        raise NotDrawn(source, f"it starts images with {mode.value}, and the map has no second slot")
    direct = mode is UpgradeMode.DIRECT_XIP
    told = config.flag("CONFIG_BOOT_DIRECT_XIP_REVERT" if direct else "CONFIG_BOOT_RAM_LOAD_REVERT")
    if told is None and direct:
        raise NotDrawn(source, "nothing tells whether it reverts images that are not confirmed")
    if told is not None:
        chart.put((*at, "revert"), told.value, told.source)


def _lock(chart: Chart, at: tuple[str, str], config: Kconfig, own: list[str], page: str | None = None) -> None:
    """What the image write-protects (ncs-boot 2.2): NSIB its own partition, MCUboot the span of its slots.

    A `page` with provision data NSIB locks once it has chosen, at hand-over (ncs-boot 1.5).
    """
    entries = [chart.partitions[name] for name in own]
    instead = own_rights(config, "CONFIG_NCS_MCUBOOT_DISABLE_SELF_RWX", chart.guard, entries)
    if instead is not None:
        _locks(chart, at, instead)
        return
    flag = self_lock(config)
    if flag is None:
        raise NotDrawn(Source(file=config.file), "nothing tells whether it write-protects itself")
    old = chart.project.release is not None and chart.project.release < _KNOWS_LABELS
    if flag.value and at[1] == "mcuboot" and chart.project.trees and old:
        words = f"MCUboot of SDK {chart.project.sdk} locks what the Partition Manager placed, and none ran"
        raise NotDrawn(flag.source, words)
    if not flag.value:
        chart.put((*at, "protects"), [], flag.source)
        return
    start = min(chart.partitions[name]["at"] for name in own)
    end = max(chart.partitions[name]["at"] + chart.partitions[name]["size"] for name in own)
    granule = chart.guard.granule
    places = [chart.place(name) for name in own]
    primary = next((name for name in ("mcuboot_primary", "slot0_partition") if name in chart.partitions), None)
    if len(own) > 1 and primary is not None and chart.partitions[primary]["at"] >= end:
        end = chart.partitions[primary]["at"]
        places.append(chart.place(primary))
    elif at[1] == "mcuboot":
        end = start + -(-(end - start) // granule) * granule
    size = config.symbol("CONFIG_FPROTECT_BLOCK_SIZE")
    reasons = [flag.source, *places, *([size.source] if size is not None else [])]
    spans: list[dict[str, Any]] = [{"span": [start, end], "lock": "until_reset"}]
    if page is not None:
        data = chart.partitions[page]
        end = data["at"] + data["size"]
        spans.append({"span": [data["at"], end], "lock": "until_reset", "when": "hand_over"})
        reasons.append(chart.place(page))
    chart.put((*at, "protects"), spans, *reasons)


def _locks(chart: Chart, at: tuple[str, str], locks: Locks) -> None:
    chart.put((*at, "protects"), locks.protects, *locks.sources)
