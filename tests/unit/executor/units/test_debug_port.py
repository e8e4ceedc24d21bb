"""The debug port of each family: what UICR words mean, what firmware adds, what survives a reset, erase-all."""

import pytest

from bootverify.executor.units.debug_port import ERASED, KEY, DebugPort, Family, Reset, StartUp

PROTECTED = 0


def port(family: Family, **words) -> DebugPort:
    made = DebugPort(family, **words)
    made.reset(Reset.POWER)
    return made


@pytest.mark.parametrize(
    ("family", "word", "opens"),
    [
        (Family.NRF52_OLD, ERASED, True),
        (Family.NRF52_OLD, 0xFFFFFF00, False),
        (Family.NRF52, ERASED, False),
        (Family.NRF52, 0xFFFFFF5A, True),
        (Family.NRF53, ERASED, False),
        (Family.NRF53, KEY, True),
        (Family.NRF53, PROTECTED, False),
        (Family.NRF9160, ERASED, True),
        (Family.NRF9160, KEY, False),
        (Family.NRF91, ERASED, False),
        (Family.NRF91, KEY, True),
        (Family.NRF54L, ERASED, True),
        (Family.NRF54L, KEY, False),
        (Family.NRF54L, PROTECTED, False),
    ],
)
def test_what_a_uicr_word_means_differs_by_family(family, word, opens):
    made = port(family, approtect=word, secure_approtect=word)
    made.start_up(StartUp.DEFAULT)
    assert (made.open, made.secure_open) == (opens, opens)


@pytest.mark.parametrize("family", [Family.NRF52, Family.NRF53, Family.NRF91])
def test_both_branches_must_agree(family):
    word = 0x5A if family is Family.NRF52 else KEY
    made = port(family, approtect=word, secure_approtect=word)
    assert not made.open  # firmware has not opened it yet
    made.start_up(StartUp.LOCK)
    made.start_up(StartUp.DEFAULT)
    assert not made.open


@pytest.mark.parametrize("family", [Family.NRF52_OLD, Family.NRF9160])
def test_where_uicr_decides_alone_firmware_has_no_say(family):
    made = port(family)
    made.start_up(StartUp.LOCK)
    assert made.open


def test_secure_debugging_needs_both_words():
    made = port(Family.NRF53, approtect=KEY, secure_approtect=ERASED)
    made.start_up(StartUp.DEFAULT)
    assert (made.open, made.secure_open) == (True, False)
    made = port(Family.NRF53, approtect=ERASED, secure_approtect=KEY)
    made.start_up(StartUp.DEFAULT)
    assert (made.open, made.secure_open) == (False, False)


@pytest.mark.parametrize(
    ("cause", "survives"), [(Reset.SOFT, True), (Reset.PIN, False), (Reset.WATCHDOG, False), (Reset.POWER, False)]
)
def test_an_opened_port_of_nrf53_survives_a_soft_reset(cause, survives):
    made = port(Family.NRF53, approtect=KEY)
    made.start_up(StartUp.DEFAULT)
    made.reset(cause)
    made.start_up(StartUp.LOCK)  # the next image locks, which does not close
    assert made.open is survives


@pytest.mark.parametrize(
    ("cause", "survives"), [(Reset.SOFT, True), (Reset.WATCHDOG, True), (Reset.PIN, False), (Reset.POWER, False)]
)
def test_an_opened_port_of_nrf54l_survives_a_watchdog_too(cause, survives):
    made = port(Family.NRF54L)
    made.start_up(StartUp.DEFAULT)
    made.reset(cause)
    assert made.open is survives


def test_uicr_of_nrf54l_closes_and_locks_the_signals():
    made = port(Family.NRF54L)
    made.start_up(StartUp.DEFAULT)
    made.approtect = PROTECTED
    made.reset(Reset.SOFT)
    made.start_up(StartUp.DEFAULT)
    assert not made.open


def test_a_lock_ends_with_the_reset():
    made = port(Family.NRF53, approtect=KEY)
    made.start_up(StartUp.LOCK)
    made.reset(Reset.SOFT)
    made.start_up(StartUp.DEFAULT)
    assert made.open


@pytest.mark.parametrize(
    ("family", "word", "erasable"),
    [
        (Family.NRF52, PROTECTED, True),
        (Family.NRF53, ERASED, True),
        (Family.NRF53, KEY, False),
        (Family.NRF53, PROTECTED, False),
        (Family.NRF9160, PROTECTED, False),
        (Family.NRF91, ERASED, True),
        (Family.NRF54L, ERASED, True),
        (Family.NRF54L, PROTECTED, True),
        (Family.NRF54L, KEY, False),
    ],
)
def test_which_word_forbids_erase_all(family, word, erasable):
    made = port(family, eraseprotect=word)
    assert made.erase_all() is erasable
    assert made.erased is erasable


def test_the_tamper_controller_of_nrf54l_forbids_erase_all_too():
    made = port(Family.NRF54L)
    made.erase_forbidden = True
    made.reset(Reset.SOFT)
    assert not made.erase_all()
    made.reset(Reset.POWER)
    assert made.erase_all()


def test_erase_all_opens_the_port_and_takes_the_words():
    made = port(Family.NRF53, approtect=PROTECTED, secure_approtect=PROTECTED)
    assert not made.open
    assert made.erase_all()
    assert made.secure_open
    made.reset(Reset.POWER)
    made.start_up(StartUp.DEFAULT)
    assert not made.open  # an erased word protects this family


@pytest.mark.parametrize(("cpu", "debugger", "lifted"), [(1, 1, True), (0, 0, False), (1, 2, False)])
def test_the_same_key_from_both_sides_lifts_erase_protection(cpu, debugger, lifted):
    made = port(Family.NRF54L, eraseprotect=KEY)
    assert made.unlock_erase(cpu, debugger) is lifted


def test_firmware_can_lock_the_handshake_until_reset():
    made = port(Family.NRF53, eraseprotect=PROTECTED)
    made.erase_locked = True
    assert not made.unlock_erase(1, 1)
    made.reset(Reset.SOFT)
    assert made.unlock_erase(1, 1)
