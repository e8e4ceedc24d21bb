"""The ACL: what its entries leave permitted, and what a further entry takes away (soc.md 2.2)."""

from bootverify.design.protection import Access
from bootverify.encoder.logic.terms import Term, not_, true
from bootverify.encoder.variables.region import Region


def permits(region: Region, access: Access) -> Term:
    """True iff anyone gets `access` in `region`; an entry that denies reading denies executing with it."""
    match access:
        case Access.WRITE:
            return region.write
        case Access.READ | Access.EXECUTE:
            return region.read


def denied(region: Region, deny: frozenset[Access]) -> dict[Term, Term]:
    """The region once an entry covers it: denials of entries add up, and none is taken back until reset."""
    never = not_(true())
    updates: dict[Term, Term] = {}
    if Access.WRITE in deny:
        updates[region.write] = never
    if Access.READ in deny:
        updates[region.read] = never
    return updates


def accepts(start: int, end: int, *, page: int, largest: int | None) -> bool:
    """Whether the vendor's library makes an entry of that range: whole pages, at least one, and not too many."""
    return start % page == 0 and end % page == 0 and 0 < end - start <= (largest or end - start)
