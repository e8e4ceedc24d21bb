"""The key management unit of nRF5340 and nRF91: one-shot permissions, sticky selection, revoking."""

import pytest

from bootverify.executor.units.kmu import PUSH, READ, STATE, UNREADABLE, WRITE, Kmu, PushEvent

VALUE = bytes(range(16))
ENGINE, RAM = 0x50845400, 0x20006000
ALL = 0xFFFFFFFF


def provisioned(**options) -> Kmu:
    kmu = Kmu(128)
    kmu.provision(8, VALUE, **({"destination": ENGINE, "readable": False} | options))
    return kmu


def test_an_empty_slot_is_open_to_any_secure_code():
    kmu = Kmu(128)
    kmu.select(9)
    assert kmu.write_key(8, VALUE)
    assert kmu.read_key(8) == VALUE


def test_permissions_are_set_once_until_erase_all():
    kmu = Kmu(128)
    assert kmu.write_permission(8, ALL & ~WRITE)
    assert not kmu.write_permission(8, ALL & ~READ)
    assert kmu.slots[8].permission == ALL & ~WRITE
    kmu.erase()
    assert kmu.write_permission(8, ALL & ~READ)


def test_permissions_and_state_are_used_up_separately():
    kmu = Kmu(128)
    kmu.write_permission(8, ALL & ~WRITE)
    assert kmu.write_permission(8, ALL & ~WRITE & ~STATE)
    assert not kmu.slots[8].active
    assert not kmu.write_permission(8, ALL & ~WRITE)


def test_a_slot_that_is_not_writable_keeps_its_value():
    kmu = provisioned(readable=True)
    kmu.select(9)
    assert not kmu.write_key(8, bytes(16))
    assert kmu.blocked
    assert kmu.read_key(8) == VALUE


@pytest.mark.parametrize("selected", [0, 8, 10, 129])
def test_only_the_selected_slot_is_read(selected):
    kmu = provisioned(readable=True)
    kmu.select(selected)
    assert kmu.read_key(8) == UNREADABLE
    kmu.select(9)
    assert kmu.read_key(8) == VALUE


def test_the_selection_outlives_who_made_it_but_not_a_reset():
    kmu = provisioned()
    kmu.select(9)
    assert kmu.push_selected() == (PushEvent.PUSHED, (ENGINE, VALUE))
    kmu.reset()
    assert kmu.push_selected() == (PushEvent.ERROR, None)


def test_a_slot_that_is_not_readable_shows_a_constant():
    assert provisioned().read(8, secure=True) == UNREADABLE
    assert provisioned(readable=True).read(8, secure=True) == VALUE


def test_non_secure_code_gets_nothing():
    kmu = provisioned(readable=True)
    assert kmu.read(8, secure=False) is None
    assert kmu.push(8, secure=False) is None
    assert not kmu.revoke(8, secure=False)


def test_nothing_looks_at_where_a_push_goes():
    assert provisioned(destination=RAM).push(8, secure=True) == (RAM, VALUE)


def test_a_slot_without_destination_is_not_pushed():
    kmu = Kmu(128)
    kmu.select(9)
    kmu.write_key(8, VALUE)
    assert kmu.push_selected() == (PushEvent.ERROR, None)
    kmu.write_destination(8, ENGINE)
    assert kmu.push_selected() == (PushEvent.PUSHED, (ENGINE, VALUE))


def test_a_slot_without_push_permission_is_not_pushed():
    kmu = Kmu(128)
    kmu.write_destination(8, ENGINE)
    kmu.write_permission(8, ALL & ~PUSH)
    assert kmu.push(8, secure=True) is None


def test_revoking_is_for_good_and_wipes_the_value():
    kmu = provisioned(readable=True)
    assert kmu.revoke(8, secure=True)
    assert not kmu.revoke(8, secure=True)
    assert kmu.read(8, secure=True) == UNREADABLE
    kmu.select(9)
    assert kmu.push_selected() == (PushEvent.REVOKED, None)
    assert kmu.slots[8].value == bytes(16)
    kmu.reset()
    assert not kmu.slots[8].active


def test_a_long_key_spans_slots_with_advancing_destinations():
    kmu = Kmu(128)
    kmu.provision(8, VALUE * 2, destination=ENGINE, readable=False)
    assert [kmu.push(slot, secure=True) for slot in (8, 9, 10)] == [(ENGINE, VALUE), (ENGINE + 16, VALUE), None]


def test_there_is_no_slot_behind_the_last():
    kmu = Kmu(128)
    kmu.provision(127, VALUE * 2, destination=ENGINE, readable=False)
    assert list(kmu.slots) == [127]
    with pytest.raises(IndexError, match="no slot 128"):
        kmu.write_permission(128, 0)
