"""The SPU: what a flash region permits, and what a write to its register does (soc.md 2.1)."""

from bootverify.design.protection import Access, Attribution
from bootverify.encoder.logic.terms import Term, and_, ite, not_, or_, true
from bootverify.encoder.variables.region import Region

Setting = tuple[bool, bool, bool, bool, bool]  # secure, read, write, execute, locked


def permits(region: Region, access: Access, initiator: Attribution) -> Term:
    """True iff code or a probe of attribution `initiator` gets `access` anywhere in `region`."""
    secure = initiator is Attribution.SECURE
    reachable = true() if secure else not_(region.secure)
    match access:
        case Access.READ:
            return or_(region.tampered, and_(region.read, reachable))
        case Access.WRITE:
            return or_(region.tampered, and_(region.write, reachable))
        case Access.EXECUTE:
            return or_(region.tampered, and_(region.execute, reachable))


def programmed(region: Region, setting: Setting) -> dict[Term, Term]:
    """The register after a write of `setting`.

    "LOCK freezes the whole register until the next reset" (soc.md 2.1): a locked one stays.
    """
    updates = {}
    for field, value in zip(region.fields, setting, strict=True):
        wanted = true() if value else not_(true())
        updates[field] = ite(region.locked, field, wanted)
    return updates


def settled(writes: list[Setting]) -> Setting | None:
    """What a sequence of writes to one unlocked register leaves: the first that locks ends it."""
    last = None
    for setting in writes:
        last = setting
        if setting[4]:
            break
    return last
