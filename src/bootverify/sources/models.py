"""Loads our own descriptions of silicon and of boot stages from `models/`; their form is in `model_files`."""

from dataclasses import replace
from functools import cache
from typing import Any

from bootverify.dataclass import dataclass
from bootverify.design.openpoint import SOC_NOT_MODELLED, SOC_NOT_TOLD, OpenPoint
from bootverify.design.protection import AttributionUnit, FlashGuard, UnitKind
from bootverify.design.reference import Reference
from bootverify.design.soc import UNSPECIFIED, DebugScheme, DebugWords, FlashPatch, NvmKind, Soc
from bootverify.design.source import Source
from bootverify.ranges import AddressRange
from bootverify.sources.catalog import find, names, shown
from bootverify.sources.document import read_written
from bootverify.sources.written import Written

_AS_WRITTEN = (  # what `Soc` has under the same name, with the same default where a file leaves it out
    *("title", "page", "word", "kmu_slots", "trustzone", "otp_word", "untorn", "header", "ram_granule"),
    *("eraseprotect", "secure_approtect"),
)
_LARGEST_HEADER = 0x800  # of any part of the SDK's (ncs-boot 2.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a stage's `main()`, with the line of the model that names it."""

    operation: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class StageModel:
    """The calls of one vendor program, in order, and the documents they were read in."""

    name: str
    title: str
    program: tuple[Call, ...]
    references: tuple[Reference, ...]


@cache
def _soc(name: str, asked_in: str, line: int) -> Soc:
    path = find("models/socs", name, asked_in=asked_in, line=line)
    written = read_written(path, shown=shown(path))
    plain: dict[str, Any] = written.plain
    return Soc(
        name=plain["soc"],
        flash=_range(plain["flash"]),
        ram=_range(plain["ram"]),
        uicr=_range(plain["uicr"]),
        otp=_range(plain["otp"]) if plain.get("otp") else None,
        guard=FlashGuard(
            **plain["guard"] | {"kind": UnitKind(plain["guard"]["kind"]), "source": written.source(("guard",))}
        ),
        kmu_version=plain.get("kmu_version", 1) if plain["kmu_slots"] else 0,
        network_core=_second_core(plain["soc"]) in names("models/socs"),
        attribution=_attribution(written),
        nvm=NvmKind(plain.get("nvm", NvmKind.FLASH)),
        flash_patch=FlashPatch(plain.get("flash_patch", FlashPatch.ABSENT)),
        debug=_debug(plain["debug"]),
        open_points=tuple(
            OpenPoint(name=point["name"], statement=point["statement"], source=written.source(("open_points", i)))
            for i, point in enumerate(plain.get("open_points", ()))
        ),
        references=_references(plain),
        source=written.source(()),
        **{key: plain[key] for key in _AS_WRITTEN if key in plain},
    )


def _range(plain: dict[str, int]) -> AddressRange:
    return AddressRange.sized(plain["start"], plain["size"])


def _debug(plain: dict[str, Any]) -> DebugWords:
    schemes = {key: DebugScheme(plain[key]) for key in ("scheme", "older") if plain.get(key)}
    return DebugWords(**plain | schemes)


def _references(plain: dict[str, Any]) -> tuple[Reference, ...]:
    return tuple(Reference(document=each["id"], section=each.get("section", "")) for each in plain["documents"])


def _attribution(written: Written) -> AttributionUnit | None:
    unit = written.plain.get("attribution")
    return AttributionUnit(**unit, source=written.source(("attribution",))) if unit else None


def load_soc(name: str, *, asked_in: str = "", line: int = 0) -> Soc:
    """The SoC called `name`.

    Raises:
        InputError: there is no such model; said at the place that asked.
    """
    return _soc(name, asked_in, line)


def second_core(soc: Soc) -> Soc | None:
    """The network core beside the core `soc`; None where there is no model of one."""
    return load_soc(_second_core(soc.name)) if soc.network_core else None


def _second_core(name: str) -> str:
    """What the model of the network core beside the SoC called `name` is called, if there is one."""
    return f"{name}-net"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModelled:
    """A part that has no model: what it is, and why."""

    title: str
    why: str
    source: Source


@cache
def not_modelled(name: str) -> NotModelled | None:
    """What is known of the part called `name`, where that it has no model is known; else None."""
    path = find("models", "not-modelled")
    written = read_written(path, shown=shown(path))
    part = next((part for part in written.plain["parts"] if name.startswith(part)), None)
    if part is None:
        return None
    entry = written.plain["parts"][part]
    return NotModelled(title=entry["title"], why=entry["why"], source=written.source(("parts", part)))


def unspecified_soc(source: Source, name: str = UNSPECIFIED) -> Soc:
    """The stand-in for a SoC that the input does not name, or that has no model: what no part has less of."""
    anything = AddressRange(0, 1 << 32)
    part = not_modelled(name)
    title = "a SoC that the input does not name, or of which there is no model"
    point = OpenPoint(name=SOC_NOT_TOLD, statement="nothing tells a SoC of which there is a model", source=source)
    if part is not None:
        title = f"{part.title}, of which there is no model"
        point = OpenPoint(
            name=SOC_NOT_MODELLED, statement=f"there is no model of {name}: {part.why}", source=part.source
        )
    return Soc(
        name=name,
        title=title,
        flash=anything,
        page=1,
        word=1,
        ram=anything,
        uicr=anything,
        otp=None,
        guard=FlashGuard(kind=UnitKind.SPU, granule=1, entries=0, source=source),
        kmu_slots=0,
        trustzone=False,
        known=False,
        open_points=(point,),
        source=source,
    )


def part_called(name: str, place: Source) -> Soc:
    """The SoC called `name` at `place`, or its stand-in where that it has no model is known.

    Raises:
        InputError: neither.
    """
    if not_modelled(name) is not None:
        return unspecified_soc(place, name)
    return load_soc(name, asked_in=place.file, line=place.line)


def scantiest_soc(soc: Soc) -> Soc:
    """The other stand-in for such a SoC: what no part has more of. What both say is true of any part."""
    most, nothing = 1 << 31, AddressRange(0, 0)
    return replace(
        soc,
        flash=nothing,
        page=most,
        ram=nothing,
        uicr=nothing,
        guard=replace(soc.guard, kind=UnitKind.RRAMC, granule=most, entries=1, largest=1),
        trustzone=True,
        header=_LARGEST_HEADER,
        ram_granule=most,
    )


@cache
def load_stage(name: str) -> StageModel:
    """The stage model called `name`."""
    path = find("models/stages", name)
    written = read_written(path, shown=shown(path))
    plain: dict[str, Any] = written.plain
    return StageModel(
        name=plain["stage"],
        title=plain["title"],
        program=tuple(
            Call(operation=call, source=written.source(("program", i))) for i, call in enumerate(plain["program"])
        ),
        references=_references(plain),
    )
