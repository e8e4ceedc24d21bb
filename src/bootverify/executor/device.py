"""One simulated device: memories as bytes, protection registers, key slots, and where its program stands."""

import copy
from dataclasses import field
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.design import Design
from bootverify.design.protection import Access, Attribution, UnitKind
from bootverify.design.soc import DebugScheme, NvmKind, Soc
from bootverify.executor.flash import Flash, WriteRule
from bootverify.executor.layout import external_size, external_start
from bootverify.executor.memory import Ram
from bootverify.executor.network.core import NetworkCore
from bootverify.executor.units.acl import Acl
from bootverify.executor.units.bprot import Bprot
from bootverify.executor.units.debug_port import DebugPort, StartUp
from bootverify.executor.units.debug_port import Reset as Cause
from bootverify.executor.units.kmu import Kmu
from bootverify.executor.units.kmu_v2 import KmuV2
from bootverify.executor.units.mpc import ENABLE, Mpc
from bootverify.executor.units.rramc import BOOT_REGION, FREE_REGION, UNIT, Rramc
from bootverify.executor.units.sau import Sau, SauAttribution
from bootverify.executor.units.spu import Spu
from bootverify.ranges import AddressRange

BOOTCONF = 0x80  # offset in the UICR of nRF54L (soc.md 2.4)
Guard = Spu | Acl | Bprot | Rramc


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
    slot that NSIB chose in this boot, or MCUboot where it chooses, by image; `loaded` what MCUboot copied to RAM.
    `port` is the debug port, `port_open` that it was opened by an erase-all: whoever did that writes its words as he
    likes, and repeats it at will. `flash` is one line of addresses: the internal memory, and behind it what is used of
    the external one (`layout.home`). `guard` is the unit before the internal memory; `mpc` and `sau` attribute memory
    where the guard does not. `network` is the second core, where the design says enough of it, `shared` the RAM with
    the command block through which it is fed.
    """

    design: Design
    flash: Flash
    uicr: Flash
    guard: Guard
    kmu: Kmu | KmuV2
    mpc: Mpc | None = None
    sau: Sau | None = None
    stage: int = 0
    step: int = 0
    halted: Halt | None = None
    active: dict[str, str] = field(default_factory=dict)
    loaded: bytes = b""
    port: DebugPort = field(default_factory=lambda: DebugPort(DebugScheme.NRF53))
    port_open: bool = False
    network: NetworkCore | None = None
    shared: Ram = field(default_factory=lambda: Ram(0, 0))
    counters: dict[str, tuple[int, int]] = field(default_factory=dict)  # MCUboot's, by image: value, slots in use
    patched: set[str] = field(default_factory=set)  # images of which the CPU fetches other words than memory holds
    spoiled: set[str] = field(default_factory=set)  # scratch areas of MCUboot's that the attacker has written to
    log: list[str] = field(default_factory=list)

    @classmethod
    def blank(cls, design: Design, *, outside: int = 0) -> "Device":
        """A device as it leaves the fab: everything erased, at reset; `outside` bytes of external memory at least."""
        soc = design.soc
        rram = soc.nvm is NvmKind.RRAM
        outside = max(external_size(design), outside)
        size = external_start(design) + outside - soc.flash.start if outside else soc.flash.size
        rule = WriteRule.OVERWRITE if rram else WriteRule.AND
        once = WriteRule.OTP_WORD if rram else WriteRule.OTP_HALFWORD
        return cls(
            design=design,
            flash=Flash(soc.flash.start, size, soc.page, soc.word, rule),
            uicr=Flash(soc.uicr.start, soc.uicr.size, 0, soc.word, once),
            guard=guard_of(soc),
            port=DebugPort(soc.debug.scheme),
            kmu=KmuV2(soc.kmu_slots) if soc.kmu_version == 2 else Kmu(soc.kmu_slots),
            mpc=Mpc() if soc.attribution else None,
            sau=Sau() if soc.attribution else None,
        )

    def twin(self) -> "Device":
        """An independent copy to experiment on, with an empty log."""
        twin = copy.copy(self)
        twin.flash, twin.uicr = self.flash.copy(), self.uicr.copy()
        twin.guard = self.guard.copy()
        twin.mpc = self.mpc.copy() if self.mpc else None
        twin.sau = self.sau.copy() if self.sau else None
        twin.kmu, twin.port = self.kmu.copy(), self.port.copy()
        twin.network = self.network.copy() if self.network else None
        twin.shared = copy.deepcopy(self.shared) if self.network else self.shared
        twin.active = dict(self.active)
        twin.patched, twin.spoiled, twin.counters = set(self.patched), set(self.spoiled), dict(self.counters)
        twin.log = []
        return twin

    def reset(self, cause: Cause = Cause.SOFT) -> None:
        """Restart the application core: registers as at reset, first step of the first stage; memories stay.

        soc.md 2.1 and open point 1: every reset that restarts the core is taken to clear the SPU's locks.
        """
        self.reset_units()
        self.reset_port(cause)
        if self.network is not None:  # any reset of this core forces the other one off
            self.network.force_off()
        if cause is Cause.POWER:  # else RAM keeps what it holds; what it holds then is not defined, and no command
            self.shared = Ram(self.shared.start, self.shared.size)
        self.stage = self.step = 0
        self.halted = None
        self.active, self.loaded = {}, b""

    def erase_all(self) -> None:
        """What an erase-all leaves: internal memory, UICR and key slots empty, registers as at reset, the port open."""
        self.flash.load(self.flash.start, b"\xff" * self.design.soc.flash.size)
        self.uicr.load(self.uicr.start, b"\xff" * self.uicr.size)
        self.kmu.erase()
        self.reset_units()
        self.port_open = True
        self.patched.clear()
        self.counters.clear()
        self.active, self.loaded = {}, b""

    def reset_port(self, cause: Cause) -> None:
        """The debug port after a reset, when the first stage's start-up code has run; its words count as they stand.

        The start-up code is the default one, which does what the words say, also where no first stage is left: an open
        port stays open (docs/SEMANTICS.md, "Actions").
        """
        places, port = self.design.soc.debug, self.port
        for name in ("approtect", "secure_approtect", "eraseprotect"):
            offset = getattr(places, name)
            if offset is not None:
                setattr(port, name, int.from_bytes(self.uicr.read(self.uicr.start + offset, 4), "little"))
        port.reset(cause)
        port.start_up(StartUp.DEFAULT)

    def reset_units(self) -> None:
        """Registers of the units as every reset leaves them; RRAMC region 3 as the UICR says."""
        self.kmu.reset()
        if isinstance(self.guard, Rramc):
            at = self.uicr.start + BOOTCONF
            self.guard.reset(int.from_bytes(self.uicr.read(at, 4), "little"))
        else:
            self.guard.reset()
        for unit in (self.mpc, self.sau):
            if unit is not None:
                unit.reset()

    @property
    def memories(self) -> list[Flash]:
        """What keeps its bytes without power, of both cores: one budget of operations is theirs (`Power`)."""
        second = [self.network.flash] if self.network is not None else []
        return [self.flash, self.uicr, *second]

    @property
    def spu(self) -> Spu:
        """The SPU; only for parts that have one."""
        assert isinstance(self.guard, Spu)
        return self.guard

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
        """Whether an access at `address` gets through for code of that attribution, or for a bus master it commands.

        External memory has no unit before it: it belongs to whoever drives the bus.
        """
        if address not in self.design.soc.flash:
            return True
        if not self.guard.permits(address, access, initiator):
            return False
        return self.by_cpu(address, access, initiator) or self.by_dma(address, access, initiator)

    def by_cpu(self, address: int, access: Access, initiator: Attribution) -> bool:
        """What SAU and MPC say to the CPU in the security state of `initiator`; the guard is not asked here."""
        if self.mpc is None or self.sau is None or initiator is Attribution.SECURE:
            return True
        return self.sau.attribution(address) is SauAttribution.NON_SECURE and self.by_dma(address, access, initiator)

    def by_dma(self, address: int, access: Access, initiator: Attribution) -> bool:
        """What the MPC says to a bus master of that attribution: the SAU is inside the CPU (soc.md 2.5)."""
        return self.mpc is None or self.mpc.permits(address, access, initiator)

    def uicr_answers(self, initiator: Attribution) -> bool:
        """Whether the UICR shows itself to `initiator`: secure code alone, where there are two states (soc.md 1.2)."""
        return initiator is Attribution.SECURE or not self.design.soc.trustzone

    def borders(self, area: AddressRange) -> list[int]:
        """Addresses inside `area` at which the answer of some unit may change, in order."""
        found: set[int] = {self.design.soc.flash.end}
        match self.guard:
            case Spu(granule=step) | Bprot(granule=step):
                found |= set(range(area.start // step * step, area.end, step))
            case Acl(entries=entries):
                found |= {at for start, size, _ in entries for at in (start, start + size)}
            case Rramc() as rramc:
                found |= {at for region in (BOOT_REGION, FREE_REGION) for at in rramc.range(region)}
        if self.mpc is not None:
            enabled = [each for each in self.mpc.overrides if each.config & ENABLE]
            found |= {at for each in enabled for at in (each.start, each.end)}
        return sorted(at for at in found if area.start < at < area.end)


def guard_of(soc: Soc) -> Guard:
    """The unit before the internal memory of `soc`, as at reset."""
    guard = soc.guard
    match guard.kind:
        case UnitKind.SPU:
            return Spu.of(guard, soc.flash.start)
        case UnitKind.ACL:
            return Acl(guard.granule, guard.entries)
        case UnitKind.BPROT:
            return Bprot(guard.entries, guard.granule, soc.flash.start)
        case UnitKind.RRAMC:
            assert guard.largest is not None
            return Rramc((guard.largest // UNIT).bit_length())
