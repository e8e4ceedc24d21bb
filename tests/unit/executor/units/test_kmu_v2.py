"""The key management unit of nRF54L: states, policies, blocks, destinations."""

import pytest

from bootverify.executor.units.kmu_v2 import Event, KmuV2, Policy, Slot, SlotState

VALUE = bytes(range(16))
DESTINATION = 0x20000000


def holding(policy: Policy = Policy.LOCKED, **options) -> KmuV2:
    kmu = KmuV2(**options)
    content = Slot(value=VALUE, destination=DESTINATION, policy=policy, metadata=7)
    assert kmu.provision_slot(242, content, secure=True) is Event.DONE
    return kmu


def test_a_value_is_pushed_and_never_read():
    kmu = holding()
    assert kmu.push(242, secure=True) == (DESTINATION, VALUE)
    assert kmu.read(242, secure=True) is None
    assert kmu.read_metadata(242, secure=True) == (Event.DONE, 7)


def test_non_secure_code_gets_nothing():
    kmu = holding(Policy.ROTATING)
    assert kmu.push_slot(242, secure=False) == (Event.ERROR, None)
    assert kmu.revoke_slot(242, secure=False) is Event.ERROR
    assert kmu.read_metadata(242, secure=False) == (Event.ERROR, None)
    assert kmu.block_push(242, secure=False) is Event.ERROR
    assert kmu.provision_slot(0, Slot(), secure=False) is Event.ERROR


def test_only_an_erased_slot_is_provisioned():
    kmu = holding()
    assert kmu.provision_slot(242, Slot(value=bytes(16)), secure=True) is Event.ERROR
    assert kmu.push(242, secure=True) == (DESTINATION, VALUE)


@pytest.mark.parametrize("destination", [0x20000008, 0x20000001, 0x00FFE000, 0x00FFFFF0])
def test_a_destination_is_aligned_and_outside_the_slots_own_memory(destination):
    assert KmuV2().provision_slot(0, Slot(destination=destination), secure=True) is Event.ERROR


@pytest.mark.parametrize("slot", [-1, 250])
def test_there_are_250_slots(slot):
    assert KmuV2().provision_slot(slot, Slot(), secure=True) is Event.ERROR
    assert KmuV2().provision_slot(249, Slot(), secure=True) is Event.DONE


def test_a_locked_slot_cannot_be_revoked():
    kmu = holding(Policy.LOCKED)
    assert kmu.revoke_slot(242, secure=True) is Event.ERROR
    assert kmu.push(242, secure=True) is not None


def test_a_rotating_slot_can_be_provisioned_again():
    kmu = holding(Policy.ROTATING)
    assert kmu.revoke(242, secure=True)
    assert kmu.state(242) is SlotState.ERASED
    assert kmu.provision_slot(242, Slot(value=VALUE), secure=True) is Event.DONE


def test_a_revoked_slot_is_dead_until_erase_all():
    kmu = holding(Policy.REVOKED)
    assert kmu.revoke(242, secure=True)
    kmu.reset()
    assert kmu.push_slot(242, secure=True) == (Event.REVOKED, None)
    assert kmu.read_metadata(242, secure=True) == (Event.REVOKED, None)
    assert kmu.revoke_slot(242, secure=True) is Event.REVOKED
    assert kmu.provision_slot(242, Slot(), secure=True) is Event.ERROR
    assert VALUE not in [slot.value for slot in kmu.slots.values()]
    kmu.erase()
    assert kmu.provision_slot(242, Slot(), secure=True) is Event.DONE


def test_a_push_block_blocks_pushing_until_reset_and_nothing_else():
    kmu = holding(Policy.REVOKED)
    kmu.block_push(242, secure=True)
    assert kmu.push_slot(242, secure=True) == (Event.ERROR, None)
    assert kmu.read_metadata(242, secure=True) == (Event.DONE, 7)
    kmu.reset()
    assert kmu.push(242, secure=True) == (DESTINATION, VALUE)
    kmu.block_push(242, secure=True)
    assert kmu.revoke(242, secure=True)


def test_an_unprovisioned_generation_stays_open_to_later_code():
    kmu = holding()
    kmu.block_push(242, secure=True)
    assert kmu.provision_slot(244, Slot(value=VALUE, destination=DESTINATION), secure=True) is Event.DONE
    assert kmu.push(244, secure=True) == (DESTINATION, VALUE)


def test_a_full_block_exists_on_some_parts_only():
    assert holding().block(242, secure=True) is Event.ERROR
    kmu = holding(Policy.REVOKED, can_block=True)
    assert kmu.block(242, secure=True) is Event.DONE
    kmu.block(0, secure=True)
    assert kmu.push(242, secure=True) is None
    assert kmu.revoke_slot(242, secure=True) is Event.ERROR
    assert kmu.provision_slot(0, Slot(), secure=True) is Event.ERROR
    kmu.reset()
    assert kmu.push(242, secure=True) == (DESTINATION, VALUE)


def test_production_fills_consecutive_slots_locked():
    kmu = KmuV2()
    kmu.provision(226, VALUE * 2, destination=DESTINATION, readable=True)
    assert [kmu.push(slot, secure=True) for slot in (226, 227)] == [(DESTINATION, VALUE), (DESTINATION + 16, VALUE)]
    assert not kmu.revoke(226, secure=True)
