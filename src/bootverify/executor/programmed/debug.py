"""The debug port of a programmed device: its UICR words as the files set them, and what start-up code does."""

from bootverify.design.soc import DebugScheme
from bootverify.executor.programmed.board import Board
from bootverify.executor.programmed.choices import Tried, tried
from bootverify.executor.programmed.story import Teller, by
from bootverify.executor.units.debug_port import DebugPort, Reset, StartUp

_CHOICES = {"lock": StartUp.LOCK, "user_handling": StartUp.USER, "use_uicr": StartUp.DEFAULT}
_WORDS = ("approtect", "secure_approtect", "eraseprotect")


def tell(board: Board, teller: Teller) -> None:
    """Whether a probe gets in once the device runs, and whether it may erase; what is not told is tried both ways."""
    soc, told = board.firmware.design.soc, board.firmware.start_up
    if soc.debug.approtect is None:
        teller.not_told("debug port: the places of its UICR words on this part are not confirmed")
        return
    found, port = _ports(board)
    present = [name for name in _WORDS if _place(board, name) is not None]
    words = ", ".join(f"UICR.{name.upper()} {_word(board, name):#010x}" for name in present)
    erasable = "ERASEALL works" if port.erasable else "ERASEALL is refused"
    if not found.agree:
        teller.say(f"debug port: depends on {' and '.join(found.deciding)} ({words}); {erasable}{by(told)}")
        return
    state = "OPEN" if port.secure_open else "OPEN to the non-secure side" if port.open else "closed"
    teller.say(f"debug port: {state} ({words}); {erasable}{by(told)}")


def port_of(board: Board) -> DebugPort | None:
    """The port as start-up code leaves it at power-on; None where it depends on what nothing tells."""
    if board.firmware.design.soc.debug.approtect is None:
        return None
    found, port = _ports(board)
    return port if found.agree else None


def _ports(board: Board) -> tuple[Tried, DebugPort]:
    """What each choice of what is not told makes of the port, and one such port."""
    soc, told = board.firmware.design.soc, board.firmware.start_up
    schemes = [each for each in (soc.debug.scheme, soc.debug.older) if each is not None]
    starts = [_CHOICES[str(told.value)]] if told is not None and told.value in _CHOICES else list(StartUp)

    def ends(scheme: DebugScheme, start: StartUp) -> tuple[bool, bool]:
        port = _port(board, scheme, start)
        return port.open, port.secure_open

    found = tried({"the build code of the part": schemes, "start-up code": starts}, ends)
    return found, _port(board, schemes[0], starts[0])


def _port(board: Board, scheme: DebugScheme, start: StartUp) -> DebugPort:
    approtect, secure_approtect, eraseprotect = (_word(board, name) for name in _WORDS)
    port = DebugPort(scheme, approtect, secure_approtect, eraseprotect)
    port.reset(Reset.POWER)
    port.start_up(start)
    return port


def _place(board: Board, name: str) -> int | None:
    offset: int | None = getattr(board.firmware.design.soc.debug, name)
    return offset


def _word(board: Board, name: str) -> int:
    """The word as it stands; erased where the part has none."""
    offset = _place(board, name)
    uicr = board.device.uicr
    return 0xFFFF_FFFF if offset is None else int.from_bytes(uicr.read(uicr.start + offset, 4), "little")
