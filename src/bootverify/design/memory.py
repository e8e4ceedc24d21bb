"""Memories and the partition map."""

from dataclasses import dataclass, field
from enum import Enum

from bootverify.design.protection import Attribution
from bootverify.design.source import NOWHERE, Source
from bootverify.ranges import AddressRange


class MemoryKind(Enum):
    """Which memory a partition lies in; `external` and `network` addresses count from the start of that memory."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    UICR = "uicr"
    SRAM = "sram"
    NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A named range of the map.

    `members` are the partitions that a span was declared to consist of; empty for a plain partition.
    `attribution` is what the map asks for, None where it is silent.
    """

    name: str
    range: AddressRange
    memory: MemoryKind = MemoryKind.INTERNAL
    attribution: Attribution | None = None
    members: tuple[str, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)
