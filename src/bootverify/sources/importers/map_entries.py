"""Partitions of both worlds, Partition Manager and devicetree, as entries of a design document."""

from dataclasses import replace
from typing import Any

from bootverify.design.memory import Role
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.devicetree import Devicetree, Node
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.partition_manager import MOST_PARTITIONS, NETWORK_BASE, PmEntry, PmRegion
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
_INTERNAL = ("flash0", "cpuapp_rram", "rram0", "cpuapp_mram", "mram1x")
_FLASH_NAMES = ("flash", "rram", "mram")
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


def put_attributions(draft: Draft, key: str, reason: Source) -> None:
    """Who owns what when the application runs in non-secure state; `reason` is the line that says it does."""
    for name, entry in draft.plain.get(key, {}).items():
        if entry.get("memory", "internal") != "internal" or entry.get("span"):
            continue
        attribution = _attribution(name)
        if attribution:
            source = draft.origins[key, name]
            draft.put((key, name, "attribution"), attribution, source, reason)


def put_tree(draft: Draft, tree: Devicetree, ledger: Ledger) -> None:
    """The partitions of a devicetree; names are node labels, or the `label` property without one."""
    for node in tree.root.walk():
        if not _is_partition(node):
            continue
        source = tree.source(node)
        cells = tree.cells(node, "reg")
        at, size = (cells[-2], cells[-1]) if len(cells) >= 2 else (None, None)
        name = node.labels[0] if node.labels else "".join(node.texts("label")[:1]) or f"{node.name}@{node.unit}"
        home = _memory_of(tree, node)
        if at is None or size is None or home is None or not 0 <= at < 1 << 32 or not 0 < size < 1 << 32:
            ledger.add(source, f"partition `{name}`: place or memory not told here")
            continue
        memory, base = home
        if any(_is_partition(child) for child in _grandchildren(node)):
            ledger.add(source, f"partition `{name}`: its parts stand for it")
        plain: dict[str, Any] = {"at": base + at, "size": size}
        if memory != "internal":
            plain["memory"] = memory
        draft.put(("partitions", _plain_name(name)), plain, source)
        if len(draft.plain["partitions"]) > MOST_PARTITIONS:
            words = f"more than {MOST_PARTITIONS:,} partitions; name a smaller file"
            raise InputError.at(source.file, source.line, words)
    _nest(draft)


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


def _is_partition(node: Node) -> bool:
    if "zephyr,mapped-partition" in node.texts("compatible"):
        return True
    if node.parent is None or not node.unit or "reg" not in node.properties:
        return False
    kinds = node.parent.texts("compatible")
    return "fixed-partitions" in kinds or "fixed-subpartitions" in kinds or node.parent.name == "partitions"


def _grandchildren(node: Node) -> list[Node]:
    return [*node.children, *(inner for child in node.children for inner in child.children)]


def _memory_of(tree: Devicetree, node: Node) -> tuple[str, int] | None:
    """The memory that a partition lies in, and what its offset counts from."""
    base = 0
    above = node.parent
    while above is not None:
        cells = [cell or 0 for cell in tree.cells(above, "reg")]
        if _is_partition(above):
            base += _shift(tree, above)
        elif "flash1" in above.labels:
            return "network", base
        elif "uicr" in above.labels or above.name == "uicr":
            return ("uicr", base + cells[0]) if cells else None
        elif set(above.labels) & set(_INTERNAL) or "soc-nv-flash" in above.texts("compatible"):
            start = cells[0] if cells else 0
            return ("network", base) if start == NETWORK_BASE else ("internal", base + start)
        elif above.name in {"partitions", "/"} or above.parent is None:
            pass
        elif above.name in _FLASH_NAMES:
            return "internal", base + (cells[0] if cells else 0)
        else:
            return "external", base
        above = above.parent
    return ("internal", base) if node.parent is not None and node.parent.name == "partitions" else None


def _shift(tree: Devicetree, node: Node) -> int:
    """How far addresses in a partition that others lie in are off those around it (Devicetree Specification, 2.3.8).

    `ranges` says so: nothing off where it is empty; without one they count from the partition's start.
    """
    if "ranges" in node.properties:
        ranges = [cell or 0 for cell in tree.cells(node, "ranges")]
        return ranges[1] - ranges[0] if len(ranges) >= 3 else 0
    cells = [cell or 0 for cell in tree.cells(node, "reg")]
    return cells[-2] if len(cells) >= 2 else 0


def _nest(draft: Draft) -> None:
    """A partition that others tile exactly is their span, as slot0 is of its secure and non-secure part."""
    plain = draft.plain.get("partitions", {})
    for name, entry in plain.items():
        end = entry["at"] + entry["size"]
        memory = entry.get("memory")
        inside = [
            other
            for other, part in plain.items()
            if other != name
            and part.get("memory") == memory
            and entry["at"] <= part["at"]
            and part["at"] + part["size"] <= end
            and part["size"] < entry["size"]
        ]
        inside.sort(key=lambda other: plain[other]["at"])
        ends = [entry["at"], *(plain[other]["at"] + plain[other]["size"] for other in inside)]
        starts = [*(plain[other]["at"] for other in inside), end]
        if inside and ends == starts:
            entry["span"] = inside


def _plain_name(name: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "_.+:@ -" else "_" for sign in name)
    return kept[:80] if kept.isascii() and kept else "partition"


def unnamed(reason: str) -> Source:
    """A source for what follows from the shape of the input rather than from one line."""
    return Source(file="(derived)", text=reason)
