"""What silicon offers."""

from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.openpoint import OpenPoint
from bootverify.design.protection import AttributionUnit, FlashGuard
from bootverify.design.reference import Reference
from bootverify.design.source import NOWHERE, Source
from bootverify.ranges import AddressRange

UNSPECIFIED = "unspecified"  # the SoC of a map that does not say for which it is


class NvmKind(Enum):
    """How the internal non-volatile memory is written."""

    FLASH = "flash"  # bits fall from 1 to 0; a page is erased whole
    RRAM = "rram"  # words are rewritten freely


class FlashPatch(Enum):
    """Whether the core can make its CPU fetch other words than memory holds, across a soft reset."""

    ABSENT = "absent"
    SWITCHABLE = "switchable"  # the design may switch it off for good
    FIXED = "fixed"  # always on


class DebugScheme(Enum):
    """Parts whose debug ports answer alike (soc.md 4.1 to 4.5)."""

    NRF52_OLD = "nrf52-old"  # UICR alone
    NRF52 = "nrf52"  # build codes with the improved scheme: UICR and firmware, each boot
    NRF53 = "nrf53"
    NRF9160 = "nrf9160"  # UICR alone
    NRF91 = "nrf91"  # nRF9120 die, revision 3 and later
    NRF54L = "nrf54l"


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugWords:
    """How the debug port is gated: the scheme (`older`: that of earlier silicon of the part), and where the words lie.

    Offsets in the UICR; None where the part has no such word, or its place is not confirmed.
    """

    scheme: DebugScheme
    older: DebugScheme | None = None
    approtect: int | None = None
    secure_approtect: int | None = None
    eraseprotect: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Soc:
    """Memories and units of one core of a SoC; sizes in bytes.

    `page` is the erase unit of the internal memory (for RRAM the vendor's software convention), `word` its write unit.
    `untorn` is the largest aligned write that losing power leaves whole or undone; None: no document says.
    `otp_word` is the unit that one-time programmable words take their one value in. `kmu_slots` is 0 and `kmu_version`
    0 without a key management unit. `trustzone`: the core has a secure and a non-secure state; else all code is of
    one world. `network_core`: there is a model of a network core beside this one. `attribution` is the unit beside the
    guard that attributes memory: None with an SPU, which does both, and without TrustZone. `header` is the room that
    MCUboot's header takes in front of an image, `ram_granule` the step in which RAM is attributed, None without
    TrustZone. `eraseprotect` and `secure_approtect` tell whether the part has them, `debug` how a probe is kept out.
    `known` is false for the stand-in of a SoC that nothing names.
    """

    name: str
    title: str
    flash: AddressRange
    page: int
    word: int
    ram: AddressRange
    uicr: AddressRange
    otp: AddressRange | None
    guard: FlashGuard
    kmu_slots: int
    trustzone: bool
    network_core: bool = False
    attribution: AttributionUnit | None = None
    nvm: NvmKind = NvmKind.FLASH
    otp_word: int = 2
    untorn: int | None = None
    kmu_version: int = 1
    header: int = 0x200
    ram_granule: int | None = None
    eraseprotect: bool = True
    secure_approtect: bool = True
    flash_patch: FlashPatch = FlashPatch.ABSENT
    debug: DebugWords = DebugWords(scheme=DebugScheme.NRF53)
    references: tuple[Reference, ...] = ()
    open_points: tuple[OpenPoint, ...] = ()
    known: bool = True
    source: Source = field(default=NOWHERE, compare=False)
