"""fprotect: what each back end takes, refuses, writes and overlooks."""

import pytest

from bootverify.design.protection import Access, Attribution
from bootverify.executor.fprotect import (
    EFAULT,
    EINVAL,
    ENOSPC,
    FprotectAcl,
    FprotectAcl2021,
    FprotectBprot,
    FprotectRram,
    FprotectSpu,
)
from bootverify.executor.making.vendor_build import DEBUG, AssertionFailedError, PanicError
from bootverify.executor.nsib.next_stage import fits, protect_next_stage
from bootverify.executor.units.acl import ADDRESS, SIZE, Acl
from bootverify.executor.units.bprot import Bprot
from bootverify.executor.units.rramc import BOOT_REGION, FREE_REGION, RESET_VALUE, SECURE, Rramc
from bootverify.executor.units.spu import RESET_VALUE as OPEN
from bootverify.executor.units.spu import Spu

PAGE, FLASH = 0x1000, 0x100000
LOCKED = 0x115  # secure, read, execute, locked


def nrf5340() -> Spu:
    return Spu(0, 0x4000, 64, ram_count=64, peripheral_count=256)


def on_acl() -> FprotectAcl:
    return FprotectAcl.of(Acl(PAGE), FLASH)


# ---- SPU


@pytest.mark.parametrize(("start", "length"), [(0, 0x3FFF), (0x4001, 0x4000), (0x2000, 0x4000), (0x4000, 0x6000)])
def test_spu_takes_whole_regions_only(start, length):
    spu = nrf5340()
    assert FprotectSpu(spu).area(start, length) == EINVAL
    assert spu == nrf5340()


def test_spu_locks_the_regions_of_the_area_and_no_other():
    spu = nrf5340()
    assert FprotectSpu(spu).area(0x4000, 0x8000) == 0
    assert spu.registers[:4] == [OPEN, LOCKED, LOCKED, OPEN]


def test_length_0_does_nothing_on_spu():
    spu = nrf5340()
    assert FprotectSpu(spu).area(0, 0) == 0
    assert spu == nrf5340()


def test_a_region_number_is_cut_to_eight_bits():
    spu = nrf5340()
    assert FprotectSpu(spu).area(0x400000, 0x4000) == 0
    assert spu.registers[0] == LOCKED


def test_behind_the_flash_of_nrf5340_lie_the_registers_of_ram():
    spu = nrf5340()
    FprotectSpu(spu).area(FLASH, 0x4000)
    assert (spu.registers[63], spu.ram[0]) == (OPEN, LOCKED)


def test_a_locked_region_stops_a_debug_build_only():
    spu = nrf5340()
    spu.write_register(1, 0x107)
    assert FprotectSpu(spu).area(0, 0x8000) == 0
    assert spu.registers[:2] == [LOCKED, 0x107]
    with pytest.raises(AssertionFailedError, match="flash-region-already-locked"):
        FprotectSpu(spu, DEBUG).area(0x4000, 0x4000)


# ---- ACL


@pytest.mark.parametrize(
    ("start", "length", "code"),
    [(0, PAGE, 0), (0, 0, EINVAL), (4, PAGE, EINVAL), (0, PAGE + 4, EINVAL), (0, FLASH, 0), (0, FLASH + PAGE, EINVAL)],
)
def test_acl_takes_whole_pages_up_to_the_flash_size(start, length, code):
    assert on_acl().area(start, length) == code


def test_acl_reports_no_space_before_it_looks_at_the_arguments():
    library = on_acl()
    for page in range(8):
        assert library.area(page * PAGE, PAGE) == 0
    assert FprotectAcl.of(library.acl, FLASH).area(4, 1) == ENOSPC


def test_a_refused_call_uses_no_entry_up():
    library = on_acl()
    library.area(4, PAGE)
    library.area(0, PAGE)
    assert library.acl.read(0, SIZE) == PAGE


def test_the_call_after_a_failed_one_succeeds_and_protects_nothing():
    library = on_acl()
    for page in range(8):
        library.area(page * PAGE, PAGE)
    assert [library.area(9 * PAGE, PAGE) for _ in range(3)] == [ENOSPC, 0, ENOSPC]
    assert library.acl.permits(9 * PAGE, Access.WRITE)


def test_a_half_used_entry_is_noticed_but_switched_on():
    acl = Acl(PAGE)
    acl.write(0, ADDRESS, 0x5000)
    acl.write(0, SIZE, PAGE)
    assert FprotectAcl.of(acl, FLASH).area(0x8000, PAGE) == EFAULT
    assert not acl.permits(0x5000, Access.WRITE)
    assert acl.permits(0x8000, Access.WRITE)


def test_the_first_entry_that_covers_a_block_answers_for_it():
    library = on_acl()
    library.area(0, PAGE)
    library.area_no_access(0, PAGE)
    library.area_no_access(PAGE, PAGE)
    assert [library.is_protected(at) for at in (0, PAGE - 1, PAGE, 2 * PAGE)] == [1, 1, 3, 0]


def test_on_the_network_core_the_query_panics_as_soon_as_an_entry_exists():
    library = FprotectAcl.of(Acl(0x800), 0x40000)
    assert library.is_protected(0x1000000) == 0
    assert library.area(0x1000000, 0x800) == 0
    with pytest.raises(PanicError, match="k_panic"):
        library.is_protected(0x1000000)


def test_the_second_stage_of_2021_believes_that_it_protected_its_area():
    acl = Acl(PAGE)
    assert FprotectAcl2021(acl, PAGE, PAGE, FLASH).area(0, 0x8000) == 0
    assert FprotectAcl2021(acl, PAGE, PAGE, FLASH).area(0x8000, PAGE) == 0
    assert acl.permits(0x8000, Access.WRITE)
    assert FprotectAcl.of(acl, FLASH).area(0x8000, PAGE) == 0
    assert not acl.permits(0x8000, Access.WRITE)


def test_a_page_size_that_the_build_did_not_expect_stops_a_debug_build():
    library = FprotectAcl(Acl(0x800), PAGE, 0x800, 128, 0x80000, DEBUG)
    with pytest.raises(AssertionFailedError, match="page-size"):
        library.area(0, PAGE)


# ---- BPROT


@pytest.mark.parametrize(
    ("start", "length", "code"),
    [
        (0x7F000, PAGE, 0),
        (0x7F000, 2 * PAGE, EINVAL),
        (0x80000, 0, 0),
        (0x81000, 0, EINVAL),
        (0, 0x800, EINVAL),
        (0xFFFFF000, PAGE, EINVAL),
        (0xFFFFF000, 2 * PAGE, EINVAL),
    ],
)
def test_bprot_takes_whole_blocks_up_to_the_end(start, length, code):
    bprot = Bprot()
    assert FprotectBprot(bprot).area(start, length) == code
    assert any(bprot.config) is (code == 0 and length > 0)


def test_bprot_writes_the_debug_switch_even_when_it_refuses():
    bprot = Bprot()
    assert FprotectBprot(bprot, in_debug=True).area(4, PAGE) == EINVAL
    assert not bprot.disabled_in_debug


def test_bprot_does_not_mind_protected_blocks():
    bprot = Bprot()
    library = FprotectBprot(bprot)
    assert [library.area(0, 2 * PAGE), library.area(PAGE, 2 * PAGE)] == [0, 0]
    assert bprot.config[0] == 0b111


# ---- RRAM


def test_rram_has_one_area_a_boot():
    rramc = Rramc()
    assert FprotectRram(rramc).area(0x400, 0x400) == 0
    assert FprotectRram(rramc).area(0x8000, 0x400) == ENOSPC
    rramc.reset()
    assert FprotectRram(rramc).area(0x8000, 0x400) == 0


def test_rram_protects_for_everybody_write_once():
    rramc = Rramc()
    FprotectRram(rramc).area(0x4000, 0x2000)
    for initiator in Attribution:
        assert not rramc.permits(0x5FFF, Access.WRITE, initiator)
        assert rramc.permits(0x5FFF, Access.EXECUTE, initiator)
    assert rramc.write_once(0x4000)


def test_rram_reports_bad_arguments_before_no_space():
    library = FprotectRram(Rramc())
    library.area(0, 0x400)
    assert library.area(1, 0x400) == EINVAL


def test_length_0_uses_the_region_of_rram_up():
    library = FprotectRram(Rramc())
    assert [library.area(0, 0), library.area(0, 0x400)] == [0, ENOSPC]


def test_a_cleared_secure_bit_counts_as_taken():
    rramc = Rramc()
    rramc.write_config(FREE_REGION, RESET_VALUE & ~SECURE)
    assert FprotectRram(rramc).area(0, 0x400) == ENOSPC


@pytest.mark.parametrize(
    ("combined", "start", "length", "code"),
    [
        (False, 0, 0x7C00, 0),
        (False, 0, 0x8000, EINVAL),
        (True, 0, 0x8000, 0),
        (True, 0x400, 0x8000, EINVAL),
        (True, 0, 0xF800, 0),
        (True, 0, 0xFC00, EINVAL),
    ],
)
def test_two_regions_of_rram_make_one_area_from_address_0(combined, start, length, code):
    rramc = Rramc()
    assert FprotectRram(rramc, combined).area(start, length) == code
    if code == 0:
        assert not rramc.permits(start + length - 1, Access.WRITE, Attribution.SECURE)
        assert rramc.permits(start + length, Access.WRITE, Attribution.SECURE)


def test_a_boot_region_from_the_uicr_blocks_the_combined_area_and_uses_nothing_up():
    rramc = Rramc()
    rramc.reset(0x0020200D)
    assert FprotectRram(rramc, combined=True).area(0, 0x8000) == ENOSPC
    assert rramc.range(BOOT_REGION) == (0, 0)  # 32 KiB do not fit five bits
    assert rramc.config[FREE_REGION] == RESET_VALUE


# ---- NSIB's lock of the next stage

SLOTS = ((0x8000, 0x4000), (0xC000, 0x4000))


def test_the_chosen_slot_is_locked_against_writing():
    rramc = Rramc()
    assert protect_next_stage(rramc, SLOTS, 0xC000) == 0
    assert not rramc.permits(0xC000, Access.WRITE, Attribution.SECURE)
    assert rramc.permits(0x8000, Access.WRITE, Attribution.SECURE)


def test_an_address_that_is_no_slot_is_refused():
    assert protect_next_stage(Rramc(), SLOTS, 0x8400) == EINVAL


def test_a_region_locked_elsewhere_with_the_same_size_passes():
    rramc = Rramc()
    FprotectRram(rramc).area(0, 0x4000)
    assert protect_next_stage(rramc, SLOTS, 0x8000) == 0
    assert rramc.permits(0x8000, Access.WRITE, Attribution.SECURE)


def test_a_slot_larger_than_a_region_is_refused_by_the_build_and_at_run_time():
    rramc, slots = Rramc(), ((0x8000, 0x8000), (0x10000, 0x4000))
    assert not fits(rramc, slots)
    assert protect_next_stage(rramc, slots, 0x8000) == ENOSPC
    assert rramc.range(FREE_REGION) == (0x8000, 0x8000)
