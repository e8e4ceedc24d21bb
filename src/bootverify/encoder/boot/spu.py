"""The SPU as terms over its region registers (soc.md 2.1; nRF5340 Product Specification, SPU)."""

from collections.abc import Iterable

from bootverify.design.protection import Access, Attribution
from bootverify.encoder.boot.frame import Region
from bootverify.encoder.terms import Term, and_, ite, not_, true


def permits(region: Region, access: Access, initiator: Attribution) -> Term:
    """True iff `initiator` gets `access` at an address in `region`, in this frame.

    "READ does not control instruction fetch" (SPU chapter): fetches are not asked about here.
    """
    granted = region.write if access is Access.WRITE else region.read
    return granted if initiator is Attribution.SECURE else and_(granted, not_(region.secure))


class RegionWrites:
    """Successive writes to the registers within one step; a locked register ignores them.

    "LOCK freezes the whole register until the next reset" (soc.md 2.1).
    """

    def __init__(self, regions: tuple[Region, ...]) -> None:
        self._old = regions
        self._new = {i: [region.secure, region.read, region.write, region.locked] for i, region in enumerate(regions)}

    def write(self, numbers: Iterable[int], *, secure: bool, read: bool, write: bool, lock: bool) -> None:
        """Write the same setting to each region."""
        for number in numbers:
            state = self._new[number]
            locked = state[3]
            for position, value in enumerate((secure, read, write)):
                state[position] = ite(locked, state[position], _truth(value))
            state[3] = ite(locked, locked, _truth(lock))

    def reset(self) -> None:
        """Every register as after reset: 0x17, secure, all permissions, unlocked."""
        for state in self._new.values():
            state[:] = [_truth(True), _truth(True), _truth(True), _truth(False)]

    def updates(self) -> dict[Term, Term]:
        """The assignments that change something."""
        found = {}
        for number, region in enumerate(self._old):
            for variable, value in zip(
                (region.secure, region.read, region.write, region.locked), self._new[number], strict=True
            ):
                if variable is not value:
                    found[variable] = value
        return found


def _truth(value: bool) -> Term:
    return true() if value else not_(true())


