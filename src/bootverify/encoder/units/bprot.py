"""BPROT: one bit per block against writing and erasing, set until reset (soc.md 2.3)."""

from bootverify.design.protection import Access
from bootverify.encoder.logic.terms import Term, not_, true
from bootverify.encoder.variables.region import Region


def permits(region: Region, access: Access) -> Term:
    """True iff anyone gets `access` in `region`; reading and executing are never refused."""
    return region.write if access is Access.WRITE else true()


def denied(region: Region) -> dict[Term, Term]:
    """The region once its bits are set."""
    return {region.write: not_(true())}


def accepts(start: int, end: int, *, block: int, memory: tuple[int, int]) -> bool:
    """Whether the vendor's library sets bits for that range: whole blocks inside the memory."""
    return start % block == 0 and end % block == 0 and memory[0] <= start <= end <= memory[1]
