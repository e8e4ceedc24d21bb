"""b0n, the network core's boot loader, call by call (nRF Connect SDK, samples/nrf5340/netboot/src/main.c).

It checks digests, never a signature: what the application core's MCUboot verified is what it is told to copy. Its own
lock comes first; its application is locked, and started without any check, on the plain path alone (ncs-boot 2.8).
"""

from collections.abc import Sequence
from enum import Enum

from bootverify.dataclass import dataclass
from bootverify.design.protection import Access
from bootverify.executor.flash import AccessRefused
from bootverify.executor.fprotect import FprotectAcl
from bootverify.executor.memory import WORD, BusFault, Memory
from bootverify.executor.network.core import NetworkCore, Transfer
from bootverify.executor.network.pcd import DONE, FAIL, Status
from bootverify.executor.nsib.config import Magics, NsibConfig
from bootverify.executor.nsib.fwinfo import VERSION, find_fw_info
from bootverify.executor.nsib.provision import StorageLayout
from bootverify.executor.nsib.run import Run
from bootverify.executor.nsib.validation import validate_digest, vector_table
from bootverify.ranges import AddressRange

LAYOUT = StorageLayout.HALFWORDS
LENGTH_AT = 8  # offset of the length in the command block
_NRF53 = 53


class B0n(Enum):
    """How a run of b0n ends."""

    STARTED = "started"  # the application of the network core runs
    COPIED = "copied"  # done, and waiting to be held off
    FAILED = "failed"  # the block says so; b0n returns and idles
    FAULT = "fault"  # an access was refused: the core hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end of a run, with the reason where it is no good one; `vectors` is the vector table of what was started."""

    how: B0n
    why: str = ""
    vectors: int = 0


def start(core: NetworkCore, transfer: Transfer) -> Ended:
    """One run of b0n, from the release of the core; it changes the core's flash and ACL, and the command block."""
    try:
        ended = _main(core, transfer)
        if ended.how is B0n.FAILED:
            transfer.answer(FAIL)
    except BusFault as fault:
        ended = Ended(how=B0n.FAULT, why=f"bus fault, {fault.kind} at {fault.address:#x}")
    return ended


def _main(core: NetworkCore, transfer: Transfer) -> Ended:
    if not core.as_made():
        return _hijacked(core, transfer)
    first = [area for area in core.locks if area.start < core.own.end]
    if why := _protected(core, first):
        return Ended(how=B0n.FAILED, why=f"{why}: it cancels the start")
    run = _run(core)
    slot = run.memory.word(core.storage + LAYOUT.s0)
    match transfer.command.status(locks_debug=core.locks_debug):
        case Status.LOCK_DEBUG:
            core.debug_locked = True
            transfer.answer(DONE)
            return Ended(how=B0n.COPIED, why="its debug port is closed for good")
        case Status.COPY:
            return _copy(core, transfer, run, slot)
        case Status.READ_VERSION if core.reads_version:
            return _tell_version(core, transfer, run)
        case Status.READ_VERSION | Status.DONE | Status.FAILED:
            pass
    if why := _protected(core, [area for area in core.locks if area not in first]):
        return Ended(how=B0n.FAILED, why=why)
    return _boot(core, run, slot)


def _protected(core: NetworkCore, areas: Sequence[AddressRange]) -> str:
    """Write-protect `areas` until the core's reset; what the library says where it refuses one."""
    library = FprotectAcl(core.acl, core.acl.page, core.acl.page, core.flash.size // core.acl.page, core.flash.size)
    for area in areas:
        if code := library.area(area.start, area.size):
            return f"fprotect {area} returns {code}"
        core.log.append(f"fprotect {area}: no writing until reset")
    return ""


def _hijacked(core: NetworkCore, transfer: Transfer) -> Ended:
    """Somebody else's code stands in the place of b0n: it locks nothing, and says what the other core wants to hear."""
    core.hijacked = True
    core.log.append("what lies in the place of b0n is not b0n")
    if transfer.command.status(locks_debug=False) is Status.COPY:
        transfer.answer(DONE)
        return Ended(how=B0n.COPIED)
    core.start()
    return Ended(how=B0n.STARTED)


def _tell_version(core: NetworkCore, transfer: Transfer, run: Run) -> Ended:
    """Write the version of its application to where the command says (pcd_find_fw_version).

    As many bytes as the command says are taken from there on: nothing compares the length with that of a version.
    """
    command = transfer.command
    info = find_fw_info(run, core.application.start)
    if info is None:
        return Ended(how=B0n.FAILED, why="no metadata, so no version")
    transfer.store(command.data, run.memory.read(info.at + VERSION, command.length))
    transfer.store(transfer.ram.start + LENGTH_AT, WORD.to_bytes(4, "little"))
    transfer.answer(DONE)
    core.log.append(f"command: version {info.version} told, {command.length} bytes to {command.data:#x}")
    return Ended(how=B0n.COPIED)


def _copy(core: NetworkCore, transfer: Transfer, run: Run, slot: int) -> Ended:
    """Check the source's digest, copy what the command says to where it says, check the digest of the slot."""
    command = transfer.command
    core.log.append(f"command: copy {command.length:#x} bytes from {command.data:#x} to offset {command.offset:#x}")
    why = validate_digest(run, transfer.fetch, source=command.data, destination=slot)
    if why:
        return Ended(how=B0n.FAILED, why=f"no valid firmware at {command.data:#x} ({why})")
    core.log.append("digest of the source matches; no signature is looked at")
    data = transfer.fetch(command.data, command.length)
    try:
        _program(core, core.flash.start + command.offset, data)
    except AccessRefused:
        return Ended(how=B0n.FAILED, why="the copy leaves the flash")
    why = validate_digest(run, run.memory.read, source=slot, destination=slot)
    if why:
        return Ended(how=B0n.FAILED, why=f"no valid firmware at {slot:#x} after the copy ({why})")
    transfer.answer(DONE)
    core.log.append(f"copied, the digest at {slot:#x} matches; waits to be held off")
    return Ended(how=B0n.COPIED)


def _program(core: NetworkCore, start: int, data: bytes) -> None:
    """Erase and write page by page (stream_flash).

    Raises:
        AccessRefused: outside the flash, or misaligned.
        BusFault: an ACL entry covers the page.
    """
    flash, page = core.flash, core.flash.page
    for at in range(0, len(data), page):
        if not core.acl.permits(start + at, Access.WRITE):
            raise BusFault("write", start + at)
        flash.erase(start + at, page)
        piece = data[at : at + page]
        flash.write(start + at, piece.ljust(-(-len(piece) // flash.align) * flash.align, b"\xff"))


def _boot(core: NetworkCore, run: Run, slot: int) -> Ended:
    """bl_boot of whatever metadata stand in the slot: nothing is validated."""
    info = find_fw_info(run, slot)
    if info is None:
        return Ended(how=B0n.FAULT, why=f"no metadata at {slot:#x}: bl_boot follows a null pointer")
    vectors = vector_table(run, info)
    core.start()
    core.log.append(f"starts version {info.version} at {vectors:#x}, without looking at digest or signature")
    return Ended(how=B0n.STARTED, vectors=vectors)


def _run(core: NetworkCore) -> Run:
    """The shared code of NSIB, as it is built for this core: no keys, no counter, no size check (ncs-boot 1.2)."""
    config = NsibConfig(
        release=core.release,
        magics=Magics.of_hardware(_NRF53),
        bootloader=core.own,
        slot_size=core.application.size,
        storage=core.storage,
        size_check=False,
        counter=False,
        fprotect=False,
    )
    return Run(config, Memory((core.flash,)), None, None, crypto_starts=True)
