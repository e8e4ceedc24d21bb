"""The network core of nRF5340: its flash and ACL, whether it runs, and what it reaches of the application core.

soc.md 6: it starts from 0x0100_0000, is held off from every reset of the application core until that releases it, and
alone writes its own flash. What it reads of the other core's memory goes through the SPU, with the attribution of the
external domain (EXTDOMAIN): non-secure, unless the application core makes it secure for a while.
"""

import copy
from collections.abc import Callable
from dataclasses import field

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access
from bootverify.design.soc import Soc
from bootverify.executor.flash import Flash
from bootverify.executor.memory import BusFault, Ram
from bootverify.executor.network.pcd import BLOCK, Command
from bootverify.executor.nsib.release import NsibRelease
from bootverify.executor.units.acl import Acl
from bootverify.ranges import AddressRange

Reader = Callable[[int, int], bytes | None]
"""Reads (address, length) of the application core's memory as the network core sees it; None when that is refused."""


def beside(data: bytes, start: int, below: Reader) -> Reader:
    """The same view with `data` in RAM from `start` on."""

    def readable(at: int, size: int) -> bytes | None:
        inside = 0 <= at - start <= len(data) - size
        return data[at - start : at - start + size] if inside else below(at, size)

    return readable


@dataclass(slots=True)
class NetworkCore:
    """The core and its memories; addresses are absolute.

    `own` is what b0n protects of itself (its code and provision data), `application` the slot s0, `storage` where the
    provision data begin. `locks` are the areas that this build of b0n write-protects, those of its own first. `made` is
    its code as production put it there, empty where nobody asks whether it still is that; `hijacked`: it was not, when
    the core last started. `started` is what the slot held when its application was started; None: that does not run.
    `debug_locked`: b0n has closed its port (UICR). `locks_debug` and `reads_version`: b0n is built with
    PCD_LOCK_NETCORE_DEBUG, with PCD_READ_NETCORE_APP_VERSION.
    """

    soc: Soc
    flash: Flash
    acl: Acl
    own: AddressRange
    application: AddressRange
    storage: int
    release: NsibRelease
    locks: tuple[AddressRange, ...]
    made: bytes = b""
    locks_debug: bool = False
    reads_version: bool = False
    started: bytes | None = None
    hijacked: bool = False
    debug_locked: bool = False
    log: list[str] = field(default_factory=list)

    @classmethod
    def blank(
        cls, soc: Soc, own: AddressRange, application: AddressRange, storage: int, release: NsibRelease
    ) -> "NetworkCore":
        """The core as it leaves the fab: everything erased, held off."""
        flash = Flash(soc.flash.start, soc.flash.size, soc.page, soc.word)
        acl = Acl(soc.guard.granule, soc.guard.entries)
        return cls(soc, flash, acl, own, application, storage, release, locks=(own, application))

    @property
    def running(self) -> bool:
        """Whether its application, or what stands in its place, was started."""
        return self.started is not None

    def force_off(self) -> None:
        """Hold it in reset; its ACL is empty afterwards (open point acl-after-app-core-reset: taken to be cleared)."""
        self.acl.reset()
        self.started, self.hijacked = None, False

    def start(self) -> None:
        """Hand over to what lies in the slot."""
        self.started = self.flash.read(self.application.start, self.application.size)

    def as_made(self) -> bool:
        """Whether b0n is what production put there."""
        return self.flash.read(self.own.start, len(self.made)) == self.made

    def write(self, area: AddressRange, data: bytes) -> bool:
        """Code on this core erases `area` page by page and writes `data`, where its ACL lets it; whether any byte was.

        Its own flash is written by nobody else (soc.md 6).
        """
        page, done = self.flash.page, False
        for at in range(area.start, area.end, page):
            if self.acl.permits(at, Access.WRITE):
                self.flash.erase(at, page)
                self.flash.write(at, data[at - area.start : at - area.start + page].ljust(page, b"\xff"))
                done = True
        return done

    def copy(self) -> "NetworkCore":
        """The same core with memories of its own."""
        twin = copy.copy(self)
        twin.flash, twin.acl, twin.log = self.flash.copy(), self.acl.copy(), []
        return twin


@dataclass(slots=True)
class Transfer:
    """The shared RAM with the command block at `ram.start`, and the network core's view of the other core's memory.

    `readable` reads that memory; `writable` is whether the block's RAM takes a write from the network core.
    `received` is what that core wrote elsewhere, by address: nothing of it is read here.
    """

    ram: Ram
    readable: Reader
    writable: Callable[[], bool]
    received: dict[int, bytes] = field(default_factory=dict)

    @property
    def command(self) -> Command:
        """The block as it stands."""
        return Command.read(bytes(self.ram.data[: BLOCK.size]))

    def fetch(self, address: int, length: int) -> bytes:
        """Bytes of the application core's memory.

        Raises:
            BusFault: the SPU refuses, or nothing answers.
        """
        data = self.readable(address, length)
        if data is None:
            raise BusFault("read", address)
        return data

    def answer(self, magic: int) -> None:
        """Put a magic into the block.

        Raises:
            BusFault: the RAM is read-only for this core.
        """
        self.store(self.ram.start, magic.to_bytes(4, "little"))

    def store(self, address: int, data: bytes) -> None:
        """Write to the application core's RAM.

        Raises:
            BusFault: it is the block's RAM, and that is read-only for this core.
        """
        if not self.ram.holds(address, len(data)):
            self.received[address] = data
            return
        if not self.writable():
            raise BusFault("write", address)
        self.ram.write(address, data)
