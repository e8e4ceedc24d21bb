"""RRAMC regions: what two regions leave permitted, and which ranges the vendor's library can lock (soc.md 2.4, 3)."""

from bootverify.design.protection import Access
from bootverify.encoder.logic.terms import Term, not_, true
from bootverify.encoder.variables.region import Region

UNIT = 0x400  # SIZE and the address count KiB


def permits(region: Region, access: Access) -> Term:
    """True iff no region refuses `access` to the cells; refusals of both regions add up."""
    match access:
        case Access.READ:
            return region.read
        case Access.WRITE:
            return region.write
        case Access.EXECUTE:
            return region.execute


def denied(region: Region) -> dict[Term, Term]:
    """The cells once fprotect put a region over them: read and execute stay, for good until reset."""
    return {region.write: not_(true())}


def closed(region: Region) -> dict[Term, Term]:
    """The cells once a stage took all access from the region over them; nothing gives it back until reset."""
    return {field: not_(true()) for field in (region.read, region.write, region.execute)}


def regions_needed(start: int, end: int, *, largest: int) -> int | None:
    """How many regions a lock of that range takes: one, or two when it starts at 0x0; None when it is refused.

    fprotect: region 4 alone up to its largest size; beyond it region 3, which starts at 0x0, holds the first part.
    """
    length = end - start
    if start % UNIT or end % UNIT:
        return None
    if length <= largest:
        return 1
    return 2 if start == 0 and length <= 2 * largest else None
