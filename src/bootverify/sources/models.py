"""Loads our own descriptions of silicon and of boot stages from `models/`."""

from functools import cache

from pydantic import BaseModel, ConfigDict

from bootverify.dataclass import dataclass
from bootverify.design.openpoint import OpenPoint
from bootverify.design.protection import AttributionUnit, FlashGuard, UnitKind
from bootverify.design.soc import DebugScheme, DebugWords, Document, FlashPatch, NvmKind, Soc
from bootverify.design.source import Source
from bootverify.ranges import AddressRange
from bootverify.sources.catalog import find, names, shown
from bootverify.sources.document import read_written
from bootverify.sources.validate import validated
from bootverify.sources.written import Written


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class _Document(_Strict):
    id: str
    title: str
    section: str = ""


class _Range(_Strict):
    start: int
    size: int

    def value(self) -> AddressRange:
        return AddressRange.sized(self.start, self.size)


class _Guard(_Strict):
    kind: UnitKind
    granule: int
    entries: int
    largest: int | None = None


class _Attribution(_Strict):
    granule: int
    cpu_granule: int
    entries: int
    end: int


class _Debug(_Strict):
    scheme: DebugScheme
    older: DebugScheme | None = None
    approtect: int | None = None
    secure_approtect: int | None = None
    eraseprotect: int | None = None


class _OpenPoint(_Strict):
    name: str
    statement: str


class SocEntry(_Strict):
    """A file of models/socs, as written."""

    soc: str
    title: str
    documents: list[_Document]
    flash: _Range
    page: int
    word: int
    ram: _Range
    uicr: _Range
    otp: _Range | None = None
    guard: _Guard
    debug: _Debug
    kmu_slots: int
    kmu_version: int = 1
    trustzone: bool
    attribution: _Attribution | None = None
    nvm: NvmKind = NvmKind.FLASH
    otp_word: int = 2
    untorn: int | None
    header: int = 0x200
    ram_granule: int | None = None
    eraseprotect: bool = True
    secure_approtect: bool = True
    flash_patch: FlashPatch = FlashPatch.ABSENT
    open_points: list[_OpenPoint] = []


class StageEntry(_Strict):
    """A file of models/stages, as written."""

    stage: str
    title: str
    documents: list[_Document]
    program: list[str]


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
    documents: tuple[Document, ...]


@cache
def _soc(name: str, asked_in: str, line: int) -> Soc:
    path = find("models/socs", name, asked_in=asked_in, line=line)
    written = read_written(path, shown=shown(path))
    entry = validated(SocEntry, written)
    return Soc(
        name=entry.soc,
        title=entry.title,
        flash=entry.flash.value(),
        page=entry.page,
        word=entry.word,
        ram=entry.ram.value(),
        uicr=entry.uicr.value(),
        otp=entry.otp.value() if entry.otp else None,
        guard=FlashGuard(
            kind=entry.guard.kind,
            granule=entry.guard.granule,
            entries=entry.guard.entries,
            largest=entry.guard.largest,
            source=written.source(("guard",)),
        ),
        kmu_slots=entry.kmu_slots,
        kmu_version=entry.kmu_version if entry.kmu_slots else 0,
        trustzone=entry.trustzone,
        attribution=_attribution(entry, written),
        nvm=entry.nvm,
        otp_word=entry.otp_word,
        untorn=entry.untorn,
        header=entry.header,
        ram_granule=entry.ram_granule,
        eraseprotect=entry.eraseprotect,
        secure_approtect=entry.secure_approtect,
        flash_patch=entry.flash_patch,
        debug=DebugWords(**entry.debug.model_dump()),
        open_points=tuple(
            OpenPoint(name=point.name, statement=point.statement, source=written.source(("open_points", i)))
            for i, point in enumerate(entry.open_points)
        ),
        documents=tuple(Document(id=doc.id, title=doc.title, section=doc.section) for doc in entry.documents),
        source=written.source(()),
    )


def _attribution(entry: SocEntry, written: Written) -> AttributionUnit | None:
    unit = entry.attribution
    if unit is None:
        return None
    return AttributionUnit(
        granule=unit.granule,
        cpu_granule=unit.cpu_granule,
        entries=unit.entries,
        end=unit.end,
        source=written.source(("attribution",)),
    )


def load_soc(name: str, *, asked_in: str = "", line: int = 0) -> Soc:
    """The SoC called `name`.

    Raises:
        InputError: there is no such model; said at the place that asked.
    """
    return _soc(name, asked_in, line)


def second_core(name: str) -> Soc | None:
    """The network core beside the core of the SoC called `name`; None where there is no model of one."""
    return load_soc(f"{name}-net") if f"{name}-net" in names("models/socs") else None


def unspecified_soc(source: Source) -> Soc:
    """The stand-in for the SoC of a map that does not say for which it is: nothing that depends on silicon is asked."""
    anything = AddressRange(0, 1 << 32)
    return Soc(
        name="unspecified",
        title="a SoC that the input does not name, or of which there is no model",
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
        source=source,
    )


@cache
def load_stage(name: str) -> StageModel:
    """The stage model called `name`."""
    path = find("models/stages", name)
    written = read_written(path, shown=shown(path))
    entry = validated(StageEntry, written)
    return StageModel(
        name=entry.stage,
        title=entry.title,
        program=tuple(
            Call(operation=call, source=written.source(("program", i))) for i, call in enumerate(entry.program)
        ),
        documents=tuple(Document(id=doc.id, title=doc.title, section=doc.section) for doc in entry.documents),
    )
