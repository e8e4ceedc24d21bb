"""What a boot stage locks before it hands over, what TF-M attributes, and whether an application is there to run."""

from bootverify.design.boot import SetUpTrustZone
from bootverify.design.memory import MemoryKind, Role
from bootverify.design.protection import Access, Attribution
from bootverify.design.settings import Told
from bootverify.executor.programmed.board import Board
from bootverify.executor.programmed.story import Teller, by
from bootverify.executor.stages.protect import library
from bootverify.executor.stages.tfm import set_up_trustzone
from bootverify.executor.units.rramc import BOOT_REGION, Rramc
from bootverify.ranges import AddressRange

COUNTED_BEFORE = (1, 7)  # lib/fprotect counted ACL entries by itself up to here (ncs-boot 0.1)
CELL = 0x400  # the finest granule of any unit


def lock(board: Board, teller: Teller, area: AddressRange, told: Told | None, *, round_up: bool) -> None:
    """What fprotect does to `area`, where configuration says that it is called.

    Raises:
        Ended: the call fails, which stops the stage.
    """
    if told is None:
        teller.not_told(f"{teller.stage}: whether it write-protects itself before it hands over")
        return
    if not told.value:
        teller.say(f"write-protects NOTHING of itself{by(told)}")
        return
    granule = board.firmware.design.soc.guard.granule
    length = -(-area.size // granule) * granule if round_up else area.size
    counted = 0 if _release(board) < COUNTED_BEFORE and board.firmware.design.sdk else None
    code = library(board.device, counted=counted).area(area.start, length)
    span = AddressRange.sized(area.start, length)
    if code:
        raise teller.stop(f"fprotect {span} returns {code}; it goes no further")
    teller.say(f"fprotect {span}: no writing until reset{by(told)}")


def hardware_lock(board: Board, teller: Teller) -> bool:
    """On nRF54L: say what UICR.BOOTCONF locks from reset on (soc.md 2.4); False on other parts."""
    guard = board.device.guard
    if not isinstance(guard, Rramc):
        return False
    start, end = guard.range(BOOT_REGION)
    if end > start:
        teller.say(f"UICR.BOOTCONF locks {start:#x}-{end:#x} from reset on")
    else:
        teller.say("UICR.BOOTCONF is erased: no hardware lock of the first stage")
    return True


def _release(board: Board) -> tuple[int, ...]:
    return tuple(int(part) for part in board.firmware.design.sdk.split(".")[:2] if part.isdigit())


def loader_area(board: Board, own: AddressRange) -> AddressRange:
    """What MCUboot protects: itself, or behind NSIB both of its slots (ncs-boot 2.2)."""
    s0, s1 = board.partition(Role.VARIANT_A), board.partition(Role.VARIANT_B)
    if s0 is None or own.start < s0.range.start:
        return own
    primary = board.partition(Role.PRIMARY)
    by_tree = s0.name.endswith("_partition")
    if not by_tree and primary is not None and primary.range.start > s0.range.start:
        return AddressRange(s0.range.start, primary.range.start)
    both = s0.range.size + (s1.range.size if s1 is not None else 0)
    return AddressRange.sized(s0.range.start, both)


def application(board: Board, teller: Teller, vectors: int, signed: AddressRange | None) -> str:
    """Start what lies behind the vector table at `vectors`; the name of what runs in the end.

    Raises:
        Ended: there is nothing to start.
    """
    secure = board.partition(Role.TFM)
    outside = board.partition(Role.APPLICATION)
    if secure is None or outside is None or vectors not in secure.range:
        teller.stage = "app"
        _vectors(board, teller, vectors)
        return "app"
    teller.stage = secure.name
    _vectors(board, teller, vectors)
    _attribute(board, teller)
    teller.stage = outside.name
    _vectors(board, teller, outside.range.start)
    if signed is not None and not outside.range.start < signed.end:
        teller.say("it lies outside the bytes that the signature covers")
    return outside.name


def _vectors(board: Board, teller: Teller, at: int) -> None:
    """Stack pointer and reset handler, as the core or the previous stage loads them.

    Raises:
        Ended: nothing is programmed there, or the handler lies outside the memory.
    """
    soc = board.firmware.design.soc
    stack, handler = board.word(at), board.word(at + 4)
    if stack == handler == 0xFFFF_FFFF:
        raise teller.stop(f"nothing is programmed at {at:#x}")
    if handler & ~1 not in soc.flash:
        raise teller.stop(f"the vector table at {at:#x} is none: its reset handler is {handler:#010x}")
    where = board.names_at(handler, handler + 1)
    teller.say(f"starts at {handler & ~1:#x}{f' ({where})' if where else ''}, stack at {stack:#x}")


def _attribute(board: Board, teller: Teller) -> None:
    """TF-M's set-up, where the chain is drawn; the older SPM and undrawn chains are not followed."""
    device = board.device
    for stage in device.design.stages:
        for step in stage.steps:
            if isinstance(step, SetUpTrustZone):
                device.enter(stage.name)
                device.log.clear()
                set_up_trustzone(device, step)
                for line in device.log:
                    teller.say(line.removeprefix(f"{stage.name}: "))
                if device.halted is not None:
                    raise teller.stop("it goes no further")
                return
    teller.not_told(f"{teller.stage}: what it attributes to the non-secure side, and what it locks")


def tell_locks(board: Board, teller: Teller) -> None:
    """Which partitions code cannot write any more, part by part: tried at the registers as they stand."""
    teller.stage = ""
    design, device = board.firmware.design, board.device
    who = Attribution.SECURE
    for partition in design.partitions:
        skipped = partition.memory is not MemoryKind.INTERNAL or partition.members
        if (
            skipped
            or partition.role in {Role.FILLER, Role.REST, Role.AREA}
            or partition.range.end > design.soc.flash.end
        ):
            continue
        cells = range(partition.range.start, partition.range.end, CELL)
        open_ = sum(device.allows(at, Access.WRITE, who) for at in cells)
        if open_ < len(cells):
            part = "" if not open_ else f", except {open_ * CELL:#x} bytes of it"
            teller.say(f"locked until reset: {partition.name} {partition.range}{part}")
