"""Update files of builds, offered one after the other to a device that holds the bytes of an older build."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bootverify.dataclass import dataclass
from bootverify.design.firmware import Firmware, Package
from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.executor.mcuboot.config import Mode
from bootverify.executor.mcuboot.header import ImageHeader
from bootverify.executor.programmed.board import Board
from bootverify.executor.programmed.boot import boot_board
from bootverify.executor.programmed.slots import confirm
from bootverify.executor.programmed.story import Ending, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What became of one update file; `taken` None where it is open. `why` says why it is not taken, or open."""

    package: Package
    story: Story
    taken: bool | None
    why: str = ""


def offered(firmware: Firmware, packages: Sequence[Package], published: Mapping[str, str]) -> Iterator[Offer]:
    """Stage each of `packages` in turn, boot, confirm what has come in, and boot again; until one is not taken.

    `published` as in `boot`.
    """
    board = Board.programmed(replace(firmware, updates=()))
    for package in packages:
        board.firmware = replace(firmware, updates=(package,))
        board.device.reset_units()
        story = boot_board(board, published)
        offer = _judged(board, package, story)
        if offer.taken:
            confirm(board)
            board.firmware = replace(firmware, updates=())
            board.device.reset_units()
            offer = _judged(board, package, boot_board(board, published))
            offer = replace(offer, story=story, why=offer.why and f"after a further boot {offer.why}")
        yield offer
        if not offer.taken:
            return


def application_updates(firmware: Firmware) -> tuple[Package, ...]:
    """The signed images that the build wrote for its primary slot, in clear; each once."""
    primary = _primary(firmware)
    if primary is None:
        return ()
    found = {package.data: package for package in reversed(firmware.packages) if _linked_into(package, primary)}
    return tuple(found.values())


def _linked_into(package: Package, primary: Partition) -> bool:
    header = ImageHeader.of(package.data)
    at = header.header_size + 4
    return (
        header.found and not header.encrypted and int.from_bytes(package.data[at : at + 4], "little") in primary.range
    )


def _primary(firmware: Firmware) -> Partition | None:
    parts = [each for each in firmware.design.partitions if each.role is Role.PRIMARY and each.number == 0]
    return next((each for each in parts if each.memory is MemoryKind.INTERNAL), None)


def _judged(board: Board, package: Package, story: Story) -> Offer:
    """Whether the application runs, and is the one of the package."""
    if story.ending is Ending.OPEN:
        return Offer(package=package, story=story, taken=None, why=story.why)
    told = board.firmware.loader.mode
    if told is not None and told.value == Mode.DIRECT_XIP.value:
        why = "its bootloader starts updates where they lie, and nothing tells which file is for which slot"
        return Offer(package=package, story=story, taken=None, why=why)
    if story.ending is Ending.STOPS:
        return Offer(package=package, story=story, taken=False, why=f"the device stops: {story.why}")
    primary = _primary(board.firmware)
    assert primary is not None, "an update was staged, so the map has slots"
    if board.device.flash.read(primary.range.start, len(package.data)) == package.data:
        return Offer(package=package, story=story, taken=True)
    said = [line for line in story.lines if line.startswith("mcuboot: secondary")]
    why = f"the old application runs{f' ({said[-1]})' if said else ''}"
    return Offer(package=package, story=story, taken=False, why=why)
