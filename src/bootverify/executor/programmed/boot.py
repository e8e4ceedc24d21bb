"""A device from reset to the application, or to where it stops, on the bytes of a build."""

from collections.abc import Mapping

from bootverify.design.boot import Program
from bootverify.design.firmware import Firmware
from bootverify.design.memory import Role
from bootverify.executor.flash import PowerLost
from bootverify.executor.mcuboot.header import ImageHeader
from bootverify.executor.programmed import debug, first_stage, hand_over, loader, network
from bootverify.executor.programmed.board import Board
from bootverify.executor.programmed.slots import first_header
from bootverify.executor.programmed.story import Ended, Ending, Restart, Story, Teller, by
from bootverify.ranges import AddressRange

MOST_RESTARTS = 4
NEAR = 0x1000  # bytes between two pieces that are shown as one


def boot(firmware: Firmware, published: Mapping[str, str]) -> Story:
    """What a device that was programmed with `firmware` does after power-on.

    `published` names keys whose private half is published, by fingerprint, key hash and provisioned hash.
    """
    return boot_board(Board.programmed(firmware), published)


def boot_board(board: Board, published: Mapping[str, str]) -> Story:
    """What a device that holds what it holds does after power-on, its registers as at reset."""
    teller = Teller(published)
    if board.fresh:
        _tell_bytes(board, teller)
    ending, why, at = Ending.RUNS, "", ""
    try:
        at = run(board, teller)
        network.run(board, teller)
    except PowerLost:
        why = f"power lost after {board.device.flash.power.spent} flash operations"
        teller.stage = ""
        teller.say(why)
        board.device.reset_units()
        return Story(lines=tuple(teller.lines), ending=Ending.CUT, at="off", why=why, unknown=tuple(teller.unknown))
    except Ended as ended:
        ending, why = ended.ending, ended.why
        at = f"in {teller.stage or 'reset'}"
    hand_over.tell_locks(board, teller)
    debug.tell(board, teller)
    board.fresh = False
    return Story(lines=tuple(teller.lines), ending=ending, at=at, why=why, unknown=tuple(teller.unknown))


def _tell_bytes(board: Board, teller: Teller) -> None:
    """Which file put what where; pieces of one file with little between them are one line."""
    spans: list[tuple[int, int, str, bool]] = []
    for piece in board.firmware.pieces:
        outside = piece in board.outside
        if spans and spans[-1][2:] == (piece.file, outside) and 0 <= piece.at - spans[-1][1] < NEAR:
            spans[-1] = (spans[-1][0], piece.end, piece.file, outside)
        else:
            spans.append((piece.at, piece.end, piece.file, outside))
    for start, end, file, outside in spans:
        names = board.names_at(start, end, network=board.network is not None and board.network.holds(start))
        lies = f" ({names})" if names else ""
        note = "; in no memory that is modelled, not loaded" if outside else ""
        teller.say(f"programmed {start:#x}-{end:#x} {file}{lies}{note}")
    for line in board.firmware.left_out:
        teller.say(line)


def run(board: Board, teller: Teller) -> str:
    """The stages from reset to what runs in the end, its name; again whenever a boot loader was replaced.

    Raises:
        Ended: nothing runs in the end, or it is open what does.
        PowerLost: the supply fails on the way.
    """
    for _ in range(MOST_RESTARTS):
        try:
            return _run(board, teller)
        except Restart:
            teller.stage = ""
            teller.say("---")
            board.device.reset_units()
    raise teller.stop("it restarts over and over")


def _run(board: Board, teller: Teller) -> str:
    """The stages in order; the name of what runs in the end."""
    soc = board.firmware.design.soc
    vectors = soc.flash.start
    first = _first(board)
    if first is Program.APPLICATION:
        teller.say("the reset vector starts the application: nothing verifies it")
    signed: AddressRange | None = None
    own = _own(board, first)
    if board.word(vectors) == board.word(vectors + 4) == 0xFFFF_FFFF:
        raise teller.open(
            f"nothing is programmed at the reset vector {vectors:#x}; no first stage is among these files"
        )
    if first is Program.NSIB:
        teller.stage = "b0"
        if not hand_over.hardware_lock(board, teller):
            hand_over.lock(board, teller, own, board.firmware.nsib.protects, round_up=False)
        vectors = first_stage.choose(board, teller)
        own = _slot_of(board, vectors)
    if first is Program.MCUBOOT or (first is Program.NSIB and _starts_loader(board, vectors)):
        teller.stage = "mcuboot"
        if board.fresh:
            _place_packages(board, teller)
        started = loader.start(board, teller, own)
        told = board.firmware.loader.protects
        drops = board.firmware.loader.drops_rights
        if drops is not None and drops.value:
            teller.say(f"takes its own rights away when it hands over{by(drops)}; not followed here")
        else:
            hand_over.lock(board, teller, hand_over.loader_area(board, own), told, round_up=True)
        vectors, signed = started.vectors, started.signed
    return hand_over.application(board, teller, vectors, signed)


def _first(board: Board) -> Program:
    """What lies at the reset vector: as the map says, else as the bytes do."""
    start = board.firmware.design.soc.flash.start
    design = board.firmware.design
    if design.stages:
        return design.root.program
    for role, program in ((Role.ROOT, Program.NSIB), (Role.BOOTLOADER, Program.MCUBOOT)):
        found = board.partition(role)
        if found is not None and found.range.start == start:
            return program
    if not design.partitions and first_stage.provisioned(board):
        return Program.NSIB
    if not design.partitions and first_header(board, start) not in {None, start}:
        return Program.MCUBOOT
    return Program.APPLICATION


def _starts_loader(board: Board, vectors: int) -> bool:
    """Whether NSIB's next stage is MCUboot: the map has slots for it, or an image header lies behind it."""
    if board.firmware.design.partitions:
        return board.partition(Role.PRIMARY) is not None
    return first_header(board, vectors) is not None


def _own(board: Board, first: Program) -> AddressRange:
    """Where the first stage lies: its partition; without a map, up to the first image header."""
    flash = board.firmware.design.soc.flash
    role = {Program.NSIB: Role.ROOT, Program.MCUBOOT: Role.BOOTLOADER}.get(first)
    found = board.partition(role) if role is not None else None
    if found is not None:
        return found.range
    return AddressRange(flash.start, first_header(board, flash.start + 1) or flash.end)


def _slot_of(board: Board, vectors: int) -> AddressRange:
    """The slot of the second stage that starts at `vectors`."""
    for role in (Role.VARIANT_A, Role.VARIANT_B):
        found = board.partition(role)
        if found is not None and vectors in found.range:
            return found.range
    return AddressRange(vectors, first_header(board, vectors) or board.firmware.design.soc.flash.end)


def _place_packages(board: Board, teller: Teller) -> None:
    """Put a signed image without an address into the primary slot when nothing is programmed there (west flash)."""
    primary = board.partition(Role.PRIMARY)
    if primary is None or not board.blank(primary.range):
        return
    for package in (*board.firmware.packages, *board.firmware.updates):
        name = package.file.rsplit("/", 1)[-1]
        network = name.startswith("net_core")
        fits = ImageHeader.of(package.data).found and len(package.data) <= primary.range.size
        if fits and not network:
            board.device.flash.load(primary.range.start, package.data)
            board.placed.add(package.file)
            teller.say(f"{package.file}: put into the primary slot at {primary.range.start:#x}, which was empty")
            return
