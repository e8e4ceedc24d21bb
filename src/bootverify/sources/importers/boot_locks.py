"""What the boot stages of a build lock: fprotect, and on nRF54L what UICR.BOOTCONF and the removal of own rights do.

Sources: ncs-boot 1.7, 2.2; soc.md 2.4, 3. On nRF54L NSIB calls no fprotect: hardware locks it from reset, if the UICR
says so, and each boot stage may take its own rights away at hand-over.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bootverify.design.protection import FlashGuard, UnitKind
from bootverify.design.settings import Told
from bootverify.design.source import Source
from bootverify.sources.importers.hexfile import word_at
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.importers.project import Project

BOOTCONF = 0xFFD080  # UICR of nRF54L (soc.md 2.4)
_ERASED = 0xFFFF_FFFF
_MODULE = re.compile(r"CONFIG_ZEPHYR_[A-Z0-9_]+_MODULE")  # Zephyr, scripts/zephyr_module.py: one for each that is there
_SDK_MODULE = "CONFIG_ZEPHYR_NRF_MODULE"
_WRITE, _LOCK, _KIB_FROM = 1 << 1, 1 << 13, 16
_ALL = ["read", "write", "execute"]
_LOCKED_BY_BUILD = "SB_CONFIG_SECURE_BOOT_BOOTCONF_LOCK_WRITES"


class NotDrawn(Exception):  # noqa: N818 - no error of the input: a limit of ours
    """The chain cannot be expressed; the message says why, `source` where that stands."""

    def __init__(self, source: Source, reason: str) -> None:
        self.source = source
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """What one stage protects, as a design lists it, and the lines that say so."""

    protects: list[dict[str, Any]]
    sources: tuple[Source, ...]


def self_lock(config: Kconfig) -> Told | None:
    """Whether a boot stage calls the SDK's library that write-protects it (fprotect), and the line that says so.

    A program that is built without the SDK's own module cannot: upstream MCUboot locks nothing (boot/zephyr/main.c).
    """
    told = config.flag("CONFIG_FPROTECT")
    if told is not None or "CONFIG_FPROTECT" in config.uncertain:
        return told
    modules = [name for name, value in config.chosen() if _MODULE.fullmatch(name) and value == "y"]
    if not modules or _SDK_MODULE in modules:
        return None
    line = config.symbol(modules[0])
    source = line.source if line is not None else Source(file=config.file)
    return Told(
        value=False, source=replace(source, text=f"{source.text}: a build without the SDK's module, so no lock")
    )


def hardware_lock(project: Project, size: int, guard: FlashGuard) -> tuple[int, Source] | None:
    """How much of the first stage hardware locks from reset on, and what says so; None where nothing is locked.

    Raises:
        NotDrawn: nothing tells, or something tells of a region that the part does not have.
    """
    found = _told_lock(project, min(size, guard.largest or 0))
    if found is not None and (not 0 < found[0] <= (guard.largest or 0) or found[0] % guard.granule):
        raise NotDrawn(found[1], f"no region has the {found[0]:#x} bytes that hardware is to lock")
    return found


def _told_lock(project: Project, size: int) -> tuple[int, Source] | None:
    for file in project.firmware:
        word = word_at(file, BOOTCONF)
        if word not in {None, _ERASED} and word is not None:
            if not word & _LOCK or word & _WRITE:
                return None
            return (word >> _KIB_FROM) * 1024, Source(file=file.file, text=f"UICR.BOOTCONF is {word:#x}")
    told = project.sysbuild.flag(_LOCKED_BY_BUILD) if project.sysbuild is not None else None
    if told is None:
        raise NotDrawn(Source(file=project.shown), "nothing tells whether hardware locks the first stage")
    return (size, told.source) if told.value else None


def own_rights(config: Kconfig, symbol: str, guard: FlashGuard, own: Sequence[Mapping[str, Any]]) -> Locks | None:
    """The stage takes all access to its own partition away when it hands over; None where it does not.

    Raises:
        NotDrawn: the span is not known beforehand, or no region covers it.
    """
    found = config.on(symbol)
    if found is None:
        return None
    if len(own) != 1:
        raise NotDrawn(found.source, "it takes its own rights away in the slot that it runs from, and in no other")
    start, end = own[0]["at"], own[0]["at"] + own[0]["size"]
    if end - start > (guard.largest or 0) or start % guard.granule or end % guard.granule:
        raise NotDrawn(found.source, f"its partition {start:#x}-{end:#x} is no span that one region covers")
    span = {"span": [start, end], "deny": _ALL, "when": "hand_over", "lock": "until_reset"}
    return Locks(protects=[span], sources=(found.source,))


def first_stage_locks(config: Kconfig, guard: FlashGuard, own: Mapping[str, Any]) -> Locks:
    """What NSIB itself locks where hardware has its own lock for it.

    Raises:
        NotDrawn: it locks what cannot be said of all boots alike.
    """
    assert guard.kind is UnitKind.RRAMC
    following = config.on("CONFIG_SB_DISABLE_NEXT_W")
    if following is not None:
        raise NotDrawn(following.source, "it locks the slot that it starts, and not the other")
    found = own_rights(config, "CONFIG_SB_DISABLE_SELF_RWX", guard, [own])
    return found or Locks(protects=[], sources=(Source(file=config.file, text="no lock by NSIB itself"),))
