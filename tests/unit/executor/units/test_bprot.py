"""The bits of BPROT can only be set."""

import pytest

from bootverify.design.protection import Access
from bootverify.executor.units.bprot import Bprot


def test_a_protected_block_stays_protected_until_reset():
    bprot = Bprot()
    bprot.write_config(0, 0b10)
    bprot.write_config(0, 0)
    bprot.write_config(0, 0b100)
    assert bprot.config == [0b110, 0, 0, 0]
    bprot.reset()
    assert bprot.config == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("address", "permitted"), [(0x1FFFF, True), (0x20000, False), (0x20FFF, False), (0x21000, True), (0x7FFFF, True)]
)
def test_a_bit_guards_its_block_against_writing(address, permitted):
    bprot = Bprot()
    bprot.write_config(1, 1)
    assert bprot.permits(address, Access.WRITE) is permitted
    assert bprot.permits(address, Access.READ)
    assert bprot.permits(address, Access.EXECUTE)


def test_protection_is_off_in_debug_mode_unless_firmware_says_otherwise():
    bprot = Bprot()
    bprot.write_config(0, 1)
    assert bprot.permits(0, Access.WRITE, in_debug=True)
    bprot.write_disable_in_debug(0)
    assert not bprot.permits(0, Access.WRITE, in_debug=True)
    bprot.reset()
    assert bprot.disabled_in_debug


def test_blocks_that_the_part_lacks_have_no_bit():
    bprot = Bprot(blocks=40)
    bprot.write_config(1, 0xFFFFFFFF)
    assert bprot.config == [0, 0xFF]
    assert bprot.permits(40 * 0x1000, Access.WRITE)


def test_a_copy_shares_no_bit():
    bprot = Bprot()
    bprot.copy().write_config(0, 1)
    assert bprot == Bprot()
