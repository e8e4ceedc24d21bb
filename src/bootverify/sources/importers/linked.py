"""Where an application lies that no boot loader starts, in a build of which the devicetree is the map.

Zephyr, kconfig/Kconfig.zephyr and cmake: with USE_DT_CODE_PARTITION a program is linked into the partition that
`/chosen` calls zephyr,code-partition; else at FLASH_LOAD_OFFSET in the memory that it calls zephyr,flash, with
FLASH_LOAD_SIZE bytes, 0 for all that is left. What the board draws for a boot loader and its slots is then nobody's.
"""

from collections.abc import Mapping
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.memory import Role
from bootverify.design.source import Source
from bootverify.ranges import AddressRange
from bootverify.sources.importers.boot_locks import NotDrawn
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.project import Project
from bootverify.sources.importers.tree_entries import name_of
from bootverify.sources.roles import role_of

# What only boot stages give a meaning
_THEIRS = {*(Role.ROOT, Role.BOOTLOADER, Role.VARIANT_A, Role.VARIANT_B, Role.PRIMARY, Role.SECONDARY, Role.SCRATCH)}
_THEIRS |= {Role.TFM, Role.APPLICATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The partition `name` that the program has: one of the map, or, with `place`, where it is linked over `unused`."""

    name: str
    place: AddressRange | None = None
    unused: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


def linked(project: Project, config: Kconfig, partitions: Mapping[str, Any], flash: AddressRange) -> Linked | None:
    """The program's place by its configuration and tree; None where another file is the map, or neither tells.

    Raises:
        NotDrawn: it is linked over a partition that keeps data.
    """
    tree = project.trees.get("application")
    if tree is None:
        return None
    told = config.on("CONFIG_USE_DT_CODE_PARTITION")
    if told is not None:
        node = tree.chosen().get("zephyr,code-partition")
        name = name_of(node) if node is not None else ""
        return Linked(name=name, sources=(told.source,)) if name in partitions else None
    offset, size = (config.number(f"CONFIG_FLASH_LOAD_{what}") for what in ("OFFSET", "SIZE"))
    symbol = config.symbol("CONFIG_FLASH_LOAD_OFFSET")
    if offset is None or symbol is None or "app" in partitions:
        return None
    start = flash.start + offset
    inside = {name: entry for name, entry in partitions.items() if entry.get("memory", "internal") == "internal"}
    unused = tuple(name for name in inside if role_of(name) in _THEIRS)
    kept = {
        name: AddressRange.sized(entry["at"], entry["size"]) for name, entry in inside.items() if name not in unused
    }
    end = start + size if size else min((area.start for area in kept.values() if area.start > start), default=flash.end)
    place = AddressRange(start, end)
    if (under := next((name for name, area in kept.items() if area.overlaps(place)), None)) is not None:
        raise NotDrawn(symbol.source, f"the application is linked to {place}, where the map has `{under}`")
    return Linked(name="app", place=place, unused=unused, sources=(symbol.source,))
