"""MCUboot's serial recovery, request by request, and the update client's writer."""

from pathlib import Path

from bootverify.executor.flash import Flash
from bootverify.executor.lives.network_upload import cut_short
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.stages.serial_recovery import Recovery, Tool
from bootverify.executor.stages.update_client import BUFFER, StreamWriter
from bootverify.sources.design_file import load_design

DESIGNS = Path(__file__).resolve().parents[2] / "designs"
PAGE = 0x1000


def area(*, align: int = 4, held: bytes = b"\x00") -> Area:
    """Four pages that hold something."""
    flash = Flash(0, 4 * PAGE, PAGE, align)
    flash.load(0, held * flash.size)
    return Area(flash, 0, flash.size)


def test_a_piece_at_another_offset_is_answered_with_the_one_that_is_expected():
    server = Recovery(area=area())
    assert server.upload(0, b"a" * 8, 16) == 8
    assert server.upload(12, b"c" * 4, 16) == 8
    assert server.area.read(0, 16) == b"a" * 8 + b"\xff" * 8


def test_an_upload_that_begins_again_begins_with_its_first_sector():
    server = Recovery(area=area())
    server.upload(0, b"a" * 8, 16)
    assert server.upload(0, b"b" * 16, 16) == 16
    assert server.area.read(0, 16) == b"b" * 16


def test_sectors_are_erased_as_they_are_needed_and_that_of_the_trailer_in_the_end():
    server = Recovery(area=area(), trailer=3 * PAGE + 0x800)
    server.upload(0, b"a" * 16, 16)
    assert [server.area.read(page * PAGE + 16, 1) for page in range(4)] == [b"\xff", b"\x00", b"\x00", b"\xff"]


def test_a_build_that_does_not_erase_progressively_erases_all_of_the_slot_first():
    server = Recovery(area=area(), progressive=False)
    server.upload(0, b"a" * 8, 16)
    assert server.area.read(8, 4 * PAGE - 8) == b"\xff" * (4 * PAGE - 8)


def test_the_end_is_filled_up_to_the_write_unit_and_a_rest_before_it_is_asked_for_again():
    server = Recovery(area=area(align=16))
    assert server.upload(0, bytes(range(40)), 60) == 32
    assert server.upload(32, bytes(range(32, 60)), 60) == 60
    assert server.area.read(0, 64) == bytes(range(60)) + b"\xff" * 4


def test_what_is_too_large_or_more_than_announced_is_refused():
    server = Recovery(area=area())
    assert server.upload(0, b"a", 4 * PAGE + 1) is None
    assert "do not fit" in server.refused
    server = Recovery(area=area())
    assert server.upload(0, b"a" * 8, 12) == 8
    assert server.upload(8, b"a" * 8, 12) is None
    assert server.refused == "more than was announced"


def test_a_tool_says_done_before_what_comes_after_the_last_answer():
    said = []
    server = Recovery(area=area(), afterwards=lambda: said.append("later"))
    tool = Tool(server, b"x" * 1000, said.append)
    tool.send()
    assert tool.acknowledged == 1000
    assert [line.split()[-1] for line in said] == ["acknowledged", "later"]


def test_a_stream_writes_whole_buffers_and_the_rest_when_it_is_flushed():
    where = area(held=b"\xff")
    writer = StreamWriter(where, 0)
    writer.write(b"a" * (BUFFER + 10), flush=False)
    assert (writer.at, len(writer.buffer)) == (BUFFER, 10)
    writer.write(b"", flush=True)
    assert where.read(BUFFER, 12) == b"a" * 10 + b"\xff" * 2


def test_a_network_core_whose_power_goes_after_the_last_answer_holds_a_part():
    design = load_design(DESIGNS / "two-cores.yaml")
    application = next(each for each in design.network if not each.boots)
    told, gone = cut_short(design, application)
    assert told == "the tool is told that all 4,272 bytes are there"
    assert gone == "power goes, and 2,048 of them are in the flash of the network core"
