"""One simulated device: memories as bytes, protection registers, key slots, and where its program stands."""

from dataclasses import dataclass, field
from enum import Enum

from bootverify.design.design import Design
from bootverify.design.protection import Access, Attribution
from bootverify.executor.flash import Flash, WriteRule
from bootverify.executor.units.kmu import Kmu
from bootverify.executor.units.spu import Spu


class Halt(Enum):
    """Why no code of the chain runs."""

    NO_IMAGE = "no bootable image"
    PROTECT_FAILED = "protection failed"
    ASSERTION = "assertion"
    FAULT = "fault"
    ERASED = "erased"


@dataclass(slots=True)
class Device:
    """The whole state of a device between two actions.

    `stage` and `step` index the design's stages and the stage's steps: the step about to be taken. `active` is the
    slot that NSIB chose in this boot. `port_open` is the debug port after an erase-all.
    """

    design: Design
    flash: Flash
    uicr: Flash
    spu: Spu
    kmu: Kmu
    stage: int = 0
    step: int = 0
    halted: Halt | None = None
    active: str | None = None
    port_open: bool = False
    log: list[str] = field(default_factory=list)

    @classmethod
    def blank(cls, design: Design) -> "Device":
        """A device as it leaves the fab: everything erased, at reset."""
        soc = design.soc
        return cls(
            design=design,
            flash=Flash(soc.flash.start, soc.flash.size, soc.page, soc.word, WriteRule.AND),
            uicr=Flash(soc.uicr.start, soc.uicr.size, 0, soc.word, WriteRule.OTP_HALFWORD),
            spu=Spu.of(soc.guard, soc.flash.start),
            kmu=Kmu(soc.kmu_slots),
        )

    def reset(self) -> None:
        """Restart the application core: registers as at reset, first step of the first stage; memories stay.

        soc.md 2.1 and open point 1: every reset that restarts the core is taken to clear the SPU's locks.
        """
        self.spu.reset()
        self.stage = self.step = 0
        self.halted = None
        self.active = None

    @property
    def running(self) -> str:
        """The stage whose step comes next; empty when halted."""
        return "" if self.halted else self.design.stages[self.stage].name

    def enter(self, stage: str) -> None:
        """Hand over to `stage`."""
        names = [each.name for each in self.design.stages]
        self.stage, self.step = names.index(stage), 0

    def halt(self, why: Halt, note: str) -> None:
        """Stop until the next reset."""
        self.halted = why
        self.log.append(f"halted: {note}")

    def allows(self, address: int, access: Access, initiator: Attribution) -> bool:
        """Whether an access of `initiator` to internal flash at `address` gets through, as the registers stand."""
        return self.spu.permits(address, access, initiator)
