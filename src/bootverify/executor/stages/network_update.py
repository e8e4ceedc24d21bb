"""MCUboot's part of a network core update: the command to b0n, and the answer (subsys/pcd, ncs-boot 2.8)."""

from collections.abc import Callable
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.flash import Flash
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.network.core import NetworkCore, Transfer, beside
from bootverify.executor.network.pcd import BLOCK, COPY, Command
from bootverify.executor.stages.b0n import B0n, start
from bootverify.executor.stages.serial_recovery import Recovery, Session, Tool

VECTORS = 8  # stack pointer and reset vector


@dataclass(slots=True)
class NetworkUpdate:
    """How MCUboot commands b0n; `say` is told each step.

    `make_secure` sets the attribution of the network core's accesses (EXTDOMAIN of the SPU).
    """

    core: NetworkCore
    transfer: Transfer
    make_secure: Callable[[bool], None]
    say: Callable[[str], None]

    def update(self, data: int, length: int) -> bool:
        """Have `length` bytes at `data` copied behind b0n; whether b0n reports success.

        In order: the domain becomes secure (not locked), the core is held off, the command is written, the core
        released and waited for. On success it is held off again and the domain set back, on failure the domain alone.
        """
        self.initiate(data, length)
        copied = self.copy()
        self.make_secure(False)
        return copied

    def initiate(self, data: int, length: int) -> None:
        """The same up to the command, which nobody waits for (pcd_network_core_update_initiate)."""
        self.make_secure(True)
        self.core.force_off()
        command = Command(magic=COPY, data=data, length=length, offset=self.core.own.size)
        self.transfer.ram.data[: BLOCK.size] = command.pack()
        self.say(f"network core update: {length:#x} bytes at {data:#x} are to be copied by b0n")

    def copy(self) -> bool:
        """The core runs with the command in its block; whether b0n has copied, and is held off again."""
        core = self.core
        core.log.clear()
        try:
            ended = start(core, self.transfer)
        finally:  # the supply may fail in the middle
            for line in core.log:
                self.say(f"b0n: {line}")
        if ended.how is B0n.COPIED:
            core.force_off()
        else:
            self.say(f"b0n: {ended.how.value}: {ended.why}")
        return ended.how is B0n.COPIED


@dataclass(slots=True)
class Mediator:
    """RAM from `at` on that stands for the flash of the network core in serial recovery (the map's mcuboot_primary_1).

    What is uploaded there is handed to b0n without anybody waiting, and without anybody verifying its signature:
    MCUboot looks at the magic and the reset vector, b0n at the digest (nrf53_hooks.c, network_core_update).
    """

    by: NetworkUpdate
    at: int
    area: Area = field(init=False)

    def __post_init__(self) -> None:
        soc = self.by.core.soc
        ram = Flash(self.at, soc.flash.size, soc.page)
        self.area = Area(ram, self.at, ram.size)

    def session(self, file: bytes, payload: bytes, head: int, say: Callable[[str], None]) -> Session:
        """An upload of `file`, of which `payload` is to stand in the core's slot; `head` bytes are in front of it."""
        server = Recovery(area=self.area)
        server.uploaded, server.afterwards = self._initiate, self._copy
        core = self.by.core
        slot = Area(core.flash, core.application.start, core.application.size)
        return Session(tool=Tool(server, file, say), kept=payload, area=slot, head=head)

    def _copy(self) -> None:
        self.by.copy()

    def _initiate(self) -> str:
        """Have b0n begin; why it is not commanded, or nothing."""
        header = ImageHeader.of(self.area.read(0, SIZE) or b"")
        vectors = self.area.read(header.header_size, VECTORS) if header.found else None
        if vectors is None:
            return "no image header"
        if int.from_bytes(vectors[4:], "little") <= self.by.core.own.start:
            return "its reset vector is not for the network core"
        ram, data = self.area.flash.data, self.at + header.header_size
        self.by.transfer.readable = beside(bytes(ram), self.at, self.by.transfer.readable)
        self.by.initiate(data, header.image_size)
        return ""
