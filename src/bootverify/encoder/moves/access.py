"""Who may reach which bytes now: the attacker's code and his probe, each with an attribution."""

from dataclasses import replace
from functools import cached_property

from bootverify.dataclass import dataclass
from bootverify.design.attacker import Capability
from bootverify.design.boot import SEPARATORS, Program, Stage
from bootverify.design.protection import Access, Attribution, UnitKind
from bootverify.encoder.logic.terms import Term, and_, eq, false, or_, true
from bootverify.encoder.units import acl, bprot, mpc, rramc, spu
from bootverify.encoder.variables.cells import Extent
from bootverify.encoder.variables.contents import CRAFTED
from bootverify.encoder.variables.frame import Frame
from bootverify.encoder.variables.hardware import NO_SLOT
from bootverify.encoder.variables.region import Region


@dataclass(frozen=True, slots=True)
class Initiator:
    """When somebody can access memory with secure, and when with non-secure attribution.

    `clip`: how he gets at the external chip at any time, past the device.
    """

    secure: Term
    non_secure: Term
    clip: frozenset[Access] = frozenset()

    @property
    def any(self) -> Term:
        """He can access memory at all."""
        return or_(self.secure, self.non_secure)


class Reach:
    """What the attacker of `frame` can access, as terms."""

    def __init__(self, frame: Frame, *, over_there: bool = False) -> None:
        """`over_there`: code of his on the network core counts as code of the application (soc.md 6)."""
        self.frame = frame
        self.over_there = over_there

    # -- initiators

    @cached_property
    def code(self) -> Initiator:
        """The attacker controls the running code, or has a clip on the external chip."""
        frame, design = self.frame, self.frame.design
        secure: list[Term] = []
        non_secure: list[Term] = []
        for stage in design.stages:
            at = frame.at_stage(stage)
            mine = secure if stage.attribution is Attribution.SECURE else non_secure
            mine.append(and_(at, self.crafted(stage)))
            if stage.program is Program.APPLICATION:
                below = [other for other in design.stages if other.program in SEPARATORS]
                secure += [and_(at, self.crafted(other)) for other in below]
        application = design.application
        if application is not None:
            running = frame.at_mark(frame.run_mark)
            if frame.attacker.can(Capability.RUN_APPLICATION) or self.over_there:
                mine = secure if application.attribution is Attribution.SECURE else non_secure
                mine.append(running)
            if frame.attacker.can(Capability.RUN_SECURE_PARTITION) and design.has_tfm:
                # soc.md 8.3: at level 2 only the PSA root of trust is privileged; his MPU regions are his own.
                (non_secure if design.isolation_level > 1 else secure).append(running)
        return Initiator(or_(*secure), or_(*non_secure), frame.clip)

    @cached_property
    def probe(self) -> Initiator:
        """The debug port lets the attacker in."""
        if not self.frame.debugs:
            return Initiator(false(), false())
        life, erased = self.frame.design.lifecycle, self.frame.erased_all
        non_secure = erased if life.approtect else true()
        secure = erased if life.approtect or life.secure_approtect else true()
        return Initiator(secure, non_secure)

    def led(self, stage: Stage) -> Term:
        """A probe leads the CPU that runs `stage`: in secure state only through the secure port (soc.md 4.2)."""
        return self.probe.secure if stage.attribution is Attribution.SECURE else self.probe.any

    @cached_property
    def anyone(self) -> Initiator:
        """Code or probe."""
        return Initiator(
            or_(self.code.secure, self.probe.secure),
            or_(self.code.non_secure, self.probe.non_secure),
            self.frame.clip,
        )

    def writer(self, image: str) -> Initiator:
        """Anyone; and for the slots of `image`, who holds the cable of the bootloader's open recovery port.

        It writes as far as the end of the slot, where the trailer is (MCUboot, boot_serial.c, bs_upload).
        """
        if image not in self.frame.ports:
            return self.anyone
        stage, mark = self.frame.ports[image]
        here, anyone = self.frame.at_mark(mark), self.anyone
        if stage.attribution is Attribution.SECURE:
            return replace(anyone, secure=or_(anyone.secure, here))
        return replace(anyone, non_secure=or_(anyone.non_secure, here))

    def crafted(self, stage: Stage) -> Term:
        """The store that `stage` runs from holds what the attacker made."""
        frame = self.frame
        stores = frame.cells.of_stage(stage)
        misled = frame.misled(frame.design.image(stage.image))
        if len(stores) == 1:
            return or_(misled, frame.may_hold(stores[0], CRAFTED))
        active = frame.active[stage.image]
        unchosen = [frame.may_hold(store, CRAFTED) for store in stores]
        return or_(misled, eq(frame.taken(stage.image), CRAFTED), and_(eq(active, NO_SLOT), or_(*unchosen)))

    # -- bytes

    def permits(self, region: Region, access: Access, who: Attribution) -> Term:
        """True iff every unit before the cells of `region` lets `who` have `access` to them."""
        match self.frame.cells.kind:
            case UnitKind.SPU:
                return spu.permits(region, access, who)
            case UnitKind.ACL:
                return acl.permits(region, access)
            case UnitKind.BPROT:
                return bprot.permits(region, access)
            case UnitKind.RRAMC:
                return and_(rramc.permits(region, access), mpc.reaches(region, who))

    def some(self, extent: Extent, access: Access, by: Initiator) -> Term:
        """True iff `by` gets `access` to at least one granule of `extent`."""
        if not extent.guarded:
            return self._unguarded(extent, access, by)
        regions = self.frame.regions_of(extent.regions)
        secure = or_(*(self.permits(region, access, Attribution.SECURE) for region in regions))
        if by.non_secure is false():
            return and_(by.secure, secure)
        open_ = or_(*(self.permits(region, access, Attribution.NON_SECURE) for region in regions))
        return or_(and_(by.secure, secure), and_(by.non_secure, open_))

    def _unguarded(self, extent: Extent, access: Access, by: Initiator) -> Term:
        """UICR answers secure code; the external chip belongs to whoever drives its bus."""
        if extent.secure_only:
            return by.secure
        return true() if access in by.clip else by.any

    def every(self, extent: Extent, access: Access, by: Initiator) -> Term:
        """True iff `by` gets `access` to all of `extent`."""
        if not extent.guarded:
            return self._unguarded(extent, access, by)
        regions = self.frame.regions_of(extent.regions)
        secure = and_(*(self.permits(region, access, Attribution.SECURE) for region in regions))
        if by.non_secure is false():
            return and_(by.secure, secure)
        open_ = and_(*(self.permits(region, access, Attribution.NON_SECURE) for region in regions))
        return or_(and_(by.secure, secure), and_(by.non_secure, open_))
