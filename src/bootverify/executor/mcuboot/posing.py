"""A scratch area that claims to be in the middle of a swap: what somebody writes there who wants MCUboot to go on."""

from bootverify.executor.flash import Flash
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.state import FIRST_STATE
from bootverify.executor.mcuboot.trailer import SwapType, Trailer, TrailerLayout


def posing_piece(piece: bytes, flash: Flash, size: int) -> bytes:
    """`piece` in a scratch area of `size` bytes on such a flash, with a record that it is to go to the primary slot.

    It is the last piece of a swap for good; what went before is done.
    """
    blank = Flash(0, size, flash.page, flash.align, flash.rule)
    trailer = Trailer(Area(blank, 0, size), TrailerLayout(entries=0), scratch=True)
    written = (
        trailer.write_swap_info(SwapType.PERM, 0),
        trailer.write_image_ok(),
        trailer.write_swap_size(flash.page),
        trailer.write_status(0, flash.align, FIRST_STATE),
        trailer.write_status(1, flash.align, FIRST_STATE + 1),
        trailer.write_magic(),
    )
    assert all(written), "a scratch area is larger than its trailer"
    room = trailer.status_offset
    return piece[:room].ljust(room, b"\xff") + blank.read(room, size - room)
