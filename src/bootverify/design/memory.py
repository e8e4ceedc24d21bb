"""Memories and the partition map."""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.protection import Attribution
from bootverify.design.source import NOWHERE, Source
from bootverify.ranges import AddressRange


class MemoryKind(Enum):
    """Which memory a partition lies in; `external`, `network` and `ram_flash` addresses count from that memory's start.

    `ram_flash`: the flash that MCUboot simulates in RAM, to hand over an update for the network core of nRF5340.
    """

    INTERNAL = "internal"
    EXTERNAL = "external"
    UICR = "uicr"
    SRAM = "sram"
    NETWORK = "network"
    RAM_FLASH = "ram_flash"


class Role(Enum):
    """What the vendor's build system does with a partition."""

    ROOT = "root"  # the immutable first stage: b0
    BOOTLOADER = "bootloader"  # MCUboot as the only boot stage
    VARIANT_A = "variant_a"  # s0
    VARIANT_B = "variant_b"  # s1
    PRIMARY = "primary"
    SECONDARY = "secondary"
    SCRATCH = "scratch"
    PROVISION = "provision"
    NETWORK_PROVISION = "network-provision"  # what b0n reads: the network core's own
    PAD = "pad"
    TFM = "tfm"  # the secure image: TF-M, or the older SPM
    APPLICATION = "application"
    STORAGE = "storage"
    FILLER = "filler"  # what alignment leaves over
    REST = "rest"  # what other partitions leave of a memory
    AREA = "area"  # a name for what several partitions cover together


UNGUARDED = frozenset({MemoryKind.SRAM, MemoryKind.NETWORK, MemoryKind.RAM_FLASH})  # by units of the application core


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The extent of a memory as the input states it."""

    kind: MemoryKind
    range: AddressRange
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A named range of the map.

    `members` are the partitions that a span was declared to consist of; empty for a plain partition.
    `attribution` is what the map asks for, None where it is silent. `role` is what the vendor's tools use a partition
    of that name for, and `number` the image it belongs to (0: the application); None for everything else.
    `written_end` is the end address that the map states beside start and size. `partial`: a span of which the map does
    not list every member. `store` is what keeps data in it (`nvs`; empty where nothing tells), `sectors` the number of
    pages that it uses, None for all.
    """

    name: str
    range: AddressRange
    memory: MemoryKind = MemoryKind.INTERNAL
    attribution: Attribution | None = None
    members: tuple[str, ...] = ()
    role: Role | None = None
    number: int = 0
    written_end: int | None = None
    partial: bool = False
    store: str = ""
    sectors: int | None = None
    source: Source = field(default=NOWHERE, compare=False)
