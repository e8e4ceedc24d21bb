"""Partition Manager files: `partitions.yml`, `pm_static*.yml`, `regions.yml`.

What the keys mean: nRF Connect SDK, scripts/partition_manager/partition_manager.rst and partition_manager_output.py.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.source import Source
from bootverify.errors import Fault, InputError
from bootverify.ranges import parse_size
from bootverify.sources.document import parse_written, read_written
from bootverify.sources.importers.kconfig import Kconfig
from bootverify.sources.ledger import Ledger
from bootverify.sources.written import Written

_KNOWN = {
    "address", "end_address", "size", "region", "span", "orig_span", "sharers", "device", "placement", "inside",
    "share_size", "affiliation", "extra_params",
}  # fmt: skip
_MODELLED = {
    "address",
    "end_address",
    "size",
    "region",
    "span",
    "orig_span",
    "sharers",
    "placement",
    "inside",
    "share_size",
}
NETWORK_BASE = 0x01000000  # nRF5340 Product Specification, memory map: flash of the network core
MOST_PARTITIONS = 1000
_LARGEST = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PmEntry:
    """One partition, as the file states it."""

    name: str
    at: int | None
    size: int | None
    end: int | None
    span: tuple[str, ...]
    region: str
    source: Source
    partial: bool = False  # the span names a partition that the map does not have


@dataclass(frozen=True, slots=True, kw_only=True)
class PmRegion:
    """One region of regions.yml."""

    name: str
    at: int
    size: int
    source: Source


def read_partitions(
    path: Path, *, shown: str, ledger: Ledger, kconfig: Kconfig | None = None
) -> tuple[list[PmEntry], str]:
    """The partitions of a map, and the SHA-256 of its file.

    Raises:
        InputError: no such file, no YAML, or not a map of the partition manager.
    """
    written = read_written(path, shown=shown)
    return _entries(written, ledger, kconfig), written.sha256


def parse_partitions(content: bytes, name: str, ledger: Ledger) -> list[PmEntry]:
    """The partitions of a map given as text; otherwise as `read_partitions`."""
    return _entries(parse_written(content, name), ledger, None)


def read_regions(path: Path, *, shown: str, ledger: Ledger) -> tuple[dict[str, PmRegion], str]:
    """The regions of regions.yml, and the SHA-256 of the file."""
    written = read_written(path, shown=shown)
    found: dict[str, PmRegion] = {}
    if not isinstance(written.plain, dict):
        raise InputError.at(shown, 1, "regions are a mapping of names; name the regions.yml of a build")
    for name, plain in written.plain.items():
        source = written.source((name,))
        at = plain.get("base_address") if isinstance(plain, dict) else None
        size = plain.get("size") if isinstance(plain, dict) else None
        if isinstance(at, int) and isinstance(size, int) and 0 <= at < _LARGEST and 0 <= size < _LARGEST:
            found[name] = PmRegion(name=name, at=at, size=size, source=source)
        else:
            ledger.add(source, f"region `{name}` without base address or size")
    return found, written.sha256


def _entries(written: Written, ledger: Ledger, kconfig: Kconfig | None) -> list[PmEntry]:
    plain = written.plain
    if not isinstance(plain, dict) or not plain:
        what = "empty" if plain is None or plain in ({}, []) else "no mapping of partition names"
        raise InputError.at(written.file, 1, f"the map is {what}; name a file of the partition manager")
    if len(plain) > MOST_PARTITIONS:
        raise InputError.at(written.file, 1, f"{len(plain):,} partitions; at most {MOST_PARTITIONS:,} are read")
    faults: list[Fault] = []
    found = []
    for name, entry in plain.items():
        if not isinstance(entry, dict):
            kind = "a list" if isinstance(entry, list) else f"`{str(entry)[:40]}`"
            faults.append(
                _fault(written, name, f"`{name}` is {kind}; a partition is `name: {{address: .., size: ..}}`")
            )
        elif entry and not _KNOWN & entry.keys() and any(isinstance(inner, dict) for inner in entry.values()):
            faults.append(
                _fault(written, name, f"`{name}` holds partitions; the partition manager wants them at the top")
            )
        else:
            faults += _no_numbers(written, name, entry)
            found.append(_entry(written, name, entry, ledger, kconfig))
    if faults:
        raise InputError(faults)
    known = {entry.name for entry in found}
    return [_known_span(entry, known, ledger) for entry in found]


def _no_numbers(written: Written, name: str, entry: dict[str, Any]) -> list[Fault]:
    """Numbers that no memory has: without them a map would look sound. Words are left to the partition manager."""
    wrong = {
        key: value
        for key in ("address", "size", "end_address")
        if isinstance(value := entry.get(key), int | float)
        and (isinstance(value, bool | float) or not 0 <= value < _LARGEST)
    }
    return [
        Fault(
            file=written.file,
            line=written.line((name, key)),
            message=f"`{key}: {str(value)[:60]}` of `{name}` is in no memory; give one from 0x0 to {_LARGEST - 1:#x}",
        )
        for key, value in wrong.items()
    ]


def _entry(written: Written, name: str, entry: dict[str, Any], ledger: Ledger, kconfig: Kconfig | None) -> PmEntry:
    for key in entry.keys() - _MODELLED:
        if key not in {"device", "affiliation", "extra_params"}:
            ledger.add(written.source((name, key)), f"`{key}` of partition `{name}`: no key of the partition manager")
    span = entry.get("span", entry.get("orig_span"))
    members = [span] if isinstance(span, str) else span if isinstance(span, list) else []
    default = "sram_primary" if name.endswith("_sram") else "flash_primary"
    region = entry.get("region")
    return PmEntry(
        name=name,
        at=_number(written, (name, "address"), entry, ledger, kconfig),
        size=_number(written, (name, "size"), entry, ledger, kconfig),
        end=_number(written, (name, "end_address"), entry, ledger, kconfig),
        span=tuple(dict.fromkeys(str(member) for member in members)),
        region=region if isinstance(region, str) else default,
        source=_source(written, name, entry),
    )


def _number(
    written: Written, path: tuple[str, str], entry: dict[str, Any], ledger: Ledger, kconfig: Kconfig | None
) -> int | None:
    value = entry.get(path[1])
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str):
        number = kconfig.number(value) if kconfig is not None and value.startswith("CONFIG_") else None
        if number is None:
            try:
                number = parse_size(value)
            except ValueError:
                number = None
    if value is not None and (number is None or not 0 <= number < _LARGEST):
        ledger.add(written.source(path), f"`{path[1]}: {str(value)[:60]}` of partition `{path[0]}` is no number here")
        return None
    return number


def _known_span(entry: PmEntry, known: set[str], ledger: Ledger) -> PmEntry:
    """The entry without members that the map does not have."""
    gone = [name for name in entry.span if name not in known or name == entry.name]
    for name in gone:
        ledger.add(entry.source, f"`{entry.name}` spans `{name}`, which is not in the map")
    if not gone:
        return entry
    kept = tuple(name for name in entry.span if name not in gone)
    return replace(entry, span=kept, partial=True)


def _source(written: Written, name: str, entry: dict[str, Any]) -> Source:
    """The line of the name, with the figures that stand below it."""
    at = written.source((name,))
    hexadecimal = {key: entry[key] for key in ("address", "size", "end_address") if isinstance(entry.get(key), int)}
    figures = ", ".join(f"{key}: {value:#x}" for key, value in hexadecimal.items())
    return Source(file=at.file, line=at.line, path=name, text=f"{name}: {{{figures}}}" if figures else at.text)


def _fault(written: Written, name: str, message: str) -> Fault:
    return Fault(file=written.file, line=written.line((name,)), message=message)
