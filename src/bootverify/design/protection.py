"""Attribution, access and the geometry of the unit that guards non-volatile memory."""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
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

    `granule` is its smallest step in bytes; `entries` how many spans it can hold (for an SPU: regions of `granule`; for
    BPROT: one bit a block). `largest` is the most bytes that one entry covers, None without a bound of its own.
    """

    kind: UnitKind
    granule: int
    entries: int
    largest: int | None = None
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionUnit:
    """What gives internal memory its attribution where the guard does not: SAU for the CPU, MPC for every bus master.

    `granule` is the MPC's step in bytes, `cpu_granule` the SAU's; `entries` how many MPC overrides software may set.
    `end` is where TF-M's non-secure side ends, whatever the size of the non-secure image (soc.md 8.2).
    """

    granule: int
    cpu_granule: int
    entries: int
    end: int
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of internal addresses that one step treats alike, with the line that says so."""

    range: AddressRange
    source: Source = field(default=NOWHERE, compare=False)
