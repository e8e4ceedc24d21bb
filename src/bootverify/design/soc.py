"""What silicon offers."""

from dataclasses import dataclass, field

from bootverify.design.protection import FlashGuard
from bootverify.design.source import NOWHERE, Source
from bootverify.ranges import AddressRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that a model cites: short id, title, section."""

    id: str
    title: str
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soc:
    """Memories and units of one SoC; sizes in bytes.

    `page` is the erase unit of the internal flash, `word` its write unit. `kmu_slots` is 0 without a key
    management unit. `trustzone`: the application core has a secure and a non-secure state.
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
    documents: tuple[Document, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)
