"""The address space."""

import pytest

from bootverify.executor.flash import Flash, WriteRule
from bootverify.executor.memory import BusFault, Memory, Ram


def space() -> Memory:
    return Memory((Flash(0, 0x1000), Flash(0x1000, 0x100, 0, 4)), (Ram(0x20000000, 0x10),))


def test_reading_goes_over_the_border_of_adjacent_memories():
    memory = space()
    memory.flashes[1].load(0x1000, b"\x12")
    assert memory.read(0xFFF, 2) == b"\xff\x12"


def test_a_fault_names_the_first_address_that_nothing_answers():
    with pytest.raises(BusFault) as fault:
        space().read(0x10FE, 8)
    assert (fault.value.kind, fault.value.address) == ("read", 0x1100)


def test_comparing_stops_at_the_first_difference():
    memory = space()
    assert not memory.equals(0x10FE, b"\xff\x00\x00")
    with pytest.raises(BusFault):
        memory.equals(0x10FE, b"\xff\xff\x00")


def test_pointers_wrap():
    assert space().word((1 << 32) + 4) == 0xFFFFFFFF


def test_a_store_reaches_ram_alone():
    memory = space()
    memory.store(0x20000004, b"\x01\x02")
    assert memory.read(0x20000004, 2) == b"\x01\x02"
    with pytest.raises(BusFault):
        memory.store(0x10, b"\x00")


def test_a_write_obeys_the_rule_of_the_memory():
    memory = Memory((Flash(0, 8, 0, 4, WriteRule.OTP_HALFWORD),))
    memory.write(0, b"\x00\x00\xff\xff")
    memory.write(0, b"\xff\xff\x34\x12")
    assert memory.word(0) == 0x12340000
    with pytest.raises(BusFault):
        memory.write(6, bytes(4))
