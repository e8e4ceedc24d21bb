"""The form of our own descriptions in `models/`: what the tests hold each file to, and editors are told of.

The program reads what it was shipped with by `models` and `known_keys`, which need no library for that.
"""

from pydantic import BaseModel, ConfigDict, Field

from bootverify.design.protection import UnitKind
from bootverify.design.soc import DebugScheme, FlashPatch, NvmKind

_HEX = r"^([0-9a-f]{64})?$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class _Cited(_Strict):
    id: str = Field(description="of models/documents.yaml")
    section: str = ""


class _Range(_Strict):
    start: int
    size: int


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
    documents: list[_Cited]
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


class _Part(_Strict):
    title: str
    why: str
    documents: list[_Cited]


class NotModelledEntry(_Strict):
    """The file of parts that have no model, as written."""

    parts: dict[str, _Part]


class StageEntry(_Strict):
    """A file of models/stages, as written."""

    stage: str
    title: str
    documents: list[_Cited]
    program: list[str]


class _Key(_Strict):
    name: str
    type: str
    fingerprint: str = Field(pattern=_HEX, description="SHA-256 of the DER SubjectPublicKeyInfo")
    keyhash: str = Field(default="", pattern=r"^([0-9a-f]{64}|[0-9a-f]{128})?$")
    provisioned: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    starts: str = Field(default="", pattern=r"^([0-9a-f]{2}){0,8}$", description="first bytes of a symmetric key")
    meant_for: str = "signing"
    files: list[str] = Field(default_factory=list, description="further places, each a tree and a path in it")


class KnownKeysEntry(_Strict):
    """A file of published keys, ours or a user's, as written."""

    keys: list[_Key]


class _Document(_Strict):
    title: str
    publisher: str
    edition: str = ""
    repository: str = Field(default="", pattern=r"^([\w.-]+/[\w.-]+)?$", description="a public one: owner and name")
    path: str = Field(default="", description="a file or folder there")
    url: str = Field(default="", pattern=r"^(https://\S+)?$")


class DocumentsEntry(_Strict):
    """The file of what is cited, as written."""

    documents: dict[str, _Document]
