"""Clauses of MCUboot that show only on flash of other shapes: small sectors, long trailers, small scratch areas."""

from dataclasses import replace

import pytest
from tests.unit.executor.mcuboot_board import board, image

from bootverify.executor.flash import Flash, Power, powered
from bootverify.executor.making.image_format import RSA2048_PSS
from bootverify.executor.mcuboot.area import Area
from bootverify.executor.mcuboot.boot import Outcome, boot_go
from bootverify.executor.mcuboot.config import Mode, Pair
from bootverify.executor.mcuboot.state import BootAssert, Run, Status
from bootverify.executor.mcuboot.swap_scratch import SwapScratch, _Piece
from bootverify.executor.mcuboot.trailer import Flag, SwapType, Trailer, TrailerLayout, magic_for

LONG = {"sectors": 14, "entries": 128, "scratch": 1}  # 1584 bytes of trailer over sectors of 1024


def piece(offset, **shape):
    made = board(Mode.SWAP_SCRATCH, **LONG | shape)
    run = Run.start(made.config, [0])
    return made, _Piece(run, run.images[0], SwapScratch(), Status.fresh(Mode.SWAP_SCRATCH), (offset, 1024))


def test_scratch_keeps_its_trailer_where_a_piece_begins_inside_that_of_the_slot():
    """swap_scratch.c, boot_swap_sectors: copy_sz is computed in 32 bits, then limited by scratch_trailer_off."""
    made, last = piece(13 * 1024)
    assert last.copied == 1024 - made.config.trailer.scratch_size(4)


def test_what_would_erase_less_than_nothing_stops_the_loader():
    """swap_scratch.c: erase_sz wraps around, and boot_erase_region refuses it."""
    _, last = piece(13 * 1024)
    last.status.use_scratch = True
    with pytest.raises(BootAssert, match="the secondary piece is erased"):
        last._to_secondary()


def test_the_record_lands_behind_what_scratch_had_room_for():
    """swap_scratch.c: boot_copy_region(scratch, primary, scratch_trailer_off, img_off + copy_sz)."""
    made, first = piece(12 * 1024, entries=82)  # 8 bytes of the trailer lie in its first sector
    assert first.copied == 1024 - made.config.trailer.scratch_size(4)
    made.flash.load(made.config.scratch.start, b"\xff" * 1024)
    first.run.scratch_trailer.write_status(0, 4, 1)
    first.run.scratch_trailer.write_status(1, 4, 2)
    first.status.use_scratch = True
    first._record_to_primary()
    assert made.pair.primary.read(first.offset + first.copied, 8) == b"\x01\xff\xff\xff\x02\xff\xff\xff"


def test_no_image_fits_where_scratch_holds_no_whole_sector():
    """swap_scratch.c, app_max_size: 0, so that the installed image is refused too."""
    made = board(Mode.SWAP_SCRATCH)
    made.install(0, image(1, 3000).installed)
    assert boot_go(made.config).outcome is Outcome.BOOT
    small = Flash(0x100000, 512, 512, 4)
    made.config = replace(made.config, scratch=Area(small, small.start, 512))
    assert boot_go(made.config).outcome is Outcome.NO_IMAGE


@pytest.mark.parametrize("primary", range(8, 12))
@pytest.mark.parametrize("mode", [Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.SWAP_SCRATCH, Mode.OVERWRITE])
def test_slots_of_other_sizes_are_swapped_or_left_alone(mode, primary):
    """boot_slots_compatible: move wants a primary slot that is equal or one larger, offset a secondary one."""
    made = board(mode, sectors=14)
    wide = made.pair.secondary.size
    first = Area(made.flash, made.pair.primary.start, primary * 1024)
    second = Area(made.flash, made.pair.secondary.start, 10 * 1024)
    assert wide == 14 * 1024
    made.config = replace(made.config, images=(Pair(first, second),))
    made.install(0, image(1, 3000).installed)
    made.install(1, image(2, 3000).shipped, offset=1024 if mode is Mode.SWAP_OFFSET else 0)
    made.request(permanent=True)
    fits = {Mode.SWAP_MOVE: (10, 11), Mode.SWAP_OFFSET: (9, 10)}.get(mode, (10,))
    result = boot_go(made.config)
    assert result.outcome is Outcome.BOOT
    assert result.images[0].header.major == (2 if primary in fits else 1)


def test_the_offset_swap_takes_the_tlv_sizes_of_a_record_that_is_there():
    """swap_offset.c, swap_run: boot_read_unprotected_tlv_sizes on the primary slot, also before the first step."""
    made = board(Mode.SWAP_OFFSET, sectors=14)
    made.install(0, image(1, 3000).installed)
    made.install(1, image(2, 900).shipped, offset=1024)
    trailer = made.trailer(0)
    trailer.write_swap_info(3, 0)
    trailer.write_tlv_sizes(0, 0xE000)
    trailer.write_magic()
    run = boot_go(made.config)
    assert run.outcome is Outcome.BOOT
    assert made.pair.primary.read(3 * 1024, 16) == b"\xff" * 16  # copied from an erased sector, not skipped


def test_an_area_that_starts_inside_a_page_of_the_device_counts_its_own_sectors():
    flash = Flash(0x600, 0x1000, 0x400, 16)
    area = Area(flash, 0x600, 0x1000)
    assert area.erase(0x400, 0x400)
    assert area.write(0x10, bytes(16))


def test_an_erase_that_the_driver_refuses_is_told():
    flash = Flash(0, 0x2000, 0x400)
    assert not Area(flash, 0x200, 0x1000).erase(0, 0x400)
    assert flash.power.refused == 1


def test_the_magic_of_wide_fields_begins_with_their_width():
    """bootutil_public.c, boot_img_magic."""
    assert magic_for(8) == TrailerLayout(entries=1).magic
    assert magic_for(32).hex() == "20002de15d29410b8d77679c110f1f8a"


def test_the_allow_list_lets_any_kind_of_signature_stand_beside_the_one_that_counts():
    """image_validate.c, allowed_unprot_tlvs names all of them, whichever the build verifies."""
    for extra, outcome in ((RSA2048_PSS, Outcome.BOOT), (0x70, Outcome.NO_IMAGE)):
        made = board(Mode.SINGLE_SLOT, tlv_allow_list=True)
        made.install(0, _with_tlv(image(1, 3000).installed, extra))
        assert boot_go(made.config).outcome is outcome


def _with_tlv(installed, kind):
    """One more unprotected TLV; the info header says so."""
    at = installed.rindex(b"\x07\x69")
    total = int.from_bytes(installed[at + 2 : at + 4], "little")
    body = installed[at + 4 : at + total]
    more = body + kind.to_bytes(2, "little") + b"\x04\x00" + b"abcd"
    return installed[: at + 2] + (total + 8).to_bytes(2, "little") + more


def _of_sectors(made, primary, secondary):
    """The same board with slots of so many sectors."""
    first = Area(made.flash, made.pair.primary.start, primary * made.flash.page)
    second = Area(made.flash, made.pair.secondary.start, secondary * made.flash.page)
    made.config = replace(made.config, images=(Pair(first, second),))
    return made


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("mode", [Mode.SWAP_MOVE, Mode.SWAP_OFFSET, Mode.SWAP_SCRATCH, Mode.OVERWRITE])
def test_nothing_starts_from_a_slot_of_more_sectors_than_the_loader_keeps_track_of(mode, validate):
    """loader.c, context_boot_go: the headers are not read either after "Failed reading sectors"."""
    made = board(mode, entries=9, validate_primary=validate)
    made.install(0, image(1, 3000).installed)
    assert boot_go(made.config).outcome is Outcome.NO_IMAGE
    fits = _of_sectors(made, 9, 9)
    assert boot_go(fits.config).outcome is Outcome.BOOT


@pytest.mark.parametrize("sectors", [9, 10, 12])
def test_a_scratch_area_of_too_many_sectors_stops_every_boot_as_well(sectors):
    made = board(Mode.SWAP_SCRATCH, sectors=10, entries=10, scratch=sectors)
    made.install(0, image(1, 3000).installed)
    assert boot_go(made.config).outcome is (Outcome.BOOT if sectors <= 10 else Outcome.NO_IMAGE)


def test_a_staging_slot_of_too_many_sectors_is_never_installed_from():
    """boot_read_sectors: BOOT_EFLASH_SEC, after which the slot has no sectors."""
    made = _of_sectors(board(Mode.SWAP_OFFSET, sectors=12, entries=10), 10, 11)
    made.install(0, image(1, 3000).installed)
    made.install(1, image(2, 3000).shipped, offset=1024)
    made.request()
    result = boot_go(made.config)
    assert result.outcome is Outcome.BOOT
    assert result.images[0].header.major == 1
    made.config = replace(made.config, trailer=replace(made.config.trailer, entries=11))
    assert boot_go(made.config).images[0].header.major == 2


def test_a_record_of_a_swap_of_no_bytes_has_no_piece_left():
    """swap_scratch.c, find_last_sector_idx: -1 for a swap size of 0, so the images count as exchanged."""
    made = board(Mode.SWAP_SCRATCH)
    made.install(0, image(1, 3000).installed)
    made.install(1, image(2, 3000).installed)
    trailer = made.trailer(0)
    trailer.write_swap_info(2, 0)
    trailer.write_swap_size(0)
    trailer.write_magic()
    trailer.write_status(0, 4, 1)
    before = made.pair.primary.read(0, 4096)
    result = boot_go(made.config)
    assert result.outcome is Outcome.BOOT
    assert result.swaps
    assert made.pair.primary.read(0, 4096) == before


def test_progress_that_lies_behind_the_slot_leaves_requests_alone():
    """swap_read_status_bytes fails where scratch has the larger write unit, and the loader goes on without a swap."""
    made = board(Mode.SWAP_SCRATCH, sectors=14, entries=128)
    made.install(0, image(1, 3000).installed)
    made.install(1, image(2, 3000).shipped)
    made.request(permanent=True)
    coarse = Flash(0x100000, 2048, 1024, 16)
    made.config = replace(made.config, scratch=Area(coarse, coarse.start, 2048))
    result = boot_go(made.config)
    assert result.outcome is Outcome.BOOT
    assert result.images[0].header.major == 1


def test_a_trailer_that_is_larger_than_its_slot_stops_the_loader():
    """bootutil_area.c, boot_status_off: an assertion."""
    made = board(Mode.SWAP_MOVE, sectors=4, entries=512)
    made.install(0, image(1, 100).installed)
    made.trailer(0).write_magic()
    assert boot_go(made.config).outcome is Outcome.ASSERT


@pytest.mark.parametrize("mode", [Mode.DIRECT_XIP, Mode.OVERWRITE, Mode.SWAP_MOVE])
def test_a_secondary_image_for_another_address_is_erased_where_that_is_checked(mode):
    """loader.c, boot_validate_slot with MCUBOOT_CHECK_HEADER_LOAD_ADDRESS: in every mode."""
    made = board(mode, check_load_address=True)
    made.install(0, image(1, 3000).installed)
    made.install(1, image(2, 3000).installed)
    made.request()
    assert boot_go(made.config).images[0].header.major == 1
    assert made.pair.secondary.read(0, 64) == b"\xff" * 64


def test_the_offset_swap_loses_the_end_of_a_larger_old_image_to_a_cut_before_its_last_step():
    """swap_offset.c, boot_read_image_header: at the last sector it takes the new header for the old one (recorded).

    The old image's sectors are then counted by the new image, and what is beyond is not copied.
    """
    made = board(Mode.SWAP_OFFSET)
    made.install(0, image(1, 2048).installed)
    made.install(1, image(2, 100).shipped, offset=1024)
    made.request()
    with powered([made.flash], Power(18)):
        assert boot_go(made.config).outcome is Outcome.POWER_CUT
    majors = [boot_go(made.config).images[0].header.major for _ in range(3)]
    assert majors == [2, 2, 2]


def test_a_revert_that_is_taken_back_still_has_the_demands_of_images_looked_at():
    """loader.c, context_boot_go: has_upgrade is set before boot_review_image_swap_types sees a later image."""
    made = board(Mode.SWAP_MOVE, validate_primary=False)
    made.install(0, image(1, 100).installed[:164])  # its TLVs, and so its demands, cannot be read
    made.install(1, image(2, 100).installed)
    made.trailer(0).write_copy_done()
    made.trailer(0).write_magic()
    size, flash = made.pair.primary.size, Flash(0x100000, 0x8000, 1024, 4)
    other = Pair(Area(flash, flash.start, size), Area(flash, flash.start + size, size))
    flash.load(other.primary.start, image(1, 100).installed)
    flash.load(other.secondary.start, b"no image")
    begun = Trailer(other.primary, made.config.trailer)
    begun.write_swap_info(SwapType.TEST, 1)
    begun.write_magic()
    made.config = replace(made.config, images=(made.pair, other))
    result = boot_go(made.config)
    assert result.swap_types == (SwapType.NONE, SwapType.NONE)
    assert begun.read().image_ok is Flag.UNSET
