"""Partitions of a devicetree as entries of a design document: which memory each lies in, and whose it is.

Zephyr, dts/bindings/mtd (fixed-partitions, fixed-subpartitions, zephyr,mapped-partition) and the SDK's partition files;
addresses are translated as the Devicetree Specification, 2.3.8, says.
"""

import re
from collections.abc import Iterator
from typing import Any

from bootverify.design.memory import Role
from bootverify.design.source import Source
from bootverify.errors import InputError
from bootverify.sources.importers.devicetree import Devicetree, Node
from bootverify.sources.importers.draft import Draft
from bootverify.sources.importers.partition_manager import MOST_PARTITIONS, NETWORK_BASE
from bootverify.sources.ledger import Ledger
from bootverify.sources.roles import NETWORK_PREFIX, role_of

_INTERNAL = re.compile(r"flash0|mram\w*|(?:cpu\w+_)?[rm]ram\d*")  # labels of on-chip memories, all nRF families
_ON_CHIP = {"soc-nv-flash", "nordic,mram"}
_NAMES = ("flash", "rram", "mram")
_RAM = re.compile(r"sram0_n?s")  # the secure and the non-secure part; what lies in them is of one side
_RAM_START = 0x20000000  # all nRF families: data RAM of the application core
_WORLDS = {"nordic,tz-secure": "secure", "nordic,tz-nonsecure": "non_secure"}  # Zephyr, dts/bindings/arm
_SLOTS = {Role.PRIMARY, Role.SECONDARY}
_HEADERS = (0x200, 0x800)  # MCUboot's, elsewhere and on nRF54L (ncs-boot 2.2)


def put_tree(draft: Draft, tree: Devicetree, ledger: Ledger) -> bool:
    """The partitions of a devicetree, called by their labels; False where it does not say in which memory some lie.

    Raises:
        InputError: more partitions than any device has.
    """
    chip, placed = _outer_chip(tree), True
    for node in tree.root.walk():
        if not _is_partition(node):
            continue
        source, name = tree.source(node), name_of(node)
        at, size = _extent(tree, node)
        home = _memory_of(tree, node)
        if at is None or size is None or home is None or not 0 <= at < 1 << 32 or not 0 < size < 1 << 32:
            ledger.add(source, f"partition `{name}`: place or memory not told here")
            continue
        memory, base, device = home
        if memory == "external" and device is not chip:
            ledger.add(source, f"partition `{name}` in a second external memory, which is not modelled")
            continue
        if any(_is_partition(child) for child in _grandchildren(node)):
            ledger.add(source, f"partition `{name}`: its parts stand for it")
        plain: dict[str, Any] = {"at": base + at, "size": size}
        if memory == "unnamed":
            placed = False
        elif memory != "internal":
            plain["memory"] = memory
        draft.put(("partitions", (NETWORK_PREFIX if memory == "network" else "") + name), plain, source)
        if len(draft.plain["partitions"]) > MOST_PARTITIONS:
            words = f"more than {MOST_PARTITIONS:,} partitions; name a smaller file"
            raise InputError.at(source.file, source.line, words)
    _nest(draft)
    _put_ram(draft, tree)
    return placed


def worlds_of(tree: Devicetree) -> dict[str, tuple[str, Source]]:
    """Whose each partition is by the word of the tree's own descriptors, and where that stands."""
    found: dict[str, tuple[str, Source]] = {}
    for node in tree.root.walk():
        world = next((_WORLDS[kind] for kind in node.texts("compatible") if kind in _WORLDS), "")
        for prop in ("code-partitions", "data-partitions") if world else ():
            for token in node.properties.get(prop, ()):
                target = tree.labelled(token.text[1:]) if token.kind == "ref" else None
                if target is not None:
                    found[name_of(target)] = (world, tree.source(node))
    return found


def _put_ram(draft: Draft, tree: Devicetree) -> None:
    """The two sides' parts of the RAM: children of the memory's node, or of /reserved-memory with whole addresses."""
    for node in tree.root.walk():
        label = next((label for label in node.labels if _RAM.fullmatch(label)), "")
        cells = tree.cells(node, "reg")
        at, size = (cells[-2], cells[-1]) if label and len(cells) >= 2 else (None, None)
        if at is None or not size or not 0 <= at < 1 << 32 or not 0 < size < 1 << 32:
            continue
        if at < _RAM_START:
            at += _ram_start(tree, node.parent)
        draft.put(("partitions", label), {"at": at, "size": size, "memory": "sram"}, tree.source(node))


def _ram_start(tree: Devicetree, above: Node | None) -> int:
    """Where what lies in a part of the RAM counts from: its start, and that of the memory around it."""
    start, node = 0, above
    while start < _RAM_START and node is not None:
        cells = tree.cells(node, "reg")
        start += (cells[-2] or 0) if len(cells) >= 2 else 0
        node = node.parent
    return start if start >= _RAM_START else _RAM_START + start


def _extent(tree: Devicetree, node: Node) -> tuple[int | None, int | None]:
    """Offset and size; the node around says how many cells each has (Devicetree Specification, 2.3.5), else one."""
    cells = tree.cells(node, "reg")
    told = tree.cells(node.parent, "#address-cells") if node.parent is not None else []
    wide = 2 if len(cells) == 4 or (told and told[0] == 2 and len(cells) == 3) else 1
    if len(cells) <= wide or len(cells) > 4:
        return None, None
    return _joined(cells[:wide]), _joined(cells[wide:])


def _joined(cells: list[int | None]) -> int | None:
    value = 0
    for cell in cells:
        if cell is None:
            return None
        value = value << 32 | cell
    return value


def name_of(node: Node) -> str:
    """The label that tells most: behind NSIB the slot of MCUboot also has the label of a lone MCUboot."""
    labels = sorted(node.labels, key=lambda label: (role_of(label) is None, role_of(label) is Role.BOOTLOADER))
    name = labels[0] if labels else "".join(node.texts("label")[:1]) or f"{node.name}@{node.unit}"
    kept = "".join(sign if sign.isalnum() or sign in "_.+:@ -" else "_" for sign in name)
    return kept[:80] if kept.isascii() and kept else "partition"


def _is_partition(node: Node) -> bool:
    if "zephyr,mapped-partition" in node.texts("compatible"):
        return True
    if node.parent is None or not node.unit or "reg" not in node.properties:
        return False
    kinds = node.parent.texts("compatible")
    return "fixed-partitions" in kinds or "fixed-subpartitions" in kinds or node.parent.name == "partitions"


def _grandchildren(node: Node) -> list[Node]:
    return [*node.children, *(inner for child in node.children for inner in child.children)]


def _memory_of(tree: Devicetree, node: Node) -> tuple[str, int, Node | None] | None:
    """The memory that a partition lies in, what its offset counts from, and the memory's node.

    `unnamed` where the tree has no node around the partitions: another file puts it into one.
    """
    base = 0
    above = node.parent
    while above is not None:
        if _is_partition(above):
            base += _shift(tree, above)
        elif not _is_container(above):
            return _chip(tree, above, base)
        above = above.parent
    return "unnamed", base, None


def _is_container(node: Node) -> bool:
    return node.parent is None or node.name.endswith("partitions") or "fixed-partitions" in node.texts("compatible")


def _chip(tree: Devicetree, node: Node, base: int) -> tuple[str, int, Node | None] | None:
    cells = [cell or 0 for cell in tree.cells(node, "reg")]
    kinds = set(node.texts("compatible"))
    start = cells[0] if cells else 0
    if "uicr" in node.labels or node.name == "uicr":
        return ("uicr", base + start, node) if cells else None
    if "flash1" in node.labels or (start == NETWORK_BASE and kinds & _ON_CHIP):
        return "network", base, node
    if any(_INTERNAL.fullmatch(label) for label in node.labels) or kinds & _ON_CHIP:
        return "internal", base + start, node
    if node.name in _NAMES and not kinds:
        return "internal", base + start, node
    return "external", base, node


def _outer_chip(tree: Devicetree) -> Node | None:
    """The external memory that is modelled: the one chosen for it, else the one with slots, else the first."""
    chosen = tree.chosen().get("nordic,pm-ext-flash")
    found: list[tuple[bool, Node]] = []
    for node in tree.root.walk():
        home = _memory_of(tree, node) if _is_partition(node) else None
        if home is not None and home[0] == "external" and home[2] is not None:
            found.append((role_of(name_of(node)) in _SLOTS, home[2]))
    if any(node is chosen for _, node in found):
        return chosen
    return next((node for slot, node in found if slot), found[0][1] if found else None)


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
    """A partition that others tile exactly is their span, as slot0 is of its secure and non-secure part.

    So is a slot of the one that begins behind its header: what the slot's image holds, for those who read it there.
    """
    plain = draft.plain.get("partitions", {})
    for name, entry in plain.items():
        inside = sorted(_inside(plain, name), key=lambda other: plain[other]["at"])
        end = entry["at"] + entry["size"]
        ends = [entry["at"], *(plain[other]["at"] + plain[other]["size"] for other in inside)]
        starts = [*(plain[other]["at"] for other in inside), end]
        if inside and ends == starts:
            entry["span"] = inside
        elif len(inside) == 1 and starts[0] - entry["at"] in _HEADERS and role_of(name) in _SLOTS:
            entry |= {"span": inside, "partial": True}


def _inside(plain: dict[str, Any], name: str) -> Iterator[str]:
    """The smaller partitions that lie in the one called `name`."""
    whole = plain[name]
    for other, part in plain.items():
        if other == name or part.get("memory") != whole.get("memory") or part["size"] >= whole["size"]:
            continue
        if whole["at"] <= part["at"] and part["at"] + part["size"] <= whole["at"] + whole["size"]:
            yield other
