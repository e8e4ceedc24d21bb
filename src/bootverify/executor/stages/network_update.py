"""MCUboot's part of a network core update: the command to b0n, and the answer (subsys/pcd, ncs-boot 2.8)."""

from collections.abc import Callable
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.executor.flash import Flash
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.header import SIZE, ImageHeader
from bootverify.executor.network_core import NetworkCore, Transfer, beside
from bootverify.executor.pcd import BLOCK, COPY, Command
from bootverify.executor.stages.b0n import B0n, start
from bootverify.executor.stages.serial_recovery import Recovery, Session, Tool

VECTORS = 8  # stack pointer and reset vector


def update(
    core: NetworkCore,
    transfer: Transfer,
    make_secure: Callable[[bool], None],
    *,
    data: int,
    length: int,
    say: Callable[[str], None],
) -> bool:
    """Have `length` bytes at `data` copied behind b0n; whether b0n reports success.

    In order: the domain becomes secure (not locked), the core is held off, the command is written, the core released
    and waited for. On success it is held off again and the domain set back, on failure the domain alone.
    `make_secure` sets the attribution of the network core's accesses (EXTDOMAIN of the SPU).
    """
    initiate(core, transfer, make_secure, data=data, length=length, say=say)
    copied = copy(core, transfer, say)
    make_secure(False)
    return copied


def initiate(
    core: NetworkCore,
    transfer: Transfer,
    make_secure: Callable[[bool], None],
    *,
    data: int,
    length: int,
    say: Callable[[str], None],
) -> None:
    """The same up to the command, which nobody waits for (pcd_network_core_update_initiate)."""
    make_secure(True)
    core.force_off()
    command = Command(magic=COPY, data=data, length=length, offset=core.own.size)
    transfer.ram.data[: BLOCK.size] = command.pack()
    say(f"network core update: {length:#x} bytes at {data:#x} are to be copied by b0n")


@dataclass(slots=True)
class Mediator:
    """RAM from `at` on that stands for the flash of the network core in serial recovery (the map's mcuboot_primary_1).

    What is uploaded there is handed to b0n without anybody waiting, and without anybody verifying its signature:
    MCUboot looks at the magic and the reset vector, b0n at the digest (nrf53_hooks.c, network_core_update).
    """

    core: NetworkCore
    transfer: Transfer
    at: int
    make_secure: Callable[[bool], None]
    say: Callable[[str], None]
    area: Area = field(init=False)

    def __post_init__(self) -> None:
        ram = Flash(self.at, self.core.soc.flash.size, self.core.soc.page)
        self.area = Area(ram, self.at, ram.size)

    def session(self, file: bytes, payload: bytes, head: int, say: Callable[[str], None]) -> Session:
        """An upload of `file`, of which `payload` is to stand in the core's slot; `head` bytes are in front of it."""
        server = Recovery(area=self.area)
        server.uploaded, server.afterwards = self._initiate, self._copy
        slot = Area(self.core.flash, self.core.application.start, self.core.application.size)
        return Session(tool=Tool(server, file, say), kept=payload, area=slot, head=head)

    def _copy(self) -> None:
        copy(self.core, self.transfer, self.say)

    def _initiate(self) -> str:
        """Have b0n begin; why it is not commanded, or nothing."""
        header = ImageHeader.of(self.area.read(0, SIZE) or b"")
        vectors = self.area.read(header.header_size, VECTORS) if header.found else None
        if vectors is None:
            return "no image header"
        if int.from_bytes(vectors[4:], "little") <= self.core.own.start:
            return "its reset vector is not for the network core"
        ram, data = self.area.flash.data, self.at + header.header_size
        self.transfer.readable = beside(bytes(ram), self.at, self.transfer.readable)
        length = header.image_size
        initiate(self.core, self.transfer, self.make_secure, data=data, length=length, say=self.say)
        return ""


def copy(core: NetworkCore, transfer: Transfer, say: Callable[[str], None]) -> bool:
    """The core runs with the command in its block; whether b0n has copied, and is held off again."""
    core.log.clear()
    try:
        ended = start(core, transfer)
    finally:  # the supply may fail in the middle
        for line in core.log:
            say(f"b0n: {line}")
    if ended.how is B0n.COPIED:
        core.force_off()
    else:
        say(f"b0n: {ended.how.value}: {ended.why}")
    return ended.how is B0n.COPIED
