"""NSIB from reset to hand-over: selection, validation, what it writes."""

from dataclasses import replace

import pytest
from tests.unit.executor.nsib_bench import (
    ED_KEYS,
    KEYS,
    NRF54L,
    NRF5340,
    OTP,
    S0,
    S1,
    Board,
    story,
)

from bootverify.executor.nsib import release_for
from bootverify.executor.nsib.event import (
    Booted,
    Faulted,
    KeyBlocked,
    KeyPurged,
    KeyRevoked,
    NothingBooted,
    Panicked,
    PowerCut,
    Stop,
    WordWritten,
)
from bootverify.executor.nsib.fwinfo import Request
from bootverify.ranges import AddressRange

VALID_WORD = S0 + 0x200 + 32
MAIN_26 = replace(NRF5340, release=release_for("2.6.0"))
MAIN_31 = replace(NRF5340, release=release_for("3.1.0"))


def test_a_signed_image_is_started_from_its_vector_table():
    board = Board()
    board.flash(0, 1)
    assert board.boot().ending == Booted(slot=0, vtor=S0, msp=0x20001000, pc=S0 + 0x141)
    assert board.unit.calls == [(0, 0x8000)]


@pytest.mark.parametrize(("versions", "slot"), [((1, 2), 1), ((2, 1), 0), ((2, 2), 0)])
def test_the_higher_version_goes_first_and_slot_0_when_equal(versions, slot):
    board = Board()
    board.flash(0, versions[0])
    board.flash(1, versions[1])
    assert board.boot().booted.slot == slot


def test_a_rejected_image_is_invalidated_and_the_other_slot_tried():
    board = Board()
    board.flash(0, 2)
    board.flash(1, 1)
    board.main.data[S0 + 0x900] ^= 1
    result = board.boot()
    assert story(result) == [(0, "signature"), (1, "booted")]
    assert board.memory.word(VALID_WORD) == 0x91020000
    assert story(board.boot()) == [(0, "invalidated"), (1, "booted")]


@pytest.mark.parametrize(("late", "outcome"), [(4, "booted"), (5, "no-validation-info")])
def test_validation_info_may_start_four_bytes_late(late, outcome):
    board = Board()
    board.flash(0, 1)
    trailer = board.main.read(S0 + 0xC00, 176)
    board.main.load(S0 + 0xC00, b"\xff" * late + trailer)
    assert story(board.boot()) == [(0, outcome)]


def test_an_image_signed_by_a_stranger_is_rejected():
    board = Board()
    board.flash(0, 1, KEYS[2])
    assert board.boot().ending == NothingBooted(why=Stop.NO_IMAGE)
    assert story(board.boot()) == [(0, "invalidated")]


def test_a_good_signature_revokes_all_keys_before_its_own():
    board = Board()
    board.flash(0, 1, KEYS[1])
    assert board.boot().booted
    assert board.memory.word(OTP + 0x34) == 0x50FA0000
    board.flash(0, 2, KEYS[0])
    assert story(board.boot()) == [(0, "no-matching-key")]


def test_up_to_2_6_a_revoked_token_is_all_ones_over_zeros():
    board = Board(MAIN_26)
    board.flash(0, 1, KEYS[1])
    assert board.boot().booted
    assert board.memory.word(OTP + 0x34) == 0xFFFF0000


def test_an_older_version_than_the_counter_is_rejected_and_an_equal_one_is_not():
    board = Board()
    board.flash(0, 5)
    assert board.boot().booted
    assert board.boot().booted
    board.flash(0, 4)
    assert story(board.boot()) == [(0, "version-below-counter")]


def test_a_full_counter_passes_the_slot_over_in_main_and_is_ignored_before():
    for config, expected in ((NRF5340, "counter-full"), (MAIN_31, "booted")):
        board = Board(config, counter_slots=2)
        for version in (1, 2):
            board.flash(0, version)
            assert board.boot().booted
        board.flash(0, 3)
        assert story(board.boot()) == [(0, expected)]
        assert board.memory.word(VALID_WORD) == 0x9102FFFF


def test_a_missing_counter_rejects_in_main_and_is_noted_before():
    board = Board(counter_slots=0)
    board.flash(0, 1)
    assert story(board.boot()) == [(0, "counter-unreadable")]
    older = Board(MAIN_31, counter_slots=0)
    older.flash(0, 1)
    (trial,) = older.boot().trials
    assert trial.outcome == "booted"
    assert trial.notes == ("counter-unreadable", "counter-slots-unreadable")


def test_a_version_of_more_than_15_bits_boots_once():
    board = Board()
    board.flash(0, 0x8005)
    assert board.boot().booted
    assert story(board.boot()) == [(0, "counter-not-increasing")]


def test_an_unknown_token_panics_since_2_7():
    board = Board()
    board.flash(0, 1)
    board.otp.load(OTP + 0x34, b"\x00\x00\xff\x50")
    assert board.boot().ending == Panicked()
    assert story(board.boot()) == [(0, "panic")]


def test_more_than_16_keys_reject_every_image_unless_before_2_7():
    many = KEYS[:1] * 17
    board = Board(keys=many[:16])
    board.flash(0, 1)
    assert board.boot().booted
    board = Board(keys=many)
    board.flash(0, 1)
    assert story(board.boot()) == [(0, "too-many-keys")]
    older = Board(MAIN_26, keys=many)
    older.flash(0, 1)
    assert older.boot().booted


def test_an_address_that_nothing_answers_faults_before_the_slot_is_invalidated():
    board = Board()
    board.flash(1, 1)
    board.flash(0, 2)
    board.main.load(S0 + 0x200 + 24, (0x200000).to_bytes(4, "little"))
    result = board.boot()
    assert result.ending == Faulted(kind="read", address=0x200000)
    assert story(result) == [(0, "fault")]
    assert not any(isinstance(event, WordWritten) for event in result.events)


def test_metadata_in_slot_1_alone_is_tried_second_before_main():
    for config, expected in ((NRF5340, []), (MAIN_31, [(0, "no-fw-info")])):
        board = Board(config)
        board.flash(1, 1)
        assert story(board.boot()) == [*expected, (1, "booted")]


def test_failed_protection_of_the_boot_loader_stops_everything():
    board = Board()
    board.flash(0, 1)
    board.unit.fail = 0
    result = board.boot()
    assert result.ending == NothingBooted(why=Stop.B0_PROTECT)
    assert result.trials == ()


def test_storage_in_flash_is_protected_just_before_the_start():
    config = replace(NRF5340, protected_storage=AddressRange.sized(OTP, 0x1000))
    board = Board(config)
    board.flash(0, 1)
    board.unit.fail = 1
    assert story(board.boot()) == [(0, "storage-protect")]
    assert board.unit.calls[-1] == (OTP, 0x1000)


def test_a_required_interface_that_is_missing_leaves_nothing_bootable():
    board = Board()
    board.flash(1, 1)
    asked = Request(id=0x4711, pointer=0x20000100, required=True)
    board.flash(0, 2, requests=(asked,))
    assert story(board.boot()) == [(0, "ext-api"), (1, "version-below-counter")]
    assert board.memory.word(0x20000100) == 0


def test_an_offered_interface_is_handed_over_by_its_address():
    board = Board()
    asked = Request(id=0x1002, pointer=0x20000100, required=True, max_version=2)
    board.flash(0, 1, requests=(asked,))
    assert board.boot().booted
    assert board.memory.word(0x20000100) == NRF5340.ext_apis[1].address


def test_an_interface_of_the_highest_version_asked_for_is_not_enough():
    board = Board()
    asked = Request(id=0x1002, pointer=0x20000100, required=True, max_version=1)
    board.flash(0, 1, requests=(asked,))
    assert story(board.boot()) == [(0, "ext-api")]


def test_without_life_cycle_words_the_signature_is_not_looked_at():
    board = Board(replace(NRF5340, life_cycle_aware=True))
    board.flash(0, 7, KEYS[2])
    (trial,) = board.boot().trials
    assert (trial.outcome, trial.notes) == ("booted", ("accepted-unverified",))
    board.otp.load(OTP, b"\x00\x00")
    assert story(board.boot()) == [(0, "no-matching-key")]
    board.otp.load(OTP + 6, b"\x34\x12")
    assert board.boot().ending == NothingBooted(why=Stop.LIFE_CYCLE)


def test_after_every_power_cut_the_next_boot_completes_what_is_missing():
    for cut_after in range(3):
        board = Board(keys=KEYS)
        board.flash(0, 3, KEYS[2])
        assert board.boot(cut_after).ending == PowerCut()
        assert board.boot().booted
        assert board.memory.word(OTP + 0x34) == 0x50FA0000
        assert board.memory.word(OTP + 0x48) == 0x51FA0000


def test_a_crypto_library_that_does_not_start_costs_both_images():
    board = Board()
    board.flash(0, 2)
    board.flash(1, 1)
    result = board.boot(crypto_starts=False)
    assert story(result) == [(0, "crypto-init"), (1, "crypto-init")]
    assert story(board.boot()) == [(0, "invalidated"), (1, "invalidated")]


def test_nrf54l_verifies_with_kmu_keys_then_revokes_and_locks_them():
    board = Board(NRF54L)
    board.flash(1, 2, ED_KEYS[1])
    result = board.boot()
    assert result.booted.vtor == S1 + 0x800
    assert [e for e in result.events if isinstance(e, KeyRevoked)] == [KeyRevoked(index=0)]
    assert [e.index for e in result.events if isinstance(e, KeyBlocked)] == [1, 2]
    assert [e.index for e in result.events if isinstance(e, KeyPurged)] == [0, 1, 2]
    assert board.boot().booted
    board.flash(0, 3, ED_KEYS[0])
    assert story(board.boot()) == [(0, "signature"), (1, "booted")]


def test_the_header_in_front_of_an_image_is_not_signed():
    board = Board(NRF54L)
    board.flash(0, 1)
    board.main.load(S0, bytes(0x800))
    assert board.boot().booted
    board.flash(0, 2)
    board.main.data[S0 + 0x800 + 0x300] ^= 1
    assert story(board.boot()) == [(0, "signature")]


def test_a_version_of_more_than_15_bits_works_on_nrf54l():
    board = Board(NRF54L)
    board.flash(0, 0x8005)
    assert board.boot().booted
    assert board.boot().booted


def test_an_endless_list_of_offers_is_walked_to_its_end():
    # In the state that verifies nothing, so that the list can be changed after signing.
    lax = Board(replace(NRF5340, life_cycle_aware=True))
    lax.flash(0, 1)
    lax.main.load(S0 + 0x200 + 52, b"\xff\xff\xff\xff")
    lax.main.load(S0 + 0x200 + 60 + 12, bytes(4))
    assert lax.boot().booted
