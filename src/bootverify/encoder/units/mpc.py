"""MPC: memory is secure until an override opens it (soc.md 2.5)."""

from bootverify.design.protection import Attribution
from bootverify.encoder.logic.terms import Term, not_, true
from bootverify.encoder.variables.region import Region


def reaches(region: Region, initiator: Attribution) -> Term:
    """True iff an access of `initiator` passes: secure ones always, non-secure ones where an override opened the cells.

    The SAU would stop the CPU on a finer line; other bus masters of the same owner are not stopped by it, so it takes
    nothing away from what hostile non-secure code reaches.
    """
    return true() if initiator is Attribution.SECURE else not_(region.secure)


def opened(region: Region) -> dict[Term, Term]:
    """The cells once an override makes them non-secure."""
    return {region.secure: not_(true())}
