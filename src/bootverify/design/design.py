"""The aggregate: everything that is fixed before the first reset."""

from collections.abc import Mapping
from dataclasses import field, fields
from typing import TypeVar

from bootverify.dataclass import dataclass
from bootverify.design.artifact import Artifact, Contradiction
from bootverify.design.boot import SEPARATORS, BootGo, Image, Program, SetUpTrustZone, Stage, UpgradeMode
from bootverify.design.keys import Key
from bootverify.design.life import NOTHING_KNOWN, Life
from bootverify.design.memory import Memory, Partition
from bootverify.design.network import NetworkStage
from bootverify.design.openpoint import CHAIN_NOT_DRAWN, OpenPoint
from bootverify.design.settings import NOTHING_TOLD, Settings
from bootverify.design.soc import Soc
from bootverify.design.source import NOWHERE, Source
from bootverify.ranges import AddressRange

T = TypeVar("T", Partition, Image, Stage, Key)
MOST_KNOWN = 16
_KNOWN: dict[int, tuple[tuple[Partition, ...], Mapping[str, Partition]]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """Debug and erase protection: True means the port is closed, the erase refused.

    `boot_region` is what hardware write-protects from reset on, as UICR.BOOTCONF of nRF54L says (soc.md 2.4); None
    where nothing was programmed. `flash_patch`: the core's flash patch unit can be used.
    """

    approtect: bool
    secure_approtect: bool
    eraseprotect: bool
    boot_region: AddressRange | None = None
    flash_patch: bool = False
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file the design was read from; `sha256` in hex."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmodelled:
    """Something that was met in the input and is not part of the model."""

    file: str
    line: int
    what: str


class _Hashed:
    """Room for the hash of an object that never changes: no field, so no copy and no pickle takes it along."""

    __slots__ = ("_hash",)
    _hash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Design(_Hashed):
    """A design on a SoC, resolved: every name refers to something.

    INVARIANT: stages stand in boot order; the first stage is the one the reset vector starts.

    A design may be a map alone: then it has no images, stages and keys, and only claims about the map are asked.
    `planned` is the static map that a build was meant to follow. `memories` are the extents that the input states.
    `partial_map`: the build system adds partitions to those listed.
    """

    name: str
    title: str
    soc: Soc
    sdk: str
    partitions: tuple[Partition, ...]
    images: tuple[Image, ...]
    stages: tuple[Stage, ...]
    keys: tuple[Key, ...]
    lifecycle: Lifecycle
    releases: int = 2
    open_points: tuple[OpenPoint, ...] = ()
    life: Life = NOTHING_KNOWN
    network: tuple[NetworkStage, ...] = ()
    network_soc: Soc | None = None  # the second core, where the design says something of it
    proposed: tuple[Partition, ...] = ()  # the map of the next release, where it differs from the one in the field
    files: tuple[InputFile, ...] = ()
    ledger: tuple[Unmodelled, ...] = ()
    memories: tuple[Memory, ...] = ()
    planned: tuple[Partition, ...] = ()
    settings: Settings = NOTHING_TOLD
    artifacts: tuple[Artifact, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    partial_map: bool = False
    source: Source = field(default=NOWHERE, compare=False)

    @property
    def release(self) -> str:
        """The release of the vendor's software in words; empty when nothing tells."""
        return f"nRF Connect SDK {self.sdk}" if self.sdk[:1].isdecimal() else self.sdk

    @property
    def why_no_chain(self) -> str:
        """Why the input's boot chain is not drawn; empty where it is, and where there was none to draw."""
        return next((point.statement for point in self.open_points if point.name == CHAIN_NOT_DRAWN), "")

    def __hash__(self) -> int:
        # Of all that makes it up, for the edits of one design are many keys of one table; kept, for it is asked often.
        try:
            return self._hash
        except AttributeError:
            told = hash(tuple(getattr(self, each.name) for each in fields(self) if each.compare))
            object.__setattr__(self, "_hash", told)
            return told

    def partition(self, name: str) -> Partition:
        """The partition called `name`; KeyError when there is none."""
        return _by_name(self.partitions)[name]

    def image(self, name: str) -> Image:
        """The image called `name`; KeyError when there is none."""
        return _named(self.images, name)

    def stage(self, name: str) -> Stage:
        """The stage called `name`; KeyError when there is none."""
        return _named(self.stages, name)

    def key(self, name: str) -> Key:
        """The key called `name`; KeyError when there is none."""
        return _named(self.keys, name)

    def stages_of(self, image: str) -> tuple[Stage, ...]:
        """The stages that are parts of `image`, in boot order."""
        return tuple(stage for stage in self.stages if stage.image == image)

    def started_in_place(self, image: Image) -> BootGo | None:
        """The step of MCUboot that starts `image` from either of its slots; None where another step starts it."""
        steps = (step for stage in self.stages for step in stage.steps if isinstance(step, BootGo))
        return next((step for step in steps if step.image == image.name and step.mode.in_place), None)

    @property
    def keeps_image_keys_wrapped(self) -> bool:
        """Whether a swap notes image keys wrapped: not where nobody says so (MCUboot: BOOT_SWAP_SAVE_ENCTLV is off)."""
        told = self.settings.image_key_wrapped
        if self.life.save_encrypted is not None:
            return self.life.save_encrypted
        return told is not None and bool(told.value)

    def variants(self, image: Image) -> tuple[str, ...]:
        """The slots that `image` is built for, each by a build of its own; a nameless one where one build serves."""
        step = self.started_in_place(image) if len(image.slots) > 1 else None
        loaded = step is not None and step.mode is UpgradeMode.RAM_LOAD
        return image.slots if len(image.slots) > 1 and not loaded else ("",)

    def update_places(self, image: Image) -> tuple[str, ...]:
        """The partitions that updates of `image` are put into: its staging, or its slots where it starts in place."""
        if image.staging is not None:
            return (image.staging,)
        return image.slots if image.updatable and self.started_in_place(image) is not None else ()

    @property
    def root(self) -> Stage:
        """The root of trust: the first stage; IndexError when the design is a map alone."""
        return self.stages[0]

    @property
    def application(self) -> Stage | None:
        """The stage that runs the application, None when the chain ends before."""
        last = self.stages[-1] if self.stages else None
        return last if last is not None and last.program is Program.APPLICATION else None

    @property
    def isolation_level(self) -> int:
        """TF-M's isolation level; 1 where there is no TF-M."""
        steps = (step for stage in self.stages for step in stage.steps)
        return max((step.isolation_level for step in steps if isinstance(step, SetUpTrustZone)), default=1)

    @property
    def has_tfm(self) -> bool:
        """Whether TF-M, or SPM before it, separates a secure from a non-secure side."""
        return any(stage.program in SEPARATORS for stage in self.stages)


def _by_name(partitions: tuple[Partition, ...]) -> Mapping[str, Partition]:
    """These very partitions by name, never those of an equal map, which stand in other lines."""
    known = _KNOWN.get(id(partitions))
    if known is None or known[0] is not partitions:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        # Of two with one name, which is a fault told elsewhere, the first.
        known = _KNOWN[id(partitions)] = (partitions, {each.name: each for each in reversed(partitions)})
    return known[1]


def _named(things: tuple[T, ...], name: str) -> T:
    for thing in things:
        if thing.name == name:
            return thing
    raise KeyError(name)
