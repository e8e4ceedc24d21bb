"""The registers of the SPU: locks, windows, veneers."""

import pytest

from bootverify.design.protection import Access, Attribution
from bootverify.executor.units.spu import (
    DMA_SECURE,
    EXECUTE,
    FLASHREGION,
    LOCK,
    PERIPHID,
    RAMREGION,
    READ,
    RESET_VALUE,
    SECURE,
    WRITE,
    IgnoredWrite,
    Spu,
)

FLASH_END, RAM, RAM_END = 0x100000, 0x20000000, 0x20080000


def nrf5340() -> Spu:
    return Spu(0, 0x4000, 64, ram_count=64, peripheral_count=256)


def nrf91() -> Spu:
    return Spu(0, 0x8000, 32, ram_count=32, peripheral_count=67, region_bits=0x1F, dppi_channels=16, ports=1)


def test_everything_is_secure_and_permitted_at_reset():
    spu = nrf5340()
    for address in (0, 0x3FFF, 0x4000, FLASH_END - 1, RAM, RAM_END - 1):
        for access in Access:
            assert spu.permits(address, access, Attribution.SECURE)
            assert not spu.permits(address, access, Attribution.NON_SECURE)


@pytest.mark.parametrize("address", [FLASH_END, RAM - 1, RAM_END, 0xFF8000])
def test_what_lies_in_no_region_is_not_guarded(address):
    assert not nrf5340().guards(address)


def test_a_locked_region_ignores_reconfiguration_until_reset():
    spu = nrf5340()
    assert spu.write_register(3, SECURE | READ | EXECUTE | LOCK)
    assert not spu.write_register(3, READ | WRITE | EXECUTE)
    assert not spu.write_register(3, SECURE | READ | LOCK)  # tightening is ignored as well
    assert spu.registers[3] == SECURE | READ | EXECUTE | LOCK
    spu.reset()
    assert spu.registers[3] == RESET_VALUE
    assert spu.write_register(3, READ)


def test_a_locked_ram_region_ignores_reconfiguration_until_reset():
    spu = nrf5340()
    spu.write_ram(0, READ | LOCK)
    assert not spu.write_ram(0, READ | WRITE | EXECUTE | LOCK)
    assert spu.permits(RAM + 0x1FFF, Access.READ, Attribution.NON_SECURE)
    assert not spu.permits(RAM + 0x1FFF, Access.WRITE, Attribution.NON_SECURE)
    assert not spu.permits(RAM + 0x2000, Access.READ, Attribution.NON_SECURE)
    spu.reset()
    assert spu.ram[0] == RESET_VALUE


def test_only_defined_bits_of_a_register_stick():
    spu = nrf5340()
    spu.write_register(0, 0xFFFFFFFF)
    spu.write_peripheral(8, 0xFFFFFFFF)
    assert (spu.registers[0], spu.peripherals[8]) == (0x117, SECURE | DMA_SECURE | LOCK)


@pytest.mark.parametrize(("access", "bit"), [(Access.READ, READ), (Access.WRITE, WRITE), (Access.EXECUTE, EXECUTE)])
def test_permissions_bind_secure_code_too(access, bit):
    spu = nrf5340()
    spu.write_register(1, RESET_VALUE & ~bit)
    assert not spu.permits(0x4000, access, Attribution.SECURE)
    assert not spu.permits(0x7FFF, access, Attribution.SECURE)
    assert spu.permits(0x3FFF, access, Attribution.SECURE)
    assert spu.permits(0x8000, access, Attribution.SECURE)


def test_counting_past_the_last_flash_region_of_nrf5340_reaches_ram_and_peripherals():
    spu = nrf5340()
    assert spu.write(FLASHREGION + 4 * 64, SECURE | READ | EXECUTE | LOCK)
    assert spu.write(FLASHREGION + 4 * 128, SECURE | READ | EXECUTE | LOCK)
    assert spu.ram[0] == SECURE | READ | EXECUTE | LOCK
    assert spu.peripherals[0] == SECURE | LOCK
    assert spu.registers == [RESET_VALUE] * 64


def test_a_hole_of_the_register_file_swallows_writes_and_reads_zero():
    spu = nrf91()
    assert not spu.write(FLASHREGION + 4 * 32, 0x115)
    assert spu.read(FLASHREGION + 4 * 32) == 0
    assert not spu.write(RAMREGION + 4 * 32, 0x117)
    assert [(each.register, each.index) for each in spu.ignored] == [("UNIMPLEMENTED", 0x680), ("UNIMPLEMENTED", 0x780)]


def test_behind_the_last_peripheral_nothing_is_written():
    spu = nrf91()
    assert spu.write(PERIPHID + 4 * 66, 0)
    assert not spu.write(PERIPHID + 4 * 67, 0)


def test_an_ignored_write_is_noted_when_its_value_differs():
    spu = nrf5340()
    spu.write_register(5, 0x115)
    spu.write_register(5, 0x115)
    spu.write_register(5, 0x17)
    assert spu.ignored == [IgnoredWrite(register="FLASHREGION", index=5, value=0x17)]


@pytest.mark.parametrize(("code", "size"), [(0, 0), (1, 32), (2, 64), (6, 1024), (8, 4096), (9, 0), (15, 0)])
def test_veneers_grow_downward_from_the_top_of_their_region(code, size):
    spu = nrf5340()
    spu.write_nsc(0, 3 | LOCK)
    spu.write_nsc(1, code | LOCK)
    assert spu.callable_range() == ((0x10000 - size, 0x10000) if size else None)


def test_veneers_exist_only_in_a_secure_region():
    spu = nrf5340()
    spu.write_nsc(0, 3)
    spu.write_nsc(1, 6)
    spu.write_register(3, READ | WRITE | EXECUTE | LOCK)
    assert spu.callable_range() is None


def test_region_and_size_of_the_veneers_lock_separately():
    spu = nrf5340()
    spu.write_nsc(0, 3 | LOCK)
    assert not spu.write_nsc(0, 4)
    assert spu.write_nsc(1, 6)
    assert spu.write_nsc(1, 7 | LOCK)
    assert not spu.write_nsc(1, 0)
    assert spu.nsc[:2] == [3 | LOCK, 7 | LOCK]


@pytest.mark.parametrize(("spu", "stored"), [(nrf5340(), 0x3F), (nrf91(), 0x1F)])
def test_the_region_number_of_the_veneers_has_the_width_of_the_part(spu, stored):
    spu.write_nsc(0, 0xFF)
    assert spu.nsc[0] == stored


def test_masks_of_pins_and_channels_lock_until_reset():
    spu = nrf91()
    assert spu.write_gpio(0, 0xF0, lock=True)
    assert not spu.write_gpio(0, 0, lock=False)
    assert spu.write_dppi(0xFFFFFFFF, lock=True)
    assert not spu.write_dppi(0, lock=True)
    assert (spu.gpio, spu.dppi) == ([[0xF0, 1]], [0xFFFF, 1])
    spu.reset()
    assert (spu.gpio, spu.dppi) == ([[0xFFFFFFFF, 0]], [0xFFFF, 0])


def test_the_external_domain_locks_until_reset():
    spu = Spu(0, 0x4000, 64, external_reset=2)
    assert spu.write_external(LOCK)
    assert not spu.write_external(SECURE)
    assert spu.external == LOCK | 2
    spu.reset()
    assert spu.external == 2


def test_a_locked_peripheral_keeps_its_attribution():
    spu = nrf5340()
    spu.write_peripheral(8, SECURE | DMA_SECURE | LOCK)
    assert not spu.write_peripheral(8, 0)
    assert spu.peripheral_attribution(8) is Attribution.SECURE


def test_a_copy_shares_no_register():
    spu = nrf5340()
    twin = spu.copy()
    twin.write_register(0, LOCK)
    twin.write_ram(0, LOCK)
    twin.write_nsc(0, LOCK)
    twin.write_gpio(0, 0, lock=True)
    assert spu == nrf5340()
