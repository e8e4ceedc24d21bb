"""Partitions of the partition manager as entries of a design document, and whose the partitions of any map are."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bootverify.design.memory import Role
from bootverify.design.source import Source
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.partition_manager import PmEntry, PmRegion
from bootverify.sources.ledger import Ledger
from bootverify.sources.roles import role_of

_MEMORIES = {
    "flash_primary": "internal",
    "external_flash": "external",
    "otp": "uicr",
    "bootconf": "uicr",
    "sram_primary": "sram",
    "ram_flash": "ram_flash",
}
_NETWORK_RAM = 0x21000000  # nRF5340 Product Specification, memory map: RAM of the network core
# TF-M leaves what no non-secure partition claims to the secure side, the scratch area among it (target_cfg.c).
_SECURE_ROLES = {Role.ROOT, Role.BOOTLOADER, Role.TFM, Role.PROVISION, Role.PAD, Role.SCRATCH}
_SECURE_NAMES = ("tfm", "spm", "provision", "hw_unique_key_partition")


def put_partitions(draft: Draft, key: str, entries: list[PmEntry], ledger: Ledger) -> None:
    """The partitions of a map of the partition manager; what has no place, size or memory goes to the ledger."""
    kept = {entry.name: entry for entry in entries if _placed(entry, ledger)}
    for entry in _without_circles(kept, ledger):
        plain: dict[str, Any] = {"at": entry.at, "size": entry.size}
        if entry.end is not None and entry.end != (entry.at or 0) + (entry.size or 0):
            plain["end"] = entry.end
        span = [name for name in entry.span if name in kept and kept[name].region == entry.region]
        if span:
            plain["span"] = span
            if entry.partial or len(span) < len(entry.span):
                plain["partial"] = True
        if _MEMORIES[entry.region] != "internal":
            plain["memory"] = _MEMORIES[entry.region]
        draft.put((key, entry.name), plain, entry.source)


def put_memories(draft: Draft, regions: dict[str, PmRegion]) -> None:
    """The extents that regions.yml states."""
    for name, region in regions.items():
        memory = _MEMORIES.get(name)
        if memory in {"internal", "external"} and region.size:
            draft.put(("memories", memory), {"at": region.at, "size": region.size}, region.source)


def put_attributions(draft: Draft, reason: Source, described: Mapping[str, tuple[str, Source]]) -> None:
    """Who owns what when the application runs in non-secure state; `reason` is the line that says it does.

    `described` are those of which the input says it itself; for the others their names do.
    """
    for name, entry in draft.plain.get("partitions", {}).items():
        if entry.get("memory", "internal") != "internal" or entry.get("span"):
            continue
        attribution, because = described.get(name, (_attribution(name), reason))
        if attribution:
            source = draft.origins["partitions", name]
            draft.put(("partitions", name, "attribution"), attribution, source, because)


def _placed(entry: PmEntry, ledger: Ledger) -> bool:
    if entry.region not in _MEMORIES:
        ledger.add(entry.source, f"partition `{entry.name}` in region `{entry.region}`, which is not modelled")
    elif entry.at is None or entry.size is None:
        ledger.add(entry.source, f"partition `{entry.name}`: the partition manager is to place or size it")
    elif entry.size == 0 and role_of(entry.name) not in {Role.PRIMARY, Role.SECONDARY}:
        ledger.add(entry.source, f"partition `{entry.name}` is empty")
    elif entry.at + entry.size > 1 << 32:
        ledger.add(entry.source, f"partition `{entry.name}` ends beyond the address space")
    elif entry.region == "sram_primary" and entry.at >= _NETWORK_RAM:
        ledger.add(entry.source, f"partition `{entry.name}` in the RAM of the other core")
    else:
        return True
    return False


def _without_circles(kept: dict[str, PmEntry], ledger: Ledger) -> list[PmEntry]:
    """The entries, those that span themselves through others without their span."""
    found: list[PmEntry] = []
    settled: set[str] = set()
    pending = dict(kept)
    while pending:
        ready = [
            name for name, entry in pending.items() if all(part in settled or part not in kept for part in entry.span)
        ]
        if not ready:
            name, entry = next(iter(pending.items()))
            ledger.add(entry.source, f"span `{name}` goes in a circle")
            pending[name] = replace(entry, span=())
            continue
        for name in ready:
            settled.add(name)
            found.append(pending.pop(name))
    order = list(kept)
    return sorted(found, key=lambda entry: order.index(entry.name))


def _attribution(name: str) -> str:
    role = role_of(name)
    if role in {Role.AREA, Role.REST, Role.FILLER}:
        return ""
    if role in {Role.APPLICATION, Role.SECONDARY} or name == "nonsecure_storage":
        return "non_secure"
    if name.startswith(_SECURE_NAMES) or role in _SECURE_ROLES:
        return "secure"
    if name in {"s0_image", "s1_image", "b0_image"}:
        return "secure"
    return "non_secure" if role is Role.STORAGE else ""
