"""What the boot loader keeps in RAM during one run (struct boot_loader_state, struct boot_status)."""

from collections.abc import MutableSequence
from dataclasses import field
from enum import IntEnum

from bootverify.dataclass import dataclass
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import BootConfig, Mode, Pair
from bootverify.executor.mcuboot.header import ImageHeader
from bootverify.executor.mcuboot.trailer import SwapState, SwapType, Trailer, requested_swap

PRIMARY, SECONDARY = 0, 1
SLOT_NAMES = ("primary", "secondary")
FIRST_INDEX = FIRST_STATE = 1  # BOOT_STATUS_IDX_0, BOOT_STATUS_STATE_0


class BootAssert(Exception):  # noqa: N818 - an event of the simulated world
    """An internal assertion stops the boot loader: halt, or a reset loop."""


class Undefined(Exception):  # noqa: N818 - an event of the simulated world
    """The code of the boot loader has no defined behaviour here, or never ends."""


class Operation(IntEnum):
    """The phases of a swap; only swap-move has the first."""

    MOVE = 1
    SWAP = 2


class Source(IntEnum):
    """Where the record of an interrupted swap lies."""

    NONE = 0
    SCRATCH = 1
    PRIMARY = 2


@dataclass(slots=True)
class Status:
    """struct boot_status: how far a swap has come. `index` and `state` count from 1.

    `keys` are the image keys as a swap keeps them, `key_tlvs` their wrapped form; None where nothing was loaded.
    """

    operation: Operation
    index: int = FIRST_INDEX
    state: int = FIRST_STATE
    swap_type: int = SwapType.NONE
    swap_size: int = 0
    source: Source = Source.NONE
    use_scratch: bool = False
    keys: list[bytes | None] = field(default_factory=lambda: [None, None])
    key_tlvs: list[bytes | None] = field(default_factory=lambda: [None, None])

    @classmethod
    def fresh(cls, mode: Mode) -> "Status":
        """boot_status_reset."""
        return cls(Operation.SWAP if mode is Mode.SWAP_OFFSET else Operation.MOVE)

    def reset_in(self, mode: Mode) -> bool:
        """boot_status_is_reset: no step of a swap was done."""
        first = Operation.SWAP if mode is Mode.SWAP_OFFSET else Operation.MOVE
        return (self.operation, self.index, self.state) == (first, FIRST_INDEX, FIRST_STATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A swap that was carried out."""

    image: int
    kind: int
    resumed: bool


@dataclass(slots=True)
class ImageState:
    """One image: its slots, what was read of them, and what is to be done.

    `asked` is what the trailers asked for when the loader first looked, None when it did not. `swap_type` None: not
    determined yet. `keys` are the image keys in use. `secondary_offset` is where swap-offset found the second image.
    `active`, `available`, `chosen`, `loaded` belong to direct-xip and ram-load.
    """

    index: int
    pair: Pair
    trailers: tuple[Trailer, Trailer]
    headers: list[ImageHeader] = field(default_factory=lambda: [ImageHeader(), ImageHeader()])
    asked: SwapType | None = None
    swap_type: SwapType | None = None
    keys: list[bytes | None] = field(default_factory=lambda: [None, None])
    secondary_offset: int = 0
    offset_known: bool = False
    unprotected: list[int] = field(default_factory=lambda: [0, 0])
    active: int | None = None
    available: list[bool] = field(default_factory=lambda: [False, False])
    chosen: SwapState | None = None
    loaded: tuple[int, int] = (0, 0)

    def held(self) -> tuple[object, ...]:
        """All that RAM holds of it."""
        chosen = (self.asked, self.swap_type, self.active, self.available, self.chosen, self.loaded)
        return (self.headers, self.keys, self.secondary_offset, self.offset_known, self.unprotected, *chosen)

    def request(self) -> SwapType:
        """What the trailers ask for at this moment."""
        primary, secondary = self.trailers
        kind = requested_swap(primary.read(), secondary.read(), swap_offset=primary.layout.swap_offset)
        if self.asked is None:
            self.asked = kind
        return kind

    def start(self, slot: int) -> int:
        """Where in its slot the image begins (boot_get_state_secondary_offset)."""
        return self.secondary_offset if slot == SECONDARY else 0

    def forget_keys(self) -> None:
        """boot_enc_zeroize."""
        self.keys = [None, None]


@dataclass(slots=True)
class Run:
    """One run of the boot loader.

    `counters` are the stored security counters, one for each image, `room` how many higher values each can still take,
    None: any number. `keystream` is the last block of key stream that was made: the cipher starts with what is left of
    it.
    """

    config: BootConfig
    counters: MutableSequence[int]
    room: MutableSequence[int] | None
    images: list[ImageState]
    ram: bytearray
    keystream: bytes = bytes(16)
    log: list[str] = field(default_factory=list)
    swaps: list[Swap] = field(default_factory=list)

    @classmethod
    def start(
        cls, config: BootConfig, counters: MutableSequence[int], room: MutableSequence[int] | None = None
    ) -> "Run":
        """The state after reset."""
        images = [
            ImageState(index, pair, (Trailer(pair.primary, config.trailer), Trailer(pair.secondary, config.trailer)))
            for index, pair in enumerate(config.images)
        ]
        return cls(config, counters, room, images, bytearray(config.ram.size if config.ram else 0))

    def has_room(self, image: ImageState) -> bool:
        """Whether the stored counter of `image` can take a higher value: each takes a slot of its own."""
        return self.room is None or self.room[image.index] > 0

    @property
    def scratch(self) -> Area:
        """The scratch area."""
        assert self.config.scratch is not None, "swap-scratch has a scratch area"
        return self.config.scratch

    @property
    def scratch_trailer(self) -> Trailer:
        """The trailer of the scratch area."""
        return Trailer(self.scratch, self.config.trailer, scratch=True)

    def write_unit(self, image: ImageState) -> int:
        """BOOT_WRITE_SZ: the larger write unit of primary slot and scratch area."""
        scratch = self.config.scratch
        return max(image.pair.primary.align, scratch.align if scratch is not None else 0)

    def arrives(self, status: Status) -> None:
        """A step of a swap was just noted as done: what follows depends on this run's RAM, and on the memories."""
        journal = self.config.images[0].primary.flash.power.journal
        if journal is not None:
            images = [image.held() for image in self.images]
            journal.arrives(lambda: (repr(status), repr(images), self.keystream, tuple(self.counters)))

    def note(self, line: str) -> None:
        """Add to the boot log."""
        self.log.append(line)


def ensure(condition: bool, what: str) -> None:
    """An assertion of the boot loader."""
    if not condition:
        raise BootAssert(what)
