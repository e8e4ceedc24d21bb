"""The application's image of a build: where it and its secure side lie, who verifies it and how it is updated."""

from bootverify.design.protection import UnitKind
from bootverify.design.source import Source
from bootverify.sources.importers.algorithms import encryption_type, signature_type
from bootverify.sources.importers.boot_locks import NotDrawn
from bootverify.sources.importers.chart import Chart
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.linked import linked
from bootverify.sources.importers.settings import non_secure


def put_application(chart: Chart, nsib: Kconfig | None, mcuboot: Kconfig | None, verified_by: str | None) -> None:
    """The application, with TF-M or SPM where it runs in non-secure state.

    Raises:
        NotDrawn: the map or the configuration leaves open what starts it, or no design can say it.
    """
    outside = non_secure(chart.project)
    manager = _manager(chart) if outside is not None and outside.value else ""
    at = ("chain", f"{manager}+app" if manager else "app")
    source = Source(file=chart.application.file, text="the application image")
    if manager and outside is not None:
        inner, outer = _sides(chart, manager, alone=mcuboot is None and nsib is None)
        parts = {manager: {"program": manager, "code": inner}, "app": {"program": "application", "code": outer}}
        chart.put(at, {"parts": parts}, outside.source)
    else:
        chart.put(at, {"program": "application"}, source)
        chart.put((*at, "attribution"), "secure", *([outside.source] if outside else [source]))
    if mcuboot is not None:
        slot = chart.first("mcuboot_primary", "slot0_partition")
    elif nsib is not None:
        chart.put((*at, "slots"), [chart.first("s0", "s0_partition"), chart.first("s1", "s1_partition")])
        slot = ""
    else:
        slot = _whole(chart, manager)
    if slot:
        chart.put((*at, "slot"), slot, chart.place(slot))
    if verified_by is None:
        chart.started_by_reset(slot)
        return
    chart.put((*at, "verified_by"), verified_by, source)
    _signed(chart, at, mcuboot)
    if mcuboot is not None and (staging := chart.staging()) is not None:
        chart.put((*at, "staging"), staging, chart.place(staging))
        chart.put((*at, "update"), "over_the_air", chart.place(staging))
    elif mcuboot is not None and (wire := mcuboot.on("CONFIG_MCUBOOT_SERIAL")) is not None:
        chart.put((*at, "update"), "by_wire", wire.source)


def _signed(chart: Chart, at: tuple[str, str], mcuboot: Kconfig | None) -> None:
    if mcuboot is None:
        chart.put((*at, "signature"), chart.nsib_signature())
        return
    found = signature_type(mcuboot)
    if found is None:
        raise NotDrawn(Source(file=mcuboot.file), "nothing tells how MCUboot verifies images")
    chart.put((*at, "signature"), found.value, found.source)
    _encrypted(chart, at, mcuboot, str(found.value))


def _encrypted(chart: Chart, at: tuple[str, str], mcuboot: Kconfig, signature: str) -> None:
    found = encryption_type(mcuboot, signature)
    if found is None:
        return
    if not found.value:
        raise NotDrawn(found.source, f"nothing tells how image keys travel beside the signature type {signature}")
    chart.put((*at, "encryption"), found.value, found.source)
    chart.put(("keys", "image_decryption"), {"kind": "private", "placement": {"image": "mcuboot"}}, found.source)
    chart.put(("keys", "image_decryption", "decrypts"), at[1], found.source)


def _manager(chart: Chart) -> str:
    """Who separates the two sides: SPM where the build has its image and no TF-M, else TF-M."""
    spm = chart.project.image("spm")
    if spm is None or "tfm" in chart.partitions:
        return "tfm"
    if chart.project.soc is not None and chart.guard.kind is not UnitKind.SPU:
        raise NotDrawn(Source(file=spm.file), f"SPM needs an SPU, and {chart.project.soc.name} has none")
    return "spm"


def _sides(chart: Chart, manager: str, *, alone: bool) -> list[str]:
    """The partitions of secure and non-secure code; upstream's devicetrees without a boot loader have own names."""
    inner = [manager, "slot0_s_partition", *(["slot0_partition"] if alone else [])]
    return [chart.first(*inner), chart.first("app", "slot0_ns_partition")]


def _whole(chart: Chart, manager: str) -> str:
    """The partition of an application that the reset vector starts."""
    if not manager:
        return _linked(chart) or chart.first("app", "slot0_partition", "app_image")
    for name in ("app_image", "mcuboot_primary_app", "mcuboot_primary", "slot0_partition"):
        entry = chart.partitions.get(name)
        if entry is not None and set(entry.get("span", ())) == {manager, "app"}:
            return name
    both = _sides(chart, manager, alone=True)
    inner, outer = (chart.partitions[name] for name in both)
    if not _secure_throughout(chart, inner["at"] + inner["size"], outer["at"]):
        raise NotDrawn(chart.place(both[1]), f"between `{both[0]}` and `{both[1]}` lies what belongs to neither")
    chart.put(("partitions", "firmware"), {"span": both}, chart.place(manager))
    chart.partitions = {**chart.partitions, "firmware": {"span": both}}
    return "firmware"


def _linked(chart: Chart) -> str:
    """The partition that a build without Partition Manager links its application into; empty where none is told."""
    found = linked(chart.project, chart.application, chart.partitions, chart.soc.flash)
    if found is None:
        return ""
    if found.place is not None:
        entry = {"at": found.place.start, "size": found.place.size}
        chart.put(("partitions", found.name), entry, *found.sources)
        chart.partitions = {**chart.partitions, found.name: entry}
        chart.unused = found.unused
    return found.name


def _secure_throughout(chart: Chart, start: int, end: int) -> bool:
    """Whether between the two sides lies nothing, or storage of the secure side's alone (TF-M's, on nRF54L).

    Who may write there may write the secure side's code too, as no stage before it locks either.
    """
    between = [
        name
        for name, entry in chart.partitions.items()
        if not entry.get("span") and entry.get("memory", "internal") == "internal" and start <= entry["at"] < end
    ]
    secure = all(name.startswith("EMPTY") or chart.partitions[name].get("attribution") == "secure" for name in between)
    return start == end or (bool(between) and secure)
