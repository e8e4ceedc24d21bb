"""The recovery tool beside a device that holds a build's own bytes: files that MCUboot's serial recovery writes."""

from collections.abc import Callable

from bootverify.design.memory import MemoryKind, Partition, Role
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.config import Encryption, Mode
from bootverify.executor.mcuboot.encrypt import image_key
from bootverify.executor.mcuboot.header import ImageHeader
from bootverify.executor.mcuboot.trailer import KEY_SIZE, TrailerLayout
from bootverify.executor.programmed import network
from bootverify.executor.programmed.board import Board
from bootverify.executor.programmed.builds import MODES
from bootverify.executor.programmed.opener import as_built, opener
from bootverify.executor.stages.network_update import Mediator, NetworkUpdate
from bootverify.executor.stages.serial_recovery import Recovery, Session, check_request, slot_session, trailer_start
from bootverify.executor.world import NotEnabled
from bootverify.machine.action import Request, Upload

PADDED = 0x200  # the header that the SDK gives an image of the network core (nrf53_hooks.c, NET_CORE_ROM_START_OFFSET)


def session(board: Board, action: Upload, file: bytes, say: Callable[[str], None]) -> Session:
    """An upload of `file` to a device that is restarted into MCUboot.

    Raises:
        NotEnabled: nothing tells of a recovery port, or the file does not go there.
    """
    told = board.firmware.design.settings.serial_recovery
    if told is None or not told.value:
        why = "MCUboot is built without it" if told is not None else "nothing tells whether MCUboot is built with it"
        raise NotEnabled(f"there is no serial recovery: {why} (CONFIG_MCUBOOT_SERIAL)")
    if board.loader is None:
        raise NotEnabled("MCUboot has not run, so nothing tells where it is and what its slots are")
    found = next((each for each in board.firmware.design.partitions if each.name == action.partition), None)
    if found is None or found.role not in {Role.PRIMARY, Role.SECONDARY}:
        raise NotEnabled(f"{action.partition} is no slot of MCUboot's")
    if found.memory is MemoryKind.RAM_FLASH:
        return _for_network(board, file, say)
    return _for_slot(board, found, action.request, file, say)


def _for_slot(board: Board, slot: Partition, request: Request, file: bytes, say: Callable[[str], None]) -> Session:
    """An image of this core; what is encrypted is decrypted where it lies, if a key that MCUboot holds opens it."""
    second = slot.role is Role.SECONDARY
    check_request(request, waits=second)
    mode = MODES.get(str(board.firmware.loader.mode.value)) if board.firmware.loader.mode is not None else None
    home, shifted = board.home(slot), mode is Mode.SWAP_OFFSET
    area = Area(board.device.flash, home.start, home.size)
    encrypted = board.firmware.loader.encrypted
    saved = KEY_SIZE if encrypted is not None and encrypted.value else 0
    layout = TrailerLayout(entries=area.sectors, saved_key=saved, swap_offset=shifted)
    held = _opener(board, file)
    board.opener = held or board.opener
    lead = area.sector_size if second and shifted else 0
    key = image_key(held, file) if held is not None and not second else None
    server = Recovery(area=area, lead=lead, trailer=trailer_start(area, mode, layout))
    return slot_session(server, file, say, key=key, request=request)


def _opener(board: Board, file: bytes) -> Encryption | None:
    """What MCUboot opens the file with; None where it is in clear, or for somebody else."""
    header = ImageHeader.of(file)
    own = board.loader[0] if board.loader is not None else None
    found = opener(board, own, file) if own is not None and header.found and header.encrypted else None
    return as_built(board, found) if found is not None else None


def _for_network(board: Board, file: bytes, say: Callable[[str], None]) -> Session:
    """An image of the network core, through RAM (the map's mcuboot_primary_1)."""
    core = network.core_of(board)
    if core is None:
        raise NotEnabled("nothing is programmed on the network core that could copy it")
    by = NetworkUpdate(core, network.transfer(board), lambda _: None, say)
    mediator = Mediator(by, board.firmware.design.soc.ram.start + network.RAM_FLASH)
    header = ImageHeader.of(file)
    payload = file[header.header_size : header.header_size + header.image_size] if header.found else file[PADDED:]
    return mediator.session(file, payload, header.header_size if header.found else PADDED, say)
