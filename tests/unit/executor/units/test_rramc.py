"""The regions of the RRAM controller: what a lock still lets change, what BOOTCONF brings."""

import pytest

from bootverify.design.protection import Access, Attribution
from bootverify.executor.units.rramc import (
    BOOT_REGION,
    EXECUTE,
    FREE_REGION,
    LOCK,
    READ,
    RESET_VALUE,
    SECURE,
    WRITE,
    WRITEONCE,
    Rramc,
)

LOCKED = READ | EXECUTE | SECURE | LOCK | 8 << 16


def locked(region: int = FREE_REGION, **options: bool) -> Rramc:
    rramc = Rramc(**options)
    rramc.write_address(region, 0x4000)
    assert rramc.write_config(region, LOCKED)
    return rramc


def test_a_locked_region_keeps_its_size_and_address_until_reset():
    rramc = locked()
    assert not rramc.write_address(FREE_REGION, 0)
    assert not rramc.write_config(FREE_REGION, LOCKED | 1 << 16)
    assert not rramc.write_config(FREE_REGION, LOCKED & ~LOCK)
    assert (rramc.address[FREE_REGION], rramc.config[FREE_REGION]) == (0x4000, LOCKED)
    rramc.reset()
    assert (rramc.address[FREE_REGION], rramc.config[FREE_REGION]) == (0, RESET_VALUE)


@pytest.mark.parametrize("bit", [READ, EXECUTE, SECURE])
def test_a_locked_region_can_lose_permissions_and_never_gets_them_back(bit):
    rramc = locked()
    assert rramc.write_config(FREE_REGION, LOCKED & ~bit)
    assert not rramc.write_config(FREE_REGION, LOCKED)
    assert rramc.config[FREE_REGION] == LOCKED & ~bit


def test_a_locked_region_cannot_gain_write_access():
    rramc = locked()
    assert not rramc.write_config(FREE_REGION, LOCKED | WRITE)
    assert not rramc.permits(0x4000, Access.WRITE, Attribution.SECURE)


def test_some_parts_keep_the_secure_bit_of_a_locked_region():
    rramc = locked(secure_clears=False)
    assert not rramc.write_config(FREE_REGION, LOCKED & ~SECURE)
    assert rramc.config[FREE_REGION] & SECURE


def test_the_boot_region_starts_at_zero():
    rramc = Rramc()
    assert not rramc.write_address(BOOT_REGION, 0x8000)
    rramc.write_config(BOOT_REGION, LOCKED)
    assert rramc.range(BOOT_REGION) == (0, 0x2000)


def test_boot_configuration_comes_back_at_every_reset():
    rramc = Rramc()
    rramc.reset(0x001F200D)
    assert rramc.range(BOOT_REGION) == (0, 31 * 0x400)
    assert not rramc.permits(0, Access.WRITE, Attribution.SECURE)
    rramc.reset()
    assert rramc.permits(0, Access.WRITE, Attribution.SECURE)


@pytest.mark.parametrize(("address", "permitted"), [(0x3FFF, True), (0x4000, False), (0x5FFF, False), (0x6000, True)])
def test_a_region_guards_its_addresses(address, permitted):
    assert locked().permits(address, Access.WRITE, Attribution.SECURE) is permitted


def test_a_secure_region_refuses_non_secure_initiators():
    rramc = locked()
    assert rramc.permits(0x4000, Access.READ, Attribution.SECURE)
    assert not rramc.permits(0x4000, Access.READ, Attribution.NON_SECURE)
    assert rramc.permits(0x8000, Access.READ, Attribution.NON_SECURE)


def test_a_region_of_size_zero_guards_nothing():
    rramc = Rramc()
    rramc.write_config(FREE_REGION, LOCK)
    assert all(rramc.permits(0, access, Attribution.NON_SECURE) for access in Access)


def test_the_size_field_has_the_width_of_the_part():
    for bits, largest in ((5, 31), (7, 127), (10, 1023)):
        rramc = Rramc(size_bits=bits)
        rramc.write_config(FREE_REGION, 0xFFFF0000)
        assert rramc.range(FREE_REGION) == (0, largest * 0x400)
        assert rramc.largest == largest * 0x400


def test_a_write_once_region_says_so():
    rramc = Rramc()
    rramc.write_config(FREE_REGION, READ | WRITE | WRITEONCE | 1 << 16)
    assert rramc.write_once(0x3FF)
    assert not rramc.write_once(0x400)


def test_a_copy_shares_no_region():
    rramc = Rramc()
    rramc.copy().write_config(FREE_REGION, LOCK)
    assert rramc == Rramc()
