"""The entries of the ACL: written once, denials add up."""

import pytest

from bootverify.design.protection import Access, Attribution
from bootverify.executor.units.acl import ADDRESS, BLOCK_READ, BLOCK_WRITE, PERMISSION, SIZE, Acl


def filled(permission: int) -> Acl:
    acl = Acl(0x1000)
    assert acl.protect(0, 0x2000, 0x1000, permission)
    return acl


@pytest.mark.parametrize("register", [ADDRESS, SIZE])
def test_an_entry_accepts_one_write_until_reset(register):
    acl = Acl(0x1000)
    assert acl.write(0, register, 0x2000)
    assert not acl.write(0, register, 0x3000)
    assert acl.read(0, register) == 0x2000
    acl.reset()
    assert acl.read(0, register) == 0
    assert acl.write(0, register, 0x3000)


def test_a_permission_of_zero_does_not_use_the_entry_up():
    acl = Acl(0x1000)
    acl.write(0, PERMISSION, 0)
    assert acl.write(0, PERMISSION, BLOCK_WRITE)
    assert not acl.write(0, PERMISSION, BLOCK_WRITE | BLOCK_READ)
    assert acl.read(0, PERMISSION) == BLOCK_WRITE


def test_an_address_of_zero_uses_the_register_up():
    acl = Acl(0x1000)
    acl.write(0, ADDRESS, 0)
    assert not acl.write(0, ADDRESS, 0x1000)


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        (0, {Access.READ, Access.WRITE, Access.EXECUTE}),
        (BLOCK_WRITE, {Access.READ, Access.EXECUTE}),
        (BLOCK_READ, {Access.WRITE}),
        (BLOCK_WRITE | BLOCK_READ, set()),
    ],
)
def test_a_blocked_read_blocks_execution_too(permission, allowed):
    acl = filled(permission)
    for address in (0x2000, 0x2FFF):
        assert {access for access in Access if acl.permits(address, access)} == allowed
    for address in (0x1FFF, 0x3000):
        assert all(acl.permits(address, access) for access in Access)


def test_no_initiator_is_exempt():
    acl = filled(BLOCK_WRITE)
    assert not any(acl.permits(0x2000, Access.WRITE, initiator) for initiator in Attribution)


def test_denials_of_overlapping_entries_add_up():
    acl = filled(BLOCK_WRITE)
    acl.protect(1, 0x2000, 0x2000, BLOCK_READ)
    assert not acl.permits(0x2000, Access.WRITE)
    assert not acl.permits(0x2000, Access.READ)
    assert acl.permits(0x3000, Access.WRITE)


def test_an_entry_behind_the_last_one_guards_nothing():
    acl = Acl(0x1000)
    acl.protect(8, 0x2000, 0x1000, BLOCK_WRITE)
    assert acl.read(8, PERMISSION) == BLOCK_WRITE
    assert acl.permits(0x2000, Access.WRITE)


def test_a_copy_shares_no_entry():
    acl = Acl(0x1000)
    acl.copy().protect(0, 0, 0x1000, BLOCK_WRITE)
    assert acl == Acl(0x1000)
