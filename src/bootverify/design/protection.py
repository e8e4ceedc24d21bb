"""Attribution, access and the geometry of the unit that guards non-volatile memory."""

from dataclasses import dataclass, field
from enum import Enum

from bootverify.design.source import NOWHERE, Source
from bootverify.ranges import AddressRange


class Attribution(Enum):
    """TrustZone attribution of memory, of a peripheral, or of running code."""

    SECURE = "secure"
    NON_SECURE = "non_secure"


class Access(Enum):
    """What an initiator wants at an address."""

    READ = "read"
    WRITE = "write"
    EXECUTE = "execute"


class Lock(Enum):
    """How long a setting of a protection unit stands against later writes to its registers."""

    NONE = "none"
    UNTIL_RESET = "until_reset"


class UnitKind(Enum):
    """Which hardware guards the non-volatile memory."""

    SPU = "spu"
    ACL = "acl"
    BPROT = "bprot"
    RRAMC = "rramc"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashGuard:
    """The protection unit of the internal non-volatile memory.

    `granule` is its smallest step in bytes; `entries` how many spans it can hold (for an SPU: regions of `granule`).
    """

    kind: UnitKind
    granule: int
    entries: int
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of internal addresses that one step treats alike, with the line that says so."""

    range: AddressRange
    source: Source = field(default=NOWHERE, compare=False)
